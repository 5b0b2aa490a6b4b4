package mint

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/value"
)

// Stamp is what a draft takes from the moment at which it is made.
type Stamp struct {
	Now     time.Time
	Issuers Issuers
	// KeyID goes into kid (and x5t of v1 tokens); in a client assertion it is
	// the x5t#S256 of the client's certificate.
	KeyID string
	// RequestID is the x-ms-request-id of the response, a GUID; uti encodes it.
	// Empty: one drawn from Seed.
	RequestID string
	// Seed decides everything random, so that the same keys, seed and clock
	// make the same bytes.
	Seed [32]byte
}

// Draft is a token without its signature.
type Draft struct {
	Header  value.Value
	Payload value.Value
	// Opaque is the whole text of a token that is no JWT: a refresh token.
	Opaque string
	// SigningKey is the name of the key that must sign, for SignRequest.
	SigningKey string
	Alg        string
	// RequestID is the request id that uti encodes.
	RequestID string
	// Lifetime is how long the token lives from now on.
	Lifetime time.Duration
}

// Draft is the genuine token of the grant, as Entra would fill it in.
func (g Grant) Draft(s Stamp) Draft {
	g = g.complete()
	random := rand.NewChaCha8(s.Seed)
	if s.RequestID == "" {
		s.RequestID = randomGUID(random)
	}
	c := &claims{g: g, s: s, random: random}
	c.clock()
	d := Draft{SigningKey: g.SigningKey(), Alg: "RS256", RequestID: s.RequestID, Lifetime: c.exp.Sub(s.Now)}
	switch g.Token {
	case Refresh:
		d.Opaque = c.refreshToken()
	case Assertion:
		d.Alg = "PS256"
		d.Header = value.Dict(member("alg", "PS256"), member("typ", "JWT"), member("x5t#S256", s.KeyID))
		d.Payload = c.assertion()
	default:
		d.Header = c.header()
		d.Payload = c.payload()
	}
	return d
}

// SigningKey is the name of the key that signs the grant's token.
func (g Grant) SigningKey() string {
	switch {
	case g.Token == Assertion:
		return KeyClient
	case g.AppKey != "":
		return KeyApp + g.AppKey
	}
	return KeyTenant
}

// SigningInput is what the signature is computed over. For Graph's tokens that
// is not what is sent: there the header's nonce is replaced by its SHA-256, so
// that a generic validator fails (entra-tokens 1.1).
func (d Draft) SigningInput() []byte {
	header := d.Header
	if nonce, ok := header.Get("nonce"); ok {
		sum := sha256.Sum256([]byte(nonce.Text))
		header = header.Set("nonce", value.String(base64.RawURLEncoding.EncodeToString(sum[:])))
	}
	return appendSegment(append(appendSegment(nil, header), '.'), d.Payload)
}

// Compact is the token as it is sent: what SigningInput gave, and the signature
// over it.
func (d Draft) Compact(input, signature []byte) string {
	if d.Opaque != "" {
		return d.Opaque
	}
	if _, signedOtherwise := d.Header.Get("nonce"); signedOtherwise {
		_, payload, _ := bytes.Cut(input, []byte("."))
		input = append(append(appendSegment(nil, d.Header), '.'), payload...)
	}
	return string(input) + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func segment(v value.Value) string { return string(appendSegment(nil, v)) }

func appendSegment(b []byte, v value.Value) []byte {
	return base64.RawURLEncoding.AppendEncode(b, v.JSON())
}

func member(name, text string) value.Member {
	return value.Member{Name: name, Value: value.String(text)}
}

func randomGUID(random *rand.ChaCha8) string {
	var g guid
	_, _ = random.Read(g[:]) // never fails
	g[6] = g[6]&0x0f | 0x40
	g[8] = g[8]&0x3f | 0x80
	return g.String()
}

// tokenEndpoint is where a client assertion is addressed to.
func (i Issuers) tokenEndpoint() string {
	return strings.TrimSuffix(i.V2, "/v2.0") + "/oauth2/v2.0/token"
}
