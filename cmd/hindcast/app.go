package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log" //nolint:depguard // what libraries write to it goes to the logger
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/objstore"
	"github.com/hindcast/hindcast/objstore/cloud"
	"github.com/hindcast/hindcast/redact"
)

// App holds what the process gives a command, and makes the commands: nothing else reads
// the environment, the clock or the streams.
type App struct {
	Stdout, Stderr io.Writer
	Env            func(string) (string, bool)
	Clock          func() time.Time
	Terminal       bool // standard error is a terminal: draw progress
	Columns        int  // the width of the terminal that standard output is; 0 where it is none

	raw        io.Writer       // standard error as it is, for a bar, which moves the cursor
	rawOut     io.Writer       // standard output as it is, for a page
	log        *slog.Logger    // nil until openLog
	secrets    *redact.Secrets // that no output may show
	screen     *screen
	barEvery   time.Duration // the bar is drawn at most that often; 0 for ten times a second
	logFormat  string
	verbose    bool
	quiet      bool
	configData []byte // the configuration itself, where a task is given it instead of a file
	exit       int    // the exit status of a command that did its work
}

// The exit statuses (semantics, section 6).
const (
	exitDone         = 0
	exitFailed       = 1
	exitUsage        = 2
	exitConfig       = 3
	exitBreached     = 10
	exitStarted      = 11
	exitInconclusive = 12
)

// usageError marks a mistake in the command line.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// configError marks the error of a configuration that isn't valid.
type configError struct{ err error }

func (e configError) Error() string { return e.err.Error() }
func (e configError) Unwrap() error { return e.err }

// Main runs the command line and returns the exit status.
func (a *App) Main(ctx context.Context, args []string) int {
	a.exit = exitDone
	a.rawOut = a.Stdout
	a.raw, a.Stdout, a.Stderr = a.Stderr, terminalWriter{visibleWriter{a.Stdout}, lookFor(a.Columns, a.Env)}, visibleWriter{a.Stderr}
	a.secrets = environmentSecrets(a.Env)
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return a.exit
	}
	if !errors.Is(err, errReported) {
		fmt.Fprintf(a.Stderr, "hindcast: %v\n", a.secrets.Error(err))
	}
	var usage usageError
	var conf configError
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &conf):
		return exitConfig
	default:
		return exitFailed
	}
}

// errReported marks a failure that has been shown already.
var errReported = errors.New("failed")

// rootCommand returns the command hindcast with all others below it.
func (a *App) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "hindcast",
		Short: "Score predictions against the ground truth that came in later",
		Long: "Hindcast joins logged predictions with the labels that came in later, computes\n" +
			"performance, drift and data quality, and starts retraining when it should.\n\n" +
			"Exit status: 0 done, whatever the verdict; 1 failed; 2 usage; 3 configuration.\n" +
			"With --detailed-exitcode: 10 breached, 11 a run was started, 12 inconclusive.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("unknown command %q; see hindcast --help", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := swallowed(cmd); err != nil {
				return err
			}
			level := slog.LevelInfo
			if a.Terminal && cmd.Name() != "serve" { // which shows nothing but its log
				level = slog.LevelWarn
			}
			return a.openLog(level)
		},
	}
	root.Version = versionLine()
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.PersistentFlags().StringVar(&a.logFormat, "log-format", "text", "format of the log on standard error: text or json")
	root.PersistentFlags().BoolVarP(&a.verbose, "verbose", "v", false, "log more")
	root.PersistentFlags().BoolVarP(&a.quiet, "quiet", "q", false, "log warnings and errors only, and draw no progress")
	root.AddCommand(
		a.runCommand(), a.serveCommand(), a.baselineCommand(), a.checkCommand(), a.historyCommand(), a.reportCommand(),
		a.retrainCommand(), a.followCommand(), a.notifyCommand(), a.forgetCommand(), a.pruneCommand(), a.scheduleCommand(), a.demoCommand(), a.versionCommand(), a.manCommand(),
	)
	for _, c := range root.Commands() {
		if c.Args == nil {
			c.Args = noArguments
		}
	}
	a.completeFlags(root)
	return root
}

// swallowed refuses a flag that took the next one for its value: run --report --dry-run would
// write a file named --dry-run, and be no dry run.
func swallowed(cmd *cobra.Command) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if value := f.Value.String(); err == nil && f.Value.Type() == "string" && strings.HasPrefix(value, "--") {
			err = usagef("--%s needs a value, and %s is none: what really begins with -- is written --%s=./%s", f.Name, value, f.Name, value)
		}
	})
	return err
}

func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("%s takes no argument %q; see hindcast %s --help", cmd.Name(), args[0], cmd.Name())
	}
	return nil
}

// openLog makes the log, before a command runs, of that level or as the flags ask for.
func (a *App) openLog(level slog.Level) error {
	if a.verbose {
		level = slog.LevelDebug
	}
	if a.quiet {
		level = slog.LevelWarn
	}
	a.screen = &screen{w: a.raw, draws: a.Terminal && !a.quiet, every: cmp.Or(a.barEvery, 100*time.Millisecond)}
	var err error
	if a.log, err = a.logger(level); err != nil {
		return err
	}
	// What libraries say by the standard logger is a warning or worse.
	log.SetFlags(0)
	log.SetOutput(slog.NewLogLogger(a.log.Handler(), slog.LevelWarn).Writer())
	return nil
}

// logger returns a log of what is of that level or worse.
func (a *App) logger(level slog.Level) (*slog.Logger, error) {
	opts := &slog.HandlerOptions{Level: level, ReplaceAttr: a.withoutSecrets}
	var handler slog.Handler
	switch a.logFormat {
	case "text":
		handler = slog.NewTextHandler(a.screen, opts)
	case "json":
		handler = slog.NewJSONHandler(a.screen, opts)
	default:
		return nil, usagef("--log-format is text or json, not %q", a.logFormat)
	}
	if a.Terminal && a.Columns > 0 && level == slog.LevelWarn {
		handler = withoutNotes{handler}
	}
	return slog.New(handler), nil
}

// withoutNotes leaves the notes on windows, which are in the output, out of the log.
type withoutNotes struct{ slog.Handler }

// Handle implements slog.Handler.
func (h withoutNotes) Handle(ctx context.Context, r slog.Record) error {
	onWindow := false
	r.Attrs(func(attr slog.Attr) bool {
		onWindow = attr.Key == "window_start"
		return !onWindow
	})
	if r.Message == job.Noted && onWindow {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h withoutNotes) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withoutNotes{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h withoutNotes) WithGroup(name string) slog.Handler {
	return withoutNotes{h.Handler.WithGroup(name)}
}

// configFlag adds -c to a command.
func configFlag(cmd *cobra.Command, path *string) {
	cmd.Flags().StringVarP(path, "config", "c", "hindcast.yaml", "configuration file")
}

// load reads the configuration; its errors give exit status 3.
func (a *App) load(path string) (*config.Config, error) {
	load := func() (*config.Config, error) { return config.Load(path, a.Env) }
	if a.configData != nil {
		load = func() (*config.Config, error) { return config.Parse(path, a.configData, ".", a.Env) }
	}
	cfg, err := load()
	if err != nil {
		return nil, configError{err}
	}
	cfg.Inline(func(secret string) { a.secrets.Add(secret) })
	if !cfg.Local() {
		trustRoots()
	}
	return cfg, checkURLs(cfg, a.stores(cfg.Dir))
}

// stores returns an opener of all kinds of stores; relative paths start at dir.
func (a *App) stores(dir string) *objstore.Opener {
	return objstore.NewOpener(dir, cloud.Schemes(a.log)...)
}

// checkURLs looks at the object store URLs, whose parameters only their schemes know.
func checkURLs(cfg *config.Config, stores *objstore.Opener) error {
	var errs []error
	cfg.EachURL(func(key, rawURL string) {
		if rawURL == "" {
			return
		}
		if err := stores.CheckURL(rawURL); err != nil {
			errs = append(errs, fmt.Errorf("%s: %s: %w", cfg.File, key, err))
		}
	})
	if len(errs) > 0 {
		return configError{errors.Join(errs...)}
	}
	return nil
}

// named picks the named models, all where none is named.
func named(names []string) func(*config.Config) ([]*config.Model, error) {
	return func(cfg *config.Config) ([]*config.Model, error) { return models(cfg, names) }
}

// only picks the named model, or the only one where none is named.
func only(name string) func(*config.Config) ([]*config.Model, error) {
	return func(cfg *config.Config) ([]*config.Model, error) {
		if name == "" && len(cfg.Models) != 1 {
			return nil, usagef("--model is required: %s has %s", cfg.File, modelNames(cfg))
		}
		if name == "" {
			return cfg.Models, nil
		}
		return models(cfg, []string{name})
	}
}

// models picks the models of these names, all where none is named.
func models(cfg *config.Config, names []string) ([]*config.Model, error) {
	if len(names) == 0 {
		return cfg.Models, nil
	}
	var out []*config.Model
	for _, m := range cfg.Models { // in the file's order
		for _, name := range names {
			if m.Name == name {
				out = append(out, m)
				break
			}
		}
	}
	for _, name := range names {
		if cfg.Model(name) == nil {
			return nil, usagef("no model %q in %s; it has %s", name, cfg.File, modelNames(cfg))
		}
	}
	return out, nil
}

// modelNames lists the configured models for a message.
func modelNames(cfg *config.Config) string {
	s := ""
	for i, m := range cfg.Models {
		if i > 0 {
			s += ", "
		}
		s += m.Name
	}
	return s
}
