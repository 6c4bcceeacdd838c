package join

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/hindcast/hindcast/groundtruth/source"
)

// resend makes the sinks forget the predictions and sends the unique ones. It returns
// the bytes read.
func (j *joiner) resend(ctx context.Context, scan *predictionScan, losers []rowSet) (int64, error) {
	if err := j.unchanged(ctx); err != nil {
		return 0, err
	}
	j.progress.add(0, j.preds.Bytes())
	for _, s := range j.sinks {
		s.ResetPredictions()
	}
	found, err := scan.run(ctx, losers)
	return found.bytes, err
}

// unchanged fails when a prediction object is no longer what was read.
func (j *joiner) unchanged(ctx context.Context) error {
	now, err := j.findPredictions(ctx)
	if err != nil {
		return fmt.Errorf("find predictions again: %w", err)
	}
	for _, o := range j.preds.Objects {
		i, found := slices.BinarySearchFunc(now.Objects, o.Rel, func(n source.Object, rel string) int { return cmp.Compare(n.Rel, rel) })
		switch {
		case !found:
			err = changedError(o, "it is gone")
		case now.Objects[i].Size != o.Size:
			err = changedError(o, fmt.Sprintf("it had %d bytes and now has %d", o.Size, now.Objects[i].Size))
		case now.Objects[i].ETag != o.ETag, o.ETag == "" && !now.Objects[i].ModTime.Equal(o.ModTime):
			err = changedError(o, "it was written again")
		}
		if err != nil {
			return err
		}
	}
	return nil
}
