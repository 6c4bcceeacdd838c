package main

import (
	"crypto/tls"
	"fmt"
	"maps"

	promconfig "github.com/prometheus/common/config"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/notify"
)

// namespaceVariable names the namespace of the pod, which alerts carry unless the
// configuration names another.
const namespaceVariable = "POD_NAMESPACE"

// notifiers returns who is told, as the configuration says.
func (a *App) notifiers(cfg *config.Config) ([]job.Notifier, error) {
	var out []job.Notifier
	if s := cfg.Notify.Slack; s != nil {
		out = append(out, notify.NewSlack(notify.SlackOptions{
			Token: s.Token.Value, Channel: s.Channel, WebhookURL: s.WebhookURL.Value, UseWebhook: s.WebhookURL.IsSet(),
			APIURL: s.APIURL, Timeout: s.Timeout, Log: a.log,
		}))
	}
	if e := cfg.Notify.Email; e != nil {
		opts := notify.EmailOptions{
			TLS: notify.EmailTLS(e.TLS), Username: e.Username, Password: e.Password.Value, Hello: e.Hello, Timeout: e.Timeout, Log: a.log,
		}
		if e.TLSConfig.IsSet() {
			opts.Config = func() (*tls.Config, error) {
				c := e.TLSConfig.Config()
				return promconfig.NewTLSConfig(&c)
			}
		}
		n, err := notify.NewEmail(e.Smarthost, e.From, e.To, opts)
		if err != nil {
			return nil, fmt.Errorf("tell by e-mail: %w", err)
		}
		out = append(out, n)
	}
	if w := cfg.Notify.Webhook; w != nil {
		opts := notify.HTTPOptions{Timeout: w.Timeout, Log: a.log}
		if err := withClient(&opts, w.HTTP, "webhook"); err != nil {
			return nil, fmt.Errorf("tell a webhook: %w", err)
		}
		out = append(out, notify.NewWebhook(w.URL.Value, a.alertLabels(w.Labels), opts))
	}
	if m := cfg.Notify.Alertmanager; m != nil {
		opts := notify.HTTPOptions{Timeout: m.Timeout, Log: a.log}
		if err := withClient(&opts, m.HTTP, "alertmanager"); err != nil {
			return nil, fmt.Errorf("tell Alertmanager: %w", err)
		}
		out = append(out, notify.NewAlertmanager(m.Servers(), a.alertLabels(m.Labels), opts))
	}
	return out, nil
}

// withClient adds the client that an http_config describes, if there is one.
func withClient(opts *notify.HTTPOptions, h config.HTTPClient, name string) error {
	if !h.IsSet() {
		return nil
	}
	var err error
	opts.Client, err = httpClient(h, name)
	opts.Redact = h.Redact
	return err
}

// alertLabels adds the namespace of the pod where the configuration names none.
func (a *App) alertLabels(own map[string]string) map[string]string {
	out := maps.Clone(own)
	if out == nil {
		out = map[string]string{}
	}
	if _, named := out["namespace"]; !named {
		if ns, ok := a.Env(namespaceVariable); ok && ns != "" {
			out["namespace"] = ns
		}
	}
	return out
}
