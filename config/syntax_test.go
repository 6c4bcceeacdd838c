package config

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Slips in testdata/full.yaml, and what is said of them: what to mend, where it is to be
// mended, and the line.
func TestSyntax(t *testing.T) {
	for _, c := range []struct{ name, old, replacement, want string }{
		{"indented less", "    ground_truth:\n", "   ground_truth:\n", `
hindcast.yaml:19:4: this line is indented less than line 18 and more than line 5: keys that belong together begin in one column
    19 |    ground_truth:
       |    ^`},
		{"indented more", "    ground_truth:\n", "     ground_truth:\n", `
hindcast.yaml:19:6: this line is indented less than line 18 and more than line 9: keys that belong together begin in one column
    19 |      ground_truth:
       |      ^`},
		{"a value and more", "      settle: 60s\n", "      settle: 60s\n        timeout: 1s\n", `
hindcast.yaml:45:9: this line is indented more than line 44, which has its value already
    45 |         timeout: 1s
       |         ^`},
		{"an item's dash too far to the left", "  - name: house-price\n", " - name: house-price\n", `
hindcast.yaml:6:5: this line is indented by 4, and the first key of its item, in line 5, by 3: keys that belong together begin in one column
     6 |     task: regression
       |     ^`},
		{"no dash in a list of lists", "    segments: [city]\n", "    segments:\n      - {name: b}\n        {name: d}\n", `
hindcast.yaml:29:9: a dash is missing before this item of the list
    29 |         {name: d}
       |         ^`},
		{"no dash at all", "  - name: house-price\n", "    name: house-price\n", `
hindcast.yaml:5:5: models: want a list of models, got a mapping: an item of a list begins with a dash`},
		{"no space after the dash", "      - name: drift\n", "      -name: drift\n", `
hindcast.yaml:37:7: a space is missing after the dash
    37 |       -name: drift
       |       ^`},
		{"a tab", "      delay: 7d\n", "\t  delay: 7d\n", `
hindcast.yaml:22:1: a tab stands in the indentation, where YAML takes spaces alone
    22 | →  delay: 7d
       | ^`},
		{"no space after the colon", "      delay: 7d\n", "      delay:7d\n", `
hindcast.yaml:22:12: a space is missing after the colon of delay
    22 |       delay:7d
       |            ^`},
		{"no colon", "    ground_truth:\n", "    ground_truth\n", `
hindcast.yaml:19:17: a colon is missing after ground_truth
    19 |     ground_truth
       |                 ^`},
		{"an equals sign", "      delay: 7d\n", "      delay = 7d\n", `
hindcast.yaml:22:12: a colon is missing after delay
    22 |       delay = 7d
       |            ^`},
		{"a quote that is not closed", `channel: "#ml-alerts"`, `channel: "#ml-alerts`, `
hindcast.yaml:57:48: the quote that begins here is not closed
    57 |   slack: {token_file: /secrets/slack, channel: "#ml-alerts}
       |                                                ^`},
		{"a quote that is not closed, behind other letters", `slack: {token_file: /secrets/slack, channel: "#ml-alerts"`, `slack: {token_file: /sécrets/släck, channel: "#ml-alerts`, `
hindcast.yaml:57:48: the quote that begins here is not closed
    57 |   slack: {token_file: /sécrets/släck, channel: "#ml-alerts}
       |                                                ^`},
		{"a brace that is not closed, behind other letters", `slack: {token_file: /secrets/slack, channel: "#ml-alerts"}`, `slack: {channel: "ÄÖÜ", token: [é`, `
hindcast.yaml:57:34: the [ that begins here is not closed
    57 |   slack: {channel: "ÄÖÜ", token: [redacted]
       |                                  ^`},
		{"a brace that is not closed", "runs: 4, per: 30d}", "runs: 4, per: 30d", `
hindcast.yaml:43:15: the { that begins here is not closed
    43 |       budget: {runs: 4, per: 30d
       |               ^`},
		{"a bracket that is not closed", "segments: [city]", "segments: [city", `
hindcast.yaml:27:15: the [ that begins here is not closed
    27 |     segments: [city
       |               ^`},
		{"a brace too many", "runs: 4, per: 30d}", "runs: 4, per: 30d}}", `
hindcast.yaml:43:34: this } closes nothing
    43 |       budget: {runs: 4, per: 30d}}
       |                                  ^`},
		{"a condition in braces without quotes", "budget: {runs: 4, per: 30d}", `budget: {runs: 4["x"].y, per: 30d}`, `
hindcast.yaml:43:23: inside { } or [ ] a text with brackets, commas, colons or quotes in it has to stand in quotes as a whole
    43 |       budget: {runs: 4["x"].y, per: 30d}
       |                       ^`},
		{"a URL that begins with a brace", "      url: s3://warehouse/sales/dt={date}/*.csv\n", "      url: {date}/*.csv\n", `
hindcast.yaml:20:12: a text that begins with { or [ has to stand in quotes
    20 |       url: {date}/*.csv
       |            ^`},
		{"a URL that begins with a star", "      url: s3://warehouse/sales/dt={date}/*.csv\n", "      url: *.csv\n", `
hindcast.yaml:20:12: models[0].ground_truth.url: alias *.csv refers to no anchor before it; a text that begins with * has to stand in quotes`},
		{"a reserved character", "task: regression", "task: @regression", `
hindcast.yaml:6:11: a text that begins with this character has to stand in quotes
     6 |     task: @regression
       |           ^`},
		{"a colon in a text", "when: rmse > 1.2 * reference.rmse", "when: rmse: > 1.2 * reference.rmse", `
hindcast.yaml:31:15: a text with a colon before a space has to stand in quotes
    31 |         when: rmse: [redacted]
       |               ^`},
		{"a backslash", `channel: "#ml-alerts"`, `channel: "C:\data"`, `
hindcast.yaml:57:52: in double quotes \ begins an escape: use single quotes, or \\
    57 |   slack: {token_file: /secrets/slack, channel: "C: [redacted]
       |                                                    ^`},
		{"a comment for a value", `  email:
    smarthost: smtp.example.com:587`, `  email:
    smarthost: #smtp`, `
hindcast.yaml:59:15: notify.email.smarthost: is empty: give it a value or leave the key out; what follows a # is a comment, unless it stands in quotes`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := parseError(t, edit(t, readTestdata(t, "full.yaml"), c.old, c.replacement), noEnv); got != c.want[1:] {
				t.Errorf("got\n%s\nwant%s", got, c.want)
			}
		})
	}
}

// Whatever slip of the keyboard makes the file no YAML: no line that is quoted shows a secret.
func TestSyntaxErrorsQuoteNoSecret(t *testing.T) {
	secret := "hunter2"
	text := readTestdata(t, "full.yaml")
	for old, replacement := range map[string]string{
		"token_file: /secrets/slack":                                  "token: " + secret,
		"    password_file: /secrets/smtp\n":                          "    password: \"" + secret + "\"\n",
		"    url_file: /secrets/webhook\n":                            "    url: https://hooks.test/" + secret + "\n",
		"grouping: {namespace: team-a}":                               "username: u, password: '" + secret + "'",
		"        service_account: pipeline-runner\n":                  "        token:\n          label " + secret + "\n        http_headers: # " + secret + "\n          X: {secrets: [" + secret + "]}\n",
		"{authorization: {credentials_file: /secrets/webhook-token}}": "\n      basic_auth:\n        username: u\n        password: >-\n          " + secret + "\n          " + secret + "\n      tls_config:\n        key: |\n          " + secret + "\n",
	} {
		text = edit(t, text, old, replacement)
	}
	places := strings.Count(text, secret)
	if places != 10 {
		t.Fatalf("%d secrets", places)
	}
	slips := []string{"\t", " ", "  ", "\n", "{", "}", "[", "]", `"`, "'", ":", ": ", "- ", "-", "#", "*", "&", "|", "@", "`", "\\", "\n  ", "\r\n"}
	rapid.Check(t, func(t *rapid.T) {
		broken := text
		for range rapid.IntRange(1, 3).Draw(t, "slips") {
			at := rapid.IntRange(0, len(broken)).Draw(t, "at")
			slip := rapid.SampledFrom(slips).Draw(t, "slip")
			end := at
			if rapid.Bool().Draw(t, "instead") {
				for end < len(broken) && end < at+3 && strings.ContainsRune(" \n:{}[]\"',-", rune(broken[end])) {
					end++
				}
			}
			// Within a word it would be another key, or another secret.
			if word := func(i int) bool { return i >= 0 && i < len(broken) && anyWord.MatchString(broken[i:i+1]) }; word(at-1) && word(end) {
				continue
			}
			broken = broken[:at] + slip + broken[end:]
		}
		_, err := Parse("hindcast.yaml", []byte(broken), "/etc/hindcast", noEnv)
		if err == nil {
			return
		}
		var list Errors
		if !errors.As(err, &list) {
			t.Fatalf("%T", err)
		}
		for _, e := range list {
			if e.Excerpt != "" && strings.Contains(e.Error(), secret) {
				t.Fatalf("%v", err)
			}
		}
	})
}
