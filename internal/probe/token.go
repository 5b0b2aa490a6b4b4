package probe

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// Token is a token of a recorded request, decoded, without its signature.
type Token struct {
	// Header and Claims are the JSON of the two segments, members in order and
	// duplicates kept; nil where a segment is not JSON.
	Header json.RawMessage `json:"header,omitempty"`
	Claims json.RawMessage `json:"claims,omitempty"`
	// HeaderText and ClaimsText are the decoded text of a segment that is not
	// JSON, or the segment itself where it is not base64url.
	HeaderText string `json:"headerText,omitempty"`
	ClaimsText string `json:"claimsText,omitempty"`
	// Personal names the claims of a real tenant's token that were left out.
	Personal []string `json:"personal,omitempty"`
	// Segments counts the parts of the compact form.
	Segments int `json:"segments"`
	// Signature is the length of the third segment.
	Signature int `json:"signatureLength"`
}

// maxTokens bounds the tokens that are decoded for one exchange.
const maxTokens = 4

// compactTokens returns the tokens in text, as they stand.
func compactTokens(text string) []string {
	var found []string
	for i := 0; i < len(text) && len(found) < maxTokens; {
		end := runEnd(text, i)
		if end == i {
			i++
			continue
		}
		if start := tokenStart(text[i:end]); start >= 0 {
			found = append(found, text[i+start:end])
		}
		i = end
	}
	return found
}

// decodeToken decodes a compact token. Only a JWS has claims to show: the
// second part of a JWE is an encrypted key.
func decodeToken(compact string) Token {
	parts := strings.Split(compact, ".")
	t := Token{Segments: len(parts)}
	t.Header, t.HeaderText = decodeSegment(parts[0])
	if len(parts) > 1 && len(parts) != 5 {
		t.Claims, t.ClaimsText = decodeSegment(parts[1])
	}
	if len(parts) > 2 {
		t.Signature = len(parts[2])
	}
	return t
}

// decodeSegment returns the segment's JSON, else its text.
func decodeSegment(segment string) (json.RawMessage, string) {
	text, err := base64.RawURLEncoding.DecodeString(toURL(strings.TrimRight(segment, "=")))
	if err != nil {
		return nil, excerpt(segment, maxLine)
	}
	if len(text) <= maxClaims && json.Valid(text) && utf8.Valid(text) {
		return text, ""
	}
	return nil, excerpt(string(text), maxLine)
}

// asJSON returns a text as JSON if it still is, else as text.
func asJSON(text string) (json.RawMessage, string) {
	if json.Valid([]byte(text)) {
		return json.RawMessage(text), ""
	}
	return nil, excerpt(text, maxLine)
}
