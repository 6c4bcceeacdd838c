package config

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
)

// Portable says what keeps the configuration from working on another machine, where it
// comes as text: files that only this one has, and secrets that stand in the text
// itself, of which whoever sees it would learn. Each sentence names the key.
func (c *Config) Portable() []string {
	var out []string
	local := func(key, url string) {
		if url != "" && isLocal(url) {
			out = append(out, fmt.Sprintf("%s is on this machine: %s; use object storage", key, url))
		}
	}
	c.EachURL(local)
	if c.Publish.Textfile != nil {
		out = append(out, "publish.textfile writes a file that no node exporter reads there; use publish.pushgateway")
	}
	walkSecrets(reflect.ValueOf(c).Elem(), "", func(key string, s Secret) {
		switch {
		case s.file != "" && !filepath.IsAbs(s.file),
			s.file != "" && c.Dir != "." && strings.HasPrefix(s.file, c.Dir+string(filepath.Separator)):
			out = append(out, key+" is a file of this machine: name one by its absolute path that is there too, or use ${VAR}")
		case s.inline != nil && !s.given:
			out = append(out, key+" stands in the file itself: use ${VAR}, which a Kubernetes Secret gives")
		}
	})
	return out
}

// isLocal reports whether an object store's URL is on this machine.
func isLocal(url string) bool {
	scheme, _, found := strings.Cut(url, "://")
	return !found || scheme == "file" || scheme == "mem"
}

// Local reports whether everything that the configuration names is on this machine, so
// that nothing is reached over a network.
func (c *Config) Local() bool {
	local := c.Prometheus == nil && c.Publish.Pushgateway == nil && c.Notify == Notify{Links: c.Notify.Links}
	for _, m := range c.Models {
		local = local && m.Retrain.Kubeflow == nil
	}
	c.EachURL(func(_, url string) { local = local && isLocal(url) })
	return local
}

// EachURL calls f for each object store URL, which may be empty, with its key.
func (c *Config) EachURL(f func(key, url string)) {
	f("state.url", c.State.URL)
	f("report.url", c.Report.URL)
	for _, m := range c.Models {
		at := "model " + m.Name + ": "
		f(at+"predictions.url", m.Predictions.URL)
		f(at+"ground_truth.url", m.GroundTruth.URL)
		if m.Reference == nil {
			continue
		}
		f(at+"reference.url", m.Reference.URL)
		if !m.Reference.Saved() {
			f(at+"reference.profile", m.Reference.Profile)
		}
	}
}

// Inline calls f for each secret that stands in the configuration or in a variable; one
// in a file is known when it is read.
func (c *Config) Inline(f func(string)) {
	walkSecrets(reflect.ValueOf(c).Elem(), "", func(_ string, s Secret) {
		if s.inline != nil {
			f(*s.inline)
		}
	})
}

// walkSecrets calls f for each secret, with the key that it, or its file, is under.
func walkSecrets(v reflect.Value, key string, f func(string, Secret)) {
	below := func(sub string, s Secret) { f(key+"."+sub, s) }
	switch t := v.Interface().(type) {
	case Secret:
		if t.file != "" {
			key += "_file"
		}
		f(key, t)
		return
	case HTTPClient:
		t.each(below)
		return
	case TLS:
		t.each(below)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			walkSecrets(v.Elem(), key, f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walkSecrets(v.Index(i), fmt.Sprintf("%s[%d]", key, i), f)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if name := v.Type().Field(i).Tag.Get("yaml"); name != "" {
				walkSecrets(v.Field(i), strings.TrimPrefix(key+"."+name, "."), f)
			}
		}
	}
}
