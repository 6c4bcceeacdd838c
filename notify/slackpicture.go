package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/hindcast/hindcast/job"
)

const (
	pictureName = "chart.png"
	maxAlt      = 1000 // characters that Slack takes of what a picture shows
	maxTitle    = 250  // of a picture's title; chosen
)

// addPicture shows an event's picture in the thread of the message that was posted. The
// message has been told by then: that the picture can't be shown is logged, the same reason
// once, and is an error of a test alone.
func (s *Slack) addPicture(ctx context.Context, e job.Event, posted answer) error {
	err := s.opts.retry(ctx, func() error { return s.tryPicture(ctx, e.Picture, posted) }, func(wait time.Duration, err error) {
		s.opts.Log.Warn("slack did not take the picture, trying again", "model", e.Model, "wait", wait, "err", err)
	})
	switch {
	case err == nil:
		return nil
	case e.Kind == job.EventTest:
		return fmt.Errorf("the message was posted, and its picture was not: %w", err)
	}
	if _, said := s.refusedPictures.LoadOrStore(err.Error(), true); !said {
		s.opts.Log.Warn("slack took the message and not its picture", "model", e.Model, "err", err)
	}
	return nil
}

// tryPicture uploads a picture and shares it, once. What was uploaded and not shared nobody
// sees, and Slack forgets it: a further try begins anew.
func (s *Slack) tryPicture(ctx context.Context, p *job.Picture, posted answer) error {
	const scope = "files:write"
	form := url.Values{"filename": {pictureName}, "length": {strconv.Itoa(len(p.PNG))}, "alt_txt": {truncate(oneLine(p.Alt), maxAlt)}}
	begun, err := s.ask(ctx, "files.getUploadURLExternal", typeForm, []byte(form.Encode()), scope)
	if err != nil {
		return fmt.Errorf("ask for an upload: %w", err)
	}
	if begun.UploadURL == "" || begun.FileID == "" {
		return errors.New("ask for an upload: the answer names none; check api_url, and any proxy on the way")
	}
	// Whoever knows the address can upload. The token is not sent there.
	s.opts.Secrets.AddURL(begun.UploadURL)
	r, err := s.post.once(ctx, begun.UploadURL, p.PNG, http.Header{"Content-Type": {"image/png"}})
	if err == nil {
		err = statusFault(r)
	}
	if err != nil {
		return fmt.Errorf("upload it: %w", err)
	}
	body, err := json.Marshal(map[string]any{
		"files":      []map[string]string{{"id": begun.FileID, "title": truncate(oneLine(p.Title), maxTitle)}},
		"channel_id": posted.Channel, // the id: here the name that chat.postMessage takes does not do
		"thread_ts":  posted.TS,
	})
	if err != nil {
		return fmt.Errorf("share it: encode request: %w", err)
	}
	if _, err := s.ask(ctx, "files.completeUploadExternal", typeJSON, body, scope); err != nil {
		return fmt.Errorf("share it: %w", err)
	}
	return nil
}
