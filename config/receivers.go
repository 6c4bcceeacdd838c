package config

import (
	"net"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	promconfig "github.com/prometheus/common/config"
)

// Email is a mail server and the people to write to.
type Email struct {
	Smarthost string        `yaml:"smarthost"` // HOST:PORT
	From      string        `yaml:"from"`
	To        []string      `yaml:"to"`
	Username  string        `yaml:"username"` // empty: no authentication
	Password  Secret        `yaml:"password"`
	TLS       string        `yaml:"tls"` // starttls, implicit or none
	TLSConfig TLS           `yaml:"tls_config"`
	Hello     string        `yaml:"hello"` // empty: the host's name
	Timeout   time.Duration `yaml:"timeout"`
}

// Webhook takes what Alertmanager posts to webhooks, or a body of the file's own.
type Webhook struct {
	URL     Secret            `yaml:"url"`
	Body    map[string]any    `yaml:"body"`   // JSON whose texts are templates; nil: Alertmanager's
	Secret  Secret            `yaml:"secret"` // that the body may name
	Events  []string          `yaml:"events"` // the kinds that are sent; nil: all
	Labels  map[string]string `yaml:"labels"`
	HTTP    HTTPClient        `yaml:"http_config"`
	Timeout time.Duration     `yaml:"timeout"`
}

// Alertmanager is an Alertmanager, or the servers of one cluster.
type Alertmanager struct {
	URL     string            `yaml:"url"`
	URLs    []string          `yaml:"urls"` // instead of URL
	Labels  map[string]string `yaml:"labels"`
	HTTP    HTTPClient        `yaml:"http_config"`
	Timeout time.Duration     `yaml:"timeout"`
}

// Servers lists the servers, however they were given.
func (a *Alertmanager) Servers() []string {
	if a.URL != "" {
		return []string{a.URL}
	}
	return a.URLs
}

// hostPattern is the name of a host as a mail server is greeted with it, or an
// address in brackets.
var hostPattern = regexp.MustCompile(`^(\[[0-9A-Za-z:.]+\]|[0-9A-Za-z]([0-9A-Za-z.-]*[0-9A-Za-z])?)$`)

// email reads a mail server and who is written to.
func (d *decoder) email(v value, dir string) *Email {
	o := d.object(v)
	e := &Email{TLS: tlsStart, Timeout: defaultTimeout}
	if sv, ok := o.text("smarthost", &e.Smarthost); ok {
		host, port, err := net.SplitHostPort(e.Smarthost)
		n, perr := strconv.ParseUint(port, 10, 16)
		if err != nil || perr != nil || n == 0 || host == "" || strings.ContainsFunc(host, unicode.IsSpace) {
			d.fail(sv, "want HOST:PORT, such as smtp.example.com:587")
		}
	}
	if fv, ok := o.text("from", &e.From); ok {
		d.address(fv, e.From)
	}
	if tv, ok := o.get("to"); ok {
		items, _ := d.filled(tv, "addresses")
		for _, item := range items {
			if s, ok := d.text(item); ok {
				d.address(item, s)
				e.To = append(e.To, s)
			}
		}
	}
	loggedIn := o.login(dir, &e.Username, &e.Password)
	o.choice("tls", &e.TLS, mailTLS(), nil)
	if e.TLS == tlsNone && loggedIn {
		d.failAt(o.keyPos("tls"), join(v.path, "tls"), "without TLS the password would be sent in plain text: use starttls or implicit, or leave username and password out")
	}
	if tv, ok := o.get("tls_config"); ok {
		c := d.tlsConfig(tv)
		c.SetDirectory(dir)
		e.TLSConfig = TLS{settings[promconfig.TLSConfig]{&c, d.givenBelow(tv)}}
		if e.TLS == tlsNone {
			d.failAt(o.keyPos("tls_config"), join(v.path, "tls_config"), "there is no TLS that this would be of")
		}
	}
	if hv, ok := o.text("hello", &e.Hello); ok && !hostPattern.MatchString(e.Hello) {
		d.fail(hv, "want the name of a host")
	}
	o.positive("timeout", &e.Timeout)
	o.need("smarthost", "from", "to")
	o.done()
	return e
}

// address checks a mail address.
func (d *decoder) address(v value, s string) {
	a, err := mail.ParseAddress(s)
	switch {
	case err != nil:
		d.fail(v, "%q is no mail address; want name@example.com, or Name <name@example.com>", clip(s))
	case strings.ContainsFunc(a.Name+a.Address, unicode.IsControl):
		d.fail(v, "the address holds control characters")
	}
}

// webhook reads a URL that events are posted to.
func (d *decoder) webhook(v value, dir string) *Webhook {
	o := d.object(v)
	w := &Webhook{Timeout: defaultTimeout}
	o.secret("url", dir, &w.URL)
	if w.URL.inline != nil {
		// A query is part of some receivers' address.
		base, _, _ := strings.Cut(strings.TrimSpace(*w.URL.inline), "?")
		if uv, ok := o.get("url"); ok {
			if err := checkHTTP(base); err != nil {
				d.fail(uv, "%v", err)
			}
		}
	}
	if o.ok && !o.has("url") && !o.has("url_file") {
		o.fail("url (or url_file) is missing")
	}
	w.Labels = o.alertLabels()
	o.secret("secret", dir, &w.Secret)
	if bv, ok := o.get("body"); ok {
		w.Body = d.body(bv)
		if o.has("labels") {
			d.failAt(o.keyPos("labels"), join(v.path, "labels"), "labels are those of alerts, and the webhook has a body of its own; leave this out")
		}
	}
	if w.Secret.IsSet() && !namesSecret(w.Body) {
		o.fail("a secret is for a body that names it as {{ .Secret }}, and none does; leave it out")
	}
	if ev, ok := o.get("events"); ok {
		w.Events = d.events(ev)
	}
	o.messageClient(dir, &w.HTTP)
	o.positive("timeout", &w.Timeout)
	o.done()
	return w
}

// alertmanager reads an Alertmanager or several.
func (d *decoder) alertmanager(v value, dir string) *Alertmanager {
	o := d.object(v)
	a := &Alertmanager{Timeout: defaultTimeout}
	o.server("url", &a.URL)
	if uv, ok := o.get("urls"); ok {
		items, _ := d.filled(uv, "URLs")
		for _, item := range items {
			s, ok := d.text(item)
			if !ok {
				continue
			}
			if err := checkHTTP(s); err != nil {
				d.fail(item, "%v", err)
			}
			if slices.Contains(a.URLs, s) {
				d.fail(item, "%q is listed twice", clip(s))
			}
			a.URLs = append(a.URLs, s)
		}
	}
	o.exclusive("url", "urls")
	if o.ok && !o.has("url") && !o.has("urls") {
		o.fail("url (or urls) is missing")
	}
	a.Labels = o.alertLabels()
	o.messageClient(dir, &a.HTTP)
	o.positive("timeout", &a.Timeout)
	o.done()
	return a
}

// messageClient reads the settings of a client that posts messages.
func (o *object) messageClient(dir string, dst *HTTPClient) {
	o.httpConfig("http_config", dir, dst)
	if dst.IsSet() && dst.Config().FollowRedirects {
		o.d.failAt(o.keyPos("http_config"), join(join(o.v.path, "http_config"), "follow_redirects"), "a message follows no redirect, which could take it elsewhere; leave this out")
	}
}

// alertLabels reads labels that go with every alert.
func (o *object) alertLabels() map[string]string {
	v, ok := o.get("labels")
	if !ok {
		return nil
	}
	out := map[string]string{}
	for name, lv := range o.d.entries(v) {
		path := join(v.path, name)
		if fault := labelFault(name, []string{"alertname", "severity", "model", "rule", "run"}); fault != "" {
			o.d.failAt(lv.pos, path, "%s", fault)
			continue
		}
		if s, ok := o.d.text(lv); ok {
			out[name] = s
		}
	}
	return out
}
