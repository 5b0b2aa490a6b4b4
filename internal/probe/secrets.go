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
	slots []uint64
	// kinds tell what stands in a slot: 0 nothing, n a piece of which marks[n-1]
	// takes the place.
	kinds []uint8
	marks []string
	count int
}

// maxSecret bounds what is cut up of one secret: signatures of the largest RSA
// keys are far shorter.
const maxSecret = 64 << 10

// add cuts up secrets; mark is what stands in their place.
func (p *pieces) add(mark string, secrets ...string) {
	room := 0
	for _, s := range secrets {
		room += min(len(s), maxSecret)
	}
	p.grow(room)
	kind := p.kind(mark)
	for _, s := range secrets {
		piece := uint64(0)
		for i := range min(len(s), maxSecret) {
			piece = piece<<8 | uint64(urlByte(s[i]))
			if i+1 >= minPiece {
				p.put(piece, kind)
			}
		}
	}
}

// kind is the number of a mark; there are two.
func (p *pieces) kind(mark string) uint8 {
	i := slices.Index(p.marks, mark)
	if i < 0 {
		i = len(p.marks)
		p.marks = append(p.marks, mark)
	}
	return uint8(i + 1)
}

// grow makes room for n more.
func (p *pieces) grow(n int) {
	if 2*(p.count+n) <= len(p.slots) {
		return
	}
	old := *p
	size := 1 << bits.Len(uint(2*(p.count+n)))
	p.slots, p.kinds, p.count = make([]uint64, size), make([]uint8, size), 0
	for i, kind := range old.kinds {
		if kind != 0 {
			p.put(old.slots[i], kind)
		}
	}
}

func (p *pieces) put(piece uint64, kind uint8) {
	i := p.find(piece)
	if p.kinds[i] == 0 {
		p.count++
	}
	p.slots[i], p.kinds[i] = piece, kind
}

// find gives the slot of a piece, or the empty one where it belongs.
func (p *pieces) find(piece uint64) uint64 {
	last := uint64(len(p.slots) - 1)
	i := piece * 0x9e3779b97f4a7c15 >> 32 & last // Fibonacci hashing
	for p.kinds[i] != 0 && p.slots[i] != piece {
		i = (i + 1) & last
	}
	return i
}

func (p *pieces) has(piece uint64) bool { return p.kinds[p.find(piece)] != 0 }

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
		if !p.has(piece) {
			continue
		}
		b.WriteString(text[copied : i+1-minPiece])
		b.WriteString(p.marks[p.kinds[p.find(piece)]-1])
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
		if !p.has(next) {
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
	var known byteSet // most pieces hold a byte that the text does not
	for i := range len(text) {
		known.add(text[i])
	}
	return slices.ContainsFunc(secrets, func(s string) bool {
		if len(s) > len(text) && len(text) < long {
			return false // most header fields are shorter than a piece
		}
		for i := 0; i+long <= len(s); i += minPiece {
			if piece := s[i : i+long]; known.all(piece) && strings.Contains(text, piece) {
				return true
			}
		}
		return len(s) >= minPiece && len(s) < long && strings.Contains(text, s)
	})
}

// byteSet is a set of bytes.
type byteSet [4]uint64

func (s *byteSet) add(c byte) { s[c>>6] |= 1 << (c & 63) }

// all reports whether every byte of a text is in the set.
func (s *byteSet) all(text string) bool {
	for i := range len(text) {
		if c := text[i]; s[c>>6]&(1<<(c&63)) == 0 {
			return false
		}
	}
	return true
}
