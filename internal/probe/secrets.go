package probe

import (
	"encoding/base64"
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
	return strings.NewReplacer("+", "-", "/", "_").Replace(s)
}

// pieces is the set of all pieces of minPiece bytes of some secrets, by which
// any longer piece is found wherever it stands.
type pieces map[[minPiece]byte]string

// maxSecret bounds what is cut up of one secret: signatures of the largest RSA
// keys are far shorter.
const maxSecret = 64 << 10

// add cuts up secrets; mark is what stands in their place.
func (p pieces) add(mark string, secrets ...string) {
	for _, s := range secrets {
		s = s[:min(len(s), maxSecret)]
		for i := 0; i+minPiece <= len(s); i++ {
			p[pieceAt(s, i)] = mark
		}
	}
}

func pieceAt(s string, i int) (piece [minPiece]byte) {
	for j := range piece {
		switch c := s[i+j]; c {
		case '+':
			piece[j] = '-'
		case '/':
			piece[j] = '_'
		default:
			piece[j] = c
		}
	}
	return piece
}

// redact returns text without any piece of the secrets.
func (p pieces) redact(text string) string {
	if len(p) == 0 {
		return text
	}
	var b strings.Builder
	copied := 0
	for i := 0; i+minPiece <= len(text); {
		mark, found := p[pieceAt(text, i)]
		if !found {
			i++
			continue
		}
		end := i + minPiece
		for end < len(text) && p.has(text, end-minPiece+1) {
			end++
		}
		b.WriteString(text[copied:i])
		b.WriteString(mark)
		copied, i = end, end
	}
	if copied == 0 {
		return text
	}
	b.WriteString(text[copied:])
	return b.String()
}

func (p pieces) has(text string, i int) bool {
	_, found := p[pieceAt(text, i)]
	return found
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
