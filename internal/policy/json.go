package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/entraproof/entraproof/internal/document"
)

// strictJSON refuses a file that is called JSON and is not: what the product's own
// tools would refuse, a reader of YAML takes.
func strictJSON(name string, src []byte) error {
	if !strings.EqualFold(path.Ext(name), ".json") || len(bytes.TrimSpace(src)) == 0 || json.Valid(src) {
		return nil
	}
	var value any
	var wrong *json.SyntaxError
	if err := json.Unmarshal(src, &value); !errors.As(err, &wrong) {
		return nil // said by the reader of documents
	}
	before := src[:min(max(int(wrong.Offset)-1, 0), len(src))]
	if wrong.Offset >= int64(len(src)) { // it ends too early
		before = bytes.TrimRight(src, " \t\r\n")
	}
	hint := ""
	switch rest := bytes.TrimSpace(src[len(before):]); {
	case bytes.HasPrefix(rest, []byte("/")), bytes.HasPrefix(rest, []byte("#")):
		hint = "JSON has no comments"
	case bytes.HasSuffix(bytes.TrimSpace(before), []byte(",")):
		hint = "is there a comma too many before it?"
	}
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	return &document.Problem{
		Pos:  document.Position{File: name, Line: bytes.Count(before, []byte("\n")) + 1, Column: utf8.RuneCount(line) + 1},
		Text: "not JSON: " + wrong.Error(), Hint: hint,
	}
}

// whatInstead is what to give in the place of a document that holds no policy.
func whatInstead(d datum) string {
	one := d
	if d.kind == sequence && len(d.items) > 0 {
		one = d.items[0]
	}
	for _, asset := range []string{jwtValidation, openIDConnect, introspection, clientIDEnforcement} {
		known := keysOf(asset, configOf(asset, APIManager))
		own := 0
		for _, key := range one.keys() {
			if slices.Contains(known, key) {
				own++
			}
		}
		if own > 1 {
			return "this is the configuration of " + asset + " alone: put it into {\"assetId\": \"" + asset + "\", \"configurationData\": …}"
		}
	}
	return "expected local mode YAML with apiVersion and kind, API Manager's policies as JSON, or Terraform"
}
