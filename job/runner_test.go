package job_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/objstore"
	"github.com/hindcast/hindcast/trigger"
)

func TestNewNamesWhatIsMissing(t *testing.T) {
	state := open(t, memory())
	r := job.Runner{Stores: objstore.NewOpener(""), State: state, Ledger: trigger.NewLedger(state)}
	if _, err := job.New(r); err == nil || err.Error() != "make a runner: set Pipelines, Clock, Log" {
		t.Errorf("without three fields: %v", err)
	}
	if _, err := job.New(job.Runner{}); err == nil || err.Error() != "make a runner: set Stores, State, Ledger, Pipelines, Clock, Log" {
		t.Errorf("without any: %v", err)
	}
	w := newWorld(t, settings{})
	r.Pipelines, r.Clock, r.Log = w.r.Pipelines, time.Now, slog.New(slog.DiscardHandler)
	if _, err := job.New(r); err != nil {
		t.Errorf("with all: %v", err)
	}
}
