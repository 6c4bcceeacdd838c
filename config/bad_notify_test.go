package config

import "testing"

// What is wrong with whom to tell.
func TestBadReceivers(t *testing.T) {
	testBad(t, []badCase{
		{
			"token without channel", `, channel: "#ml-alerts"`, "",
			"hindcast.yaml:57:10: notify.slack: channel is missing beside the token",
		},
		{
			"token twice", "token_file: /secrets/slack", "token: hunter2, token_file: /secrets/slack",
			"hindcast.yaml:57:27: notify.slack.token_file: token is given too; use one of them",
		},
		{
			"token and webhook", "token_file: /secrets/slack", "token_file: /secrets/slack, webhook_url_file: /secrets/hook",
			"hindcast.yaml:57:10: notify.slack: a token and a webhook are given; use one of them",
		},
		{
			"webhook with a channel", "token_file: /secrets/slack", "webhook_url_file: /secrets/hook",
			"hindcast.yaml:57:44: notify.slack.channel: a webhook has its own channel; leave this out",
		},
		{
			"webhook that is no URL", `token_file: /secrets/slack, channel: "#ml-alerts"`, `webhook_url: "hunter2"`,
			"hindcast.yaml:57:24: notify.slack.webhook_url: the URL must begin with http:// or https://",
		},
		{
			"mail server without a port", "smtp.example.com:587", "smtp.example.com",
			"hindcast.yaml:59:16: notify.email.smarthost: want HOST:PORT, such as smtp.example.com:587",
		},
		{
			"mail server with a port that is none", "smtp.example.com:587", "smtp.example.com:submission",
			"hindcast.yaml:59:16: notify.email.smarthost: want HOST:PORT, such as smtp.example.com:587",
		},
		{
			"sender that is no address", "Hindcast <hindcast@example.com>", "Hindcast",
			`hindcast.yaml:60:11: notify.email.from: "Hindcast" is no mail address; want name@example.com, or Name <name@example.com>`,
		},
		{
			"two addresses in one", "ml-team@example.com, ", `"a@example.com, b@example.com", `,
			`hindcast.yaml:61:10: notify.email.to[0]: "a@example.com, b@example.com" is no mail address; want name@example.com, or Name <name@example.com>`,
		},
		{
			"address with a second header", "ml-team@example.com, ", `"=?utf-8?q?x=0D=0ABcc:_y?= <a@example.com>", `,
			`hindcast.yaml:61:10: notify.email.to[0]: "=?utf-8?q?x=0D=0ABcc:_y?= <a@example.com>" is no mail address; want name@example.com, or Name <name@example.com>`,
		},
		{
			"no recipients", `[ml-team@example.com, "Ærlig Måling <oncall@example.com>"]`, "[]",
			"hindcast.yaml:61:9: notify.email.to: the list is empty: give it addresses or leave the key out",
		},
		{
			"password in plain text", "tls: starttls\n    tls_config: {ca_file: /secrets/smtp-ca.pem}\n", "tls: none\n",
			"hindcast.yaml:64:5: notify.email.tls: without TLS the password would be sent in plain text: use starttls or implicit, or leave username and password out",
		},
		{
			"TLS of another kind", "tls: starttls", "tls: opportunistic",
			`hindcast.yaml:64:10: notify.email.tls: unknown value "opportunistic"; known: implicit, none, starttls`,
		},
		{
			"user without a password", "    password_file: /secrets/smtp\n", "",
			"hindcast.yaml:62:5: notify.email.username: a username needs a password or password_file",
		},
		{
			"greeting that is no host", "hello: hindcast.example.com", "hello: a b",
			"hindcast.yaml:66:12: notify.email.hello: want the name of a host",
		},
		{
			"webhook that follows redirects", "{authorization: {credentials_file: /secrets/webhook-token}}", "{follow_redirects: true}",
			"hindcast.yaml:71:5: notify.webhook.http_config.follow_redirects: a message follows no redirect, which could take it elsewhere; leave this out",
		},
		{
			"webhook without a URL", "    url_file: /secrets/webhook\n", "",
			"hindcast.yaml:69:5: notify.webhook: url (or url_file) is missing",
		},
		{
			"webhook of another scheme", "url_file: /secrets/webhook", "url: ftp://hunter2",
			"hindcast.yaml:69:10: notify.webhook.url: the URL must begin with http:// or https://",
		},
		{
			"label that Hindcast sets", "{namespace: team-a, team: pricing}", "{alertname: x}",
			"hindcast.yaml:74:25: notify.alertmanager.labels.alertname: Hindcast sets the label alertname itself",
		},
		{
			"label with a dash", "{namespace: team-a, team: pricing}", "{a-b: x}",
			`hindcast.yaml:74:19: notify.alertmanager.labels.a-b: no Prometheus label can be called "a-b": letters, digits and _, not beginning with a digit or __`,
		},
		{
			"one Alertmanager and several", "    timeout: 5s\n", "    url: http://am:9093\n",
			"hindcast.yaml:75:5: notify.alertmanager.url: urls is given too; use one of them",
		},
		{
			"Alertmanager that is no URL", `"http://alertmanager-0:9093"`, "alertmanager-0:9093",
			"hindcast.yaml:73:12: notify.alertmanager.urls[0]: the URL must begin with http:// or https://",
		},
		{
			"secret in the wrong place", `{token_file: /secrets/slack, channel: "#ml-alerts"}`, "hunter2",
			"hindcast.yaml:57:10: notify.slack: want keys and values, got text",
		},
		{
			"secret that is a number", "token_file: /secrets/slack", "token: 12345",
			"hindcast.yaml:57:18: notify.slack.token: want text: put it in quotes",
		},
		{
			"link with an unknown field", "{{ .RunID }}", "{{ .RunId }}",
			"hindcast.yaml:80:10: notify.links.run: unknown field .RunId; known: .Event, .Model, .Rule, .Run, .RunID, .Window.Start, .Window.End, .Window.StartMillis, .Window.EndMillis, .Window.File",
		},
		{
			"link with half a field", "{{ .Window.File }}", "{{ .Window }}",
			"hindcast.yaml:77:13: notify.links.report: a template needs .Window.Start or .Window.End or .Window.StartMillis or .Window.EndMillis or .Window.File; known: .Event, .Model, .Rule, .Run, .RunID, .Window.Start, .Window.End, .Window.StartMillis, .Window.EndMillis, .Window.File",
		},
		{
			"link that is cut off", "details/{{ .RunID }}", "details/{{ .RunID",
			"hindcast.yaml:80:10: notify.links.run: bad template: unclosed action",
		},
		{
			"link of another scheme", "https://wiki.example.com/runbooks", "wiki.example.com/runbooks",
			"hindcast.yaml:79:14: notify.links.runbook: a link must begin with http:// or https:// and a host; values are escaped, so that a template can stand for none of these",
		},
		{
			"link that is all a value", "https://wiki.example.com/runbooks", `"{{ .Model }}"`,
			"hindcast.yaml:79:14: notify.links.runbook: a link must begin with http:// or https:// and a host; values are escaped, so that a template can stand for none of these",
		},
		{
			"link with a password", "https://wiki.example.com/runbooks", "https://me:hunter2@wiki.example.com/",
			"hindcast.yaml:79:14: notify.links.runbook: a link is read by all whom messages reach; leave user and password out",
		},
		{
			"unknown link", "runbook: https", "runbok: https",
			`hindcast.yaml:79:5: notify.links: unknown key "runbok" (did you mean "runbook"?)`,
		},
		{
			"body with an unknown field", "    labels: {namespace: team-a}\n    http_config", "    body: {text: [{a: \"{{ .Titel }}\"}]}\n    http_config",
			"hindcast.yaml:70:23: notify.webhook.body.text[0].a: unknown field .Titel; known: .Event, .Model, .Rule, .Run, .RunID, .Title, .Sentence, .Text, .Markdown, .Severity, .Status, .Resolved, .Incident, .Time, .Secret, .Window.Start, .Window.End, .Links.Report, .Links.Dashboard, .Links.Runbook, .Links.Run",
		},
		{
			"body beside labels", "    labels: {namespace: team-a}\n    http_config", "    labels: {namespace: team-a}\n    body: {text: x}\n    http_config",
			"hindcast.yaml:70:5: notify.webhook.labels: labels are those of alerts, and the webhook has a body of its own; leave this out",
		},
		{
			"empty body", "    labels: {namespace: team-a}\n    http_config", "    body: {}\n    http_config",
			"hindcast.yaml:70:11: notify.webhook.body: the body is empty: give it keys or leave it out",
		},
		{
			"secret that no body names", "    labels: {namespace: team-a}\n    http_config", "    body: {text: x}\n    secret: hunter2\n    http_config",
			"hindcast.yaml:69:5: notify.webhook: a secret is for a body that names it as {{ .Secret }}, and none does; leave it out",
		},
		{
			"unknown event", "    labels: {namespace: team-a}\n    http_config", "    events: [breach, recovered]\n    http_config",
			`hindcast.yaml:70:22: notify.webhook.events[1]: unknown event "recovered"; known: breach, evaluation_failing, evaluation_works, resolved, retrain_duplicate, retrain_failed, retrain_finished, retrain_not_started, retrain_started, retrain_suggested, revised`,
		},
		{
			"event twice", "    labels: {namespace: team-a}\n    http_config", "    events: [breach, breach]\n    http_config",
			`hindcast.yaml:70:22: notify.webhook.events[1]: "breach" is listed twice`,
		},
	})
}
