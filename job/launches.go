package job

import (
	"context"
	"slices"

	"github.com/hindcast/hindcast/trigger"
)

// launched returns the model's started runs. A pass reads them once, and once more after
// each launch and where what it knows may be out of date: both set p.launches to nil.
func (p *pass) launched(ctx context.Context) ([]trigger.LaunchStatus, error) {
	if p.launches != nil {
		return p.launches, nil
	}
	var err error
	p.launches, err = p.Ledger.Launches(ctx, p.model.Name)
	return p.launches, err
}

// launchedAndClaimed returns the started runs and the open claims that the decisions of a
// pass rest on. Windows may take long to read, and other processes record meanwhile what
// becomes of a run, or start one, which they claim first. So the runs are read again
// where one goes on, or where a claim is open that is none of theirs.
func (p *pass) launchedAndClaimed(ctx context.Context) ([]trigger.LaunchStatus, []trigger.Claim, error) {
	launches, err := p.launched(ctx)
	if err != nil || p.replays {
		return launches, nil, err // a backfill has those of its moment, and its mode comes before claims
	}
	claims, err := p.Ledger.OpenClaims(ctx, p.model.Name, launches)
	if err != nil {
		return nil, nil, err
	}
	goesOn := func(s trigger.LaunchStatus) bool { return !s.Terminal }
	if len(claims) == 0 && !slices.ContainsFunc(launches, goesOn) {
		return launches, nil, nil
	}
	p.launches = nil
	if launches, err = p.launched(ctx); err != nil {
		return nil, nil, err
	}
	claims, err = p.Ledger.OpenClaims(ctx, p.model.Name, launches)
	return launches, claims, err
}
