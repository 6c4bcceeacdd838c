package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Load reads the configuration file at path; env looks up environment variables
// (os.LookupEnv). What is wrong with its content comes back as Errors, all of it.
func Load(path string, env func(string) (string, bool)) (*Config, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		place := path
		if abs, err := filepath.Abs(path); err == nil {
			place = abs
		}
		return nil, fmt.Errorf("read configuration: %s: %w: name yours with -c FILE, write one as the README shows, or let hindcast demo make one to try", place, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(path, data, filepath.Dir(path), env)
}

// Parse reads a configuration. Messages call it name; relative paths start at
// baseDir. The error is Errors. Parse opens nothing: secrets' files are read when
// they are used.
func Parse(name string, data []byte, baseDir string, env func(string) (string, bool)) (*Config, error) {
	d := &decoder{file: name, env: env}
	c := &Config{File: name, Dir: baseDir, State: State{KeepSummaries: defaultKeepSummaries}}
	if root, ok := d.parse(data); ok {
		d.config(root, c)
	}
	if len(d.errs) > 0 {
		return nil, sortErrors(d.errs)
	}
	return c, nil
}

// config reads the whole file.
func (d *decoder) config(root value, c *Config) {
	o := d.object(root)
	if v, ok := o.get("version"); ok {
		if n, ok := d.integer(v, 1); ok && n != 1 {
			d.fail(v, "version %d is not known to this version of Hindcast, which reads version 1", n)
		}
		c.Version = 1
	}
	if v, ok := o.get("state"); ok {
		s := d.object(v)
		s.need("url")
		s.location("url", folder, &c.State.URL)
		s.duration("keep_summaries", &c.State.KeepSummaries)
		s.done()
	}
	o.count("concurrency", 1, mostConcurrency, &c.Concurrency)
	if v, ok := o.get("prometheus"); ok {
		d.prometheus(v, c)
	}
	if v, ok := o.get("models"); ok {
		d.models(v, c, o.has("prometheus"))
		for _, m := range c.Models {
			d.keepsEnough(m, c.State.KeepSummaries)
		}
	}
	if v, ok := o.get("publish"); ok {
		d.publish(v, c)
	}
	if v, ok := o.get("notify"); ok {
		d.notify(v, c)
	}
	if v, ok := o.get("report"); ok {
		d.report(v, c)
	}
	o.need("version", "state", "models")
	o.done()
}

// models reads the list of models.
func (d *decoder) models(v value, c *Config, havePrometheus bool) {
	items, ok := d.filled(v, "models")
	if !ok {
		return
	}
	for _, item := range items {
		m := d.model(item, c.Dir)
		if m == nil {
			continue
		}
		if m.Name != "" && slices.ContainsFunc(c.Models, func(o *Model) bool { return o.Name == m.Name }) {
			d.failAt(item.pos, join(item.path, "name"), "a model before this one is called %q too", m.Name)
		}
		if m.Prometheus != nil && !havePrometheus {
			d.failAt(m.queriesAt, join(item.path, "prometheus"), "there is no prometheus: {url: ...} at the top level to ask")
		}
		c.Models = append(c.Models, m)
	}
}
