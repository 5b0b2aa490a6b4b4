package gateway

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// softEnvelopes find a token in what is none (RFC 8725bis 3.14).
func softEnvelopes() []softening {
	return []softening{
		unwraps("json-serialization", "a JSON JWS is as good as a compact one", fromJSON),
		unwraps("nested-unwrapped", "a payload of the content type JWT is the token", fromNested),
		unwraps("disclosures-cut", "what follows a tilde is cut off", fromDisclosed),
		unwraps("line-breaks-removed", "the token is percent-decoded and freed from line breaks", fromBroken),
		unwraps("detached-read", "a payload that is missing is read from the body", fromBody),
		{
			Softening{"polyglot", "format", "one parser verifies a JSON JWS and another reads the claims between the dots"},
			func(s *strict) {
				for _, name := range []string{"bearer-syntax", "base64url", "json"} {
					s.tolerates(name, genuineJSON)
				}
			},
		},
		{
			Softening{"unprotected-alg", "format", "the unprotected header is believed to say that nothing is signed"},
			admits(func(c *call) bool { return strings.EqualFold(jsonOf(c.token.compact).Header.Alg, "none") }),
		},
		{
			Softening{"encrypted-passed-on", "format", "what is encrypted nobody here can read, so it is for the upstream to judge"},
			admits(func(c *call) bool { return len(c.token.segments) == 5 }),
		},
		{
			Softening{"decrypted-is-verified", "format", "what can be decrypted with a configured key is trusted"},
			admits(func(c *call) bool {
				return slices.ContainsFunc(c.keys, func(k publishedKey) bool { return decrypts(c.token.compact, []byte(publicPEM(k))) })
			}),
		},
	}
}

func unwraps(name, sentence string, inner func(*http.Request, string) string) softening {
	return softening{Softening{name, "format", sentence}, func(s *strict) {
		s.dialect.unwraps = append(s.dialect.unwraps, inner)
		s.tolerates("bearer-syntax", func(c *call) bool { return c.token != nil && c.token.compact != c.presented.compact })
	}}
}

// jsonJWS is a JWS in JSON, flattened or general (RFC 7515 7.2).
type jsonJWS struct {
	Protected, Payload, Signature string
	Header                        struct{ Alg string }
	Signatures                    []struct{ Protected, Signature string }
}

// jsonOf reads a JSON JWS; the zero value if text is none.
func jsonOf(text string) jsonJWS {
	var j jsonJWS
	if json.Unmarshal([]byte(text), &j) != nil {
		return jsonJWS{}
	}
	return j
}

func fromJSON(_ *http.Request, text string) string {
	j := jsonOf(text)
	if len(j.Signatures) > 0 {
		j.Protected, j.Signature = j.Signatures[0].Protected, j.Signatures[0].Signature
	}
	if j.Payload == "" {
		return text
	}
	return j.Protected + "." + j.Payload + "." + j.Signature
}

func genuineJSON(c *call) bool {
	if c.token == nil {
		return false
	}
	inner := fromJSON(nil, c.token.compact)
	return inner != c.token.compact && readToken(inner).verifies(c.keys)
}

func fromNested(_ *http.Request, text string) string {
	outer := readToken(text)
	if kind, _ := outer.header.soleText("cty"); kind != "JWT" || len(outer.segments) != 3 {
		return text
	}
	inner, _ := decodeSegment(outer.segments[1])
	return string(inner)
}

func fromDisclosed(_ *http.Request, text string) string {
	token, _, _ := strings.Cut(text, "~")
	return token
}

func fromBroken(_ *http.Request, text string) string {
	plain, err := url.PathUnescape(text)
	if err != nil {
		return text
	}
	return strings.NewReplacer("\r", "", "\n", "").Replace(plain)
}

func fromBody(r *http.Request, text string) string {
	head, signature, found := strings.Cut(text, "..")
	if !found || r.Body == nil {
		return text
	}
	payload, err := io.ReadAll(io.LimitReader(r.Body, maxForm))
	if err != nil {
		return text
	}
	return head + "." + string(payload) + "." + signature
}

func decrypts(compact string, password []byte) bool {
	encrypted, err := jose.ParseEncryptedCompact(compact, []jose.KeyAlgorithm{jose.PBES2_HS256_A128KW}, []jose.ContentEncryption{jose.A128CBC_HS256})
	if err != nil {
		return false
	}
	_, err = encrypted.Decrypt(password)
	return err == nil
}
