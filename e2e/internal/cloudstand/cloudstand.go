// Package cloudstand stands in for what surrounds the clouds' object stores: the servers
// that exchange a workload's token for credentials. It is an HTTPS proxy that ends the
// connections itself, so that a program meets it under the providers' own host names. A
// request to a provider's object store goes on to an emulator when it carries a token
// that the stand-in has issued, and is refused otherwise. Begin with New.
package cloudstand

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Names that the stand-in knows.
const (
	AWSRole       = "arn:aws:iam::123456789012:role/hindcast"
	AzureTenant   = "11111111-2222-3333-4444-555555555555"
	AzureClient   = "66666666-7777-8888-9999-000000000000"
	GCPAudience   = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/cluster"
	googleToken   = "google-token"
	azureToken    = "azure-token"
	federateToken = "federate-token"
)

// Options say what the stand-in hands out and where the emulators are.
type Options struct {
	Workload       string // the token of the workload, which each exchange demands
	AccessKey      string // what AWS's exchange answers
	SecretKey      string
	GCS            string // base URL of the emulator
	Azure          string // base URL of the emulator, with the account
	AzureSAS       string // a SAS of the account, in place of the token
	MetadataAnswer bool   // whether the metadata server of Google gives tokens
}

// Server is a running stand-in.
type Server struct {
	URL string // of the proxy, and of Google's metadata server
	CA  []byte // certificate in PEM

	opt    Options
	http   *httptest.Server
	inner  *http.Server
	conns  chan net.Conn
	closed chan struct{}
	ca     *x509.Certificate
	key    *ecdsa.PrivateKey
	leaf   *ecdsa.PrivateKey

	mu   sync.Mutex
	seen []string
}

// New starts a stand-in with a certificate authority of its own; Close it.
func New(opt Options) (*Server, error) {
	s := &Server{opt: opt, conns: make(chan net.Conn), closed: make(chan struct{})}
	var err error
	if s.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	if s.leaf, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "cloudstand"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &s.key.PublicKey, s.key)
	if err != nil {
		return nil, err
	}
	if s.ca, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	s.CA = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	s.inner = &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: time.Minute}
	go func() { _ = s.inner.Serve(listener{s}) }()
	s.http = httptest.NewServer(http.HandlerFunc(s.outer))
	s.URL = s.http.URL
	return s, nil
}

// Close ends the stand-in.
func (s *Server) Close() {
	close(s.closed)
	_ = s.inner.Close()
	s.http.Close()
}

// Seen lists what was asked of the stand-in: an exchange's name, or a store's.
func (s *Server) Seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.seen...)
}

// note adds to what Seen lists.
func (s *Server) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, what)
}

// listener gives the inner server the connections that the proxy took over.
type listener struct{ s *Server }

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.s.conns:
		return c, nil
	case <-l.s.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l listener) Close() error { return nil }

// Addr implements net.Listener.
func (l listener) Addr() net.Addr { return &net.TCPAddr{} }

// outer answers as the proxy does, and asked directly as Google's metadata server.
func (s *Server) outer(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		s.metadata(w, r)
		return
	}
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		_ = c.Close()
		return
	}
	select {
	case s.conns <- tls.Server(c, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.certificate}):
	case <-s.closed:
		_ = c.Close()
	}
}

// certificate makes one for the host that a client expects.
func (s *Server) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if hello.ServerName == "" {
		return nil, errors.New("no server name")
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: []string{hello.ServerName},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}, s.ca, &s.leaf.PublicKey, s.key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: s.leaf}, nil
}

// metadata answers as Google's metadata server does.
func (s *Server) metadata(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Metadata-Flavor", "Google")
	path := strings.TrimPrefix(r.URL.Path, "/computeMetadata/v1/")
	switch {
	case !s.opt.MetadataAnswer:
		http.NotFound(w, r)
	case r.URL.Path == "/":
	case r.Header.Get("Metadata-Flavor") != "Google":
		http.Error(w, "missing header", http.StatusForbidden)
	case path == "project/project-id":
		_, _ = io.WriteString(w, "e2e")
	case path == "universe/universe-domain":
		_, _ = io.WriteString(w, "googleapis.com")
	case path == "instance/service-accounts/default/token":
		s.note("metadata token")
		answer(w, `{"access_token": %q, "expires_in": 3600, "token_type": "Bearer"}`, googleToken)
	default:
		http.NotFound(w, r)
	}
}

// answer writes JSON.
func answer(w http.ResponseWriter, format string, args ...any) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, format, args...)
}

// serve answers as the host does that a request is for.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	host, _, _ := strings.Cut(r.Host, ":")
	switch {
	case strings.HasPrefix(host, "sts.") && strings.HasSuffix(host, ".amazonaws.com"):
		s.sts(w, r)
	case host == "login.microsoftonline.com" || host == "login.microsoft.com":
		s.entra(w, r)
	case host == "sts.googleapis.com":
		s.googleSTS(w, r)
	case host == "storage.googleapis.com":
		token := r.Header.Get("Authorization")
		s.store(w, r, "gcs", s.opt.GCS, "", token == "Bearer "+googleToken || token == "Bearer "+federateToken)
	case strings.HasSuffix(host, ".blob.core.windows.net"):
		s.store(w, r, "azure", s.opt.Azure, s.opt.AzureSAS, r.Header.Get("Authorization") == "Bearer "+azureToken)
	default:
		s.note("unknown host " + host)
		http.Error(w, "no such host: "+host, http.StatusBadGateway)
	}
}

// store sends a request that carries a token on to the emulator.
func (s *Server) store(w http.ResponseWriter, r *http.Request, name, base, sas string, allowed bool) {
	if !allowed {
		s.note(name + " without token")
		http.Error(w, "no token", http.StatusUnauthorized)
		return
	}
	s.note(name)
	to, err := url.Parse(base)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(to)
		p.Out.Header.Del("Authorization")
		if sas != "" {
			p.Out.URL.RawQuery = strings.Trim(p.Out.URL.RawQuery+"&"+sas, "&")
		}
	}}).ServeHTTP(w, r)
}

// sts answers as AWS's exchange of tokens does.
func (s *Server) sts(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("Action") != "AssumeRoleWithWebIdentity" || r.FormValue("RoleArn") != AWSRole || r.FormValue("WebIdentityToken") != s.opt.Workload {
		s.note("sts refused")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized to perform sts:AssumeRoleWithWebIdentity</Message></Error></ErrorResponse>`)
		return
	}
	s.note("sts")
	w.Header().Set("Content-Type", "text/xml")
	_, _ = fmt.Fprintf(w, `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>`+
		`<Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken></SessionToken><Expiration>%s</Expiration></Credentials>`+
		`</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
		s.opt.AccessKey, s.opt.SecretKey, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
}

// entra answers as that of Azure does.
func (s *Server) entra(w http.ResponseWriter, r *http.Request) {
	const base = "https://login.microsoftonline.com/"
	switch {
	case strings.HasSuffix(r.URL.Path, "/discovery/instance"):
		answer(w, `{"tenant_discovery_endpoint": %q, "metadata": [{"preferred_network": "login.microsoftonline.com", "preferred_cache": "login.windows.net", "aliases": ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"]}]}`,
			base+AzureTenant+"/v2.0/.well-known/openid-configuration")
	case strings.HasSuffix(r.URL.Path, "/openid-configuration"):
		answer(w, `{"token_endpoint": %q, "authorization_endpoint": %q, "issuer": %q}`,
			base+AzureTenant+"/oauth2/v2.0/token", base+AzureTenant+"/oauth2/v2.0/authorize", base+AzureTenant+"/v2.0")
	case r.URL.Path != "/"+AzureTenant+"/oauth2/v2.0/token" || r.FormValue("client_id") != AzureClient || r.FormValue("client_assertion") != s.opt.Workload ||
		!strings.Contains(r.FormValue("scope"), "https://storage.azure.com/.default"):
		s.note("entra refused")
		w.WriteHeader(http.StatusUnauthorized)
		answer(w, `{"error": "invalid_client", "error_description": "AADSTS700213: No matching federated identity record found"}`)
	default:
		s.note("entra")
		answer(w, `{"token_type": "Bearer", "expires_in": 3600, "access_token": %q}`, azureToken)
	}
}

// googleSTS answers as that of Google Cloud does.
func (s *Server) googleSTS(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("subject_token") != s.opt.Workload || r.FormValue("audience") != GCPAudience {
		s.note("google sts refused")
		w.WriteHeader(http.StatusBadRequest)
		answer(w, `{"error": "invalid_grant", "error_description": "the token is not accepted"}`)
		return
	}
	s.note("google sts")
	answer(w, `{"access_token": %q, "issued_token_type": "urn:ietf:params:oauth:token-type:access_token", "token_type": "Bearer", "expires_in": 3600}`, federateToken)
}
