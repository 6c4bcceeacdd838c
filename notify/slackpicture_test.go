package notify

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/internal/slackstand"
	"github.com/hindcast/hindcast/job"
)

// pictured is a breach with a small picture.
func pictured(t *testing.T) job.Event {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	e := events()["breach"]
	e.Picture = &job.Picture{PNG: b.Bytes(), Width: 3, Height: 2, Title: "RMSE rose from 1.4 to 1.9; limit 1.68", Alt: "RMSE over 30 windows"}
	return e
}

// stood returns a receiver for a stand-in, the stand-in, what the receiver logs and how it waits.
func stood(t *testing.T, change func(*SlackOptions)) (*Slack, *slackstand.Server, *bytes.Buffer, *waits) {
	t.Helper()
	server := slackstand.New(time.Now)
	t.Cleanup(server.Close)
	log, w := &bytes.Buffer{}, &waits{}
	o := SlackOptions{
		Token: constant(slackstand.Token), Channel: slackstand.Channel, APIURL: server.APIURL(),
		Options: Options{Sleep: w.sleep, Log: slog.New(slog.NewTextHandler(log, nil))},
	}
	if change != nil {
		change(&o)
	}
	return NewSlack(o), server, log, w
}

func TestPictureFollowsInTheThread(t *testing.T) {
	e := pictured(t)
	slack, server, log, _ := stood(t, nil)
	if err := slack.Notify(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	messages, pictures := server.Messages(), server.Pictures()
	if len(messages) != 1 || len(pictures) != 1 {
		t.Fatalf("%d messages, %d pictures", len(messages), len(pictures))
	}
	want := slackstand.Picture{Name: "chart.png", Title: e.Picture.Title, Alt: e.Picture.Alt, Channel: slackstand.ChannelID, ThreadTS: messages[0].TS, Data: e.Picture.PNG}
	if got := pictures[0]; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if v := server.Violations(); len(v) > 0 || log.Len() > 0 {
		t.Errorf("violations %v, log %s", v, log)
	}
}

// Whatever becomes of a picture, its message comes through, and once.
func TestPictureNeverCostsTheMessage(t *testing.T) {
	ok := func(s string) slackstand.Answer { return slackstand.Answer{Status: 200, Body: s, Times: 9} }
	for name, tc := range map[string]struct {
		change   func(*slackstand.Server)
		pictures int
		waits    []time.Duration
		said     []string // in the log, and in the error of a test
	}{
		"no scope":       {change: func(s *slackstand.Server) { s.Revoke("files:write") }, said: []string{"missing_scope", "the app needs the scope files:write: add it under OAuth & Permissions, and install the app again"}},
		"not in channel": {change: (*slackstand.Server).Uninvite, said: []string{"not_in_channel", "invite the bot to the channel"}},
		"uploads are off": {change: func(s *slackstand.Server) {
			s.Next("files.getUploadURLExternal", ok(`{"ok":false,"error":"file_uploads_disabled"}`))
		}, said: []string{"the workspace does not allow"}},
		"no address":     {change: func(s *slackstand.Server) { s.Next("files.getUploadURLExternal", ok(`{"ok":true}`)) }, said: []string{"names none"}},
		"not Slack":      {change: func(s *slackstand.Server) { s.Next("files.getUploadURLExternal", ok("<html>")) }, said: []string{"not Slack's"}},
		"upload refused": {change: func(s *slackstand.Server) { s.Next("upload", slackstand.Answer{Status: 403, Times: 1}) }, said: []string{"upload it", "403"}},
		"upload fails":   {change: func(s *slackstand.Server) { s.Next("upload", slackstand.Answer{Status: 500, Times: 1}) }, pictures: 1, waits: []time.Duration{time.Second}, said: []string{"trying again"}},
		"upload is gone": {change: func(s *slackstand.Server) { s.Next("upload", slackstand.Answer{Status: 500, Times: 9}) }, waits: []time.Duration{time.Second}, said: []string{"not its picture", "500"}},
		"sharing limited": {change: func(s *slackstand.Server) {
			s.Next("files.completeUploadExternal", slackstand.Answer{Status: 429, RetryAfter: 7 * time.Second, Times: 1})
		}, pictures: 1, waits: []time.Duration{7 * time.Second}, said: []string{"trying again"}},
		"sharing fails": {change: func(s *slackstand.Server) {
			s.Next("files.completeUploadExternal", ok(`{"ok":false,"error":"file_not_found"}`))
		}, said: []string{"share it", "file_not_found"}},
	} {
		t.Run(name, func(t *testing.T) {
			slack, server, log, w := stood(t, nil)
			tc.change(server)
			if err := slack.Notify(t.Context(), pictured(t)); err != nil {
				t.Fatalf("the message counts as not delivered: %v", err)
			}
			if m, p := server.Messages(), server.Pictures(); len(m) != 1 || len(p) != tc.pictures {
				t.Errorf("%d messages, %d pictures, want 1 and %d", len(m), len(p), tc.pictures)
			}
			if !slices.Equal(*w, tc.waits) {
				t.Errorf("waits %v, want %v", *w, tc.waits)
			}
			for _, want := range tc.said {
				if !strings.Contains(log.String(), want) {
					t.Errorf("the log lacks %q: %s", want, log)
				}
			}
			if strings.Contains(log.String(), "/upload/v1/") || strings.Contains(log.String(), slackstand.Token) {
				t.Errorf("the log shows a secret: %s", log)
			}
			if tc.pictures > 0 {
				return
			}
			// The same reason is logged once.
			log.Reset()
			tc.change(server)
			if err := slack.Notify(t.Context(), pictured(t)); err != nil || strings.Contains(log.String(), "not its picture") {
				t.Errorf("said again: %s, %v", log, err)
			}
			// Who tries receivers wants to know.
			e := pictured(t)
			e.Kind = job.EventTest
			tc.change(server)
			err := slack.Notify(t.Context(), e)
			if err == nil {
				t.Fatal("a test passes that shows no picture")
			}
			for _, want := range append(tc.said, "the message was posted, and its picture was not") {
				if want != "not its picture" && !strings.Contains(err.Error(), want) {
					t.Errorf("the error lacks %q: %v", want, err)
				}
			}
		})
	}
}

func TestNoPictureWhereThereIsNoPlaceForIt(t *testing.T) {
	server := slackstand.New(time.Now)
	t.Cleanup(server.Close)
	for name, tc := range map[string]struct {
		change   func(*SlackOptions)
		event    func(*job.Event)
		messages int
		fails    bool
	}{
		"a webhook":         {change: func(o *SlackOptions) { o.UseWebhook, o.WebhookURL = true, constant(server.WebhookURL()) }},
		"no picture":        {event: func(e *job.Event) { e.Picture = nil }, messages: 1},
		"a message refused": {change: func(o *SlackOptions) { o.Channel = "#gone" }, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			slack, bot, log, _ := stood(t, tc.change)
			e := pictured(t)
			if tc.event != nil {
				tc.event(&e)
			}
			if err := slack.Notify(t.Context(), e); (err != nil) != tc.fails {
				t.Fatal(err)
			}
			if len(bot.Messages()) != tc.messages || log.Len() > 0 {
				t.Errorf("%d messages, log %s", len(bot.Messages()), log)
			}
			for _, c := range append(bot.Calls(), server.Calls()...) {
				if strings.HasPrefix(c.Path, "files.") || c.Path == "upload" {
					t.Errorf("asked for %s", c.Path)
				}
			}
		})
	}
}
