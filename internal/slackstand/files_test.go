package slackstand

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
)

// TestUploadByAnotherClient has a public client go through the three steps.
func TestUploadByAnotherClient(t *testing.T) {
	s := New(time.Now)
	t.Cleanup(s.Close)
	api := slack.New(Token, slack.OptionAPIURL(s.APIURL()))
	_, ts, err := api.PostMessageContext(t.Context(), Channel, slack.MsgOptionText("hello", false))
	if err != nil {
		t.Fatal(err)
	}
	data := []byte("a picture")
	if _, err := api.UploadFileContext(t.Context(), slack.UploadFileParameters{
		Reader: bytes.NewReader(data), FileSize: len(data), Filename: "p.png", Title: "A picture", Channel: ChannelID, ThreadTimestamp: ts,
	}); err != nil {
		t.Fatal(err)
	}
	got := s.Pictures()
	if len(got) != 1 || got[0].Title != "A picture" || got[0].ThreadTS != ts || !bytes.Equal(got[0].Data, data) || len(s.Violations()) > 0 {
		t.Errorf("%+v, violations %v", got, s.Violations())
	}
}

// TestFilesRefused asks for what Slack refuses: each case begins with a message at ts 1 and
// an upload of three bytes that came in whole.
func TestFilesRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Server)
		method string
		body   map[string]any
		want   string // the error, and what is said beside it
	}{
		"no length":       {method: "files.getUploadURLExternal", body: map[string]any{"filename": "a.png"}, want: "invalid_arguments length"},
		"no filename":     {method: "files.getUploadURLExternal", body: map[string]any{"length": 3}, want: "invalid_arguments filename"},
		"no bytes":        {method: "files.getUploadURLExternal", body: map[string]any{"length": 0, "filename": "a.png"}, want: "invalid_arguments greater"},
		"long alt":        {method: "files.getUploadURLExternal", body: map[string]any{"length": 3, "filename": "a.png", "alt_txt": strings.Repeat("x", 1001)}, want: "alt_txt_too_large"},
		"no scope":        {change: func(s *Server) { s.Revoke("files:write") }, method: "files.getUploadURLExternal", body: map[string]any{"length": 3, "filename": "a.png"}, want: "missing_scope files:write"},
		"no files":        {method: "files.completeUploadExternal", body: map[string]any{"channel_id": ChannelID}, want: "invalid_arguments files"},
		"unknown file":    {method: "files.completeUploadExternal", body: map[string]any{"channel_id": ChannelID, "files": []any{map[string]any{"id": "F1"}}}, want: "file_not_found"},
		"channel's name":  {method: "files.completeUploadExternal", body: map[string]any{"channel_id": Channel, "files": []any{map[string]any{"id": "F0E2E0001"}}}, want: "invalid_arguments channel_id"},
		"another channel": {method: "files.completeUploadExternal", body: map[string]any{"channel_id": "C000000000", "files": []any{map[string]any{"id": "F0E2E0001"}}}, want: "channel_not_found"},
		"not in channel":  {change: (*Server).Uninvite, method: "files.completeUploadExternal", body: map[string]any{"channel_id": ChannelID, "files": []any{map[string]any{"id": "F0E2E0001"}}}, want: "not_in_channel"},
		"unknown thread":  {method: "files.completeUploadExternal", body: map[string]any{"channel_id": ChannelID, "thread_ts": "1.2", "files": []any{map[string]any{"id": "F0E2E0001"}}}, want: "thread_not_found"},
		"accepted":        {method: "files.completeUploadExternal", body: map[string]any{"channel_id": ChannelID, "files": []any{map[string]any{"id": "F0E2E0001"}}}, want: "true"},
	} {
		t.Run(name, func(t *testing.T) {
			s := New(time.Now)
			t.Cleanup(s.Close)
			post := func(url, kind string, body []byte) string {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Content-Type", kind)
				req.Header.Set("Authorization", "Bearer "+Token)
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				answer, err := io.ReadAll(resp.Body)
				if err != nil {
					t.Fatal(err)
				}
				return string(answer)
			}
			post(s.APIURL()+"files.getUploadURLExternal", "application/x-www-form-urlencoded", []byte("length=3&filename=a.png"))
			if got := post(s.URL+uploadPath+"F0E2E0001", "image/png", []byte("four")); !strings.Contains(got, "4 bytes came where 3") {
				t.Errorf("a wrong length is answered %q", got)
			}
			post(s.URL+uploadPath+"F0E2E0001", "image/png", []byte("png"))
			if tc.change != nil {
				tc.change(s)
			}
			body, err := json.Marshal(tc.body)
			if err != nil {
				t.Fatal(err)
			}
			got := post(s.APIURL()+tc.method, "application/json", body)
			for _, want := range strings.Fields(tc.want) {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in %s", want, got)
				}
			}
		})
	}
}
