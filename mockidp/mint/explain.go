package mint

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/entraproof/entraproof/internal/value"
)

// Explanation is a token taken apart, with a word on every member. It says what
// the token claims; nothing is verified, and nothing that is wrong stops it.
type Explanation struct {
	// Token, Kind: what the claims make it look like; empty where they do not say.
	Token TokenType
	Kind  Kind
	// Segments is the number of parts between dots: three for a signed token, five
	// for an encrypted one.
	Segments        int
	Header, Payload []Claim
	// HeaderText and PayloadText are the parts as they stand where they are no JSON
	// object; an encrypted or opaque token has no payload to read.
	HeaderText, PayloadText string
}

// Claim is one member of a header or payload.
type Claim struct {
	Name  string
	Value value.Value
	// What says what the member is, From where its value comes from. Both are
	// empty for a name that Entra does not use.
	What, From string
	// Reading is the value in words, where it is a code: a time, an id in disguise.
	Reading string
}

// Known reports whether Entra uses the name.
func (c Claim) Known() bool { return c.What != "" }

// Explain takes a token apart. The words on each claim are those of
// entra-tokens 1.1 to 1.4.
func Explain(token string) Explanation {
	e := Explanation{Segments: strings.Count(token, ".") + 1}
	parts := split(token)
	header, headerText := object(parts.header)
	payload, payloadText := value.Value{}, ""
	// An encrypted token names its enc (RFC 7516 4.1.2); nothing behind its header
	// can be read.
	if _, encrypted := header.Get("enc"); !encrypted && parts.dots > 0 {
		payload, payloadText = object(parts.payload)
	}
	e.HeaderText, e.PayloadText = headerText, payloadText
	e.Token, e.Kind = looksLike(payload)
	e.Header = e.claims(header, headerWords())
	e.Payload = e.claims(payload, claimWords())
	return e
}

// object is the JSON object behind a segment, or what can be read of it: the
// decoded text, or else the segment as it stands.
func object(segment string) (value.Value, string) {
	text := content(segment)
	v, err := value.ParseJSON(text)
	switch {
	case err == nil && v.Kind == value.Object:
		return v, ""
	case !utf8.Valid(text) || bytes.ContainsFunc(text, unicode.IsControl):
		return value.Value{}, segment
	}
	return value.Value{}, string(text)
}

// claims puts a word on each member.
func (e Explanation) claims(v value.Value, words []claimWord) []Claim {
	var all []Claim
	for _, m := range v.Members {
		c := Claim{Name: m.Name, Value: m.Value, Reading: reading(m.Name, m.Value)}
		for _, w := range words {
			if w.name == m.Name && w.fits(e) {
				c.What, c.From = w.what, w.from
				break
			}
		}
		all = append(all, c)
	}
	return all
}

// looksLike reads type and kind off the claims. An application is its own
// subject: sub is its oid; a person's sub is pairwise (entra-tokens 1.3).
func looksLike(payload value.Value) (TokenType, Kind) {
	has := func(names ...string) bool {
		for _, name := range names {
			if _, ok := payload.Get(name); ok {
				return true
			}
		}
		return false
	}
	var k Kind
	switch payload.GetText("ver") {
	case "1.0":
		k.Version = V1
	case "2.0":
		k.Version = V2
	}
	sub := payload.GetText("sub")
	switch {
	case len(payload.Members) == 0:
		return "", k
	case k.Version == "" && has("jti") && sub != "" && sub == payload.GetText("iss"):
		return Assertion, k
	case payload.GetText("idtyp") == string(SubjectApp), sub != "" && sub == payload.GetText("oid"):
		k.Subject = SubjectApp
	case sub != "":
		k.Subject = SubjectUser
	}
	if k.Subject == SubjectUser && !has("scp", "roles", "appid", "appidacr", "azp", "azpacr") {
		return ID, k
	}
	return Access, k
}
