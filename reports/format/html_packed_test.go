package format_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
)

var (
	packedBlock = regexp.MustCompile(`<script type="text/plain" id="packed">([^<]*)</script>`)
	styleBlock  = regexp.MustCompile(`(?s)<style>(.*?)</style>`)
	scriptBlock = regexp.MustCompile(`(?s)<script>(.*?)</script>`)
	hashes      = regexp.MustCompile(`sha256-[A-Za-z0-9+/]{43}=`)
)

// packedOf returns the bodies that a page keeps packed.
func packedOf(t *testing.T, html string) []string {
	t.Helper()
	match := packedBlock.FindStringSubmatch(html)
	if match == nil {
		t.Fatal("the page holds no packed bodies")
	}
	raw, err := base64.StdEncoding.DecodeString(match[1])
	if err != nil {
		t.Fatal(err)
	}
	in, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	if err := json.NewDecoder(in).Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

// expanded is an output with all that it keeps packed written out.
func expanded(t *testing.T, out string) string {
	t.Helper()
	if !strings.HasPrefix(out, "<!doctype html>") {
		return out
	}
	return packedBlock.ReplaceAllLiteralString(out, "<!-- packed -->"+strings.Join(packedOf(t, out), "\n<!-- packed -->"))
}

// forReview is an output as a golden file holds it: a page without its style
// and script, which stand in files of their own.
func forReview(t *testing.T, out string) string {
	t.Helper()
	if !strings.HasPrefix(out, "<!doctype html>") {
		return out
	}
	out = styleBlock.ReplaceAllLiteralString(out, "<style>html.css</style>")
	out = scriptBlock.ReplaceAllLiteralString(out, "<script>html.js</script>")
	return hashes.ReplaceAllLiteralString(expanded(t, out), "sha256-hash")
}
