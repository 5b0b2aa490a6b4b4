package probe

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/value"
)

// impersonal reports whether a claim of a real tenant's token says nothing
// about a person. Every claim that is not known to be so counts as personal.
func impersonal(claim string) bool {
	switch claim {
	case "aud", "iss", "iat", "nbf", "exp", "ver", "tid", "azp", "azpacr", "appid", "appidacr",
		"scp", "roles", "uti", "jti", "idtyp", "acr", "amr", "xms_ftd":
		return true
	}
	return false
}

// hash8 is what is kept of oid and sub.
func hash8(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:4])
}

// person is what a real tenant's tokens tell of somebody: text to look for and
// what to put in its place.
type person map[string]string

// reduce takes the personal claims out of t and notes their values in p.
func (p person) reduce(t *Token) {
	t.ClaimsText = hidden(t.ClaimsText)
	claims, err := value.ParseJSON(t.Claims)
	if t.Claims == nil || err != nil || claims.Kind != value.Object {
		t.Claims = nil
		return
	}
	var kept []value.Member
	for _, m := range claims.Members {
		switch {
		case impersonal(m.Name):
			kept = append(kept, m)
			continue
		case m.Name == "oid" || m.Name == "sub":
			short := hash8(m.Value.Plain())
			p.note(m.Value.Plain(), short)
			kept = append(kept, value.Member{Name: m.Name, Value: value.String(short)})
			continue
		}
		p.noteAll(m.Value, "<"+m.Name+" redacted>")
		t.Personal = append(t.Personal, m.Name)
	}
	t.Claims = json.RawMessage(value.Dict(kept...).JSON())
	slices.Sort(t.Personal)
}

// hidden replaces a text that cannot be reduced.
func hidden(text string) string {
	if text == "" {
		return ""
	}
	return claimsRedacted
}

func (p person) noteAll(v value.Value, mark string) {
	for _, item := range v.Items {
		p.noteAll(item, mark)
	}
	for _, m := range v.Members {
		p.noteAll(m.Value, mark)
	}
	if v.Kind == value.Text || v.Kind == value.Number {
		p.note(v.Text, mark)
	}
}

// note keeps texts that are long enough to be recognized.
func (p person) note(text, mark string) {
	if len(text) >= 4 {
		p[strings.ToLower(text)] = mark
	}
}

// redact returns text without what is known of the person, longest first, in
// any case.
func (p person) redact(text string) string {
	known := make([]string, 0, len(p))
	for k := range p {
		known = append(known, k)
	}
	slices.SortFunc(known, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	for _, k := range known {
		text = replaceFold(text, k, p[k])
	}
	return text
}

// replaceFold replaces the lower-case word in any ASCII case.
func replaceFold(text, word, by string) string {
	var b strings.Builder
	copied := 0
	for i := 0; i+len(word) <= len(text); {
		if !strings.EqualFold(text[i:i+len(word)], word) {
			i++
			continue
		}
		b.WriteString(text[copied:i])
		b.WriteString(by)
		i += len(word)
		copied = i
	}
	return b.String() + text[copied:]
}
