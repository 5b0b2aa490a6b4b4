package gateway

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// presented is what a request brings as credentials, in all places.
type presented struct {
	// lines are the Authorization values, empty ones included.
	lines []string
	// line is the one that counts.
	line string
	// compact is the token in it; empty if it holds none that can be found.
	compact string
	// elsewhere are tokens in the query or a form body (RFC 6750 2.2, 2.3).
	elsewhere []string
}

// reading is how a gateway looks for the token. The zero value is the strict
// one: a Bearer token in the first Authorization line.
type reading struct {
	lastLine bool
	// rewrite is done to the line before its words are looked at; nil: nothing.
	rewrite func(line string) string
	// places are looked at where no Authorization line was sent.
	places []func(*http.Request) string
	// placesWin: a token found in a place is taken before the line's.
	placesWin bool
}

func (how reading) presented(r *http.Request) presented {
	p := presented{lines: r.Header.Values("Authorization"), elsewhere: append(queryTokens(r), formTokens(r)...)}
	if len(p.lines) > 0 {
		p.line = p.lines[0]
		if how.lastLine {
			p.line = p.lines[len(p.lines)-1]
		}
	}
	p.compact = bearerIn(how.rewritten(p.line))
	for _, place := range how.places {
		if compact := place(r); compact != "" && (len(p.lines) == 0 || how.placesWin) {
			p.compact = compact
		}
	}
	return p
}

func (how reading) rewritten(line string) string {
	if how.rewrite == nil {
		return line
	}
	return how.rewrite(line)
}

// bearerIn finds the token in a line, as generously as any gateway does.
func bearerIn(line string) string {
	words := strings.Fields(line)
	if len(words) < 2 || !strings.EqualFold(words[0], "Bearer") {
		return ""
	}
	return words[1]
}

// missing reports whether no credentials were sent where they belong. Another
// scheme's credentials are not this gateway's.
func (p presented) missing() bool {
	return !slices.ContainsFunc(p.lines, func(line string) bool { return line != "" })
}

// wellFormed reports whether the line is Bearer, one blank and a b64token
// (RFC 6750 2.1); the scheme's case does not matter (RFC 9110 11.1).
func wellFormed(line string) bool {
	scheme, credential, found := strings.Cut(line, " ")
	return found && strings.EqualFold(scheme, "Bearer") && b64token(credential)
}

func b64token(text string) bool {
	body := strings.TrimRight(text, "=")
	if body == "" {
		return false
	}
	return !strings.ContainsFunc(body, func(r rune) bool {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !letter && !strings.ContainsRune("-._~+/", r)
	})
}

// queryTokens are the access_token parameters of the target.
func queryTokens(r *http.Request) []string {
	// What cannot be parsed is left out by ParseQuery, the rest is returned.
	parameters, _ := url.ParseQuery(r.URL.RawQuery)
	return parameters["access_token"]
}

// maxForm is how much of a form body is looked at.
const maxForm = 64 << 10

// formTokens are the access_token fields of a form body.
func formTokens(r *http.Request) []string { return formOf(r)["access_token"] }

// formOf are the fields of a form body, which is left as it was.
func formOf(r *http.Request) url.Values {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil
	}
	fields, _ := url.ParseQuery(string(peekBody(r)))
	return fields
}

// peekBody returns the start of the content, which is left as it was; nil if it
// cannot be read.
func peekBody(r *http.Request) []byte {
	if r.Body == nil {
		return nil
	}
	start, err := io.ReadAll(io.LimitReader(r.Body, maxForm))
	r.Body = restored{io.MultiReader(bytes.NewReader(start), r.Body), r.Body}
	if err != nil {
		return nil
	}
	return start
}

// restored is a body whose start was read and put back.
type restored struct {
	io.Reader
	io.Closer
}
