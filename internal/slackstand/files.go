package slackstand

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// uploadPath is where files go: below it the id of each.
const uploadPath = "/upload/v1/"

// file is one that an upload was begun of.
type file struct {
	name, alt string
	length    int
	data      []byte // nil until it came
	shared    bool
}

// Picture is a file that is shown in a channel.
type Picture struct {
	Name, Title, Alt string
	Channel          string // id
	ThreadTS         string
	Data             []byte
}

// Revoke takes a scope from the token, such as files:write.
func (s *Server) Revoke(scope string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.scopes, scope)
}

// Uninvite has the bot be in no channel. With the scope chat:write.public it still posts to
// public ones, and shares no files.
func (s *Server) Uninvite() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outside = true
}

// Pictures returns the files that are shown, oldest first.
func (s *Server) Pictures() []Picture {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Picture(nil), s.pictures...)
}

// channelPattern is what Slack takes for a channel's id where a file is shared.
var channelPattern = regexp.MustCompile(`^[CGDZ][A-Z0-9]{8,}$`)

// beginUpload is files.getUploadURLExternal.
func (s *Server) beginUpload(args map[string]json.RawMessage) (map[string]any, refusal) {
	f := file{name: text(args["filename"]), alt: text(args["alt_txt"])}
	f.length = number(args["length"])
	switch {
	case f.name == "":
		return nil, refusal{code: "invalid_arguments", details: []string{"[ERROR] missing required field: filename"}}
	case args["length"] == nil:
		return nil, refusal{code: "invalid_arguments", details: []string{"[ERROR] missing required field: length"}}
	case f.length <= 0:
		return nil, refusal{code: "invalid_arguments", details: []string{"[ERROR] must be greater than 0 [json-pointer:/length]"}}
	case len([]rune(f.alt)) > 1000:
		return nil, refusal{code: "alt_txt_too_large"}
	}
	id := fmt.Sprintf("F0E2E%04d", len(s.files)+1)
	s.files[id] = &f
	return map[string]any{"upload_url": s.URL + uploadPath + id, "file_id": id}, refusal{}
}

// upload takes a file's bytes.
func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down(w, "upload") {
		return
	}
	f := s.files[strings.TrimPrefix(r.URL.Path, uploadPath)]
	data, err := uploaded(r)
	code, fault := http.StatusOK, ""
	switch {
	case r.Method != http.MethodPost:
		code, fault = http.StatusMethodNotAllowed, "not a POST"
	case f == nil:
		code, fault = http.StatusNotFound, "no such upload"
	case err != nil || len(data) != f.length:
		code, fault = http.StatusBadRequest, fmt.Sprintf("%d bytes came where %d were to come", len(data), f.length)
	default:
		f.data = data
	}
	s.calls = append(s.calls, Call{Path: "upload", Code: code, Error: fault})
	w.WriteHeader(code)
	if fault != "" {
		s.violations = append(s.violations, "upload: "+fault)
		_, _ = io.WriteString(w, fault)
		return
	}
	_, _ = fmt.Fprintf(w, "OK - %d", len(data))
}

// uploaded returns the bytes of a file, which come as they are or as a form's file.
func uploaded(r *http.Request) ([]byte, error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "multipart/form-data" {
		return io.ReadAll(io.LimitReader(r.Body, 4<<20))
	}
	f, _, err := r.FormFile("file")
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(f)
}

// completeUpload is files.completeUploadExternal.
func (s *Server) completeUpload(args map[string]json.RawMessage) (map[string]any, refusal) {
	var of []struct{ ID, Title string }
	raw := args["files"]
	if list := text(raw); list != "" { // in a form it is JSON as text
		raw = json.RawMessage(list)
	}
	if json.Unmarshal(raw, &of) != nil || len(of) == 0 {
		return nil, refusal{code: "invalid_arguments", details: []string{"[ERROR] missing required field: files"}}
	}
	channel, thread := text(args["channel_id"]), text(args["thread_ts"])
	switch {
	case channel != "" && !channelPattern.MatchString(channel):
		return nil, refusal{code: "invalid_arguments", details: []string{"[ERROR] input must match regex pattern: " + channelPattern.String() + " [json-pointer:/channel_id]"}}
	case channel != ChannelID:
		return nil, refusal{code: "channel_not_found"}
	case s.outside:
		return nil, refusal{code: "not_in_channel"}
	case thread != "" && s.find(thread) < 0:
		return nil, refusal{code: "thread_not_found"}
	}
	for _, one := range of {
		f := s.files[one.ID]
		if f == nil || f.data == nil || f.shared {
			return nil, refusal{code: "file_not_found"}
		}
	}
	var answer []map[string]any
	for _, one := range of {
		f := s.files[one.ID]
		f.shared = true
		s.pictures = append(s.pictures, Picture{Name: f.name, Title: one.Title, Alt: f.alt, Channel: channel, ThreadTS: thread, Data: f.data})
		answer = append(answer, map[string]any{"id": one.ID, "title": one.Title})
	}
	return map[string]any{"files": answer}, refusal{}
}

// number reads a whole number, which a form has as text; 0 where it is none.
func number(raw json.RawMessage) int {
	n, err := strconv.Atoi(strings.Trim(string(raw), `"`))
	if err != nil {
		return 0
	}
	return n
}
