package config

import (
	"slices"

	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/trigger"
)

// auto stands for a choice that is made by what there is: of formats, features and
// drift measures.
const auto = "auto"

// The ways to encrypt mail, which notify's e-mail receiver has too.
const (
	tlsStart    = "starttls"
	tlsImplicit = "implicit"
	tlsNone     = "none"
)

// What follows lists the words that keys may have: those that this version knows, and
// those that are refused as not supported yet. Checks and messages read these lists. The
// words of another package are that package's constants or list.

func formats() (can, later []string) {
	return with(auto, groundtruth.Formats()), []string{
		"avro", "kserve", "sagemaker", "azureml", "cloudevents", "databricks", "bentoml", "vertex", "mlflow",
		"seldon", "feast", "delta", "iceberg",
	}
}

func tasks() []string {
	return texts(groundtruth.Tasks())
}

func estimations() (can, later []string) { return []string{auto, "cbpe"}, []string{"dle"} }

func labelBiasActions() []string {
	return []string{LabelBiasInconclusive, LabelBiasWarn, LabelBiasNone}
}

func driftProfiles() (can, later []string) {
	return []string{drift.Profile}, []string{"nannyml", "evidently", "tfdv"}
}

func measures() (can, later []string) { return drift.Names(), drift.Later() }

func modes() (can, later []string) { return texts(trigger.Modes()), []string{"approve"} }

func resolutions() []string {
	return texts([]groundtruth.Resolve{groundtruth.ResolveLatest, groundtruth.ResolveFirst, groundtruth.ResolveConflictIsMissing})
}

func strata() []string { return with(auto, texts(summary.StrataKinds())) }

func mailTLS() []string { return []string{tlsStart, tlsImplicit, tlsNone} }

// eventKinds are the kinds of job's events, which that package has too.
func eventKinds() []string {
	return []string{
		"breach", "resolved", "retrain_suggested", "retrain_started", "retrain_finished", "retrain_failed", "retrain_duplicate", "retrain_not_started",
		"revised", "evaluation_failing", "evaluation_works",
	}
}

func reportTimes() []string { return []string{ReportAlways, ReportBreached, ReportNever} }

func schemes() []string { return []string{"s3", "gs", "azblob", "file", "mem"} }

// placeholders are the parts of a time that a pattern may name.
func placeholders() []string { return []string{"date", "hour", "year", "month", "day"} }

// texts turns words that have a type of their own into text.
func texts[W ~string](words []W) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return out
}

// with returns the list with one more word in front.
func with(word string, list []string) []string {
	return append([]string{word}, slices.Clone(list)...)
}
