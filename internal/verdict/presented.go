package verdict

import (
	"bytes"
	"regexp"
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
	case len(values) == 1 && bearer.MatchString(values[0]):
		return Bearer
	case places == 0 && !bytes.Contains(sent, []byte("eyJ")): // {" in base64url: a token in some place of its own
		return Nothing
	}
	return Otherwise
}

// bearer is a scheme and one token (RFC 6750 2.1), the scheme in any case (RFC
// 9110 11.1).
var bearer = regexp.MustCompile(`^(?i:Bearer) [A-Za-z0-9._~+/-]+=*$`)
