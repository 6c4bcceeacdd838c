// Package offheap gives memory that lies outside of the garbage collector's heap, with
// large pages where the system has them. A join keeps its rows in it, and a scan what it
// fetches ahead: many megabytes that live as long as the join, and that a collection
// would otherwise have to account for.
//
// Alloc and Free are all there is. Nothing may be used after it was freed.
package offheap
