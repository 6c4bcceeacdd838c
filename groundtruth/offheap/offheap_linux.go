package offheap

import "syscall"

// Alloc maps memory, with large pages where there are any.
func Alloc(n int) []byte {
	c, err := syscall.Mmap(-1, 0, n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return make([]byte, n)
	}
	// Without large pages it is memory as any other.
	_ = syscall.Madvise(c, syscall.MADV_HUGEPAGE)
	return c
}

// Free unmaps what Alloc gave, of which c is the beginning.
func Free(c []byte) {
	// The error is that it was not mapped, but made.
	_ = syscall.Munmap(c[:cap(c)])
}
