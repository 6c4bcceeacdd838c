package slackstand

import (
	"encoding/json"
	"fmt"
	"regexp"
	"unicode/utf8"
)

// Limits of the API's reference for blocks.
const (
	maxBlocks      = 50
	maxHeader      = 150
	maxSection     = 3000
	maxFields      = 10
	maxField       = 2000
	maxContext     = 10
	maxActions     = 25
	maxButton      = 75
	maxURL         = 3000
	maxBlockID     = 255
	maxContextText = 2000
)

// textObject is a text of a block.
type textObject struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Emoji    *bool  `json:"emoji"`
	Verbatim *bool  `json:"verbatim"`
}

// block is a block of a message, of any type.
type block struct {
	Type     string            `json:"type"`
	BlockID  string            `json:"block_id"`
	Text     *textObject       `json:"text"`
	Fields   []textObject      `json:"fields"`
	Elements []json.RawMessage `json:"elements"`
}

// checker collects what is refused and what would be shown wrongly.
type checker struct {
	refused []string
	wrong   []string
}

func (c *checker) refuse(format string, args ...any) {
	c.refused = append(c.refused, fmt.Sprintf(format, args...))
}

// checkBlocks says what the API refuses in the blocks, and what it takes but shows wrongly.
func checkBlocks(raw json.RawMessage) (refused, wrong []string) {
	c := new(checker)
	var blocks []block
	if err := json.Unmarshal(raw, &blocks); err != nil {
		return []string{"blocks are not an array of blocks: " + err.Error()}, nil
	}
	if len(blocks) > maxBlocks {
		c.refuse("%d blocks, at most %d", len(blocks), maxBlocks)
	}
	ids := make(map[string]bool)
	for i, b := range blocks {
		where := fmt.Sprintf("block %d (%s)", i, b.Type)
		if b.BlockID != "" && ids[b.BlockID] {
			c.refuse("%s: block_id %q twice", where, b.BlockID)
		}
		ids[b.BlockID] = true
		if utf8.RuneCountInString(b.BlockID) > maxBlockID {
			c.refuse("%s: block_id is longer than %d", where, maxBlockID)
		}
		c.block(where, b)
	}
	return c.refused, c.wrong
}

// block checks a block by the rules of its type.
func (c *checker) block(where string, b block) {
	switch b.Type {
	case "divider":
	case "header":
		if b.Text == nil || b.Text.Type != "plain_text" {
			c.refuse("%s: text has to be plain_text", where)
			return
		}
		c.text(where, *b.Text, maxHeader)
	case "section":
		if b.Text == nil && len(b.Fields) == 0 {
			c.refuse("%s: neither text nor fields", where)
		}
		if b.Text != nil {
			c.text(where, *b.Text, maxSection)
		}
		if len(b.Fields) > maxFields {
			c.refuse("%s: %d fields, at most %d", where, len(b.Fields), maxFields)
		}
		for i, f := range b.Fields {
			c.text(fmt.Sprintf("%s field %d", where, i), f, maxField)
		}
	case "context":
		if n := len(b.Elements); n == 0 || n > maxContext {
			c.refuse("%s: %d elements, 1 to %d", where, n, maxContext)
		}
		for i, raw := range b.Elements {
			var t textObject
			if json.Unmarshal(raw, &t) != nil || (t.Type != "mrkdwn" && t.Type != "plain_text" && t.Type != "image") {
				c.refuse("%s: element %d is no text or image", where, i)
			} else if t.Type != "image" {
				c.text(fmt.Sprintf("%s element %d", where, i), t, maxContextText)
			}
		}
	case "actions":
		if n := len(b.Elements); n == 0 || n > maxActions {
			c.refuse("%s: %d elements, 1 to %d", where, n, maxActions)
		}
		for i, raw := range b.Elements {
			var e struct {
				Type string      `json:"type"`
				Text *textObject `json:"text"`
				URL  string      `json:"url"`
			}
			if json.Unmarshal(raw, &e) != nil || e.Type != "button" || e.Text == nil || e.Text.Type != "plain_text" {
				c.refuse("%s: element %d is no button with a plain_text", where, i)
				continue
			}
			c.text(fmt.Sprintf("%s button %d", where, i), *e.Text, maxButton)
			if len(e.URL) > maxURL {
				c.refuse("%s: the url of button %d is longer than %d", where, i, maxURL)
			}
		}
	default:
		c.refuse("%s: a type that the stand-in doesn't know", where)
	}
}

// text checks a text of at most so many characters.
func (c *checker) text(where string, t textObject, limit int) {
	switch t.Type {
	case "plain_text":
		if t.Verbatim != nil {
			c.refuse("%s: verbatim in plain_text", where)
		}
	case "mrkdwn":
		if t.Emoji != nil {
			c.refuse("%s: emoji in mrkdwn", where)
		}
		c.wrong = append(c.wrong, markup(where, t.Text)...)
	default:
		c.refuse("%s: text of type %q", where, t.Type)
	}
	if n := utf8.RuneCountInString(t.Text); n == 0 || n > limit {
		c.refuse("%s: %d characters, 1 to %d", where, n, limit)
	}
}

// markup finds what mrkdwn would not show as it was meant: < and > that are no link
// and & that is no entity; and mentions, which would call people.
func markup(where, s string) []string {
	link := regexp.MustCompile(`<(https?://|mailto:)[^<>|]+(\|[^<>]*)?>`)
	mention := regexp.MustCompile(`<([!@#])[^<>]*>`)
	entity := regexp.MustCompile(`&(amp|lt|gt);`)
	var wrong []string
	if m := mention.FindString(s); m != "" {
		wrong = append(wrong, fmt.Sprintf("%s: mention %s", where, m))
	}
	rest := entity.ReplaceAllString(mention.ReplaceAllString(link.ReplaceAllString(s, ""), ""), "")
	for _, r := range rest {
		if r == '<' || r == '>' || r == '&' {
			return append(wrong, fmt.Sprintf("%s: %q is not escaped in %q", where, r, s))
		}
	}
	return wrong
}
