package main

import (
	"log/slog"
	"net/url"

	"github.com/hindcast/hindcast/redact"
)

// environmentSecrets returns the secrets that libraries take from the environment by
// themselves: the object stores' and the proxies'.
func environmentSecrets(env func(string) (string, bool)) *redact.Secrets {
	secrets := &redact.Secrets{}
	for _, name := range []string{
		"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
		"AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_CONNECTION_STRING", "AZURE_CLIENT_SECRET",
	} {
		value, _ := env(name) // empty where it is not set
		secrets.Add(value)
	}
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"} {
		value, _ := env(name)
		if u, err := url.Parse(value); err == nil {
			password, _ := u.User.Password()
			secrets.Add(password)
		}
	}
	return secrets
}

// withoutSecrets takes secrets out of what is logged.
func (a *App) withoutSecrets(_ []string, attr slog.Attr) slog.Attr {
	switch v := attr.Value; v.Kind() {
	case slog.KindString:
		attr.Value = slog.StringValue(a.secrets.Text(v.String()))
	case slog.KindAny:
		if err, ok := v.Any().(error); ok {
			attr.Value = slog.StringValue(a.secrets.Text(err.Error()))
		}
	}
	return attr
}
