package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// canary returns a secret value of the configuration below, with what JSON, a URL and a
// header write otherwise: a quote, a backslash, a slash and a letter beyond ASCII.
func canary(name string) string { return "canaryof" + name + `"\é/` + "endof" + name }

var canaryNames = []string{
	"prompass", "promhead", "oauthsecret", "oauthparam", "oauthtoken", "slacktoken", "slackhook", "mailpass",
	"hookpath", "hookcreds", "ambearer", "amproxy", "kfptoken", "gatewaypass",
}

// shows lists the canaries of which a half can be read in a text, or in what stands in
// it as base64. It knows nothing of how they are hidden.
func shows(text string) []string {
	var readable strings.Builder
	readable.WriteString(text)
	for _, run := range regexp.MustCompile(`[A-Za-z0-9+/_-]{12,}`).FindAllString(text, -1) {
		run = strings.NewReplacer("-", "+", "_", "/").Replace(run)
		for begin := range 4 {
			part := run[begin:]
			part = part[:len(part)-len(part)%4]
			if plain, err := base64.RawStdEncoding.DecodeString(part); err == nil {
				readable.WriteString("\n" + string(plain))
			}
		}
	}
	text = readable.String()
	var out []string
	for _, name := range canaryNames {
		if strings.Contains(text, "canaryof"+name) || strings.Contains(text, "endof"+name) {
			out = append(out, name)
		}
	}
	return out
}

// quotes returns what a server may say of a request, in every way of writing it.
func quotes(request string) string {
	if m := regexp.MustCompile(`(?m)^(?:Proxy-)?Authorization: Basic (\S+)`).FindStringSubmatch(request); m != nil {
		plain, _ := base64.StdEncoding.DecodeString(m[1])
		request = string(plain) + "\r\n" + request
	}
	if u, err := url.PathUnescape(request); err == nil {
		request = u + "\r\n" + request
	}
	return request
}

func asJSON(s string) string {
	b, _ := json.Marshal(s)
	return strings.ReplaceAll(string(b), "/", `\/`)
}

// secretsOf cuts a request to the lines that hold something secret, for answers whose
// quotes are short or must be one line.
func secretsOf(request string) string {
	var out []string
	for line := range strings.SplitSeq(quotes(request), "\r\n") {
		if len(shows(line)) > 0 {
			out = append(out, line)
		}
	}
	return strings.Join(out, " ")
}

// answers are how the servers answer a request.
var answers = map[string]func(request string) string{
	"200 rubbish":          func(r string) string { return answer("200 OK", quotes(r)) },
	"200 JSON of a string": func(r string) string { return answer("200 OK", asJSON(quotes(r))) },
	"200 JSON of the API's": func(r string) string {
		q := asJSON(secretsOf(r))
		return answer("200 OK", `{"ok":false,"status":"success","error":`+q+`,"warnings":[`+q+`],"response_metadata":{"messages":[`+q+`]},`+
			`"data":{"resultType":"vector","result":[{"metric":{"a":`+q+`},"value":[1,"1"]},{"metric":{"b":`+q+`},"value":[1,"1"]}]},`+
			`"run_id":`+q+`,"pipeline_id":`+q+`,"display_name":`+q+`,"state":`+q+`,"access_token":`+q+`}`)
	},
	"301":           func(r string) string { return redirect("301 Moved Permanently", secretsOf(r)) },
	"307":           func(r string) string { return redirect("307 Temporary Redirect", url.QueryEscape(secretsOf(r))) },
	"307 to no URL": func(r string) string { return redirect("307 Temporary Redirect", "http://h:\x7f%zz"+secretsOf(r)) },
	"400":           func(r string) string { return answer("400 Bad Request", secretsOf(r)) },
	"401":           func(r string) string { return answer("401 Unauthorized", fmt.Sprintf("%+q", secretsOf(r))) },
	"401 in base64": func(r string) string {
		return answer("401 Unauthorized", base64.URLEncoding.EncodeToString([]byte(secretsOf(r))))
	},
	"401 of the API's": func(r string) string {
		q := asJSON(secretsOf(r))
		return answer("401 Unauthorized", `{"status":"error","errorType":"bad_data","error":`+q+`,"message":`+q+`,"code":16,"error_description":`+q+`}`)
	},
	"500": func(r string) string { return answer("500 Internal Server Error", url.QueryEscape(secretsOf(r))) },
	"status line": func(r string) string {
		return "HTTP/1.1 401 " + secretsOf(r) + "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
	},
	"malformed status": func(r string) string { return secretsOf(r) + "\r\n\r\n" },
	"malformed header": func(r string) string { return "HTTP/1.1 200 OK\r\n" + secretsOf(r) + "\r\n\r\n" },
	"malformed length": func(r string) string { return "HTTP/1.1 200 OK\r\nContent-Length: " + secretsOf(r) + "\r\n\r\n" },
	"malformed coding": func(r string) string { return "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + secretsOf(r) + "\r\n\r\n" },
	"malformed chunk": func(r string) string {
		return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + secretsOf(r) + "\r\n"
	},
	"cut connection": func(r string) string { return "HTTP/1.1 500 Broken\r\nContent-Length: 100000\r\n\r\n" + secretsOf(r) },
	"no answer":      func(string) string { return "" },
	"TLS failure":    nil, // of clients that are told https://
	"time-out":       nil,
}

func answer(status, body string) string {
	return fmt.Sprintf("HTTP/1.1 %s\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body)
}

func redirect(status, to string) string {
	return fmt.Sprintf("HTTP/1.1 %s\r\nConnection: close\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", status, to)
}

// quoter answers every request on its address in one way.
func quoter(t *testing.T, kind string, got *requests) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(2 * time.Second))
				if kind == "TLS failure" {
					fmt.Fprint(c, "no TLS\r\n\r\n")
					return
				}
				var raw bytes.Buffer
				r, err := http.ReadRequest(bufio.NewReader(io.TeeReader(c, &raw)))
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, r.Body)
				got.add(raw.String())
				if kind == "time-out" {
					_, _ = io.Copy(io.Discard, c)
					return
				}
				fmt.Fprint(c, answers[kind](raw.String()))
			}()
		}
	}()
	return l.Addr().String()
}

// requests collects what the servers were sent.
type requests struct {
	mu  sync.Mutex
	all strings.Builder
}

func (r *requests) add(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if plain := secretsOf(s); plain != "" {
		s = plain
	}
	if u, err := url.QueryUnescape(s); err == nil {
		s += u
	}
	r.all.WriteString(s + "\n")
}

// text returns all of it. A server that was given up on may still be adding.
func (r *requests) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all.String()
}

// mailQuoter starts a mail server behind TLS that refuses who comes, and quotes it.
func mailQuoter(t *testing.T, got *requests) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	if err != nil {
		panic(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(2 * time.Second))
				fmt.Fprint(c, "220 mail\r\n")
				for lines := bufio.NewScanner(c); lines.Scan(); {
					switch line := lines.Text(); {
					case strings.HasPrefix(line, "EHLO"):
						fmt.Fprint(c, "250-mail\r\n250 AUTH PLAIN\r\n")
					case strings.HasPrefix(line, "AUTH"):
						got.add(line)
						plain, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(line, "AUTH PLAIN "))
						got.add(string(plain))
						fmt.Fprintf(c, "535 no such user: %s %q\r\n", line, plain)
					default:
						fmt.Fprint(c, "500 no\r\n")
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// TestSecretsShowNowhere has every receiver quote what it was sent, in every kind of
// answer, and looks for the secrets in all that comes out.
func TestSecretsShowNowhere(t *testing.T) {
	var sent requests
	var all sync.WaitGroup
	for kind := range answers {
		for _, second := range []bool{false, true} {
			all.Go(func() { runWithCanaries(t, kind, second, &sent) }) // most of the time they wait
		}
	}
	all.Wait()
	if reached := shows(sent.text()); len(reached) != len(canaryNames) {
		t.Errorf("only %d of %d canaries were sent to a server, which could quote them: %v", len(reached), len(canaryNames), reached)
	}
}

// runWithCanaries makes passes in front of servers that answer in one way: in each
// format, and with the second of two ways to reach a receiver.
func runWithCanaries(t *testing.T, kind string, second bool, sent *requests) {
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		_, password, _ := r.BasicAuth()
		password, _ = url.QueryUnescape(password)
		sent.add(password + r.Form.Encode())
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": canary("oauthtoken"), "token_type": "Bearer", "expires_in": 3600})
	}))
	defer tokens.Close()
	var told requests
	address := quoter(t, kind, sent)
	scheme := "http://"
	if kind == "TLS failure" {
		scheme = "https://"
	}
	listener := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		told.mu.Lock()
		defer told.mu.Unlock()
		told.all.Write(body)
	}))
	defer listener.Close()
	dir := t.TempDir()
	q := func(s string) string { b, _ := json.Marshal(s); return string(b) }
	base := scheme + address
	tokenURL := tokens.URL
	gatewayAuth := fmt.Sprintf("http_config: {oauth2: {client_id: me, client_secret: %s, endpoint_params: {pin: %s}, token_url: %s}}", q(canary("oauthsecret")), q(canary("oauthparam")), q(tokenURL))
	slack := fmt.Sprintf("token: %s, channel: c, api_url: %s", q(canary("slacktoken")), q(base))
	webhook := fmt.Sprintf("url: %s, http_config: {authorization: {credentials: %s}}", q(base+"/"+url.PathEscape(canary("hookpath"))), q(canary("hookcreds")))
	alertmanager := fmt.Sprintf("url: %s, http_config: {bearer_token: %s, proxy_url: %s}", q("http://alertmanager.test"), q(canary("ambearer")), q("http://u:"+url.QueryEscape(canary("amproxy"))+"@"+address))
	if second {
		tokenURL = base // the token server itself quotes
		gatewayAuth = fmt.Sprintf("username: u, password: %s", q(canary("gatewaypass")))
		slack = "webhook_url: " + q(base+"/"+url.PathEscape(canary("slackhook")))
		alertmanager = fmt.Sprintf("url: %s, http_config: {oauth2: {client_id: me, client_secret: %s, endpoint_params: {pin: %s}, token_url: %s}}", q(base), q(canary("oauthsecret")), q(canary("oauthparam")), q(tokenURL))
		webhook = "url: " + q(listener.URL) // gets what the others said
	}
	config := fmt.Sprintf(`version: 1
state: {url: state}
models:
  - name: m
    task: regression
    predictions:
      url: predictions/*.csv
      columns: {id: id, timestamp: at, prediction: p}
    ground_truth:
      url: labels/*.csv
      columns: {id: id, label: y}
      delay: 0d
    window: 1d
    prometheus: {latency: up}
    rules:
      - {name: bad, when: mae > 0, min_samples: 1, min_coverage: 0, action: retrain}
      - {name: slow, when: prometheus.latency > 0, min_samples: 1, min_coverage: 0, action: alert}
    retrain: {mode: auto, settle: 1ms, kubeflow: {endpoint: %[1]q, pipeline: p, timeout: 200ms, token: %[2]s}}
prometheus: {url: %[1]q, timeout: 200ms, http_config: {basic_auth: {username: u, password: %[3]s}, http_headers: {X-Key: {secrets: [%[4]s]}}}}
publish:
  pushgateway: {url: %[1]q, timeout: 200ms, %[5]s}
  textfile: {path: hindcast.prom}
notify:
  slack: {%[6]s, timeout: 200ms}
  email: {smarthost: %[7]q, from: a@b.test, to: [c@d.test], username: u, password: %[8]s, tls: implicit, tls_config: {insecure_skip_verify: true}, timeout: 1s}
  webhook: {%[9]s, timeout: 200ms}
  alertmanager: {%[10]s, timeout: 200ms}
`, base, q(canary("kfptoken")), q(canary("prompass")), q(canary("promhead")), gatewayAuth, slack, mailQuoter(t, sent), q(canary("mailpass")), webhook, alertmanager)
	var predictions, labels strings.Builder
	predictions.WriteString("id,at,p\n")
	labels.WriteString("id,y\n")
	for i := range 240 { // enough for a verdict
		fmt.Fprintf(&predictions, "%d,%s,%d\n", i, fleetEnd().Add(-24*time.Hour+time.Duration(i)*6*time.Minute).Format(time.RFC3339), i%7)
		fmt.Fprintf(&labels, "%d,%d\n", i, i%7+10+i%3)
	}
	for name, text := range map[string]string{
		"hindcast.yaml":     config,
		"predictions/a.csv": predictions.String(),
		"labels/a.csv":      labels.String(),
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			panic(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			panic(err)
		}
	}
	outputs := map[string]string{}
	show := func(command, format, log string) {
		_, stdout, stderr := hindcast(t, command, "-v", "-c", filepath.Join(dir, "hindcast.yaml"), "-o", format, "--log-format", log)
		outputs["stdout of "+command+" "+format], outputs["stderr of "+command+" "+format] = stdout, stderr
	}
	if second {
		show("run", "json", "json")
		show("history", "table", "text")
		show("follow", "yaml", "text")
	} else {
		show("run", "table", "text")
		show("run", "yaml", "json")
		show("history", "json", "json")
		show("follow", "table", "text")
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Base(path) == "hindcast.yaml" {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		outputs[name] = name + string(data)
		return err
	})
	if err != nil {
		panic(err)
	}
	outputs["message"] = told.all.String() // the receivers are done
	if outputs["stdout of history table"]+outputs["stdout of run table"] == "" || outputs["hindcast.prom"] == "" || second && outputs["message"] == "" {
		t.Errorf("the pass did not get through: %s", outputs["stderr of run json"]+outputs["stderr of run table"])
	}
	for name, text := range outputs {
		if names := shows(text); len(names) > 0 {
			at := max(0, strings.Index(text, names[0])-200)
			t.Errorf("%s: %s shows %v: %.700q", kind, name, names, text[at:])
		}
	}
}
