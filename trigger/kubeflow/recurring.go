package kubeflow

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kubeflow/pipelines/backend/api/v2beta1/go_http_client/pipeline_model"
	"github.com/kubeflow/pipelines/backend/api/v2beta1/go_http_client/recurring_run_model"
	"github.com/kubeflow/pipelines/backend/api/v2beta1/go_http_client/run_model"

	"github.com/hindcast/hindcast/trigger"
)

// maxDescription is how many characters of a description the server's MySQL keeps:
// with more it fails, after it has made the workflow.
const maxDescription = 255

// hashMark stands before the hash of a schedule in a recurring run's description.
const hashMark = "hindcast schedule "

// Schedule describes a recurring run as it is wanted, for Client.Apply.
type Schedule struct {
	Name       string // display name, by which it is found again
	About      string // for people, in front of the description
	Namespace  string // empty: the client's
	Experiment string // made where there is none; empty: DefaultExperiment
	Pipeline   string // made where there is none
	Version    string // name of the version that holds Spec; uploaded where there is none
	Spec       []byte // the pipeline in IR YAML

	// One of the two is set.
	Cron  string        // six fields
	Every time.Duration // whole seconds

	Parameters     map[string]any
	ServiceAccount string
	PipelineRoot   string
}

// RecurringRun describes a recurring run that the server has.
type RecurringRun struct {
	ID             string         `json:"id"`
	Name           string         `json:"name"`
	Cron           string         `json:"cron,omitempty"`
	IntervalSecond int64          `json:"interval_seconds,omitempty"`
	Enabled        bool           `json:"enabled"`
	CatchUp        bool           `json:"catch_up"`
	MaxConcurrency int64          `json:"max_concurrency"`
	Namespace      string         `json:"namespace,omitempty"`
	ExperimentID   string         `json:"experiment_id"`
	PipelineID     string         `json:"pipeline_id"`
	VersionID      string         `json:"pipeline_version_id"`
	ServiceAccount string         `json:"service_account,omitempty"`
	CreatedAt      time.Time      `json:"created_at"`
	Parameters     map[string]any `json:"-"`              // may be long
	Hash           string         `json:"hash,omitempty"` // of the Schedule that it was made from
}

// Applied says what Apply did, or would do.
type Applied struct {
	Run      RecurringRun   `json:"run"`               // its ID is empty where it would only be made
	Created  bool           `json:"created"`           // else it was there as wanted
	Deleted  []RecurringRun `json:"deleted,omitempty"` // of the same name, other than wanted or one too many
	Uploaded bool           `json:"uploaded"`          // the pipeline's version was not there yet
}

// macro is what KFP replaced in arguments of version 1 and leaves, or replaces with
// nothing useful, in version 2.
var macro = regexp.MustCompile(`\[\[[A-Za-z]+`)

// check refuses what the server would take wrongly.
func (s Schedule) check() error {
	reject := func(format string, args ...any) error {
		return fmt.Errorf("%w: %w", fmt.Errorf(format, args...), trigger.ErrRejected)
	}
	for _, n := range []struct{ what, name string }{
		{"recurring run", s.Name}, {"pipeline", s.Pipeline}, {"pipeline version", s.Version},
	} {
		switch {
		case n.name == "":
			return reject("the %s has no name", n.what)
		case utf8.RuneCountInString(n.name) > maxName:
			return reject("the %s's name %.20q... is longer than %d characters", n.what, n.name, maxName)
		}
	}
	if (s.Cron == "") == (s.Every == 0) {
		return reject("recurring run %s: want a cron schedule or an interval", s.Name)
	}
	if n := len(strings.Fields(s.Cron)); s.Cron != "" && n != 6 {
		return reject("recurring run %s: cron %q has %d fields; Kubeflow Pipelines reads six, seconds first, and would take five for an hourly one", s.Name, s.Cron, n)
	}
	if s.Every < 0 || s.Every%time.Second != 0 {
		return reject("recurring run %s: an interval of %s is not in whole seconds", s.Name, s.Every)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Parameters)) {
		b, err := json.Marshal(s.Parameters[name])
		if err != nil {
			return reject("recurring run %s: parameter %s cannot be encoded: %v", s.Name, name, err)
		}
		if m := macro.Find(b); m != nil {
			return reject("recurring run %s: parameter %s holds %s: Kubeflow Pipelines 2 gives recurring runs no [[ScheduledTime]] or the like", s.Name, name, m)
		}
	}
	return nil
}

// createRecurringRun is the body of a POST of a recurring run. The API's own models would
// send zero times and leave out false.
type createRecurringRun struct {
	DisplayName              string                                    `json:"display_name"`
	Description              string                                    `json:"description"`
	ExperimentID             string                                    `json:"experiment_id"`
	Namespace                string                                    `json:"namespace,omitempty"`
	PipelineVersionReference run_model.V2beta1PipelineVersionReference `json:"pipeline_version_reference"`
	RuntimeConfig            run_model.V2beta1RuntimeConfig            `json:"runtime_config"`
	ServiceAccount           string                                    `json:"service_account,omitempty"`
	MaxConcurrency           int64                                     `json:"max_concurrency,string"`
	NoCatchup                bool                                      `json:"no_catchup"`
	Mode                     string                                    `json:"mode"`
	Trigger                  recurringTrigger                          `json:"trigger"`
}

// recurringTrigger says when a createRecurringRun fires: one of the two is set.
type recurringTrigger struct {
	Cron     *cronTrigger     `json:"cron_schedule,omitempty"`
	Periodic *periodicTrigger `json:"periodic_schedule,omitempty"`
}

type cronTrigger struct {
	Cron string `json:"cron"`
}

type periodicTrigger struct {
	IntervalSecond int64 `json:"interval_second,string"`
}

func (s Schedule) trigger() recurringTrigger {
	if s.Cron != "" {
		return recurringTrigger{Cron: &cronTrigger{Cron: s.Cron}}
	}
	return recurringTrigger{Periodic: &periodicTrigger{IntervalSecond: int64(s.Every / time.Second)}}
}

// Hash returns a hash of all that the recurring run is made from, in hexadecimal, cut short.
// Apply tells by it whether a recurring run is as wanted.
func (s Schedule) Hash() (string, error) {
	spec := sha256.Sum256(s.Spec)
	b, err := json.Marshal(map[string]any{
		"experiment": cmp.Or(s.Experiment, DefaultExperiment), "pipeline": s.Pipeline, "version": s.Version, "spec": hex.EncodeToString(spec[:]),
		"trigger": s.trigger(), "parameters": s.Parameters, "service_account": s.ServiceAccount, "pipeline_root": s.PipelineRoot,
	})
	if err != nil {
		return "", fmt.Errorf("encode schedule %s: %w", s.Name, err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8]), nil
}

// is reports whether a recurring run is the schedule, unchanged since it was made.
func (s Schedule) is(r RecurringRun, hash string) bool {
	return r.Hash == hash && r.Enabled && !r.CatchUp && r.MaxConcurrency == 1 &&
		r.Cron == s.Cron && r.IntervalSecond == int64(s.Every/time.Second)
}

// RecurringRuns lists the recurring runs of exactly that name in a namespace, oldest
// first, whatever their experiment.
func (c *Client) RecurringRuns(ctx context.Context, namespace, name string) ([]RecurringRun, error) {
	namespace, err := c.namespaceOf(ctx, namespace)
	if err != nil {
		return nil, err
	}
	query := url.Values{"filter": {named(name)}}
	if namespace != "" {
		query.Set("namespace", namespace)
	}
	var found []RecurringRun
	err = pages(query, func(q url.Values) (string, error) {
		var page recurring_run_model.V2beta1ListRecurringRunsResponse
		if err := c.get(ctx, "/recurringruns", q, &page); err != nil {
			return "", err
		}
		for _, r := range page.RecurringRuns {
			switch {
			case r == nil:
			case r.DisplayName == name:
				found = append(found, recurringRun(r))
			case r.DisplayName == "" && r.Error != nil:
				return "", fmt.Errorf("recurring run %s cannot be read: %s", c.secrets.Text(r.RecurringRunID), cut(c.secrets.Text(r.Error.Message)))
			}
		}
		return page.NextPageToken, nil
	})
	if err != nil {
		return nil, explainSchedule("look for recurring run "+name, err)
	}
	slices.SortStableFunc(found, func(a, b RecurringRun) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return found, nil
}

// recurringRun reads what the server says of a recurring run.
func recurringRun(r *recurring_run_model.V2beta1RecurringRun) RecurringRun {
	out := RecurringRun{
		ID: r.RecurringRunID, Name: r.DisplayName, Namespace: r.Namespace, ExperimentID: r.ExperimentID,
		// The mode is what was asked for; the status is a word for both in some versions.
		Enabled: r.Mode == recurring_run_model.RecurringRunModeENABLE,
		CatchUp: !r.NoCatchup, MaxConcurrency: r.MaxConcurrency, ServiceAccount: r.ServiceAccount,
		CreatedAt: when(time.Time(r.CreatedAt)), VersionID: r.PipelineVersionID,
	}
	if _, after, ok := strings.Cut(r.Description, hashMark); ok {
		out.Hash = strings.TrimSpace(after)
	}
	if ref := r.PipelineVersionReference; ref != nil {
		out.PipelineID, out.VersionID = ref.PipelineID, ref.PipelineVersionID
	}
	if t := r.Trigger; t != nil && t.CronSchedule != nil {
		out.Cron = t.CronSchedule.Cron
	} else if t != nil && t.PeriodicSchedule != nil {
		out.IntervalSecond = t.PeriodicSchedule.IntervalSecond
	}
	if r.RuntimeConfig != nil {
		out.Parameters = r.RuntimeConfig.Parameters
	}
	return out
}

// ApplyOptions say how Apply goes about it.
type ApplyOptions struct {
	DryRun bool              // look, and make and delete nothing
	Hook   func(step string) // called after a step, for tests
}

// Apply makes the server have exactly one recurring run of the schedule's name: this
// one. The API has no update, so one that differs is deleted before its successor is
// made, and two never run. A process that dies between the two leaves none, which the
// next call mends. Whatever is there already as wanted stays.
func (c *Client) Apply(ctx context.Context, s Schedule, opt ApplyOptions) (Applied, error) {
	var out Applied
	if err := s.check(); err != nil {
		return out, err
	}
	hash, err := s.Hash()
	if err != nil {
		return out, err
	}
	found, err := c.RecurringRuns(ctx, s.Namespace, s.Name)
	if err != nil {
		return out, err
	}
	keep := slices.IndexFunc(found, func(r RecurringRun) bool { return s.is(r, hash) })
	for i, r := range found {
		if i == keep {
			out.Run = r
			continue
		}
		out.Deleted = append(out.Deleted, r)
	}
	out.Created = keep < 0
	namespace, err := c.namespaceOf(ctx, s.Namespace)
	if err != nil {
		return out, err
	}
	if opt.DryRun {
		if out.Created {
			out.Run = RecurringRun{Name: s.Name, Cron: s.Cron, IntervalSecond: int64(s.Every / time.Second), Enabled: true, MaxConcurrency: 1, Namespace: namespace, Hash: hash}
			out.Uploaded, err = c.lacksVersion(ctx, namespace, s)
		}
		return out, err
	}
	var body createRecurringRun
	if out.Created {
		// All that can fail before the old one goes.
		if body, out.Uploaded, err = c.prepare(ctx, namespace, s, hash); err != nil {
			return Applied{}, err
		}
	}
	for i, r := range out.Deleted {
		if err := c.DeleteRecurringRun(ctx, r.ID); err != nil {
			out.Deleted, out.Created = out.Deleted[:i], false
			return out, err
		}
	}
	step(opt.Hook, "deleted")
	if !out.Created {
		return out, nil
	}
	out.Run, err = c.createRecurringRun(ctx, s, body, hash)
	return out, err
}

func step(hook func(string), name string) {
	if hook != nil {
		hook(name)
	}
}

// createRecurringRun posts once, and looks for what became of it: two that are applied
// at once agree on the older one.
func (c *Client) createRecurringRun(ctx context.Context, s Schedule, body createRecurringRun, hash string) (RecurringRun, error) {
	var made recurring_run_model.V2beta1RecurringRun
	err := c.do(ctx, http.MethodPost, "/recurringruns", nil, body, &made)
	var status *statusError
	if errors.Is(err, errNotSent) || errors.As(err, &status) && refuses(status.status) {
		return RecurringRun{}, explainSchedule("make recurring run "+s.Name, err)
	}
	found, lerr := c.RecurringRuns(ctx, s.Namespace, s.Name)
	if lerr != nil {
		return RecurringRun{}, explainSchedule("make recurring run "+s.Name, errors.Join(err, lerr))
	}
	if len(found) == 0 {
		if err == nil {
			err = errors.New("the server has none after it said that it made one")
		}
		return RecurringRun{}, explainSchedule("make recurring run "+s.Name, err)
	}
	for _, r := range found[1:] {
		if err := c.DeleteRecurringRun(ctx, r.ID); err != nil {
			return RecurringRun{}, err
		}
	}
	if !s.is(found[0], hash) {
		return RecurringRun{}, fmt.Errorf("recurring run %s was made by somebody else at the same time, and otherwise: run this again if yours is to be", s.Name)
	}
	return found[0], nil
}

// DeleteRecurringRun deletes a recurring run; one that is gone is no error. Runs that it
// started go on.
func (c *Client) DeleteRecurringRun(ctx context.Context, id string) error {
	err := c.do(ctx, http.MethodDelete, "/recurringruns/"+url.PathEscape(id), nil, nil, nil)
	var s *statusError
	if errors.As(err, &s) && s.status == http.StatusNotFound && s.code == codeNotFound {
		return nil
	}
	if err != nil {
		return explainSchedule("delete recurring run "+id, err)
	}
	return nil
}

// prepare makes the experiment, the pipeline and its version where they are missing.
func (c *Client) prepare(ctx context.Context, namespace string, s Schedule, hash string) (createRecurringRun, bool, error) {
	pipelineID, versionID, uploaded, err := c.ensureVersion(ctx, namespace, s)
	if err != nil {
		return createRecurringRun{}, false, err
	}
	name := cmp.Or(s.Experiment, DefaultExperiment)
	experiment, err := c.experiment(ctx, namespace, name)
	if err == nil && experiment == "" {
		experiment, err = c.ensureExperiment(ctx, namespace, name)
	}
	if err != nil {
		return createRecurringRun{}, false, err
	}
	description := hashMark + hash
	if s.About != "" {
		const between = "; "
		description = atMost(s.About, maxDescription-len(between)-len(description)) + between + description
	}
	return createRecurringRun{
		DisplayName: s.Name, Description: description, ExperimentID: experiment, Namespace: namespace,
		PipelineVersionReference: run_model.V2beta1PipelineVersionReference{PipelineID: pipelineID, PipelineVersionID: versionID},
		RuntimeConfig:            run_model.V2beta1RuntimeConfig{Parameters: s.Parameters, PipelineRoot: s.PipelineRoot},
		ServiceAccount:           s.ServiceAccount,
		MaxConcurrency:           1, NoCatchup: true, Mode: string(recurring_run_model.RecurringRunModeENABLE),
		Trigger: s.trigger(),
	}, uploaded, nil
}

// lacksVersion reports whether the pipeline's version would have to be uploaded.
func (c *Client) lacksVersion(ctx context.Context, namespace string, s Schedule) (bool, error) {
	id, err := c.pipelineIn(ctx, namespace, s.Pipeline)
	if err != nil || id == "" {
		return err == nil, err
	}
	v, err := c.versionNamed(ctx, id, s.Pipeline, s.Version)
	return v == nil && err == nil, err
}

// ensureVersion finds the pipeline's version, or uploads it. The version's name says
// what it holds, so that whoever uploaded one of that name uploaded this.
func (c *Client) ensureVersion(ctx context.Context, namespace string, s Schedule) (pipelineID, versionID string, uploaded bool, err error) {
	if pipelineID, err = c.pipelineIn(ctx, namespace, s.Pipeline); err != nil {
		return "", "", false, err
	}
	if pipelineID == "" {
		if pipelineID, err = c.makePipeline(ctx, namespace, s.Pipeline); err != nil {
			return "", "", false, err
		}
	}
	v, err := c.versionNamed(ctx, pipelineID, s.Pipeline, s.Version)
	if err != nil {
		return "", "", false, err
	}
	if v != nil {
		return pipelineID, v.PipelineVersionID, false, nil
	}
	contentType, form, err := specForm(s.Spec)
	if err != nil {
		return "", "", false, err
	}
	uerr := c.send(ctx, http.MethodPost, "/pipelines/upload_version", url.Values{"name": {s.Version}, "pipelineid": {pipelineID}}, contentType, form, nil)
	// A version can't be made twice, so whatever the answer was: look.
	v, err = c.versionNamed(ctx, pipelineID, s.Pipeline, s.Version)
	if err == nil && v != nil {
		return pipelineID, v.PipelineVersionID, uerr == nil, nil
	}
	if uerr == nil && err == nil {
		err = errors.New("the server does not show it")
	}
	return "", "", false, explainSchedule("upload version "+s.Version+" of pipeline "+s.Pipeline, errors.Join(uerr, err))
}

// makePipeline makes a pipeline without a version. When somebody else just did, it
// finds it.
func (c *Client) makePipeline(ctx context.Context, namespace, name string) (string, error) {
	in := map[string]string{"display_name": name}
	if namespace != "" {
		in["namespace"] = namespace
	}
	var made pipeline_model.V2beta1Pipeline
	merr := c.do(ctx, http.MethodPost, "/pipelines", nil, in, &made)
	if merr == nil && made.PipelineID != "" {
		c.log.Info("pipeline made", "pipeline", name, "pipeline_id", made.PipelineID)
		return made.PipelineID, nil
	}
	id, err := c.pipelineIn(ctx, namespace, name)
	if err == nil && id != "" {
		return id, nil
	}
	if merr == nil {
		merr = errors.New("the server named no pipeline id")
	}
	return "", explainSchedule("make pipeline "+name, errors.Join(merr, err))
}

// specForm returns the form in which a pipeline is uploaded.
func specForm(spec []byte) (contentType string, form []byte, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("uploadfile", "pipeline.yaml")
	if err == nil {
		_, err = part.Write(spec)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return "", nil, fmt.Errorf("make form: %w", err)
	}
	return w.FormDataContentType(), b.Bytes(), nil
}

// explainSchedule adds what more a schedule's owner must be allowed.
func explainSchedule(doing string, err error) error {
	var s *statusError
	if errors.As(err, &s) && s.status == http.StatusForbidden {
		err = fmt.Errorf("%w (a schedule also needs create, get, list and delete on jobs, and create on pipelines and pipelineversions)", err)
	}
	return explain(doing, err)
}
