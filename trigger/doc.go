// Package trigger decides what follows from verdicts and starts retraining runs,
// each cause exactly one. Begin with Decide, which says what is to be done, and with
// Launcher.Launch, which does it once; Ledger says what is remembered in between.
//
// The policy (Streaks, NewestVerdicts, Decide) is pure: it does no I/O and asks no
// clock. The Ledger is the memory, append-only records in object storage. The
// Launcher starts runs through a Pipelines server by claim, look, launch and
// record, and follows them. What exactly happens is in the project's semantics,
// sections 3 to 5, whose numbers the tests carry.
//
// Its terms:
//   - A grid is the sequence of windows that a model is judged on, without gaps. It is
//     named by the size of its windows. Streaks and decisions stay on one grid.
//   - The stage of a record says which rules could be judged: a closed window is over,
//     and a mature one has its labels too.
//   - An episode is the stretch from the first breached window after all retraining rules
//     were healthy until they are so again. It has one cause of retraining: the model,
//     the episode's start and the attempt, whose hash is the key of a run.
//   - A claim is the right to start the run of a key. One process has it at a time, and
//     another takes it over when the settle time is over.
//   - A look asks the pipelines server for runs of a key's name, before a run is started
//     and after an answer that leaves open whether it was.
package trigger
