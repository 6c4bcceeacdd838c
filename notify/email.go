package notify

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/redact"
	"github.com/hindcast/hindcast/wait"
)

// EmailTLS says how the connection to a mail server is encrypted.
type EmailTLS string

// The ways. None sends no password.
const (
	EmailStartTLS EmailTLS = "starttls" // begun in plain text, and given up where the server does not encrypt it
	EmailImplicit EmailTLS = "implicit" // encrypted from the start
	EmailPlain    EmailTLS = "none"
)

// maxSubject bounds a subject, in characters.
const maxSubject = 200

// EmailOptions hold what has a default.
type EmailOptions struct {
	TLS      EmailTLS // default EmailStartTLS
	Username string   // empty: no authentication
	Password func() (string, error)
	Config   func() (*tls.Config, error) // read for each message; nil: the system's roots
	Hello    string                      // the name to greet with; default the host's
	Timeout  time.Duration               // of the dialogue; default 10 s
	Secrets  *redact.Secrets             // are taken out of what the server says
	Log      *slog.Logger
	// Sleep waits before a message is tried again; default a timer.
	Sleep func(context.Context, time.Duration) error
}

// Email tells people by mail.
type Email struct {
	host string
	port int
	from *mail.Address
	to   []*mail.Address
	opts EmailOptions
}

var _ job.Notifier = (*Email)(nil)

// NewEmail returns a notifier that hands its mails to the server at smarthost, which
// is HOST:PORT. The addresses are as RFC 5322 writes them, with or without a name.
func NewEmail(smarthost, from string, to []string, opts EmailOptions) (*Email, error) {
	host, port, err := net.SplitHostPort(smarthost)
	if err != nil {
		return nil, fmt.Errorf("read address of the mail server: %w", err)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || host == "" {
		return nil, fmt.Errorf("read address of the mail server: want HOST:PORT, got %q", smarthost)
	}
	m := &Email{host: host, port: int(n), opts: opts}
	if m.from, err = mail.ParseAddress(from); err != nil {
		return nil, fmt.Errorf("read sender %q: %w", from, err)
	}
	for _, a := range to {
		parsed, err := mail.ParseAddress(a)
		if err != nil {
			return nil, fmt.Errorf("read recipient %q: %w", a, err)
		}
		m.to = append(m.to, parsed)
	}
	if len(m.to) == 0 {
		return nil, errors.New("a mail needs a recipient")
	}
	if m.opts.TLS == "" {
		m.opts.TLS = EmailStartTLS
	}
	if m.opts.TLS == EmailPlain && m.opts.Username != "" {
		return nil, errors.New("a password is not sent over a connection that is not encrypted")
	}
	if m.opts.Timeout <= 0 {
		m.opts.Timeout = defaultTimeout
	}
	if m.opts.Log == nil {
		m.opts.Log = slog.New(slog.DiscardHandler)
	}
	if m.opts.Secrets == nil {
		m.opts.Secrets = &redact.Secrets{}
	}
	if m.opts.Sleep == nil {
		m.opts.Sleep = wait.For
	}
	return m, nil
}

// Name implements job.Notifier.
func (m *Email) Name() string { return "mail server " + net.JoinHostPort(m.host, strconv.Itoa(m.port)) }

// Notify implements job.Notifier. It tries once more where no connection comes about,
// or where the server puts it off before it has taken the message.
func (m *Email) Notify(ctx context.Context, e job.Event) error {
	msg, err := m.message(e)
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		err := m.send(ctx, msg)
		if err == nil {
			return nil
		}
		failure := fmt.Errorf("send mail: %w", presentable(m.opts.Secrets, err))
		if try == 2 || !untaken(err) {
			return failure
		}
		m.opts.Log.Warn("mail not taken, trying again", "model", e.Model, "wait", failureWait, "err", failure)
		if err := m.opts.Sleep(ctx, failureWait); err != nil {
			return fmt.Errorf("send mail: wait for the next try: %w", err)
		}
	}
}

// untaken reports whether the server has not taken the message and may do so soon.
func untaken(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return true
	}
	var sent *gomail.SendError
	return errors.As(err, &sent) && sent.IsTemp() &&
		(sent.Reason == gomail.ErrSMTPMailFrom || sent.Reason == gomail.ErrSMTPRcptTo || sent.Reason == gomail.ErrSMTPData)
}

// send sends a message once.
func (m *Email) send(ctx context.Context, msg *gomail.Msg) error {
	opts := []gomail.Option{gomail.WithPort(m.port), gomail.WithTimeout(m.opts.Timeout)}
	switch m.opts.TLS {
	case EmailImplicit:
		opts = append(opts, gomail.WithSSL())
	case EmailPlain:
		opts = append(opts, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		opts = append(opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if m.opts.Config != nil {
		c, err := m.opts.Config()
		if err != nil {
			return fmt.Errorf("read tls_config: %w", err)
		}
		c = c.Clone()
		if c.ServerName == "" {
			c.ServerName = m.host
		}
		opts = append(opts, gomail.WithTLSConfig(c))
	}
	if m.opts.Hello != "" {
		opts = append(opts, gomail.WithHELO(m.opts.Hello))
	}
	if m.opts.Username != "" {
		password, err := read(m.opts.Password, "password")
		if err != nil {
			return err
		}
		m.opts.Secrets.Add(password)
		opts = append(opts, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(m.opts.Username), gomail.WithPassword(password))
	}
	client, err := gomail.NewClient(m.host, opts...)
	if err != nil {
		return fmt.Errorf("make a client for the mail server: %w", err)
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return fmt.Errorf("reach the mail server: %w", err)
	}
	err = client.SendWithSMTPClient(conn, msg)
	if msg.IsDelivered() {
		err = nil // of the reset after it
	}
	_ = client.CloseWithSMTPClient(conn) // a mail that was taken is sent, however the dialogue ends
	return err
}

// message makes the mail of an event.
func (m *Email) message(e job.Event) (*gomail.Msg, error) {
	w := word(e)
	html, err := w.html()
	if err != nil {
		return nil, err
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(m.from)
	msg.ToMailAddress(m.to...)
	msg.SetDateWithValue(e.Time)
	subject := "[hindcast] " + subject(e)
	id := incidentID(e.Incident.ID, m.domain())
	switch {
	case e.Incident.ID == "":
		msg.SetMessageIDWithValue(incidentID(eventKey(e), m.domain()))
	case e.Incident.First:
		msg.SetMessageIDWithValue(id)
	default:
		// Mail programs put a reply beside what it answers, some only where the subject
		// is the same.
		subject = "Re: " + subject
		msg.SetMessageIDWithValue(incidentID(eventKey(e), m.domain()))
		msg.SetGenHeader(gomail.HeaderInReplyTo, "<"+id+">")
		msg.SetGenHeader(gomail.HeaderReferences, "<"+id+">")
	}
	msg.Subject(truncate(subject, maxSubject))
	// So that no absence note answers (RFC 3834).
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.SetBodyString(gomail.TypeTextPlain, w.mail())
	msg.AddAlternativeString(gomail.TypeTextHTML, html)
	return msg, nil
}

// domain is the right-hand side of message ids: the sender's.
func (m *Email) domain() string {
	return m.from.Address[strings.LastIndex(m.from.Address, "@")+1:] // a quoted name may hold another @
}

// incidentID is the id of the first message of an incident.
func incidentID(incident, domain string) string {
	sum := sha256.Sum256([]byte(incident))
	return "hindcast." + hex.EncodeToString(sum[:16]) + "@" + domain
}

// subject names the incident, the same for all its events.
func subject(e job.Event) string {
	i := e.Incident
	model := truncate(oneLine(e.Model), maxName)
	since := i.Since.UTC().Format("2006-01-02 15:04")
	since = strings.TrimSuffix(since, " 00:00")
	switch {
	case i.ID == "":
		return oneLine(word(e).title)
	case i.Rule != "":
		return model + ": " + oneLine(i.Rule) + " breached (" + since + ")"
	case e.Launch != nil:
		return model + ": retraining by hand (" + since + ")"
	default:
		return model + ": evaluation is failing (" + since + ")"
	}
}
