package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	promconfig "github.com/prometheus/common/config"

	"github.com/hindcast/hindcast/series"
)

// labelPattern is what a Prometheus label may be called.
var labelPattern = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// publish reads where metrics go.
func (d *decoder) publish(v value, c *Config) {
	o := d.object(v)
	if pv, ok := o.get("pushgateway"); ok {
		d.pushgateway(pv, c)
	}
	if tv, ok := o.get("textfile"); ok {
		t := d.object(tv)
		var path string
		if at, ok := t.text("path", &path); ok && !strings.HasSuffix(path, ".prom") {
			d.fail(at, "the name must end in .prom: node_exporter reads no other file")
		}
		t.need("path")
		t.done()
		c.Publish.Textfile = &Textfile{Path: promconfig.JoinDir(c.Dir, path)}
	}
	if av, ok := o.get("aliases"); ok {
		c.Publish.Aliases = d.aliases(av)
	}
	o.done()
}

// aliases reads the further names of metrics.
func (d *decoder) aliases(v value) map[string]string {
	members, ok := d.members(v)
	if !ok {
		return nil
	}
	out := map[string]string{}
	eachNamed(d, v, members, series.AliasFault, d.textScalar, func(name string, av value, s scalar) {
		if known := series.Aliasable(); !slices.Contains(known, s.text) {
			d.fail(av, "there is no metric %s to show as %s%s", s.shown(), name, metricMeant(s.text, known))
			return
		}
		out[name] = s.text
	})
	return out
}

// metricMeant suggests a metric's name.
func metricMeant(word string, known []string) string {
	if name, ok := strings.CutPrefix(word, series.Prefix); ok && slices.Contains(known, name) {
		return fmt.Sprintf(": write %s, without %s", name, series.Prefix)
	}
	if near := nearest(word, known); near != "" {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return "; docs/metrics.md lists them"
}

// pushgateway reads a Pushgateway.
func (d *decoder) pushgateway(v value, c *Config) {
	o := d.object(v)
	p := &Pushgateway{Timeout: defaultTimeout}
	o.server("url", &p.URL)
	if gv, ok := o.get("grouping"); ok {
		p.Grouping = d.grouping(gv)
	}
	o.login(c.Dir, &p.Username, &p.Password)
	o.httpConfig("http_config", c.Dir, &p.HTTP)
	if p.HTTP.IsSet() && p.HTTP.Config().FollowRedirects {
		d.failAt(o.keyPos("http_config"), join(join(v.path, "http_config"), "follow_redirects"), "a push follows no redirect, which would turn it into a GET; leave this out")
	}
	for _, key := range []string{"username", "password", "password_file"} {
		if o.has("http_config") && o.has(key) {
			d.failAt(o.keyPos(key), join(v.path, key), "http_config is given too: put the user and the password there, as basic_auth")
		}
	}
	o.positive("timeout", &p.Timeout)
	o.need("url")
	o.done()
	c.Publish.Pushgateway = p
}

// grouping reads the labels of a Pushgateway group.
func (d *decoder) grouping(v value) map[string]string {
	members, ok := d.members(v)
	if !ok {
		return nil
	}
	out := map[string]string{}
	fault := func(name string) string { return labelFault(name, series.OwnLabels()) }
	eachNamed(d, v, members, fault, d.text, func(name string, gv value, s string) {
		if strings.ContainsFunc(s, unicode.IsSpace) {
			d.fail(gv, "a grouping value cannot hold a space, which the Pushgateway's client would turn into +")
			return
		}
		out[name] = s
	})
	return out
}

// labelFault says what is wrong with the name of a label that a person gives beside
// own, those that Hindcast sets; "" when nothing is.
func labelFault(name string, own []string) string {
	switch {
	case slices.Contains(own, name):
		return fmt.Sprintf("Hindcast sets the label %s itself", name)
	case !labelPattern.MatchString(name) || strings.HasPrefix(name, "__"):
		return fmt.Sprintf("no Prometheus label can be called %q: letters, digits and _, not beginning with a digit or __", clip(name))
	}
	return ""
}

// report reads where passes write reports.
func (d *decoder) report(v value, c *Config) {
	o := d.object(v)
	c.Report.URL = defaultReports
	o.location("url", folder, &c.Report.URL)
	o.choice("when", &c.Report.When, reportTimes(), nil)
	o.need("when")
	if uv, ok := o.get("url"); ok && c.Report.URL == c.State.URL && c.State.URL != "" {
		d.fail(uv, "this is state.url, which Hindcast's records have to themselves; give reports another folder")
	}
	o.done()
}

// notify reads who is told.
func (d *decoder) notify(v value, c *Config) {
	o := d.object(v)
	if sv, ok := o.get("slack"); ok {
		d.slack(sv, c)
	}
	if ev, ok := o.get("email"); ok {
		c.Notify.Email = d.email(ev, c.Dir)
	}
	if wv, ok := o.get("webhook"); ok {
		c.Notify.Webhook = d.webhook(wv, c.Dir)
	}
	if av, ok := o.get("alertmanager"); ok {
		c.Notify.Alertmanager = d.alertmanager(av, c.Dir)
	}
	if lv, ok := o.get("links"); ok {
		c.Notify.Links = d.links(lv)
	}
	o.done()
}

// slack reads a Slack channel.
func (d *decoder) slack(v value, c *Config) {
	o := d.object(v)
	s := &Slack{Timeout: defaultTimeout}
	o.secret("token", c.Dir, &s.Token)
	o.text("channel", &s.Channel)
	o.secret("webhook_url", c.Dir, &s.WebhookURL)
	o.server("api_url", &s.APIURL)
	o.positive("timeout", &s.Timeout)
	if s.WebhookURL.inline != nil {
		if wv, ok := o.get("webhook_url"); ok {
			if err := checkHTTP(strings.TrimSpace(*s.WebhookURL.inline)); err != nil {
				d.fail(wv, "%v", err)
			}
		}
	}
	token := o.has("token") || o.has("token_file")
	webhook := o.has("webhook_url") || o.has("webhook_url_file")
	switch {
	case !o.ok:
	case token && webhook:
		o.fail("a token and a webhook are given; use one of them")
	case !token && !webhook:
		o.fail("token (or token_file) with channel, or webhook_url (or webhook_url_file), is missing")
	case token && !o.has("channel"):
		o.fail("channel is missing beside the token")
	case webhook && o.has("channel"):
		d.failAt(o.keyPos("channel"), join(v.path, "channel"), "a webhook has its own channel; leave this out")
	case webhook && o.has("api_url"):
		d.failAt(o.keyPos("api_url"), join(v.path, "api_url"), "a webhook does not use the bot API; leave this out")
	}
	o.done()
	c.Notify.Slack = s
}
