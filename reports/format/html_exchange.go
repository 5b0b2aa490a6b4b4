package format

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/entraproof/entraproof/reports"
)

// exchangeView is an exchange as the page shows it: what was sent is compared
// with the genuine token of the control.
type exchangeView struct {
	*reports.Exchange
	// Compared is set when there was a control's exchange to compare with.
	Compared bool
	// Lines are the request line and the header fields.
	Lines  []line
	Tokens []tokenView
	// Changes is how much differs, in words.
	Changes string
	// Unseen says why the answer does not tell what the upstream saw.
	Unseen string
}

// tokenView is one token of the request, decoded.
type tokenView struct {
	reports.Token
	Header, Claims []line
}

// newExchange compares x with the control's exchange; nil compares nothing.
// guards is what the row is about.
func newExchange(x, control *reports.Exchange, guards string) *exchangeView {
	v := &exchangeView{Exchange: x, Compared: control != nil && len(control.Tokens) > 0}
	if !v.Compared {
		control = x
	}
	v.Lines = compare(requestMembers(x.Request), requestMembers(control.Request), unlabelled)
	changes := differing(v.Lines)
	for _, t := range x.Tokens {
		was := t
		if v.Compared {
			was = control.Tokens[0]
		}
		token := compareTokens(t, was, guards)
		changes += differing(token.Header) + differing(token.Claims)
		v.Tokens = append(v.Tokens, token)
	}
	v.Changes = changesText(v.Compared, changes)
	return v
}

func changesText(compared bool, changes int) string {
	switch {
	case !compared:
		return ""
	case changes == 0:
		return "nothing that can be shown differs from the control's request"
	case changes == 1:
		return "1 line differs from the control's request"
	}
	return fmt.Sprintf("%d lines differ from the control's request", changes)
}

// unseen says what is known of the upstream where the answer is not the echo's.
func unseen(reached reports.Reach) string {
	switch reached {
	case reports.NotReached:
		return "Nothing: the request did not arrive."
	case reports.Forwarded:
		return "The request arrived; the answer is the gateway’s own and does not repeat what was seen."
	case reports.Reached, reports.ReachUnknown:
	}
	return "The answer is not the echo’s, so it does not repeat what was seen."
}

// unlabelled leaves out the fields by which the harness knows its requests.
func unlabelled(key string) bool { return !strings.HasPrefix(key, "x-entraproof-") }

// compareTokens marks what differs between two tokens.
func compareTokens(t, control reports.Token, guards string) tokenView {
	header, claims := jsonMembers(t.Header), jsonMembers(t.Claims)
	genuineClaims := jsonMembers(control.Claims)
	counts := telling(claims, genuineClaims, guards)
	return tokenView{
		Token:  t,
		Header: compare(header, jsonMembers(control.Header), func(string) bool { return true }),
		Claims: compare(claims, genuineClaims, counts),
	}
}

// telling returns which claims are worth a mark. Two genuine tokens differ in
// their ids and times, which says nothing unless the row is about time; a token
// made from the control's own has its id, and then every difference was made.
func telling(claims, control []member, guards string) func(string) bool {
	same := textOf(claims, "uti") == textOf(control, "uti")
	return func(name string) bool {
		switch name {
		case "aio", "rh", "uti", "xms_ftd":
			return same
		case "iat", "nbf", "exp":
			return same || guards == "time"
		}
		return true
	}
}

func textOf(members []member, key string) string {
	for _, m := range members {
		if m.key == key {
			return m.same
		}
	}
	return ""
}

// jsonMembers are the members of a JSON object in their order, duplicates kept.
func jsonMembers(raw json.RawMessage) []member {
	d := json.NewDecoder(bytes.NewReader(raw))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil
	}
	var all []member
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil
		}
		text := visible(oneSpace(value))
		all = append(all, member{key: fmt.Sprint(name), text: quoted(fmt.Sprint(name)) + ": " + text, value: text, same: text})
	}
	return all
}

// oneSpace returns JSON on one line.
func oneSpace(raw json.RawMessage) string {
	var text bytes.Buffer
	if err := json.Compact(&text, raw); err != nil {
		return string(raw)
	}
	return text.String()
}

func quoted(name string) string {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(name); err != nil {
		return name
	}
	return visible(strings.TrimSuffix(text.String(), "\n"))
}

var (
	// tokenText is a compact token as recorded, longSegment a part of one.
	tokenText   = regexp.MustCompile(`[A-Za-z0-9_=+-]{24,}(\.[A-Za-z0-9_=+/-]*)*(<signature redacted>|\.)*`)
	longSegment = regexp.MustCompile(`[A-Za-z0-9_-]{64,}`)
)

// requestMembers are the lines of a request. Tokens in them are shortened: they
// stand below, decoded.
func requestMembers(lines []string) []member {
	var all []member
	for i, text := range lines {
		name, value, _ := strings.Cut(text, ":")
		key := strings.ToLower(name)
		if i == 0 {
			key, value = "", text
		}
		all = append(all, member{
			key: key, text: longSegment.ReplaceAllStringFunc(text, shortened),
			value: longSegment.ReplaceAllStringFunc(strings.TrimSpace(value), shortened),
			same:  tokenText.ReplaceAllString(text, "token"),
		})
	}
	return all
}

func shortened(segment string) string { return segment[:16] + "…" }

// statusText is an answer's status with its name.
func statusText(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}
