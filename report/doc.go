// Package report shows what was found to people: as one HTML file on a model, as lists of such
// files, as a sentence, and as the outputs of a task of Kubeflow Pipelines.
//
// Everything is drawn from a [job.Story], which is what the state holds of a model: the same
// state gives the same bytes. A section is a part of the page with a heading of its own; it has
// figures, each a chart with its words, and tables. Sections are plain values, which the files of
// the folder page turn into HTML.
//
// A [Task] is what the launcher of Kubeflow Pipelines tells a component of its inputs and
// outputs. An artifact is one of the outputs: a file that the launcher uploads, or metadata that
// it stores. A [Page] is what a task's pass found.
//
// Begin at [HTML], whose sections are listed in sectionsOf; at [Sentence] for the words; and at
// [ParseTask] and [Task.Write] for tasks.
package report
