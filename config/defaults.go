package config

import (
	"time"

	"github.com/hindcast/hindcast/evaluator/drift"
	"github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/trigger"
)

// The defaults of keys. Those that have none here are off, or are chosen where they are
// used: the significance of a rule and the thresholds of measures are evaluator/rule's and evaluator/drift's, the
// experiment of a run is trigger/kubeflow's.
const (
	defaultTimeZone    = "UTC"
	defaultWindow      = "1d"
	defaultCatchUp     = 7
	defaultRelook      = 14 * 24 * time.Hour
	defaultMaxBadShare = 0.01
	defaultMaxSegments = summary.DefaultMaxSegments
	defaultResolve     = groundtruth.ResolveLatest
	defaultTimeout     = 10 * time.Second // of every server

	// Of the state.
	defaultKeepSummaries = 90 * 24 * time.Hour

	// Of reports.
	defaultReports = "file://./reports"

	// Of classifiers.
	defaultPositiveLabel = "1"
	defaultThreshold     = 0.5
	defaultBeta          = metric.DefaultBeta
	defaultTopK          = metric.DefaultTopK
	defaultLabelBias     = LabelBiasInconclusive

	// Of a rolling reference.
	defaultRolling = 28
	defaultSame    = summary.NoStrata

	// Of drift.
	defaultMinRows     = drift.DefaultMinRows
	defaultExactValues = summary.DefaultExactValues

	// Of a rule.
	defaultMinSamples  = 200
	defaultMinCoverage = 0.8
	defaultFor         = 1
	defaultAction      = rule.ActionAlert

	// Of retraining.
	defaultMode     = trigger.ModeSuggest
	defaultCooldown = 24 * time.Hour
	defaultRuns     = 4
	defaultPer      = 30 * 24 * time.Hour
	defaultSettle   = trigger.DefaultSettle
	defaultVersion  = trigger.LatestVersion
)
