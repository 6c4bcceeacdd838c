package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// yamlOf returns the YAML of one JSON value, with its keys in their order.
func yamlOf(data []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	node, err := yamlNode(dec)
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value")
	}
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(node), enc.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// yamlNode reads the next value of JSON as a node of YAML.
func yamlNode(dec *json.Decoder) (*yaml.Node, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		return yamlCollection(dec, token)
	case string:
		return yamlString(token), nil
	case json.Number:
		text := token.String()
		if strings.ContainsAny(text, "eE") && !strings.Contains(text, ".") {
			// Readers of YAML 1.1 take 1e-7 for text.
			text = strings.NewReplacer("e", ".0e", "E", ".0e").Replace(text)
		}
		return &yaml.Node{Kind: yaml.ScalarNode, Value: text}, nil
	case bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: fmt.Sprint(token)}, nil
	default:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}, nil
	}
}

// yamlCollection reads an object or array to its end.
func yamlCollection(dec *json.Decoder, begin json.Delim) (*yaml.Node, error) {
	node := &yaml.Node{Kind: yaml.SequenceNode}
	if begin == '{' {
		node.Kind = yaml.MappingNode
	}
	for dec.More() { // an object's keys are values like others here
		child, err := yamlNode(dec)
		if err != nil {
			return nil, err
		}
		node.Content = append(node.Content, child)
	}
	if len(node.Content) == 0 {
		node.Style = yaml.FlowStyle // which is how an empty one can be written
	}
	_, err := dec.Token()
	return node, err
}

// yamlString puts a text in quotes, unless it begins with a letter or digit and all of it
// is shown: in other styles YAML forbids some characters, and readers drop others or take
// << and = for more than text. The encoder quotes what would be read as a number, a date
// or the like.
func yamlString(s string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	first, _ := utf8.DecodeRuneInString(s)
	hidden := func(r rune) bool { return !unicode.IsPrint(r) }
	if !unicode.IsLetter(first) && !unicode.IsDigit(first) || strings.ContainsFunc(s, hidden) || strings.HasSuffix(s, " ") {
		node.Style = yaml.DoubleQuotedStyle
	}
	return node
}
