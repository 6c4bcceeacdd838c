package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hindcast/hindcast/config"
	component "github.com/hindcast/hindcast/deploy/kubeflow"
	"github.com/hindcast/hindcast/report"
	"github.com/hindcast/hindcast/trigger/kubeflow"
)

const (
	// endpointVariable is where the KFP SDK finds the server.
	endpointVariable = "KF_PIPELINES_ENDPOINT"
	// maxTaskConfig bounds a configuration that travels as a parameter: what a process
	// may be given as one argument is 128 KiB, and base64 makes 4 bytes of 3.
	maxTaskConfig = 64 << 10
	// scheduleNameBytes is how much of the state's hash stands in a schedule's name.
	scheduleNameBytes = 4
)

// scheduleFlags holds the flags that the commands of hindcast schedule share: which
// recurring run, and where.
type scheduleFlags struct {
	path, output                         string
	models                               []string
	name, endpoint, namespace, tokenFile string
}

// addScheduleFlags adds them to a command.
func addScheduleFlags(cmd *cobra.Command, s *scheduleFlags) {
	configFlag(cmd, &s.path)
	f := cmd.Flags()
	f.StringArrayVar(&s.models, "model", nil, "evaluate only this model (repeatable)")
	f.StringVar(&s.name, "name", "", "name of the recurring run (default made from models and state)")
	f.StringVar(&s.endpoint, "endpoint", "", "API server (default the models' retrain.kubeflow.endpoint, or "+endpointVariable+")")
	f.StringVar(&s.namespace, "namespace", "", "namespace (default the models' retrain.kubeflow.namespace)")
	f.StringVar(&s.tokenFile, "token-file", "", "file of the token (default the models' retrain.kubeflow.token, or the pod's)")
	f.StringVarP(&s.output, "output", "o", "table", "table, json or yaml")
}

// scheduleCommand has the commands below it make, show and delete recurring runs.
func (a *App) scheduleCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schedule",
		Short: "Let Kubeflow Pipelines run the passes",
		Long: "Schedule makes, shows and deletes a recurring run of Kubeflow Pipelines that does\n" +
			"what hindcast run does, as a task with metrics and a page for its outputs.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("hindcast schedule has apply, show and delete, not %q", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.scheduleApplyCommand(), a.scheduleShowCommand(), a.scheduleDeleteCommand())
	for _, c := range cmd.Commands() {
		c.Args = noArguments
	}
	return cmd
}

// scheduled holds what the flags of a schedule's command come to.
type scheduled struct {
	scheduleFlags
	cfg    *config.Config
	text   []byte          // the configuration's, as the file has it
	picked []*config.Model // the models that the recurring run is about
	client *kubeflow.Client
}

// scheduled reads the configuration and connects. The server is the one that the models
// retrain on, unless flags name another.
func (a *App) scheduled(f scheduleFlags) (*scheduled, error) {
	if err := checkOutput(f.output); err != nil {
		return nil, err
	}
	cfg, err := a.load(f.path)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(f.path)
	if err != nil {
		return nil, configError{fmt.Errorf("read configuration: %w", err)}
	}
	s := &scheduled{scheduleFlags: f, cfg: cfg, text: text}
	if s.picked, err = models(cfg, f.models); err != nil {
		return nil, err
	}
	opts := kubeflow.Options{Log: a.log}
	var from *config.Model
	for _, m := range s.picked {
		k := m.Retrain.Kubeflow
		switch {
		case k == nil:
		case from == nil:
			from = m
		case k.Endpoint != from.Retrain.Kubeflow.Endpoint && f.endpoint == "" || k.Namespace != from.Retrain.Kubeflow.Namespace && f.namespace == "":
			return nil, usagef("models %s and %s retrain on different servers or in different namespaces: say --endpoint and --namespace, or --model", from.Name, m.Name)
		}
	}
	if from != nil {
		if opts, err = a.kubeflowOptions(from); err != nil {
			return nil, err
		}
		if f.endpoint != "" && f.endpoint != opts.Endpoint {
			opts.Token, opts.TokenFile = "", "" // another server is not to see the token
		}
	}
	if f.endpoint != "" {
		opts.Endpoint = f.endpoint
	}
	if opts.Endpoint == "" {
		opts.Endpoint, _ = a.Env(endpointVariable)
	}
	if opts.Endpoint == "" {
		return nil, usagef("--endpoint is required: no model in %s has retrain.kubeflow", f.path)
	}
	if f.namespace != "" {
		opts.Namespace = f.namespace
	}
	if f.tokenFile != "" {
		opts.Token, opts.TokenFile = "", f.tokenFile
	} else if path, ok := a.Env(tokenPathVariable); ok && opts.Token == "" && opts.TokenFile == "" {
		opts.TokenFile = path
	}
	trustRoots() // flags and variables name servers that the configuration doesn't
	if s.client, err = kubeflow.New(opts); err != nil {
		return nil, usageError{err}
	}
	if s.scheduleFlags.name == "" {
		s.scheduleFlags.name = scheduleName(cfg, s.picked, len(f.models) > 0)
	}
	return s, nil
}

// scheduleName returns the name that a schedule is found by again: the same for every call
// over the same chosen models and state, also when the file gets more models.
func scheduleName(cfg *config.Config, picked []*config.Model, chosen bool) string {
	who := "all"
	if chosen {
		var names []string
		for _, m := range picked {
			names = append(names, m.Name)
		}
		who = strings.Join(names, "-")
	}
	sum := sha256.Sum256([]byte(cfg.State.URL))
	return "hindcast-" + who + "-" + hex.EncodeToString(sum[:scheduleNameBytes])
}

// applyFlags holds the flags of hindcast schedule apply alone.
type applyFlags struct {
	cron, timeZone, controllerZone string
	image, experiment, pipeline    string
	serviceAccount, pipelineRoot   string
	secrets                        []string
	dryRun                         bool
}

// scheduleApplyCommand makes the recurring run.
func (a *App) scheduleApplyCommand() *cobra.Command {
	var (
		shared scheduleFlags
		f      applyFlags
	)
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Make the recurring run, or replace it where it differs",
		Long: "Apply uploads Hindcast as a pipeline, unless it is there, and makes a recurring run of\n" +
			"it. The API has no update: one that differs is deleted first, so that two never run;\n" +
			"one as wanted is left alone. What a call that was killed left undone the next one does.",
		Example: "  hindcast schedule apply -c hindcast.yaml --image registry.example/hindcast-task:1 --secret hindcast:SLACK_TOKEN\n" +
			"  hindcast schedule apply -c hindcast.yaml --image registry.example/hindcast-task:1 --cron '30 2 * * *' --dry-run",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.image == "" {
				return usagef("--image is required: the image of Hindcast that the cluster can pull")
			}
			s, err := a.scheduled(shared)
			if err != nil {
				return err
			}
			defer s.client.Close()
			wanted, err := s.wanted(f, a.Clock())
			if err != nil {
				return err
			}
			applied, err := s.client.Apply(cmd.Context(), wanted, kubeflow.ApplyOptions{DryRun: f.dryRun, Hook: crashHook(a.Env)})
			if err != nil {
				for _, r := range applied.Deleted {
					a.log.Warn("recurring run deleted, and no other made", "recurring_run", r.Name, "recurring_run_id", r.ID)
				}
				return err
			}
			if s.output != "table" {
				return writeValue(a.Stdout, s.output, applied)
			}
			writeApplied(a.Stdout, applied, f.dryRun)
			return nil
		},
	}
	addScheduleFlags(cmd, &shared)
	fs := cmd.Flags()
	fs.StringVar(&f.cron, "cron", "", "five cron fields (default the models' schedule)")
	fs.StringVar(&f.timeZone, "time-zone", "", "time zone of --cron (default UTC)")
	fs.StringVar(&f.controllerZone, "controller-time-zone", "UTC", "zone in which the server's controller reads cron: its CRON_SCHEDULE_TIMEZONE")
	fs.StringVar(&f.image, "image", "", "image of Hindcast; required")
	fs.StringVar(&f.experiment, "experiment", "hindcast", "experiment that the runs go into")
	fs.StringVar(&f.pipeline, "pipeline", "hindcast", "name of the pipeline that Hindcast is uploaded as")
	fs.StringVar(&f.serviceAccount, "service-account", "", "service account of the runs (default the server's)")
	fs.StringVar(&f.pipelineRoot, "pipeline-root", "", "where the runs put their outputs (default the server's)")
	fs.StringArrayVar(&f.secrets, "secret", nil, "variables from a Kubernetes Secret: NAME:KEY or NAME:KEY=VARIABLE, more after commas (repeatable)")
	fs.BoolVar(&f.dryRun, "dry-run", false, "say what would be done, and do nothing")
	return cmd
}

// wanted returns the recurring run that the flags and the configuration ask for.
func (s *scheduled) wanted(f applyFlags, now time.Time) (kubeflow.Schedule, error) {
	var out kubeflow.Schedule
	if wrong := s.cfg.Portable(); len(wrong) > 0 {
		return out, configError{fmt.Errorf("%s cannot be sent to Kubeflow Pipelines:\n  %s", s.path, strings.Join(wrong, "\n  "))}
	}
	if len(s.text) > maxTaskConfig {
		return out, configError{fmt.Errorf("%s has %d bytes; a task can be given %d: split it", s.path, len(s.text), maxTaskConfig)}
	}
	schedule, err := s.schedule(f)
	if err != nil {
		return out, err
	}
	controller, err := time.LoadLocation(f.controllerZone)
	if err != nil || f.controllerZone == "Local" {
		return out, usagef("--controller-time-zone %q is no time zone; want a name such as UTC or Europe/Oslo", f.controllerZone)
	}
	trigger, err := schedule.Kubeflow(controller, now)
	if err != nil {
		return out, configError{fmt.Errorf("schedule %q in %s: %w", schedule, schedule.Location(), err)}
	}
	var secrets []component.Secret
	for _, text := range f.secrets {
		secret, err := component.ParseSecret(text)
		if err != nil {
			return out, usagef("--secret: %w", err)
		}
		secrets = append(secrets, secret)
	}
	spec, version, err := component.Pipeline(f.image, secrets)
	if err != nil {
		return out, usagef("--image: %w", err)
	}
	names := []any{}
	var who []string
	for _, m := range s.picked {
		who = append(who, m.Name)
		if len(s.models) > 0 {
			names = append(names, m.Name)
		}
	}
	return kubeflow.Schedule{
		Name: s.name, About: fmt.Sprintf("hindcast run of %s, %s in %s", strings.Join(who, ", "), schedule, schedule.Location()),
		Namespace: s.namespace, Experiment: f.experiment, Pipeline: f.pipeline, Version: version, Spec: spec,
		Cron: trigger.Cron, Every: trigger.Every,
		Parameters:     map[string]any{"config": report.EncodeConfig(s.text), "models": names},
		ServiceAccount: f.serviceAccount, PipelineRoot: f.pipelineRoot,
	}, nil
}

// schedule returns that of --cron, or the one that all models share.
func (s *scheduled) schedule(f applyFlags) (*config.Schedule, error) {
	if f.cron != "" {
		zone := f.timeZone
		if zone == "" {
			zone = "UTC"
		}
		loc, err := time.LoadLocation(zone)
		if err != nil || zone == "Local" {
			return nil, usagef("--time-zone %q is no time zone; want a name such as UTC or Europe/Oslo", zone)
		}
		schedule, err := config.ParseSchedule(f.cron, loc)
		if err != nil {
			return nil, usagef("--cron: %w", err)
		}
		return schedule, nil
	}
	if f.timeZone != "" {
		return nil, usagef("--time-zone belongs to --cron; a model's time zone stands in the configuration")
	}
	var shared *config.Schedule
	for _, m := range s.picked {
		c := m.Cron()
		switch {
		case c == nil:
			return nil, usagef("model %s has no schedule: give it one, or say --cron", m.Name)
		case shared == nil:
			shared = c
		case c.String() != shared.String() || c.Location().String() != shared.Location().String():
			return nil, usagef("the models have different schedules: say --cron for one that runs them all, or --model for one each")
		}
	}
	return shared, nil
}

// writeApplied says what apply did, or would do.
func writeApplied(w io.Writer, a kubeflow.Applied, dryRun bool) {
	would := ""
	if dryRun {
		would = "would be "
	}
	for _, r := range a.Deleted {
		sayf(w, "%s: %sdeleted: %s, made %s (%s)", r.Name, would, when(r), r.CreatedAt.UTC().Format(time.RFC3339), r.ID)
	}
	if a.Uploaded {
		sayf(w, "%s: pipeline %suploaded", a.Run.Name, would)
	}
	switch {
	case !a.Created:
		sayf(w, "%s: is there as wanted: %s (%s)", a.Run.Name, when(a.Run), a.Run.ID)
	case dryRun:
		sayf(w, "%s: would be made: %s", a.Run.Name, when(a.Run))
	default:
		sayf(w, "%s: made: %s (%s)", a.Run.Name, when(a.Run), a.Run.ID)
	}
}

// when shows when a recurring run fires.
func when(r kubeflow.RecurringRun) string {
	if r.Cron != "" {
		return fmt.Sprintf("cron %q", r.Cron)
	}
	return "every " + humanDuration(time.Duration(r.IntervalSecond)*time.Second)
}

// recurringRuns finds what there is of a schedule.
func (a *App) recurringRuns(ctx context.Context, f scheduleFlags) (*scheduled, []kubeflow.RecurringRun, error) {
	s, err := a.scheduled(f)
	if err != nil {
		return nil, nil, err
	}
	found, err := s.client.RecurringRuns(ctx, s.namespace, s.name)
	if err != nil {
		s.client.Close()
		return nil, nil, err
	}
	return s, found, nil
}

// scheduleShowCommand shows it.
func (a *App) scheduleShowCommand() *cobra.Command {
	var shared scheduleFlags
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show the recurring run",
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, found, err := a.recurringRuns(cmd.Context(), shared)
			if err != nil {
				return err
			}
			defer s.client.Close()
			shown := make([]shownRun, 0, len(found))
			for _, r := range found {
				sent, _ := r.Parameters["config"].(string) // none: made by somebody else
				shown = append(shown, shownRun{r, sent == report.EncodeConfig(s.text)})
			}
			if s.output != "table" {
				return writeValue(a.Stdout, s.output, shown)
			}
			if len(shown) == 0 {
				sayf(a.Stdout, "%s: there is no such recurring run", s.name)
				return nil
			}
			showRuns(a.Stdout, shown)
			if len(shown) > 1 {
				a.log.Warn("more than one recurring run has this name; apply leaves one", "recurring_run", s.name, "count", len(shown))
			}
			return nil
		},
	}
	addScheduleFlags(cmd, &shared)
	return cmd
}

// shownRun is a recurring run as schedule show has it.
type shownRun struct {
	kubeflow.RecurringRun
	Current bool `json:"current"` // it has the configuration as the file is now
}

// showRuns shows recurring runs as a table.
func showRuns(w io.Writer, shown []shownRun) {
	t := newTable(w, "recurring run", "when", "enabled", "configuration", "made", "id")
	for _, r := range shown {
		state, enabled := "as in the file", "yes"
		if !r.Current {
			state = "another than in the file"
		}
		if !r.Enabled {
			enabled = "no"
		}
		t.AppendRow([]any{r.Name, when(r.RecurringRun), enabled, state, r.CreatedAt.UTC().Format(time.RFC3339), r.ID})
	}
	t.Render()
}

// scheduleDeleteCommand deletes it.
func (a *App) scheduleDeleteCommand() *cobra.Command {
	var shared scheduleFlags
	cmd := &cobra.Command{
		Use:   "delete",
		Short: "Delete the recurring run",
		Long:  "Delete leaves runs that were started, the pipeline and the experiment alone.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, found, err := a.recurringRuns(cmd.Context(), shared)
			if err != nil {
				return err
			}
			defer s.client.Close()
			deleted := make([]kubeflow.RecurringRun, 0, len(found))
			var errs []error
			for _, r := range found {
				if err := s.client.DeleteRecurringRun(cmd.Context(), r.ID); err != nil {
					errs = append(errs, err)
					continue
				}
				deleted = append(deleted, r)
			}
			switch {
			case s.output != "table":
				errs = append(errs, writeValue(a.Stdout, s.output, deleted))
			case len(found) == 0:
				sayf(a.Stdout, "%s: there is no such recurring run", s.name)
			}
			if s.output == "table" {
				for _, r := range deleted {
					sayf(a.Stdout, "%s: deleted: %s (%s)", r.Name, when(r), r.ID)
				}
			}
			return errors.Join(errs...)
		},
	}
	addScheduleFlags(cmd, &shared)
	return cmd
}
