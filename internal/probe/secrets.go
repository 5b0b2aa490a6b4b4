package probe

import (
	"encoding/base64"
	"math/bits"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/value"
)

// What stands where a secret stood.
const (
	signatureRedacted = "<signature redacted>"
	secretRedacted    = "<secret redacted>"
	claimsRedacted    = "<claims redacted>"
)

// minPiece is the length from which a piece of a secret counts as told.
const minPiece = 8

// SecretsOf returns the parts of a token that must not be recorded: the
// signature of a JWS, everything but the header of a JWE, the named parts of
// the JSON forms (RFC 7515 7.2, RFC 7516 7.2), the whole of anything else.
func SecretsOf(token string) []string {
	token = strings.TrimSpace(token)
	if strings.HasPrefix(token, "{") {
		return secretMembers(token)
	}
	parts := strings.Split(token, ".")
	switch {
	case !opensObject(parts[0]):
		return longEnough(token)
	case len(parts) == 5:
		return longEnough(parts[1:]...)
	}
	return longEnough(parts[min(firstSecret(parts), len(parts)):]...)
}

// secretMembers returns the secret members of a token in JSON form.
func secretMembers(text string) []string {
	v, err := value.ParseJSON([]byte(text))
	if err != nil {
		return longEnough(text)
	}
	var secrets []string
	var walk func(v value.Value)
	walk = func(v value.Value) {
		for _, m := range v.Members {
			if secretName(m.Name) && m.Value.Kind == value.Text {
				secrets = append(secrets, longEnough(m.Value.Text)...)
			}
			walk(m.Value)
		}
		for _, item := range v.Items {
			walk(item)
		}
	}
	walk(v)
	return secrets
}

// longEnough keeps what is long enough to be a secret and not one character
// over and over.
func longEnough(texts ...string) []string {
	var kept []string
	for _, t := range texts {
		if len(t) >= minPiece && strings.Trim(t, t[:1]) != "" {
			kept = append(kept, t)
		}
	}
	return kept
}

// opensObject reports whether a segment is base64url of something that starts
// like a JSON object: a brace, then a quote or the closing brace.
func opensObject(segment string) bool {
	head := segment[:min(len(segment), 12)]
	// What comes before an error is decoded all the same.
	start, _ := base64.RawURLEncoding.DecodeString(toURL(strings.TrimRight(cutToken(head), "=")))
	inner, found := strings.CutPrefix(strings.TrimLeft(string(start), " \t\r\n"), "{")
	inner = strings.TrimLeft(inner, " \t\r\n")
	return found && (inner == "" || inner[0] == '"' || inner[0] == '}')
}

// cutToken returns the base64 segment with which s starts.
func cutToken(s string) string {
	for i := range len(s) {
		if !tokenByte(s[i]) {
			return s[:i]
		}
	}
	return s
}

// toURL maps the standard base64 alphabet to the URL-safe one.
func toURL(s string) string {
	if !strings.ContainsAny(s, "+/") {
		return s
	}
	mapped := []byte(s)
	for i, c := range mapped {
		mapped[i] = urlByte(c)
	}
	return string(mapped)
}

func urlByte(c byte) byte {
	switch c {
	case '+':
		return '-'
	case '/':
		return '_'
	}
	return c
}

// pieces is the set of all pieces of minPiece bytes of some secrets, by which
// any longer piece is found wherever it stands: a hash table of the pieces as
// numbers, at most half full, made anew for every exchange.
type pieces struct {
	slots []slot
	count int
}

// slot is empty while it has no mark.
type slot struct {
	piece uint64
	mark  string
}

// maxSecret bounds what is cut up of one secret: signatures of the largest RSA
// keys are far shorter.
const maxSecret = 64 << 10

// add cuts up secrets; mark is what stands in their place.
func (p *pieces) add(mark string, secrets ...string) {
	for _, s := range secrets {
		s = s[:min(len(s), maxSecret)]
		p.grow(len(s))
		piece := uint64(0)
		for i := range len(s) {
			piece = piece<<8 | uint64(urlByte(s[i]))
			if i+1 >= minPiece {
				p.put(slot{piece, mark})
			}
		}
	}
}

// grow makes room for n more.
func (p *pieces) grow(n int) {
	if 2*(p.count+n) <= len(p.slots) {
		return
	}
	old := p.slots
	p.slots, p.count = make([]slot, 1<<bits.Len(uint(2*(p.count+n)))), 0
	for _, s := range old {
		if s.mark != "" {
			p.put(s)
		}
	}
}

func (p *pieces) put(s slot) {
	at := p.find(s.piece)
	if at.mark == "" {
		p.count++
	}
	*at = s
}

// find gives the slot of a piece, or the empty one where it belongs.
func (p *pieces) find(piece uint64) *slot {
	hash := piece * 0x9e3779b97f4a7c15 >> 32 // Fibonacci hashing
	for i := int(hash); ; i++ {
		if at := &p.slots[i&(len(p.slots)-1)]; at.mark == "" || at.piece == piece {
			return at
		}
	}
}

// mark is what stands in the place of a piece, empty where it is none.
func (p *pieces) mark(piece uint64) string { return p.find(piece).mark }

// redact returns text without any piece of the secrets.
func (p *pieces) redact(text string) string {
	if p.count == 0 {
		return text
	}
	var b strings.Builder
	copied, piece := 0, uint64(0)
	for i := 0; i < len(text); i++ {
		piece = piece<<8 | uint64(urlByte(text[i]))
		if i+1 < copied+minPiece {
			continue
		}
		mark := p.mark(piece)
		if mark == "" {
			continue
		}
		b.WriteString(text[copied : i+1-minPiece])
		b.WriteString(mark)
		i, piece = p.runOn(text, i, piece)
		copied = i + 1
	}
	if copied == 0 {
		return text
	}
	b.WriteString(text[copied:])
	return b.String()
}

// runOn goes on from the piece that ends at i for as long as the next is one
// too.
func (p *pieces) runOn(text string, i int, piece uint64) (last int, ends uint64) {
	for i+1 < len(text) {
		next := piece<<8 | uint64(urlByte(text[i+1]))
		if p.mark(next) == "" {
			break
		}
		i, piece = i+1, next
	}
	return i, piece
}

// replaceShort takes out secrets that are too short for pieces.
func replaceShort(text string, secrets []string) string {
	for _, s := range secrets {
		if len(s) >= minPiece/2 && len(s) < minPiece {
			text = strings.ReplaceAll(text, s, secretRedacted)
		}
	}
	return text
}

// tellsPiece reports whether text holds a long piece of a secret.
func tellsPiece(text string, secrets []string) bool {
	const long = 2 * minPiece
	return slices.ContainsFunc(secrets, func(s string) bool {
		for i := 0; i+long <= len(s); i += minPiece {
			if strings.Contains(text, s[i:i+long]) {
				return true
			}
		}
		return len(s) >= minPiece && len(s) < long && strings.Contains(text, s)
	})
}
