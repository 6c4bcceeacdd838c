package config

import (
	"strings"
	"testing"
)

func TestPortable(t *testing.T) {
	t.Parallel()
	const base = `version: 1
state: {url: STATE}
models:
  - name: house
    task: regression
    predictions: {url: 's3://logs/dt={date}/*', columns: {id: id, timestamp: at, prediction: p}}
    ground_truth: {url: 's3://labels/dt={date}/*', columns: {id: id, label: y}}
publish: {textfile: {path: TEXTFILE}}
notify: {slack: {channel: "#a", SECRET}}
`
	env := envOf(map[string]string{"SLACK": "xoxb-1", "HOUSE": "house"})
	for name, tt := range map[string]struct {
		state, secret string
		textfile      bool
		want          []string
	}{
		"as it should be":                {"s3://state/a", "token: '${SLACK}'", false, nil},
		"a file that stays":              {"s3://state/a", "token_file: /var/run/slack", false, nil},
		"a local state":                  {"file://./state", "token: '${SLACK}'", false, []string{"state.url"}},
		"a state in memory":              {"mem://", "token: '${SLACK}'", false, []string{"state.url"}},
		"escaped":                        {"s3://state/a", `token: "xo\x78b-1"`, false, []string{"notify.slack.token stands in the file"}},
		"one that is a word of the file": {"s3://state/a", "token: '${HOUSE}'", false, nil},
		"a secret in it":                 {"s3://state/a", "token: xoxb-1", false, []string{"notify.slack.token stands in the file"}},
		"a file beside it":               {"s3://state/a", "token_file: slack", false, []string{"notify.slack.token_file"}},
		"a text file":                    {"s3://state/a", "token: '${SLACK}'", true, []string{"publish.textfile"}},
		"all that is wrong":              {"./state", "token: xoxb-1", true, []string{"state.url", "publish.textfile", "notify.slack.token"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.NewReplacer("STATE", tt.state, "SECRET", tt.secret, "TEXTFILE", "/m/h.prom").Replace(base)
			if !tt.textfile {
				text = strings.Replace(text, "publish: {textfile: {path: /m/h.prom}}\n", "", 1)
			}
			c, err := Parse("hindcast.yaml", []byte(text), "/home/me", env)
			if err != nil {
				t.Fatal(err)
			}
			got := c.Portable()
			if len(got) != len(tt.want) {
				t.Fatalf("%q, want %q", got, tt.want)
			}
			for i, want := range tt.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("%q, want %q", got[i], want)
				}
				if strings.Contains(got[i], "xoxb") {
					t.Errorf("the secret is shown: %q", got[i])
				}
			}
		})
	}
}

// Secrets and files in the settings of a library are found as well.
func TestPortableHTTPConfig(t *testing.T) {
	t.Parallel()
	const base = `version: 1
state: {url: 's3://state/a'}
models:
  - name: house
    task: regression
    predictions: {url: 's3://logs/dt={date}/*', columns: {id: id, timestamp: at, prediction: p}}
    ground_truth: {url: 's3://labels/dt={date}/*', columns: {id: id, label: y}}
`
	const places = `prometheus: {url: 'http://p', http_config: HTTP}
publish: {pushgateway: {url: 'http://p', http_config: HTTP}}
notify: {webhook: {url: '${HOOK}', http_config: HTTP}, alertmanager: {url: 'http://a', http_config: HTTP}}
`
	const email = "notify: {email: {smarthost: 'm:25', from: a@b.c, to: [a@b.c], tls_config: TLS}}\n"
	env := envOf(map[string]string{"V": "http://given:xoxb@p", "HOOK": "http://hook"})
	stands, file := " stands in the file", " is a file of this machine"
	for name, tt := range map[string]struct {
		http, tls string
		want      []string // beside the key of the http_config or tls_config
	}{
		"nothing to hide": {"{tls_config: {insecure_skip_verify: true}}", "{server_name: m}", nil},
		"from variables": {
			`{oauth2: {client_id: c, token_url: 'http://x', client_secret: '${V}', endpoint_params: {a b: '${V}'}, proxy_url: '${V}', tls_config: {ca: '${V}'}}, proxy_url: '${V}', ` +
				`proxy_connect_header: {x-a: ['${V}']}, http_headers: {x-b: {values: [v], secrets: ['${V}', '${V}']}}, tls_config: {ca: '${V}', cert: '${V}', key: '${V}'}}`,
			"{ca: '${V}', cert: '${V}', key: '${V}'}", nil,
		},
		"files that stay": {
			"{basic_auth: {username_file: /u, password_file: /p}, http_headers: {x-b: {files: [/f]}}, tls_config: {ca_file: /ca, cert_file: /c, key_file: /k}}",
			"{ca_file: /ca, cert_file: /c, key_file: /k}", nil,
		},
		"basic auth":                 {"{basic_auth: {username: u, password: xoxb}}", "", []string{"basic_auth.password" + stands}},
		"authorization":              {"{authorization: {credentials: xoxb}}", "", []string{"authorization.credentials" + stands}},
		"bearer token":               {"{bearer_token: xoxb}", "", []string{"bearer_token" + stands}},
		"bearer token of a variable": {"{bearer_token: '${V}'}", "", nil},
		"bearer token beside it":     {"{bearer_token_file: xoxb}", "", []string{"bearer_token_file" + file}},
		"all of the rest": {
			`{oauth2: {client_id: c, token_url: 'http://x', client_secret: xoxb, endpoint_params: {a: xoxb}, proxy_url: 'http://u:xoxb@p', tls_config: {key: xoxb, cert: xoxb, ca_file: a}}, ` +
				`proxy_url: 'http://u:xoxb@p', proxy_connect_header: {x-a: [xoxb]}, http_headers: {x-b: {secrets: ['${V}', xoxb], files: [a]}}, tls_config: {ca_file: a, cert_file: b, key_file: c}}`,
			"{ca_file: a, cert_file: b, key_file: c}",
			[]string{
				"oauth2.client_secret" + stands, "oauth2.endpoint_params.a" + stands, "proxy_url" + stands, "proxy_connect_header.X-A[0]" + stands, "oauth2.proxy_url" + stands,
				"http_headers.x-b.secrets[1]" + stands, "http_headers.x-b.files[0]" + file,
				"tls_config.ca_file" + file, "tls_config.cert_file" + file, "tls_config.key_file" + file,
				"oauth2.tls_config.ca_file" + file, "oauth2.tls_config.cert" + stands, "oauth2.tls_config.key" + stands,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check := func(text string, want []string) {
				t.Helper()
				c, err := Parse("hindcast.yaml", []byte(base+text), "/home/me", env)
				if err != nil {
					t.Fatal(err)
				}
				got := c.Portable()
				if len(got) != len(want) {
					t.Fatalf("%q, want %q", got, want)
				}
				for i := range want {
					if !strings.HasPrefix(got[i], want[i]) || strings.Contains(got[i], "xoxb") {
						t.Errorf("%q, want %q", got[i], want[i])
					}
				}
			}
			var all, mail []string
			for _, at := range []string{"publish.pushgateway", "prometheus", "notify.webhook", "notify.alertmanager"} {
				for _, want := range tt.want {
					all = append(all, at+".http_config."+want)
				}
			}
			check(strings.ReplaceAll(places, "HTTP", tt.http), all)
			if tt.tls == "" {
				return
			}
			for _, want := range tt.want {
				if strings.HasPrefix(want, "tls_config.") {
					mail = append(mail, "notify.email."+want)
				}
			}
			check(strings.ReplaceAll(email, "TLS", tt.tls), mail)
		})
	}
}

func TestLocal(t *testing.T) {
	t.Parallel()
	const base = `version: 1
state: {url: 'file://./state'}
models:
  - name: house
    task: regression
    predictions: {url: './logs/*.parquet', columns: {id: id, timestamp: at, prediction: p}}
    ground_truth: {url: 'file:///labels/*.parquet', columns: {id: id, label: y}}
    reference: {profile: saved}
publish: {textfile: {path: /m/h.prom}}
`
	for name, tt := range map[string]struct {
		replace, by string
		want        bool
	}{
		"files":             {"", "", true},
		"a state in memory": {"file://./state", "mem://", true},
		"state":             {"file://./state", "s3://state", false},
		"predictions":       {"./logs/*.parquet", "gs://logs/*.parquet", false},
		"labels":            {"file:///labels", "azblob://labels", false},
		"reference":         {"{profile: saved}", "{url: 's3://reference/*.parquet'}", false},
		"profile":           {"{profile: saved}", "{profile: 's3://profiles/house'}", false},
		"pushgateway":       {"publish: {", "publish: {pushgateway: {url: 'https://push:9091'}, ", false},
		"prometheus":        {"publish:", "prometheus: {url: 'https://prometheus:9090'}\npublish:", false},
		"slack":             {"publish:", "notify: {slack: {channel: '#a', token: x}}\npublish:", false},
		"webhook":           {"publish:", "notify: {webhook: {url: 'https://hook'}}\npublish:", false},
		"kubeflow": {
			"publish:",
			"    retrain: {mode: auto, kubeflow: {endpoint: 'https://kfp', namespace: n, pipeline: p}}\npublish:", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(base, tt.replace, tt.by, 1)
			if got := mustParse(t, text, envOf(nil)).Local(); got != tt.want {
				t.Errorf("local is %v, want %v, of\n%s", got, tt.want, text)
			}
		})
	}
}
