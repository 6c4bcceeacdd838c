// Package job evaluates one model: it finds the windows to judge, joins, computes,
// judges, decides, records and acts, through small interfaces. It reads no flags,
// no environment and no clock but the one it is given. Begin with Runner.Pass, and with
// pass.run below it, which goes through the steps in their order.
//
// Its terms:
//   - A pass judges the windows of one model that are due, and acts on what it finds. The
//     daemon makes one in each slot of a model's schedule: a time at which it is due.
//   - A look is a pass at one window, or as of a moment of the past. It acts only where
//     it is asked to. (The launcher's look for a run is another, see package trigger.)
//   - A backfill goes through the moments of the past at which windows were due, and does
//     at each what a pass did then, but acts on nothing.
//   - The grid is the sequence of windows that the model is judged on. Its windows are due
//     twice, once in each stage: closed when they end, mature when their labels are in.
//   - A unit is a window that a shard reads for a pass, which merges what shards kept.
//   - An incident is what messages belong to: a rule's breach with the runs that follow
//     from it, a run by hand, or passes that fail.
//
// Episode, cause and claim are terms of package trigger, whose Decide says when a run is
// to be started.
package job
