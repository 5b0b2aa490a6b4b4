package mockidp

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// The code challenge methods (RFC 7636 4.3).
const (
	challengePlain = "plain"
	challengeS256  = "S256"
)

// challenge is what a verifier must answer to. The zero challenge was not made.
type challenge struct {
	Text   string `json:"t,omitempty"`
	Method string `json:"m,omitempty"`
}

// readChallenge checks a challenge: 43 to 128 characters, plain unless it says
// otherwise (RFC 7636 4.2 and 4.3).
func readChallenge(text, method string) (challenge, *problem) {
	switch {
	case text == "" && method == "":
		return challenge{}, nil
	case len(text) < 43 || len(text) > 128:
		return challenge{}, new(wrongChallengeSize())
	case method == "":
		method = challengePlain
	case method != challengePlain && method != challengeS256:
		return challenge{}, new(unknownChallengeMethod(method))
	}
	return challenge{text, method}, nil
}

// met reports whether a verifier answers to the challenge; a verifier where
// nothing was challenged does not (RFC 9700 4.8.2).
func (c challenge) met(verifier string) *problem {
	want := verifier
	if c.Method == challengeS256 {
		sum := sha256.Sum256([]byte(verifier))
		want = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	switch {
	case c.Text == "" && verifier == "", c.Text != "" && verifier != "" && subtle.ConstantTimeCompare([]byte(want), []byte(c.Text)) == 1:
		return nil
	case c.Method == challengeS256:
		return new(wrongVerifier(501481))
	}
	return new(wrongVerifier(50148))
}

// halfHash is the left half of a SHA-256, as c_hash and at_hash have it (OIDC
// Core 3.3.2.11).
func halfHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}
