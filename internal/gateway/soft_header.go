package gateway

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// softHeaders are verifiers that take the key, or its address, from the token's
// own header (RFC 8725 3.10).
func softHeaders() []softening {
	anywhere := func(string) bool { return true }
	return []softening{
		{
			Softening{"embedded-jwk", "key", "the key in the token's own header is trusted"},
			func(s *strict) { s.trustsEmbedded("jwk", (*token).embedded) },
		},
		{
			Softening{"embedded-certificate", "key", "the key of the certificate in the token's own header is trusted"},
			func(s *strict) { s.trustsEmbedded("x5c", (*token).certified) },
		},
		{
			Softening{"embedded-secret", "key", "the symmetric key in the token's own header is trusted"},
			func(s *strict) {
				s.drop("key-header")
				s.trustsSecret(func(t *token) []string { return t.embeddedSecret() })
			},
		},
		{
			Softening{"certificate-believed", "signature", "a certificate of the issuer in the header is taken for its signature"},
			func(s *strict) {
				s.drop("key-header")
				s.tolerates("signature", func(c *call) bool {
					return slices.ContainsFunc(c.keys, func(k publishedKey) bool {
						certificate := c.token.certificate()
						return certificate != nil && string(certificate.Raw) == string(k.certificate)
					})
				})
			},
		},
		follows("jku-followed", "keys are fetched from where jku says", "jku", anywhere),
		follows("jku-by-part", "keys are fetched from where jku says if Entra's name is somewhere in it", "jku", func(address string) bool {
			return strings.Contains(address, "login.microsoftonline.com")
		}),
		follows("x5u-followed", "the certificate is fetched from where x5u says", "x5u", anywhere),
		follows("kid-followed", "a kid that is a URL is fetched", "kid", anywhere),
		{
			Softening{"kid-as-path", "key", "the kid is the name of a file, and what it holds the secret"},
			func(s *strict) { s.trustsSecret(pathSecret) },
		},
		{
			Softening{"kid-in-sql", "key", "the kid is pasted into a query, and what it finds is the secret"},
			func(s *strict) { s.trustsSecret(querySecret) },
		},
	}
}

// trustsEmbedded takes the key that the token brings in a header member.
func (s *strict) trustsEmbedded(member string, find func(*token) *rsa.PublicKey) {
	s.drop("key-header")
	s.tolerates("key-id", func(c *call) bool { return c.header().has(member) })
	s.tolerates("signature", func(c *call) bool {
		key := find(c.token)
		return key != nil && c.token.verifies([]publishedKey{{public: key}})
	})
}

// trustsSecret takes HMAC with a secret that the token itself decides.
func (s *strict) trustsSecret(find func(*token) []string) {
	proven := func(c *call) bool { return slices.ContainsFunc(find(c.token), c.token.verifiesHMAC) }
	s.tolerates("algorithm", proven)
	s.tolerates("key-id", proven)
}

// follows fetches what a header member names, and that is the mistake: whoever
// is asked learns of it, whatever becomes of the token.
func follows(name, sentence, member string, fits func(string) bool) softening {
	return softening{Softening{name, "key", sentence}, func(s *strict) {
		s.wrap("key-header", func(refuses func(*call) bool) func(*call) bool {
			return func(c *call) bool {
				if address, ok := c.header().soleText(member); ok && strings.HasPrefix(address, "http") && fits(address) {
					s.visit(c.request.Context(), address)
				}
				return refuses(c)
			}
		})
	}}
}

// visit asks an address and forgets the answer. It asks the hosts of the issuer
// only, with TLS or without: a proof of the harness leaves this machine alone.
func (s *strict) visit(ctx context.Context, address string) {
	there, err := url.Parse(address)
	if err != nil || !slices.ContainsFunc([]string{s.env.JWKSURL, s.env.PlainJWKSURL}, func(own string) bool {
		issuer, err := url.Parse(own)
		return err == nil && issuer.Host != "" && issuer.Host == there.Host
	}) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, s.keys.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return
	}
	response, err := s.keys.client.Do(request)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxKeySet))
	_ = response.Body.Close()
}

// pathSecret is what a file holds whose name is the kid, in a folder of keys
// and up to a NUL as in C: of /dev/null it is known.
func pathSecret(t *token) []string {
	id, _ := t.header.soleText("kid")
	id, _, _ = strings.Cut(id, "\x00")
	if path.Join("/srv/gateway/keys", id) == "/dev/null" {
		return []string{""}
	}
	return nil
}

// querySecret is what "SELECT secret FROM keys WHERE id = '" and the kid and "'"
// finds: what the kid itself selects.
func querySecret(t *token) []string {
	id, _ := t.header.soleText("kid")
	if found := regexp.MustCompile(`(?i)' union select '([^']*)$`).FindStringSubmatch(id); found != nil {
		return found[1:]
	}
	return nil
}

// embeddedJWK is the header parameter jwk; nil if there is none.
func (t *token) embeddedJWK() *jose.JSONWebKey {
	text, _ := decodeSegment(t.segments[0])
	var header struct {
		JWK *jose.JSONWebKey `json:"jwk"`
	}
	if json.Unmarshal(text, &header) != nil {
		return nil
	}
	return header.JWK
}

// embedded is the RSA key of the header parameter jwk; nil if there is none.
func (t *token) embedded() *rsa.PublicKey {
	if jwk := t.embeddedJWK(); jwk != nil {
		key, _ := jwk.Key.(*rsa.PublicKey)
		return key
	}
	return nil
}

// embeddedSecret is the symmetric key of the header parameter jwk.
func (t *token) embeddedSecret() []string {
	if jwk := t.embeddedJWK(); jwk != nil {
		if secret, ok := jwk.Key.([]byte); ok {
			return []string{string(secret)}
		}
	}
	return nil
}

// certificate is the first of the header parameter x5c; nil if there is none.
func (t *token) certificate() *x509.Certificate {
	chain, _ := t.header.sole("x5c")
	items, _ := chain.([]any)
	if len(items) == 0 {
		return nil
	}
	text, _ := items[0].(string)
	der, _ := base64.StdEncoding.DecodeString(text)
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil
	}
	return certificate
}

// certified is the RSA key of the header parameter x5c; nil if there is none.
func (t *token) certified() *rsa.PublicKey {
	certificate := t.certificate()
	if certificate == nil {
		return nil
	}
	key, _ := certificate.PublicKey.(*rsa.PublicKey)
	return key
}
