package verdict

import (
	"bytes"
	"strings"
)

// Presented is how a request brought credentials.
type Presented uint8

// Otherwise is whatever the rest does not say: another scheme, another field, a
// token in the query alone. Nothing are no credentials at all. Bearer is one
// bearer token in one Authorization line. Twice are credentials in two places,
// or two lines of them (RFC 6750 2: no more than one method).
const (
	Otherwise Presented = iota
	Nothing
	Bearer
	Twice
)

// PresentedIn reads a request as it was written.
func PresentedIn(sent []byte) Presented {
	head, body, _ := bytes.Cut(sent, []byte("\r\n\r\n"))
	lines := strings.Split(string(head), "\r\n")
	places := 0
	if strings.Contains(lines[0], "access_token=") {
		places++
	}
	if bytes.Contains(body, []byte("access_token=")) {
		places++
	}
	var values []string
	for _, line := range lines[1:] {
		if name, text, _ := strings.Cut(line, ":"); strings.EqualFold(name, "Authorization") {
			values = append(values, strings.TrimSpace(text))
		}
	}
	switch places += len(values); {
	case places > 1:
		return Twice
	case len(values) == 1 && isBearer(values[0]):
		return Bearer
	case places == 0 && !bytes.Contains(sent, []byte("eyJ")): // {" in base64url: a token in some place of its own
		return Nothing
	}
	return Otherwise
}

// tokenRunes are the runes of a token, padding aside (RFC 6750 2.1, b64token).
const tokenRunes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/"

// isBearer reports whether a field value is the scheme, in any case (RFC 9110
// 11.1), and one token. Every refusal of a run is looked at, and a token is long:
// this takes a tenth of what a regular expression does.
func isBearer(text string) bool {
	scheme, token, _ := strings.Cut(text, " ")
	token = strings.TrimRight(token, "=")
	return strings.EqualFold(scheme, "Bearer") && token != "" && strings.Trim(token, tokenRunes) == ""
}
