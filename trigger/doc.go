// Package trigger decides what follows from verdicts and starts retraining runs,
// each cause exactly one.
//
// The policy (Streaks, NewestVerdicts, Decide) is pure: it does no I/O and asks no
// clock. The Ledger is the memory, append-only records in object storage. The
// Launcher starts runs through a Pipelines server by claim, look, launch and
// record, and follows them. What exactly happens is in the project's semantics,
// sections 3 to 5, whose numbers the tests carry.
package trigger
