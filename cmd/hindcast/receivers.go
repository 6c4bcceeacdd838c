package main

import (
	"crypto/tls"
	"fmt"
	"time"

	promconfig "github.com/prometheus/common/config"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/notify"
)

// notifiers returns who is told, as the configuration says.
func (a *App) notifiers(cfg *config.Config) ([]job.Notifier, error) {
	var out []job.Notifier
	options := func(timeout time.Duration) notify.Options {
		return notify.Options{Timeout: timeout, Secrets: a.secrets, Log: a.log}
	}
	if s := cfg.Notify.Slack; s != nil {
		out = append(out, notify.NewSlack(notify.SlackOptions{
			Options: options(s.Timeout),
			Token:   s.Token.Value, Channel: s.Channel, WebhookURL: s.WebhookURL.Value, UseWebhook: s.WebhookURL.IsSet(), APIURL: s.APIURL,
		}))
	}
	if e := cfg.Notify.Email; e != nil {
		opts := notify.EmailOptions{
			Options: options(e.Timeout),
			TLS:     notify.EmailTLS(e.TLS), Username: e.Username, Password: e.Password.Value, Hello: e.Hello,
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
		opts := notify.WebhookOptions{
			HTTPOptions: notify.HTTPOptions{Options: options(w.Timeout)}, Labels: a.withNamespace(w.Labels), Body: w.Body, Events: w.Events,
		}
		if w.Secret.IsSet() {
			opts.Secret = w.Secret.Value
		}
		if err := withClient(&opts.HTTPOptions, w.HTTP, "webhook"); err != nil {
			return nil, fmt.Errorf("tell a webhook: %w", err)
		}
		out = append(out, notify.NewWebhook(w.URL.Value, opts))
	}
	if m := cfg.Notify.Alertmanager; m != nil {
		opts := notify.HTTPOptions{Options: options(m.Timeout)}
		if err := withClient(&opts, m.HTTP, "alertmanager"); err != nil {
			return nil, fmt.Errorf("tell Alertmanager: %w", err)
		}
		out = append(out, notify.NewAlertmanager(m.Servers(), a.withNamespace(m.Labels), opts))
	}
	return out, nil
}

// showsPictures reports whether a receiver shows pictures: Slack by a bot token, and mail.
func showsPictures(n config.Notify) bool {
	return n.Email != nil || n.Slack != nil && !n.Slack.WebhookURL.IsSet()
}

// withClient adds the client that an http_config describes, if there is one.
func withClient(opts *notify.HTTPOptions, h config.HTTPClient, name string) error {
	if !h.IsSet() {
		return nil
	}
	var err error
	opts.Client, err = httpClient(h, name, opts.Secrets)
	return err
}
