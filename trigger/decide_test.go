package trigger

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/evaluator/rule"
)

func TestSemantics3_Streaks(t *testing.T) {
	// The last letter is the window judged now.
	for verdicts, want := range map[string]int{
		"b": 1, "bb": 2, "hbb": 2, "bhb": 1, "bib": 2, "biib": 2, "b-b": 1, "bi-b": 1, "bbh": 0, "i": 0, "bbi": 2, "ib": 1, "hhh": 0,
	} {
		t.Run(verdicts, func(t *testing.T) {
			all := recs("rmse", verdicts)
			now := all[len(all)-1]
			results := Streaks(days{}, all[:len(all)-1], now.Window, now.Rules)
			if results[0].Streak != want {
				t.Errorf("streak %d, want %d", results[0].Streak, want)
			}
			// What is recorded says the same as what is about to be, whatever the order.
			slices.Reverse(all)
			if got := Streaks(days{}, all, now.Window, now.Rules)[0].Streak; got != want {
				t.Errorf("with itself: streak %d, want %d", got, want)
			}
			if got := NewestVerdicts(days{}, all, []Rule{{Name: "rmse"}})[0].Streak; got != want {
				t.Errorf("newest verdict: streak %d, want %d", got, want)
			}
			if now.Rules[0].Streak != 0 {
				t.Error("the input is changed")
			}
		})
	}
}

func TestSemantics3_StreakAtTheNewestRevision(t *testing.T) {
	all := recs("rmse", "bbb")
	again := rec(2, "rmse", healthy)
	again.Revision = 2
	all = append(all, again)
	if got := NewestVerdicts(days{}, all, []Rule{{Name: "rmse"}})[0].Streak; got != 1 {
		t.Errorf("streak %d over a window that is healthy by now", got)
	}
	back := rec(2, "rmse", breached)
	back.Revision = 3
	if got := NewestVerdicts(days{}, append([]Record{back}, all...), []Rule{{Name: "rmse"}})[0].Streak; got != 3 {
		t.Errorf("streak %d", got)
	}
}

func TestSemantics3_RulesWithoutLabels(t *testing.T) {
	// Drift is judged on the closed days 1 to 4; days 1 and 2 are mature by now, and
	// there rmse is judged too and drift again.
	closed := recs("drift", "hbbb")
	for n := range closed {
		closed[n].Stage = StageClosed
	}
	all := closed
	for n, v := range []rule.Verdict{breached, breached} {
		r := rec(n+1, "rmse", v)
		r.Revision = 2
		r.Rules = append(r.Rules, rule.Result{Name: "drift", Verdict: breached})
		all = append(all, r)
	}
	got := NewestVerdicts(days{}, all, []Rule{{Name: "rmse", For: 2}, {Name: "drift", For: 5}, {Name: "new"}})
	if got[0].Streak != 2 || got[0].Window != day(2) || got[0].Stage != StageMature || !got[0].Acts {
		t.Errorf("rmse: %+v", got[0])
	}
	if got[1].Streak != 4 || got[1].Window != day(4) || got[1].Stage != StageClosed || got[1].Acts {
		t.Errorf("drift: %+v", got[1])
	}
	if got[2].Verdict != inconclusive || got[2].Acts || !got[2].Window.Start.IsZero() {
		t.Errorf("a rule that was never judged: %+v", got[2])
	}
	marked := Mark(all[5].Rules, got, day(2))
	if !marked[0].Acts || marked[1].Acts {
		t.Errorf("acts: %+v", marked)
	}
}

// input decides over days of one retraining rule.
func input(verdicts string, forN int, launches ...LaunchStatus) DecideInput {
	all := recs("rmse", verdicts)
	return DecideInput{
		Model: "m", Grid: days{}, Records: all, Launches: launches,
		Policy: Policy{Mode: ModeAuto, Cooldown: 24 * time.Hour, Budget: Budget{Runs: 4, Per: 30 * 24 * time.Hour}},
		Now:    day(len(verdicts) + 1).Start.Add(3 * time.Hour),
		Rules:  NewestVerdicts(days{}, all, []Rule{{Name: "rmse", Action: rule.ActionRetrain, For: forN}}),
	}
}

// launched is attempt n of the episode that began on day e, judged on day w.
func launched(e, n, w int, at time.Time, state string, end time.Time) LaunchStatus {
	start, window := day(e).Start, day(w)
	key := Key("m", start, n)
	return LaunchStatus{
		Launch: Launch{Key: key, Model: "m", Run: RunName(key), RunID: fmt.Sprintf("id-%d-%d", e, n), Episode: &start, Attempt: n, Window: &window, LaunchedAt: at},
		Latest: state, Terminal: Terminal(state), FinishedAt: end,
	}
}

func want(t *testing.T, d Decision, action Action, guard string, words ...string) {
	t.Helper()
	if d.Action != action || d.Guard != guard {
		t.Fatalf("decision %s by %q, want %s by %q: %+v", d.Action, d.Guard, action, guard, d)
	}
	for _, w := range words {
		if !strings.Contains(d.Reason, w) {
			t.Errorf("reason %q lacks %q", d.Reason, w)
		}
	}
}

func TestSemantics4_RetrainProposesARun(t *testing.T) {
	d := Decide(input("hbb", 2))
	want(t, d, ActionRetrain, "")
	if d.Reason != "rmse breached in 2 consecutive windows" {
		t.Errorf("reason %q", d.Reason)
	}
	if d.Rule != "rmse" || !d.Episode.Equal(day(2).Start) || d.Attempt != 1 || d.Key != Key("m", day(2).Start, 1) || d.Run != RunName(d.Key) || d.RunID != "" {
		t.Errorf("%+v", d)
	}
	want(t, Decide(input("hb", 2)), ActionNone, "", "rmse breached in 1 of 2")
	want(t, Decide(input("hbh", 1)), ActionNone, "", "healthy")
	want(t, Decide(input("bi", 1)), ActionNone, "", "inconclusive")
}

func TestSemantics4_AlertTellsPeople(t *testing.T) {
	in := input("bb", 1)
	in.Rules[0].Action = rule.ActionAlert
	want(t, Decide(in), ActionAlert, "", "rmse breached in 2")
	// Nothing retrains, because nothing proposes: an alert it is.
	in.Rules = append(in.Rules, RuleState{Result: rule.Result{Name: "mae", Action: rule.ActionRetrain, Verdict: healthy}})
	want(t, Decide(in), ActionAlert, "")
	in = input("bb", 1)
	in.Rules = append([]RuleState{{Result: rule.Result{Name: "drift", Action: rule.ActionAlert, Verdict: breached, Streak: 1, For: 1, Acts: true}, Window: day(2)}}, in.Rules...)
	want(t, Decide(in), ActionRetrain, "", "rmse")
	// In the object of another window no rule acts.
	in.Window = day(1)
	want(t, Decide(in), ActionNone, "")
	in.Window = day(2)
	want(t, Decide(in), ActionRetrain, "")
}

func TestSemantics4_BlockHoldsEveryRun(t *testing.T) {
	for _, v := range []rule.Verdict{breached, inconclusive, healthy} {
		in := input("bb", 1)
		in.Rules = append(in.Rules, RuleState{Result: rule.Result{Name: "bad", Action: rule.ActionBlock, Verdict: v, Reason: "quality.missing_share 0.4 > 0.1"}, Window: day(9)})
		if v == healthy {
			want(t, Decide(in), ActionRetrain, "")
			continue
		}
		want(t, Decide(in), ActionSuppressed, GuardBlock, "bad", v.String(), "2026-01-09", "0.4 > 0.1")
	}
	// A block rule that nobody judged is not healthy.
	in := input("bb", 1)
	in.Rules = append(in.Rules, NewestVerdicts(days{}, in.Records, []Rule{{Name: "new", Action: rule.ActionBlock}})...)
	want(t, Decide(in), ActionSuppressed, GuardBlock, "new", "not been judged")
}

func TestSemantics4_EpisodeFromFirstBreachToHealth(t *testing.T) {
	for verdicts, start := range map[string]int{"b": 1, "hb": 2, "hbb": 2, "hbib": 2, "hb-b": 2, "hibb": 3, "bhbb": 3, "bihiib": 6} {
		d := Decide(input(verdicts, 1))
		want(t, d, ActionRetrain, "")
		if !d.Episode.Equal(day(start).Start) {
			t.Errorf("%s: episode from %v, want day %d", verdicts, d.Episode, start)
		}
	}
	// With two retraining rules a window is healthy when both are.
	in := input("bbb", 1)
	for n := range in.Records {
		in.Records[n].Rules = append(in.Records[n].Rules, rule.Result{Name: "mae", Verdict: healthy})
	}
	in.Records[1].Rules[0].Verdict = healthy
	in.Records[0].Rules[1].Verdict = breached
	rules := []Rule{{Name: "rmse", Action: rule.ActionRetrain}, {Name: "mae", Action: rule.ActionRetrain}}
	in.Rules = NewestVerdicts(days{}, in.Records, rules)
	if d := Decide(in); !d.Episode.Equal(day(3).Start) {
		t.Errorf("episode from %v", d.Episode)
	}
	in.Records[1].Rules[1].Verdict = inconclusive
	in.Rules = NewestVerdicts(days{}, in.Records, rules)
	if d := Decide(in); !d.Episode.Equal(day(1).Start) {
		t.Errorf("one healthy, one inconclusive ends the episode: from %v", d.Episode)
	}
}

func TestSemantics4_ReevaluationKeepsTheKey(t *testing.T) {
	at := day(4).Start
	// The run was started for the episode of day 3; day 2 is found breached later.
	d := Decide(input("hbbb", 1, launched(3, 1, 3, at, StateRunning, time.Time{})))
	want(t, d, ActionSuppressed, GuardInFlight)
	if !d.Episode.Equal(day(3).Start) || d.Key != Key("m", day(3).Start, 1) {
		t.Errorf("the cause has got another key: %+v", d)
	}
	// Health in between makes it another cause.
	d = Decide(input("hbhb", 1, launched(2, 1, 2, at, StateRunning, time.Time{})))
	if want(t, d, ActionSuppressed, GuardInFlight); !d.Episode.Equal(day(4).Start) {
		t.Errorf("%+v", d)
	}
}

func TestSemantics4_KeyAlreadyLaunched(t *testing.T) {
	at := day(4).Start
	for _, state := range []string{"", StateRunning, StateSucceeded} {
		d := Decide(input("hbb", 2, launched(2, 1, 3, at, state, at.Add(time.Hour))))
		want(t, d, ActionRetrain, "", "already started")
		if d.RunID != "id-2-1" || d.Key != Key("m", day(2).Start, 1) {
			t.Errorf("%+v", d)
		}
	}
}

func TestSemantics4_OldModelsWindowsNeverLaunchAgain(t *testing.T) {
	done := launched(2, 1, 2, day(3).Start, StateSucceeded, day(4).Start.Add(time.Hour))
	// Days 3 and 4 have predictions from before the completion at 01:00 on day 4.
	for _, verdicts := range []string{"hbb", "hbbb"} {
		in := input(verdicts, 1, done)
		in.Now = day(25).Start
		want(t, Decide(in), ActionSuppressed, GuardNewWindows, "succeeded at 2026-01-04T01:00:00Z", "there are 0")
	}
	// Day 5 is wholly after it; with for 2 day 6 is needed too.
	in := input("hbbbb", 1, done)
	in.Now = day(25).Start
	d := Decide(in)
	want(t, d, ActionRetrain, "", "attempt 2", "SUCCEEDED")
	if d.Attempt != 2 || d.Key != Key("m", day(2).Start, 2) || !d.Episode.Equal(day(2).Start) {
		t.Errorf("%+v", d)
	}
	in = input("hbbbb", 2, done)
	in.Now = day(25).Start
	want(t, Decide(in), ActionSuppressed, GuardNewWindows, "2 breached windows needed", "there are 1")
	in = input("hbbbbib", 2, done)
	in.Now = day(25).Start
	want(t, Decide(in), ActionRetrain, "")
	// A new episode is no excuse: its windows are still the old model's.
	in = input("hbhb", 1, done)
	in.Now = day(25).Start
	want(t, Decide(in), ActionSuppressed, GuardNewWindows)
	// Nor is a run by hand.
	byHand := done
	byHand.Launch.Episode, byHand.Launch.Manual, byHand.Launch.Attempt = nil, true, 0
	in = input("hbbb", 1, byHand)
	in.Now = day(25).Start
	want(t, Decide(in), ActionSuppressed, GuardNewWindows)
	// A window that begins exactly at the completion is wholly after it.
	exact := launched(2, 1, 2, day(3).Start, StateSucceeded, day(4).Start)
	in = input("hbbb", 1, exact)
	in.Now = day(25).Start
	want(t, Decide(in), ActionRetrain, "")
}

func TestSemantics4_OldVersionsNeverLaunchAgain(t *testing.T) {
	done := launched(2, 1, 2, day(3).Start, StateSucceeded, day(3).Start.Add(time.Hour))
	done.Launch.Versions = []string{"v1"}
	for _, c := range []struct {
		versions []string
		action   Action
		guard    string
	}{
		{[]string{"v1"}, ActionSuppressed, GuardNewWindows},
		{[]string{"v1", "v2"}, ActionRetrain, ""},
		{[]string{"v2"}, ActionRetrain, ""},
		{nil, ActionRetrain, ""}, // unknown
	} {
		in := input("hbbb", 1, done)
		in.Now = day(25).Start
		in.Records[3].Versions = c.versions
		d := Decide(in)
		want(t, d, c.action, c.guard)
		if c.guard != "" && !strings.Contains(d.Reason, "other than v1") {
			t.Errorf("reason %q", d.Reason)
		}
	}
}

func TestSemantics4_FailedRunIsFollowedAfterCooldown(t *testing.T) {
	for _, state := range []string{StateFailed, StateCanceled} {
		failedAt := day(4).Start.Add(2 * time.Hour)
		in := input("hbb", 2, launched(2, 1, 3, day(4).Start, state, failedAt))
		in.Now = failedAt.Add(23 * time.Hour)
		d := Decide(in)
		want(t, d, ActionSuppressed, GuardCooldown, "24h", "2026-01-05T02:00:00Z")
		if !d.Until.Equal(failedAt.Add(24 * time.Hour)) {
			t.Errorf("until %v", d.Until)
		}
		in.Now = failedAt.Add(24 * time.Hour)
		d = Decide(in)
		want(t, d, ActionRetrain, "", "attempt 2", state)
		if d.Attempt != 2 {
			t.Errorf("%+v", d)
		}
	}
	// Nobody knows what came of a run that the server forgot: it takes new windows.
	in := input("hbb", 2, launched(2, 1, 3, day(4).Start, StateGone, day(4).Start))
	in.Now = day(25).Start
	in.Rules[0].Window = day(3)
	in.Launches[0].Launch.Window = nil
	want(t, Decide(in), ActionSuppressed, GuardNewWindows, "gone from the server")
}

func TestSemantics4_GuardsInOrder(t *testing.T) {
	e := day(2).Start
	in := input("hbb", 1)
	in.Now = day(4).Start
	other := launched(1, 1, 1, in.Now.Add(-time.Hour), StateFailed, in.Now.Add(-time.Minute))
	flying := launched(1, 2, 1, in.Now.Add(-time.Hour), StateRunning, time.Time{})
	in.Policy.Mode = ModeOff
	in.Policy.Budget = Budget{Runs: 1, Per: 10 * 24 * time.Hour}
	in.Launches = []LaunchStatus{other, flying}
	in.Claims = []Claim{{Key: Key("m", day(1).Start, 7), By: "pod-1", At: in.Now}}
	in.Rules = append(in.Rules, RuleState{Result: rule.Result{Name: "bad", Action: rule.ActionBlock, Verdict: breached}})
	// The cooldown and the episode of these launches are not what is tested here.
	for n := range in.Launches {
		in.Launches[n].Launch.Episode = nil
	}

	want(t, Decide(in), ActionSuppressed, GuardMode, "mode is off")
	in.Policy.Mode = ModeSuggest
	d := Decide(in)
	want(t, d, ActionSuppressed, GuardMode, "mode is suggest: would start attempt 1")
	if d.Key != Key("m", e, 1) || d.RunID != "" {
		t.Errorf("%+v", d)
	}
	in.Policy.Mode = "approve"
	want(t, Decide(in), ActionSuppressed, GuardMode, "unknown")
	in.Policy.Mode = ModeAuto
	want(t, Decide(in), ActionSuppressed, GuardBlock)
	in.Rules = in.Rules[:1]
	want(t, Decide(in), ActionSuppressed, GuardInFlight, flying.Launch.RunID, StateRunning)
	in.Launches = in.Launches[:1]
	want(t, Decide(in), ActionSuppressed, GuardInFlight, "claimed", "pod-1")
	in.Claims[0].Key = Key("m", e, 1) // its own: the launch goes on with it
	d = Decide(in)
	want(t, d, ActionSuppressed, GuardCooldown)
	if !d.Until.Equal(in.Now.Add(24*time.Hour - time.Minute)) {
		t.Errorf("until %v", d.Until)
	}
	in.Policy.Cooldown = 0
	d = Decide(in)
	want(t, d, ActionSuppressed, GuardBudget, "budget of 1 runs per 10d")
	if !d.Until.Equal(other.Launch.LaunchedAt.Add(10 * 24 * time.Hour)) {
		t.Errorf("until %v", d.Until)
	}
	in.Policy.Budget.Runs = 2
	want(t, Decide(in), ActionRetrain, "")
}

func TestSemantics4_Cooldown(t *testing.T) {
	in := input("hbb", 1)
	in.Now = day(20).Start
	for name, c := range map[string]struct {
		launched, finished time.Duration // before now
		until              time.Duration // from now; 0 for none
	}{
		"from launch":     {23 * time.Hour, 0, time.Hour},
		"from completion": {50 * time.Hour, 4 * time.Hour, 20 * time.Hour},
		"over":            {50 * time.Hour, 24 * time.Hour, 0},
	} {
		l := launched(1, 1, 1, in.Now.Add(-c.launched), StateFailed, in.Now.Add(-c.finished))
		l.Launch.Episode = nil
		if c.finished == 0 {
			l.FinishedAt = time.Time{}
		}
		in.Launches = []LaunchStatus{l}
		d := Decide(in)
		if c.until == 0 {
			want(t, d, ActionRetrain, "")
			continue
		}
		if want(t, d, ActionSuppressed, GuardCooldown); !d.Until.Equal(in.Now.Add(c.until)) {
			t.Errorf("%s: until %v", name, d.Until)
		}
	}
}

func TestSemantics4_Budget(t *testing.T) {
	in := input("hbb", 1)
	in.Now = day(25).Start
	in.Policy = Policy{Mode: ModeAuto, Budget: Budget{Runs: 2, Per: 10 * 24 * time.Hour}}
	for n, age := range []int{20, 9, 3, 2} {
		l := launched(1, n+1, 1, in.Now.AddDate(0, 0, -age), StateFailed, in.Now.AddDate(0, 0, -age))
		l.Launch.Episode, l.Launch.Manual = nil, n == 1
		in.Launches = append(in.Launches, l)
	}
	d := Decide(in)
	if want(t, d, ActionSuppressed, GuardBudget, "3 were started"); !d.Until.Equal(in.Now.AddDate(0, 0, 7)) {
		t.Errorf("until %v: two of three must be older than ten days", d.Until)
	}
	in.Launches = in.Launches[:2]
	want(t, Decide(in), ActionRetrain, "")
	in.Policy.Budget.Runs = 0
	if d := Decide(in); d.Guard != GuardBudget || d.Until != nil {
		t.Errorf("%+v", d)
	}
}

// TestSemantics4_OneEpisodeOneRun replays random histories day by day and checks
// what must hold of the launches whatever happens.
func TestSemantics4_OneEpisodeOneRun(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(3, 25).Draw(rt, "days")
		forN := rapid.IntRange(1, 3).Draw(rt, "for")
		cooldown := time.Duration(rapid.IntRange(0, 72).Draw(rt, "cooldown")) * time.Hour
		verdicts := make([]byte, 0, n)
		var launches []LaunchStatus
		for d := range n {
			verdicts = append(verdicts, rapid.SampledFrom([]byte("bbbhi-")).Draw(rt, "verdict"))
			if strings.Trim(string(verdicts), "-") == "" {
				continue
			}
			in := input(string(verdicts), forN, launches...)
			in.Now = day(d + 2).Start
			in.Policy.Cooldown = cooldown
			out := Decide(in)
			if again := Decide(in); fmt.Sprint(out.Key, out.Reason) != fmt.Sprint(again.Key, again.Reason) {
				rt.Fatalf("two decisions on the same: %v, %v", out, again)
			}
			if out.Reason == "" {
				rt.Fatal("no reason")
			}
			for k := range launches {
				if l := &launches[k]; !l.Terminal && rapid.Bool().Draw(rt, "ends") {
					l.Latest = rapid.SampledFrom([]string{StateSucceeded, StateFailed, StateGone}).Draw(rt, "end")
					l.Terminal, l.FinishedAt = true, in.Now.Add(time.Hour)
				}
			}
			if out.Action != ActionRetrain || out.RunID != "" {
				continue
			}
			for _, l := range in.Launches {
				if l.Launch.Key == out.Key {
					rt.Fatalf("key %s is launched twice", out.Key)
				}
				if !l.Terminal {
					rt.Fatalf("a second run while %s goes on", l.Launch.Key)
				}
				if end := l.FinishedAt.Add(cooldown); end.After(in.Now) {
					rt.Fatalf("launched at %v, within the cooldown until %v", in.Now, end)
				}
				if l.Latest != StateFailed && out.streakStart(in).Before(l.FinishedAt) {
					rt.Fatalf("launched on the old model's windows: %v before %v", out.streakStart(in), l.FinishedAt)
				}
			}
			l := launched(1, 1, d+1, in.Now, "", time.Time{})
			l.Launch.Key, l.Launch.Episode, l.Launch.Attempt, l.Launch.LaunchedAt = out.Key, out.Episode, out.Attempt, in.Now
			launches = append(launches, l)
		}
	})
}

// streakStart is the start of the last For breached windows that led to d.
func (d Decision) streakStart(in DecideInput) time.Time {
	left := in.Rules[0].For
	for _, r := range slices.Backward(in.Records) {
		if r.Rules[0].Verdict == breached {
			if left--; left == 0 {
				return r.Window.Start
			}
		}
	}
	return time.Time{}
}

func TestRenderParameters(t *testing.T) {
	w := day(1)
	l := Launch{Model: "m", Key: "k", Attempt: 2, Rule: "rmse", Reason: `rmse breached: 1.9 > "1.68"`, Window: &w}
	got, err := RenderParameters(map[string]any{
		"model": "{{ .Model }}", "until": "{{ .Window.End }}", "lr": 0.1, "plain": "x", "why": "{{ .Rule }}: {{ .Reason }}",
		"n": "{{ .Attempt }}", "list": []any{"{{ .Key }}", 1}, "map": map[string]any{"a": "{{ .AsOf }}"},
	}, NewTemplateData(l, day(9).Start))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"model": Rendered("m"), "until": Rendered("2026-01-02T00:00:00Z"), "lr": 0.1, "plain": "x", "n": Rendered("2"),
		"why":  Rendered(`rmse: rmse breached: 1.9 > "1.68"`),
		"list": []any{"k", 1}, "map": map[string]any{"a": "2026-01-09T00:00:00Z"},
	} {
		if fmt.Sprintf("%T %v", got[name], got[name]) != fmt.Sprintf("%T %v", want, want) {
			t.Errorf("%s = %T %v, want %T %v", name, got[name], got[name], want, want)
		}
	}
	_, err = RenderParameters(map[string]any{"a": "{{ .Modle }}", "b": "{{ .Window.Start", "ok": "{{ .Key }}"}, TemplateData{})
	if err == nil || !strings.Contains(err.Error(), "parameter a") || !strings.Contains(err.Error(), "Modle") || !strings.Contains(err.Error(), "parameter b") {
		t.Errorf("error %v", err)
	}
}
