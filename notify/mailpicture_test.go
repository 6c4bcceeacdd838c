package notify

import (
	"bytes"
	"encoding/base64"
	"errors"
	"flag"
	"image/png"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/job"
)

// show writes the HTML part of mails into a folder, to be looked at, and showPicture names the
// picture that they hold.
var show = flag.String("show", "", "write the mails' HTML parts into this folder")
var showPicture = flag.String("picture", "", "the PNG that the mails of -show hold")

// leaf is a part of a mail that holds no others, and within which it stands.
type leaf struct {
	kind, within, id, disposition string
	body                          []byte
}

// leaves takes a mail apart as a mail program does.
func leaves(t *testing.T, header map[string][]string, body io.Reader, within string) []leaf {
	t.Helper()
	h := mail.Header(header)
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		switch h.Get("Content-Transfer-Encoding") {
		case "quoted-printable":
			body = quotedprintable.NewReader(body)
		case "base64":
			body = base64.NewDecoder(base64.StdEncoding, body)
		}
		data, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		disposition, _, _ := mime.ParseMediaType(h.Get("Content-Disposition"))
		return []leaf{{kind, within, h.Get("Content-Id"), disposition, data}}
	}
	var out []leaf
	for r := multipart.NewReader(body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, leaves(t, p.Header, p, strings.TrimSpace(within+" "+kind))...)
	}
}

// mailOf takes the mail of an event apart.
func mailOf(t *testing.T, e job.Event) []leaf {
	t.Helper()
	msg, err := mailer(t, "hindcast@example.com", "a@example.com").message(e)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	read, err := mail.ReadMessage(&b)
	if err != nil {
		t.Fatal(err)
	}
	return leaves(t, read.Header, read.Body, "")
}

// A mail program that shows HTML finds the picture within the mail; one that shows text finds the
// same words and links.
func TestMailPicture(t *testing.T) {
	e := events()["breach_linked"]
	e.Picture = pictured(t).Picture
	e.Picture.Alt = `a "quoted" <alt>`
	got := mailOf(t, e)
	var kinds []string
	for _, l := range got {
		kinds = append(kinds, l.kind+" in "+l.within+" "+l.disposition)
	}
	if want := []string{
		"text/plain in multipart/related multipart/alternative ", "text/html in multipart/related multipart/alternative ", "image/png in multipart/related inline",
	}; !slices.Equal(kinds, want) {
		t.Fatalf("parts are %q, want %q", kinds, want)
	}
	text, html, picture := string(got[0].body), string(got[1].body), got[2]
	cid := regexp.MustCompile(`<img src="cid:([^"]*)"`).FindStringSubmatch(html)
	if cid == nil || picture.id != "<"+cid[1]+">" {
		t.Errorf("the HTML shows %q, the picture is %s", cid, picture.id)
	}
	if !bytes.Equal(picture.body, e.Picture.PNG) {
		t.Error("the picture is another one")
	}
	if !strings.Contains(html, `alt="a &#34;quoted&#34; &lt;alt&gt;"`) {
		t.Error("the alternative text is missing or not escaped")
	}
	for _, want := range []string{e.Sentence, e.Links.Report} {
		if !strings.Contains(text, want) || !strings.Contains(html, want) {
			t.Errorf("%q is not in both parts", want)
		}
	}
	// Nothing is fetched when it is read.
	for _, bad := range regexp.MustCompile(`(src|background)="?(https?:|//)|url\(|@import|<link|<script`).FindAllString(html, -1) {
		t.Errorf("the HTML fetches: %s", bad)
	}
	e.Picture = nil
	if got := mailOf(t, e); len(got) != 2 || got[0].within != "multipart/alternative" || strings.Contains(string(got[1].body), "<img") {
		t.Errorf("without a picture: %d parts in %s", len(got), got[0].within)
	}
}

// TestShowMails writes mails as pages for a browser, for people to look at:
// go test -run TestShowMails -show FOLDER -picture FILE.
func TestShowMails(t *testing.T) {
	if *show == "" {
		t.Skip("nobody looks")
	}
	picture := pictured(t).Picture
	if *showPicture != "" {
		data, err := os.ReadFile(*showPicture)
		if err != nil {
			t.Fatal(err)
		}
		size, err := png.DecodeConfig(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		picture = &job.Picture{PNG: data, Width: size.Width / 2, Height: size.Height / 2, Alt: "a chart"}
	}
	for name, e := range events() {
		if e.Kind == job.EventBreach || e.Kind == job.EventResolved {
			e.Picture = picture
		}
		html := string(mailOf(t, e)[1].body)
		html = strings.ReplaceAll(html, "cid:"+pictureID, "data:image/png;base64,"+base64.StdEncoding.EncodeToString(picture.PNG))
		if err := os.WriteFile(filepath.Join(*show, name+".html"), []byte(html), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
