package mint

import (
	"bytes"
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sampleRow is the part of a catalogue row that this package reads.
type sampleRow struct {
	id    string
	base  string
	token *document.Node
}

// sampleRows are all token lists of the sample, variants included.
func sampleRows(t testing.TB) []sampleRow {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "sample-rows.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	root, err := document.Parse("sample-rows.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	var rows []sampleRow
	for _, entry := range root.Items() {
		id, base := memberText(entry, "id"), memberText(entry, "base")
		if token := memberNode(entry, "token"); token != nil {
			rows = append(rows, sampleRow{id, base, token})
		}
		variants := memberNode(entry, "variants")
		if variants == nil {
			continue
		}
		for _, v := range variants.Members() {
			token := memberNode(v.Value, "token")
			if token == nil {
				continue
			}
			row := sampleRow{id + "/" + v.Key, base, token}
			if b := memberText(v.Value, "base"); b != "" {
				row.base = b
			}
			rows = append(rows, row)
		}
	}
	if len(rows) < 40 {
		t.Fatalf("expected at least 40 token lists in the sample, got %d", len(rows))
	}
	return rows
}

func memberNode(n *document.Node, key string) *document.Node {
	for _, m := range n.Members() {
		if m.Key == key {
			return m.Value
		}
	}
	return nil
}

// memberText is a scalar, or the members of a mapping as "k=v".
func memberText(n *document.Node, key string) string {
	m := memberNode(n, key)
	if m.Kind() != document.Mapping {
		return m.Text()
	}
	var words []string
	for _, member := range m.Members() {
		words = append(words, member.Key+"="+member.Value.Text())
	}
	return strings.Join(words, " ")
}

// grantOf is what the engine would ask the issuer for, roughly.
func (r sampleRow) grantOf() (g Grant, forged, none bool) {
	g = testGrant()
	words := " " + r.base + " "
	has := func(w string) bool { return strings.Contains(words, w) }
	if has(" v1 ") {
		g.Kind.Version, g.Audience = V1, "api://orders.dev"
	}
	if has(" user ") || has("kind=user") {
		g.Kind.Subject, g.Roles, g.Scopes = SubjectUser, nil, []string{"DEV.Access"}
	}
	if has(" other ") {
		g.Audience = "91d00000-0000-4000-8000-0000000000d2"
	}
	if has("tenant=other") {
		g.Tenant = "8c2e0000-0000-4000-8000-000000000002"
	}
	if has("api=graph") {
		g.WellKnown, g.Audience, g.Kind, g.Roles = Graph, "", Kind{}, nil
	}
	return g, has("forged"), has("none")
}

func sampleScope(g Grant) value.Scope {
	k, own := ring()[KeyTenant], ring()[KeyOwn]
	guids := value.Supply(func(n int) value.Value {
		items := make([]string, n)
		for i := range items {
			items[i] = DerivedGUID("group", fmt.Sprint(i))
		}
		return value.Strings(items...)
	})
	zeros := value.Supply(func(n int) value.Value { return value.String(strings.Repeat("\x00", n)) })
	audience := "6e74172b-0000-4000-8000-0000000000d1"
	if g.Kind.Version == V1 {
		audience = "api://orders.dev"
	}
	sibling := strings.Repeat("c2ln", 114) + "c2"
	return value.Chain(Parts("sibling", "eyJ9.eyJ9."+sibling), value.Map{
		"home.audience": value.String(audience), "home.scope": value.String("DEV.Access"), "home.user.sub": value.String("victim-sub"),
		"tenant.id": value.String(testTenant), "tenant.issuer": value.String(EntraIssuers(testTenant).Of(g.Kind.Version)),
		"tenant.key": value.Dict(value.Member{Name: "pem", Value: value.String(k.PEM())}), "tenant.key.pem": value.String(k.PEM()),
		"own.jwk": own.JWK(), "callout.host": value.String("127.0.0.1:9"),
		"now": value.Int(testNow.Unix()), "skew": value.Int(0), "guids": guids, "zeros": zeros,
	})
}

// TestSampleRows bakes every token list of the sample and compares what comes
// out with a golden file that people read.
func TestSampleRows(t *testing.T) {
	var golden strings.Builder
	for _, row := range sampleRows(t) {
		s := DecodeSteps(row.token)
		g, forged, none := row.grantOf()
		genuine := ""
		if !none {
			genuine = issue(t, g)
		}
		b := testBench(sampleScope(g))
		b.Forged = forged
		baked, err := s.Bake(context.Background(), genuine, b)
		if err != nil {
			t.Errorf("%s: %v", row.id, err)
			continue
		}
		fmt.Fprintf(&golden, "== %s (%s) refs %v keys %v needs-key %t changed %t\n%s", row.id, row.base, s.Refs(), s.KeyNames(), s.NeedsKey(), baked.Changed, picture(baked))
	}
	compare(t, "sample-rows.golden", golden.String())
}

// TestSampleDecodes says that nothing in the sample is a problem.
func TestSampleDecodes(t *testing.T) {
	for _, row := range sampleRows(t) {
		DecodeSteps(row.token)
		if err := row.token.Err(); err != nil {
			t.Fatalf("%s: %v", row.id, err)
		}
	}
}

func compare(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs (-want +got; go test -update writes it):\n%s", path, cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")))
	}
}

// picture shows a token for people: parts, and who made the signature.
func picture(b Baked) string {
	if inner, ok := opened(b.Token); ok {
		header, _, _ := strings.Cut(b.Token, ".")
		return fmt.Sprintf("   JWE %s around\n%s", content(header), picture(Baked{Token: inner, Genuine: b.Genuine}))
	}
	c, genuine := split(b.Token), split(b.Genuine)
	var out strings.Builder
	for _, p := range []part{inHeader, inPayload} {
		segment := *c.segment(p)
		text, kind := content(segment), ""
		if _, err := decodeSegment(segment); err != nil {
			kind = " raw"
			text = []byte(unsegment(string(text), genuine))
		}
		if p == inPayload && len(text) > 0 && bytes.Equal(text, content(genuine.payload)) {
			text = []byte("as genuine")
		}
		fmt.Fprintf(&out, "   %s%s %s\n", p, kind, short(text))
	}
	fmt.Fprintf(&out, "   signature %s\n", signatureOf(b, c))
	return out.String()
}

// unsegment names the genuine segments in a composed text: they hold a kid and
// a signature that differ from run to run.
func unsegment(text string, genuine compact) string {
	if genuine.dots < 2 {
		return text
	}
	return strings.NewReplacer(genuine.header, "<header.b64>", genuine.payload, "<payload.b64>", genuine.signature, "<signature.b64>").Replace(text)
}

// opened is what a JWE to the tenant's key holds, decrypted by go-jose.
func opened(token string) (string, bool) {
	object, err := jose.ParseEncryptedCompact(token, []jose.KeyAlgorithm{jose.RSA_OAEP_256}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return "", false
	}
	inner, err := object.Decrypt(ring()[KeyTenant].rsa)
	return string(inner), err == nil
}

func short(text []byte) string {
	s := tidy(string(text))
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == '\ufffd' }) {
		s = strings.Trim(fmt.Sprintf("%q", s), `"`)
	}
	if len(s) > 900 {
		sum := sha256.Sum256([]byte(s))
		return fmt.Sprintf("%s… %d bytes, sha256 %s", s[:60], len(s), hex.EncodeToString(sum[:4]))
	}
	return s
}

// signatureOf names the signature by verifying it, with code of its own.
func signatureOf(b Baked, c compact) string {
	sig, err := decodeSegment(c.signature)
	input := []byte(c.header + "." + c.payload)
	switch {
	case c.dots < 2:
		return "absent"
	case err != nil:
		return "not base64url: " + short([]byte(c.signature))
	case len(sig) == 0:
		return "empty"
	case c.signature == split(b.Genuine).signature:
		return "the genuine one"
	}
	for _, name := range slices.Sorted(maps.Keys(ring())) {
		if by := verifiedBy(ring()[name], input, sig); by != "" {
			return by + " by " + name
		}
	}
	if mac := hmac.New(sha256.New, nil); hmac.Equal(sig, sum(mac, input)) {
		return "HS256 by the empty secret"
	}
	if mac := hmac.New(sha256.New, []byte(ring()[KeyTenant].PEM())); hmac.Equal(sig, sum(mac, input)) {
		return "HS256 by the tenant's PEM"
	}
	if len(bytes.Trim(sig, "\x00")) == 0 {
		return fmt.Sprintf("%d zero bytes", len(sig))
	}
	return fmt.Sprintf("%d other bytes", len(sig))
}

func sum(w interface {
	Write([]byte) (int, error)
	Sum([]byte) []byte
}, input []byte,
) []byte {
	_, _ = w.Write(input)
	return w.Sum(nil)
}

func verifiedBy(k *Key, input, sig []byte) string {
	digest := sha256.Sum256(input)
	if k.kty == "oct" {
		if hmac.Equal(sig, sum(hmac.New(sha256.New, k.secret), input)) {
			return "HS256"
		}
		return ""
	}
	public := &k.rsa.PublicKey
	if rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], sig) == nil {
		return "RS256"
	}
	block := new(big.Int).Exp(new(big.Int).SetBytes(sig), big.NewInt(int64(public.E)), public.N).FillBytes(make([]byte, public.Size()))
	if block[0] == 0 && block[1] == 1 && bytes.Contains(block, digest[:]) {
		return fmt.Sprintf("a block with %d bytes of slack", len(block)-bytes.Index(block, digest[:])-32)
	}
	return ""
}
