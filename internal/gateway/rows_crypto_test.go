package gateway

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"testing"

	_ "crypto/sha1" // RS1
)

// signedAs has any header, the genuine payload and what sign makes of the input.
func (b *bench) signedAs(changes map[string]any, sign func(input []byte) []byte) string {
	input := b64(mustJSON(b.t, header(changes))) + "." + b64(mustJSON(b.t, b.claims(v2App, grant{})))
	return input + "." + b64(sign([]byte(input)))
}

// rawRSA applies the private exponent to a block that holds the content.
func rawRSA(key *rsa.PrivateKey, content []byte) []byte {
	block := slices.Concat([]byte{0, 1}, bytes.Repeat([]byte{0xff}, key.Size()-3-len(content)), []byte{0}, content)
	return new(big.Int).Exp(new(big.Int).SetBytes(block), key.D, key.N).FillBytes(make([]byte, key.Size()))
}

// hashed signs as RSASSA-PKCS1-v1_5 with any hash.
func hashed(t testing.TB, hash crypto.Hash) func([]byte) []byte {
	t.Helper()
	return func(input []byte) []byte {
		digest := hash.New()
		digest.Write(input)
		signature, err := rsa.SignPKCS1v15(rand.Reader, keysOfTest()[signing], hash, digest.Sum(nil))
		if err != nil {
			t.Fatal(err)
		}
		return signature
	}
}

// mustHex is a row of bytes.
func mustHex(text string) []byte {
	plain, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return plain
}

// blockRows are signatures that only a lenient verifier takes.
func (b *bench) blockRows() []row {
	refuse := func(id, compact string) row { return row{id, "signature", 401, bearerOf(compact)} }
	block := func(id string, content func(digest []byte) []byte) row {
		return refuse(id, b.signedAs(nil, func(input []byte) []byte {
			digest := crypto.SHA256.New()
			digest.Write(input)
			return rawRSA(keysOfTest()[signing], content(digest.Sum(nil)))
		}))
	}
	good := strings.Split(b.genuine(v2App), ".")
	head := strings.TrimSuffix(string(mustDecode(good[0])), "}")
	return []row{
		block("sig-pkcs1-garbage-padding", func(digest []byte) []byte {
			return slices.Concat(mustHex("3031300d060960864801650304020105000420"), digest, bytes.Repeat([]byte{7}, 32))
		}),
		block("sig-digestinfo-without-null", func(digest []byte) []byte {
			return slices.Concat(mustHex("302f300b0609608648016503040201"+"0420"), digest)
		}),
		refuse("sig-swapped-hash-in-digestinfo", b.signedAs(nil, hashed(b.t, crypto.SHA512))),
		refuse("sig-payload-whitespace-added", good[0]+"."+b64(append(mustDecode(good[1]), '\n'))+"."+good[2]),
		refuse("sig-header-member-added", b64([]byte(head+`,"cty":"JWT"}`))+"."+good[1]+"."+good[2]),
		refuse("x5c-real-cert-own-key", sealed(b.t, mustJSON(b.t, header(map[string]any{"x5c": x5cOf(signing)})), mustDecode(good[1]), "RS256", keysOfTest()[own])),
	}
}

// confusedRows announce an algorithm that is not that of the key.
func (b *bench) confusedRows() []row {
	refuse := func(id, alg string, sign func([]byte) []byte) row {
		return row{id, "algorithm", 401, bearerOf(b.signedAs(map[string]any{"alg": alg}, sign))}
	}
	with := func(signature []byte) func([]byte) []byte { return func([]byte) []byte { return signature } }
	order := mustHex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
	return []row{
		refuse("alg-none-keeps-signature", "none", hashed(b.t, crypto.SHA256)),
		refuse("alg-lower-case", "rs256", hashed(b.t, crypto.SHA256)),
		refuse("alg-unknown", "RS257", hashed(b.t, crypto.SHA256)),
		refuse("alg-empty", "", hashed(b.t, crypto.SHA256)),
		refuse("alg-rs1", "RS1", hashed(b.t, crypto.SHA1)),
		refuse("alg-es256-zero-signature", "ES256", with(make([]byte, 64))),
		refuse("alg-es256-r-equals-n", "ES256", with(slices.Concat(order, order))),
		refuse("alg-es256-with-rsa-kid", "ES256", with(order)),
	}
}

// secretRows are HMACs with what a careless gateway takes for its secret.
func (b *bench) secretRows() []row {
	payload := mustJSON(b.t, b.claims(v2App, grant{}))
	with := func(id, guard, alg, secret string, changes map[string]any) row {
		h := header(changes)
		h["alg"] = alg
		return row{id, guard, 401, bearerOf(sealed(b.t, mustJSON(b.t, h), payload, alg, []byte(secret)))}
	}
	refuse := func(id, alg, secret string) row { return with(id, "algorithm", alg, secret, nil) }
	var published struct{ N, E string }
	if err := json.Unmarshal(jwkOf(b.t, signing, nil), &published); err != nil {
		b.t.Fatal(err)
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificatesOfTest()[signing]})
	public := publicPEM(publishedKey{public: &keysOfTest()[signing].PublicKey})
	block, _ := pem.Decode([]byte(public))
	return []row{
		refuse("alg-hs256-pubkey-pem-no-eol", "HS256", public[:len(public)-1]),
		refuse("alg-hs256-pubkey-pem-prefixed", "HS256", "\n"+public),
		refuse("alg-hs256-pubkey-der", "HS256", string(block.Bytes)),
		refuse("alg-hs256-cert-pem", "HS256", string(certificate)),
		refuse("alg-hs256-jwk-json", "HS256", `{"e":"`+published.E+`","kty":"RSA","n":"`+published.N+`"}`),
		refuse("alg-hs384-hs512-pubkey", "HS512", public),
		refuse("alg-hs256-common-secrets", "HS256", home.appV2),
		with("jwk-embedded-symmetric", "key", "HS256", "secret", map[string]any{"jwk": map[string]any{"kty": "oct", "k": "c2VjcmV0"}}),
		with("kid-path-traversal", "key", "HS256", "", map[string]any{"kid": "../../../dev/null"}),
		with("kid-nul-byte", "key", "HS256", "", map[string]any{"kid": "../../../dev/null\x00.pem"}),
		with("kid-sql-injection", "key", "HS256", "ours", map[string]any{"kid": "x' UNION SELECT 'ours"}),
	}
}
