package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

// EmailTLS says how the connection to a mail server is encrypted.
type EmailTLS string

// The connection is encrypted in one of these ways. EmailPlain sends no password.
const (
	EmailStartTLS EmailTLS = "starttls" // begun in plain text, and given up where the server does not encrypt it
	EmailImplicit EmailTLS = "implicit" // encrypted from the start
	EmailPlain    EmailTLS = "none"
)

// maxSubject bounds the subject of a mail, in characters.
const maxSubject = 200

// EmailOptions hold what has a default when mails are sent.
type EmailOptions struct {
	Options
	TLS      EmailTLS // default EmailStartTLS
	Username string   // empty: no authentication
	Password func() (string, error)
	Config   func() (*tls.Config, error) // read for each message; nil: the system's roots
	Hello    string                      // the name to greet with; default the host's
}

// Email is the receiver that tells people by mail, through one mail server.
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
	m.opts.Options = opts.withDefaults()
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
	err = m.opts.retry(ctx, func() error {
		err := m.send(ctx, msg)
		if untaken(err) {
			return &retryError{err: err}
		}
		return err
	}, func(wait time.Duration, err error) {
		m.opts.Log.Warn("mail not taken, trying again", "model", e.Model, "wait", wait, "err", fmt.Errorf("send mail: %w", err))
	})
	if err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	return nil
}

// untaken reports whether an error says that the server has not taken the message and
// may do so soon.
func untaken(err error) bool {
	var sent *gomail.SendError
	return unreached(err) || errors.As(err, &sent) && sent.IsTemp() &&
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

// message makes the mail of an event, with headers that put it into the thread of its
// incident.
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
	if p := w.picture; p != nil {
		if err := msg.EmbedReader(pictureName, bytes.NewReader(p.PNG), gomail.WithFileContentID("<"+pictureID+">"), gomail.WithFileContentType("image/png")); err != nil {
			return nil, fmt.Errorf("put the picture into the mail: %w", err)
		}
	}
	return msg, nil
}

// domain is the right-hand side of message ids: the sender's.
func (m *Email) domain() string {
	return m.from.Address[strings.LastIndex(m.from.Address, "@")+1:] // a quoted name may hold another @
}

// incidentID is the id of the first mail of an incident, which the mails after it
// answer.
func incidentID(incident, domain string) string {
	return "hindcast." + hashed(incident) + "@" + domain
}

// subject names the incident in the same words for all its events, since mail programs
// show those as one thread.
func subject(e job.Event) string {
	i := e.Incident
	model := truncate(oneLine(e.Model), maxName)
	zone := e.TimeZone
	if e.Launch != nil && i.Rule == "" {
		zone = groundtruth.Zone{} // a run by hand is of no window
	}
	since := strings.TrimSuffix(minuteIn(zone, i.Since), " 00:00")
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
