package mint

import (
	"bytes"
	"crypto"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
)

// TestKeyShape is what entra-tokens 3.4 says of keys and certificates.
func TestKeyShape(t *testing.T) {
	k := ring()[KeyTenant]
	block, _ := pem.Decode([]byte(k.CertificatePEM()))
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	thumbprint := sha1.Sum(cert.Raw)
	if want := base64.RawURLEncoding.EncodeToString(thumbprint[:]); k.KeyID() != want || len(want) != 27 {
		t.Errorf("kid %s, want %s", k.KeyID(), want)
	}
	if cert.Subject.CommonName != CommonName || !cert.NotAfter.Equal(cert.NotBefore.AddDate(5, 0, 0)) || cert.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature) != nil {
		t.Errorf("certificate of %s, %s to %s", cert.Subject, cert.NotBefore, cert.NotAfter)
	}
	var names []string
	for _, m := range k.JWK().Members {
		names = append(names, m.Name)
	}
	if got := strings.Join(names, " "); got != "kty use kid x5t n e x5c" {
		t.Errorf("JWK members %s", got)
	}
	if k.JWK().GetText("e") != "AQAB" || k.JWK().GetText("x5t") != k.KeyID() {
		t.Errorf("JWK %s", k.JWK().JSON())
	}
	if block, _ := pem.Decode([]byte(k.PEM())); block == nil || !bytes.Equal(block.Bytes, k.DER()) || !strings.HasSuffix(k.PEM(), "-----END PUBLIC KEY-----\n") {
		t.Errorf("PEM %s", k.PEM())
	}
	public := k.Public(KeyTenant)
	if public.FileName != k.KeyID()+".pem" || public.JWK != string(k.JWK().JSON()) || public.Name != KeyTenant {
		t.Errorf("public %+v", public)
	}
}

// TestKeyFile says that a key survives its file, companions included.
func TestKeyFile(t *testing.T) {
	k := ring()[KeyTenant]
	text, err := k.PrivatePEM()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ReadKey(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		a, _ := k.Sign(alg, []byte("x"), nil)
		b, _ := again.Sign(alg, []byte("x"), nil)
		if !bytes.Equal(a, b) || len(a) == 0 {
			t.Errorf("%s differs after reading", alg)
		}
	}
	if again.KeyID() != k.KeyID() || again.Thumbprint256() != k.Thumbprint256() {
		t.Error("ids differ after reading")
	}
	other, _ := ring()[KeyNext].PrivatePEM()
	for name, bad := range map[string]string{
		"nothing": "", "no certificate": strings.SplitAfter(string(text), "-----END PRIVATE KEY-----\n")[0],
		"another's certificate": strings.SplitAfter(string(other), "-----END PRIVATE KEY-----\n")[0] + k.CertificatePEM(),
		"broken":                strings.Replace(string(text), "MII", "AAA", 1),
	} {
		if _, err := ReadKey([]byte(bad)); err == nil || !strings.HasPrefix(err.Error(), "mint: ") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestSignVerifies checks each algorithm with go-jose.
func TestSignVerifies(t *testing.T) {
	k, oct := ring()[KeyTenant], ring()["oct"]
	for alg, key := range map[string]any{
		"RS256": k.rsa.Public(), "RS384": k.rsa.Public(), "RS512": k.rsa.Public(), "PS256": k.rsa.Public(), "PS384": k.rsa.Public(), "PS512": k.rsa.Public(),
		"ES256": k.ec.Public(), "EdDSA": k.ed.Public(), "HS256": oct.secret, "HS384": oct.secret, "HS512": oct.secret,
	} {
		by := k
		if strings.HasPrefix(alg, "HS") {
			by = oct
		}
		input := b64([]byte(`{"alg":"`+alg+`"}`)) + "." + b64([]byte(`{"aud":"x"}`))
		sig, err := by.Sign(alg, []byte(input), nil)
		if err != nil {
			t.Errorf("%s: %v", alg, err)
			continue
		}
		object, err := jose.ParseSignedCompact(input+"."+b64(sig), []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
		if err != nil {
			t.Errorf("%s: %v", alg, err)
			continue
		}
		if _, err := object.Verify(key); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
	}
	if sig, err := k.Sign("none", []byte("x"), nil); err != nil || len(sig) != 0 {
		t.Errorf("none: %x %v", sig, err)
	}
	for alg, by := range map[string]*Key{"HS256": k, "RS256": oct, "RS257": k, "ES384": k, "": nil} {
		if by == nil {
			continue
		}
		if _, err := by.Sign(alg, nil, nil); err == nil || !strings.Contains(err.Error(), "got") {
			t.Errorf("%s: got %v", alg, err)
		}
	}
	if _, err := SignHMAC("RS256", nil, nil); err == nil {
		t.Error("RS256 with a secret")
	}
}

// TestPKCS1 opens raw blocks by hand.
func TestPKCS1(t *testing.T) {
	k := ring()[KeyTenant]
	two, zero := 2, 0
	sha256Info := "\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"
	digestOf := func(h crypto.Hash) string { return string(digest(h, []byte("x"))) }
	for _, row := range []struct {
		name  string
		pkcs1 PKCS1
		start string
		tail  string
		fill  int
	}{
		{"as it should be", PKCS1{}, "\x00\x01\xff", sha256Info + digestOf(crypto.SHA256), 202},
		{"slack", PKCS1{Slack: 3}, "\x00\x01\xff", sha256Info + digestOf(crypto.SHA256) + "\xa5\xa5\xa5", 199},
		{"without NULL", PKCS1{WithoutNull: true}, "\x00\x01\xff", "\x30\x2f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x04\x20" + digestOf(crypto.SHA256), 204},
		{"another hash", PKCS1{Hash: "SHA-512"}, "\x00\x01\xff", "\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40" + digestOf(crypto.SHA512), 170},
		{"the digest alone", PKCS1{BareDigest: true}, "\x00\x01\xff", digestOf(crypto.SHA256), 221},
		{"block type and fill", PKCS1{BlockType: &two, Fill: &zero}, "\x00\x02\x00", sha256Info + digestOf(crypto.SHA256), 202},
	} {
		sig, err := k.Sign("RS256", []byte("x"), &row.pkcs1)
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		block := string(new(big.Int).Exp(new(big.Int).SetBytes(sig), big.NewInt(int64(k.rsa.E)), k.rsa.N).FillBytes(make([]byte, 256)))
		want := row.start + strings.Repeat(row.start[2:], row.fill-1) + "\x00" + row.tail
		if block != want {
			t.Errorf("%s:\ngot  %x\nwant %x", row.name, block, want)
		}
	}
	right, _ := k.Sign("RS256", []byte("x"), nil)
	raw, _ := k.Sign("RS256", []byte("x"), &PKCS1{})
	if !bytes.Equal(right, raw) {
		t.Error("the raw block of no change is not crypto/rsa's")
	}
	for name, bad := range map[string]PKCS1{"too much slack": {Slack: 300}, "unknown hash": {Hash: "MD5"}} {
		if _, err := k.Sign("RS256", nil, &bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestKeySpec is one row a key that a state of the key set publishes.
func TestKeySpec(t *testing.T) {
	for _, row := range []struct {
		spec  KeySpec
		names string
		alg   string
		holds map[string]string
	}{
		{KeySpec{Name: "enc", Use: "enc", Bits: 1024}, "kty use kid x5t n e x5c", "RS256", map[string]string{"use": "enc"}},
		{KeySpec{Name: "ec", Type: "EC"}, "kty use kid crv x y", "ES256", map[string]string{"crv": "P-256"}},
		{KeySpec{Name: "ed", Type: "OKP"}, "kty use kid crv x", "EdDSA", map[string]string{"crv": "Ed25519"}},
		{KeySpec{Name: "oct", Type: "oct"}, "kty use kid k", "HS256", nil},
		{KeySpec{Name: "alg", Bits: 1024, Alg: "RS512", KeyOps: []string{"encrypt"}, Issuer: "https://x", KeyID: "k1"}, "kty use kid x5t n e x5c alg key_ops issuer", "RS256", map[string]string{"alg": "RS512", "kid": "k1", "issuer": "https://x"}},
		{KeySpec{Name: "broken", Bits: 1024, Omit: []string{"n", "x5c", "kid"}}, "kty use x5t e", "RS256", nil},
	} {
		k, jwk, err := row.spec.Make(nil, testNow)
		if err != nil {
			t.Fatalf("%s: %v", row.spec.Name, err)
		}
		var names []string
		for _, m := range jwk.Members {
			names = append(names, m.Name)
		}
		if got := strings.Join(names, " "); got != row.names {
			t.Errorf("%s: members %s, want %s", row.spec.Name, got, row.names)
		}
		for name, want := range row.holds {
			if jwk.GetText(name) != want {
				t.Errorf("%s: %s %q, want %q", row.spec.Name, name, jwk.GetText(name), want)
			}
		}
		if row.spec.KeyID != "" && k.KeyID() != row.spec.KeyID {
			t.Errorf("%s: kid %s", row.spec.Name, k.KeyID())
		}
		if x5t := jwk.GetText("x5t"); x5t != "" && x5t != sha1Of(k.cert) { // RFC 7517 4.8, whatever the kid
			t.Errorf("%s: x5t %s is not that of its certificate", row.spec.Name, x5t)
		}
		byDefault, err := k.Sign("", []byte("x"), nil)
		if err != nil || len(byDefault) == 0 {
			t.Errorf("%s: sign by default: %v", row.spec.Name, err)
		}
		if row.spec.Type == "oct" && (k.PEM() != "" || k.CertificatePEM() != "") {
			t.Error("a symmetric key has no PEM")
		}
	}
	if _, _, err := (KeySpec{Name: "x", Type: "DH"}).Make(nil, testNow); err == nil {
		t.Error("a key of type DH")
	}
}

// TestDecodeKeySet reads the issuer member of a row, right and wrong.
func TestDecodeKeySet(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{`{keys: [{name: enc, use: enc}]}`, ""},
		{`{keys: [{name: twin, kid: "${tenant.key.kid}", kty: RSA, bits: 2048, alg: RS512, key-ops: [sign], issuer: x, omit: [n]}], hide: [next]}`, ""},
		{`{hide: [next]}`, ""},
		{`{}`, "a key-set state that changes nothing"},
		{`{keyz: [{name: enc}]}`, `unknown key "keyz" (did you mean "keys"?)`},
		{`{keys: [{use: enc}]}`, `"name" is missing`},
		{`{keys: [{name: a}, {name: a}]}`, `key name "a" is taken`},
		{`{keys: [{name: next}]}`, `key name "next" is taken`},
		{`{keys: [{name: a, kty: rsa}]}`, `unknown key type "rsa" (did you mean "RSA"?)`},
		{`{keys: [{name: a, bits: 512}]}`, `expected a modulus of 1024 to 8192 bits, got 512`},
		{`{keys: [{name: a, kid: "${tenant.kit}"}]}`, `unknown placeholder`},
	} {
		n, err := document.Parse("row.yaml", []byte(row.text))
		if err != nil {
			t.Fatal(err)
		}
		set := DecodeKeySet(n)
		err = n.Err()
		if (row.want == "" && err != nil) || (row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want))) {
			t.Errorf("%s: got %v, want %s", row.text, err, row.want)
		}
		if row.want == "" && set.Empty() {
			t.Errorf("%s: empty", row.text)
		}
	}
	if !DecodeKeySet(nil).Empty() {
		t.Error("no member is not empty")
	}
	set := KeySet{Keys: []KeySpec{{Name: "twin", KeyID: "${tenant.key.kid}"}}}
	got, err := set.Resolve(value.Map{"tenant.key.kid": value.String("k9")})
	if err != nil || got.Keys[0].KeyID != "k9" || strings.Join(set.Refs(), " ") != "tenant.key.kid" || got.Key() == set.Key() {
		t.Errorf("resolved %+v, refs %v, %v", got, set.Refs(), err)
	}
	if _, err := set.Resolve(value.Map{}); err == nil {
		t.Error("resolved without a value")
	}
}

// TestRememberingKey: what it remembers is the signature of the same bytes by the
// same algorithm, and nobody changes it; PSS is salted anew each time.
func TestRememberingKey(t *testing.T) {
	plain := ring()[KeyTenant]
	k := plain.Remembering()
	sign := func(k *Key, alg, input string) []byte {
		t.Helper()
		sig, err := k.Sign(alg, []byte(input), nil)
		if err != nil {
			t.Fatal(err)
		}
		return sig
	}
	first := sign(k, "RS256", "a")
	clear(sign(k, "RS256", "a"))
	if !bytes.Equal(sign(k, "RS256", "a"), first) || !bytes.Equal(sign(plain, "RS256", "a"), first) {
		t.Error("expected the signature of the key without a memory, got another")
	}
	remembered := func() (n int) {
		k.made.Range(func(any, any) bool { n++; return true })
		return n
	}
	if sign(k, "RS256", "b"); bytes.Equal(sign(k, "RS384", "a"), first) || remembered() != 3 {
		t.Errorf("expected other bytes and other algorithms apart, 3 signatures, got %d", remembered())
	}
	if bytes.Equal(sign(k, "PS256", "a"), sign(k, "PS256", "a")) || remembered() != 3 || plain.made != nil {
		t.Error("expected PSS to be remembered nowhere, and nothing by the key itself")
	}
	if k.KeyID() != plain.KeyID() {
		t.Errorf("expected the kid %s, got %s", plain.KeyID(), k.KeyID())
	}
}
