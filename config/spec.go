package config

import (
	"math"

	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// GroundtruthSpec says what to read for the model, the features left out: what
// features: auto means is known only when the columns are. Its Reference is the
// zero value unless the model has a reference of rows.
func (m *Model) GroundtruthSpec() groundtruth.Spec {
	s := groundtruth.Spec{
		Predictions: groundtruth.Source{URL: m.Predictions.URL, Format: m.Predictions.Format, Slack: m.Predictions.Slack, PartitionZone: m.Predictions.zone, FollowLinks: m.Predictions.FollowLinks},
		PredictionColumns: groundtruth.PredictionColumns{
			ID:           m.Predictions.Columns.ID,
			Timestamp:    m.Predictions.Columns.Timestamp,
			Prediction:   m.Predictions.Columns.Prediction,
			ModelVersion: m.Predictions.Columns.ModelVersion,
			Entity:       m.Predictions.Columns.Entity,
			Score:        m.Predictions.Columns.Score,
			Scores:       m.Predictions.Columns.Scores,
			Quantiles:    m.Predictions.Columns.Quantiles,
			Weight:       m.Predictions.Columns.Weight,
		},
		Labels: groundtruth.Source{URL: m.GroundTruth.URL, Format: m.GroundTruth.Format, Slack: m.GroundTruth.Slack, PartitionZone: m.GroundTruth.zone, FollowLinks: m.GroundTruth.FollowLinks},
		LabelColumns: groundtruth.LabelColumns{
			ID:         m.GroundTruth.Columns.ID,
			Label:      m.GroundTruth.Columns.Label,
			Timestamp:  m.GroundTruth.Columns.Timestamp,
			IngestedAt: m.GroundTruth.Columns.IngestedAt,
			Op:         m.GroundTruth.Columns.Op,
		},
		Resolve:     m.GroundTruth.Resolve,
		Within:      m.GroundTruth.Match.Within,
		Segments:    append([]string(nil), m.Segments...),
		MaxBadShare: m.MaxBadShare,
	}
	if m.Task != groundtruth.Regression {
		s.Task = m.Task
	}
	if m.Task == groundtruth.Binary {
		s.Positive, s.Threshold = m.PositiveLabel, m.Threshold
	}
	if m.Reference != nil && m.Reference.URL != "" {
		s.Reference = groundtruth.Source{URL: m.Reference.URL, Format: m.Reference.Format, FollowLinks: m.Reference.FollowLinks}
		if c := m.Reference.Columns; c != nil {
			s.ReferenceColumns = &groundtruth.ReferenceColumns{
				PredictionColumns: groundtruth.PredictionColumns{
					ID: c.ID, Timestamp: c.Timestamp, Prediction: c.Prediction, ModelVersion: c.ModelVersion, Entity: c.Entity,
					Score: c.Score, Scores: c.Scores, Quantiles: c.Quantiles, Weight: c.Weight,
				},
				Label: c.Label,
			}
		}
	}
	return s
}

// PredictionBounds are those by which the window's predictions are counted, nil for none.
func (m *Model) PredictionBounds() *summary.Bounds {
	b := m.Predictions.Bounds
	if b == nil {
		return nil
	}
	out := &summary.Bounds{Min: math.Inf(-1), Max: math.Inf(1)}
	if b.Min != nil {
		out.Min = *b.Min
	}
	if b.Max != nil {
		out.Max = *b.Max
	}
	return out
}
