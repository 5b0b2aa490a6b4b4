package gateway

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"hash"
	"math/big"
	"slices"
	"strings"
)

// softHMAC are verifiers that believe the header's alg and find some text to
// use as the HMAC secret (RFC 8725 2.1).
func softHMAC() []softening {
	const believed = "the header's alg is believed, and "
	hs256 := []string{"HS256"}
	return []softening{
		believesHMAC("hmac-with-pem", believed+"the public key's PEM serves as the HMAC secret", hs256, ofKey(publicPEM)),
		believesHMAC("hmac-with-trimmed-pem", believed+"the public key's PEM without its last newline serves as the HMAC secret", hs256,
			ofKey(func(k publishedKey) string { return strings.TrimSuffix(publicPEM(k), "\n") })),
		believesHMAC("hmac-with-prefixed-pem", believed+"a PEM text is refused as the HMAC secret only if it begins like one", hs256, prefixedPEM),
		believesHMAC("hmac-with-der", believed+"the public key's DER serves as the HMAC secret", hs256,
			ofKey(func(k publishedKey) string { return string(publicDER(k)) })),
		believesHMAC("hmac-with-certificate", believed+"the certificate's PEM serves as the HMAC secret", hs256, ofKey(certificatePEM)),
		believesHMAC("hmac-with-jwk", believed+"the JWK's text serves as the HMAC secret", hs256, ofKey(requiredJWK)),
		believesHMAC("hmac-with-file-name", believed+"the name of the key file serves as the HMAC secret", hs256, ofKey(fileName)),
		believesHMAC("hmac-longer", "HS256 is refused, and HS384 and HS512 with the public key's PEM are not", []string{"HS384", "HS512"}, ofKey(publicPEM)),
		believesHMAC("hmac-without-secret", believed+"the HMAC secret was never set", hs256, func(*call) []string { return []string{""} }),
		believesHMAC("hmac-with-common-secret", believed+"the HMAC secret is one that anybody tries first", hs256, commonSecrets),
	}
}

func believesHMAC(name, sentence string, algorithms []string, secrets func(*call) []string) softening {
	return softening{Softening{name, "algorithm", sentence}, func(s *strict) {
		s.tolerates("algorithm", func(c *call) bool {
			return slices.Contains(algorithms, c.token.algorithm()) && slices.ContainsFunc(secrets(c), c.token.verifiesHMAC)
		})
	}}
}

// verifiesHMAC is done by hand: go-jose is right to refuse keys like these.
func (t *token) verifiesHMAC(secret string) bool {
	made, known := map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New}[t.algorithm()]
	if !known || len(t.segments) != 3 {
		return false
	}
	mac := hmac.New(made, []byte(secret))
	mac.Write([]byte(t.signingInput()))
	return hmac.Equal(mac.Sum(nil), t.signature)
}

// ofKey are the texts that the keys in question make.
func ofKey(text func(publishedKey) string) func(*call) []string {
	return func(c *call) []string {
		var all []string
		for _, key := range c.signers() {
			all = append(all, text(key))
		}
		return all
	}
}

func prefixedPEM(c *call) []string {
	var all []string
	for _, text := range ofKey(publicPEM)(c) {
		all = append(all, " "+text, "\n"+text, "#"+text)
	}
	return all
}

func commonSecrets(c *call) []string {
	return slices.Concat([]string{"secret", "changeme", "your-256-bit-secret", c.env.Tenant}, c.env.Contracts, c.env.audiences())
}

func publicDER(k publishedKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(k.public)
	if err != nil {
		return nil
	}
	return der
}

func publicPEM(k publishedKey) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicDER(k)}))
}

func certificatePEM(k publishedKey) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.certificate}))
}

// requiredJWK is the key as RFC 7638 3.2 writes it.
func requiredJWK(k publishedKey) string {
	number := func(n *big.Int) string { return base64.RawURLEncoding.EncodeToString(n.Bytes()) }
	return fmt.Sprintf(`{"e":%q,"kty":"RSA","n":%q}`, number(big.NewInt(int64(k.public.E))), number(k.public.N))
}

// fileName is the name under which a key is kept: kid and .pem.
func fileName(k publishedKey) string { return k.id + ".pem" }
