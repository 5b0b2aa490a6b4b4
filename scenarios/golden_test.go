package scenarios

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

var update = flag.Bool("update", false, "write the golden files")

// stubSigner signs with a text that says who signed, so that a golden file can
// show it.
type stubSigner struct{}

func (stubSigner) Sign(_ context.Context, r mint.SignRequest) ([]byte, error) {
	text := fmt.Sprintf("%s by %s", cmp.Or(r.Alg, "RS256"), r.Key)
	if r.PKCS1 != nil {
		text += fmt.Sprintf(" with %+v", *r.PKCS1)
	}
	return []byte(text), nil
}

func (stubSigner) KeyID(_ context.Context, _, key string) (string, error) {
	return "kid-of-" + key, nil
}

// bakery turns cases into what goes over the wire.
type bakery struct {
	t      *testing.T
	target *targets.File
	own    *mint.Key
	tenant *mint.Key
	now    time.Time
}

func newBakery(t *testing.T) bakery {
	t.Helper()
	now := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	key := func() *mint.Key {
		k, err := mint.NewKey(rand.Reader, now)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	return bakery{t: t, target: everythingTarget(), own: key(), tenant: key(), now: now}
}

// twoScopes makes every environment ask for two scopes, so that there is
// something to join.
func twoScopes(f *targets.File) {
	for _, e := range f.Environments {
		e.Requires.Scopes = append(e.Requires.Scopes, strings.ToUpper(e.Name)+".Read")
	}
}

// everythingTarget is the embedded target with everything that a row can need.
func everythingTarget() *targets.File {
	f := targets.Default()
	f.OptIn, f.Supports = true, nil
	f.Tokens.Former = &targets.Mock{}
	for _, e := range f.Environments {
		for i := range e.Gateways {
			e.Gateways[i].URL = "https://" + e.Name + ".gw.example/orders"
			e.Gateways[i].Origin, e.Gateways[i].PlainHTTP = "http://origin.example", "http://plain.gw.example/orders"
		}
	}
	for _, line := range [][2]string{{"two-issuers", "true"}, {"jwks", "fetched"}, {"audience-app-id-listed", "true"}, {"client-claim", "first-present"}, {"tenants", "many"}} {
		f.Supports = append(f.Supports, targets.Declaration{Key: line[0], Value: line[1]})
	}
	return f
}

func keyText(k *mint.Key) KeyText {
	return KeyText{KeyID: k.KeyID(), PEM: k.PEM(), DER: string(k.DER()), CertificatePEM: k.CertificatePEM(), JWK: string(k.JWK().JSON()), FileName: "key.pem"}
}

func (b bakery) setting(c *Case, k mint.Kind) Setting {
	return Setting{
		Target: b.target, Home: c.Home, Other: c.Other, Gateway: c.Gateway, Kind: k, Tenant: keyText(b.tenant), Next: KeyText{KeyID: "KID-OF-NEXT"}, Own: keyText(b.own),
		UserSub: "sub-of-the-user", CalloutURL: "http://callout.example:8080", Now: b.now,
	}
}

// genuine is the token of a grant, signed by nobody in particular.
func (b bakery) genuine(g mint.Grant, seed byte) string {
	d := g.Draft(mint.Stamp{Now: b.now, Issuers: mint.EntraIssuers(g.Tenant), KeyID: "kid", Seed: [32]byte{seed}})
	if d.Opaque != "" {
		return d.Opaque
	}
	return string(d.SigningInput()) + "." + value.Base64URL(fmt.Sprintf("%-40s%d", "the genuine signature", seed))
}

// named has names in place of what is another in every run: the keys.
func (b bakery) named(line string) string {
	hashed := sha256.Sum256([]byte(b.own.KeyID()))
	names := []string{b.own.KeyID(), "KID-OF-OWN", base64.RawURLEncoding.EncodeToString(hashed[:]), "SHA256-OF-KID-OF-OWN", b.tenant.KeyID(), "KID-OF-TENANT"}
	for name, key := range map[string]KeyText{"OWN": keyText(b.own), "TENANT": keyText(b.tenant)} {
		certificate, _ := pem.Decode([]byte(key.CertificatePEM))
		thumbprint := sha256.Sum256(certificate.Bytes)
		names = append(names, base64.StdEncoding.EncodeToString(certificate.Bytes), "CERTIFICATE-OF-"+name,
			base64.RawURLEncoding.EncodeToString(thumbprint[:]), "THUMBPRINT-OF-"+name)
	}
	return strings.NewReplacer(names...).Replace(line)
}

// show writes down what a case makes: token, request, expectation.
func (b bakery) show(w *strings.Builder, c Case) {
	row := c.Scenario
	fmt.Fprintf(w, "== %s · %s\n", c.ID, baseText(row.Base))
	if c.Decided != nil {
		fmt.Fprintf(w, "   %s: %s\n", c.Decided.Reason, c.Decided.Detail)
		return
	}
	choice := c.Choices[0]
	scope := value.Scope(b.setting(&c, choice.Kind))
	fmt.Fprintf(w, "   kind %s, control %s\n", choice.Kind, choice.Control.ID())
	genuine := ""
	if choice.Grant != nil {
		genuine = b.genuine(*choice.Grant, 1)
		scope = value.Chain(scope, mint.Parts("sibling", b.genuine(*choice.Grant, 2)))
		fmt.Fprintf(w, "   asks %s\n", grantText(*choice.Grant))
	}
	baked, err := row.Token.Bake(b.t.Context(), genuine, mint.Bench{Scope: scope, Signer: stubSigner{}, Own: b.own, Forged: row.Base.Forged})
	if err != nil {
		b.t.Errorf("%s: %v", c.ID, err)
		return
	}
	for _, line := range b.tokenLines(baked) {
		fmt.Fprintf(w, "   token %s\n", short(line, 400))
	}
	b.request(w, &c, value.Chain(value.Map{"token": value.String("TOKEN"), "bad": value.String("BAD")}, mint.Parts("token", baked.Token), scope))
	fmt.Fprintf(w, "   expect %s\n", c.Expected())
}

func (b bakery) request(w *strings.Builder, c *Case, scope value.Scope) {
	endpoint, _ := c.Endpoint()
	wire, err := c.Scenario.Request.Build(scope, endpoint, probe.Tags{Anonymous: c.Scenario.Base.None && c.Scenario.Token.Len() == 0})
	if err != nil {
		b.t.Errorf("%s: %v", c.ID, err)
		return
	}
	text := strings.ReplaceAll(string(wire.Bytes), "User-Agent: entraproof\r\nAccept: */*\r\n", "")
	fmt.Fprintf(w, "   sends %s to %s\n", short(fmt.Sprintf("%q", text), 400), wire.Address)
	if upstream, err := c.Expect.Upstream.Eval(scope); err != nil {
		b.t.Errorf("%s: %v", c.ID, err)
	} else if !c.Expect.Upstream.IsZero() {
		fmt.Fprintf(w, "   upstream %+v\n", upstream)
	}
}

func grantText(g mint.Grant) string {
	words := []string{g.Kind.String()}
	for name, text := range map[string]string{
		"0 token": string(g.Token), "1 aud": g.Audience, "2 client": g.Client.ID, "3 scopes": strings.Join(g.Scopes, " "),
		"4 roles": strings.Join(g.Roles, " "), "5 age": string(g.Age), "8 user": g.User.Name, "9 capabilities": strings.Join(g.Capabilities, " "), "6 well-known": string(g.WellKnown), "7 tenant": g.Tenant,
	} {
		if text != "" && text != "access" && text != "fresh" && text != targets.Default().Tenant.ID {
			words = append(words, name+"="+text)
		}
	}
	slices.Sort(words[1:])
	for i, w := range words[1:] {
		words[i+1] = w[2:]
	}
	return strings.Join(words, ", ")
}

// tokenLines say how a token differs from the genuine one.
func (b bakery) tokenLines(baked mint.Baked) []string {
	if !baked.Changed {
		return []string{"as it is"}
	}
	got, was := strings.Split(baked.Token, "."), strings.Split(baked.Genuine, ".")
	if len(got) != 3 || len(was) != 3 {
		return []string{tokenShape(baked, got, was)}
	}
	var lines []string
	for i, part := range []string{"header", "payload"} {
		if got[i] != was[i] {
			lines = append(lines, part+" "+difference(decoded(was[i]), b.named(decoded(got[i]))))
		}
	}
	if got[2] != was[2] {
		lines = append(lines, "signature "+signatureText(decoded(got[2]), decoded(was[2])))
	}
	return lines
}

// tokenShape is the text of what is no longer three segments, with the genuine
// ones named.
func tokenShape(b mint.Baked, got, was []string) string {
	if len(got) == 5 {
		header, err := value.ParseJSON([]byte(decoded(got[0])))
		if err != nil {
			return "JWE " + err.Error()
		}
		return "JWE " + string(header.Remove("p2s").JSON()) // the salt is random
	}
	text := b.Token
	if len(was) == 3 {
		text = strings.NewReplacer(was[0], "HEADER", was[1], "PAYLOAD", was[2], "SIGNATURE").Replace(text)
	}
	return short(fmt.Sprintf("%q", text), 200)
}

func signatureText(got, was string) string {
	switch {
	case got == "":
		return "empty"
	case len(got) == len(was):
		return "changed"
	case strings.HasPrefix(got, "RS256 by ") || strings.HasPrefix(got, "RS512 by ") || strings.HasPrefix(got, "PS256 by "):
		return got // stubSigner's; a real signature may begin with any two letters
	}
	return fmt.Sprintf("%d bytes", len(got))
}

func decoded(segment string) string {
	b, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		return "raw " + segment
	}
	return string(b)
}

// difference names the members that differ.
func difference(was, got string) string {
	before, err := value.ParseJSON([]byte(was))
	if err != nil {
		return short(fmt.Sprintf("%q", got), 120)
	}
	after, err := value.ParseJSON([]byte(got))
	if err != nil {
		return short(strings.ReplaceAll(fmt.Sprintf("%q", got), fmt.Sprintf("%.60q", was), "…"), 120)
	}
	var words, names []string
	for _, m := range after.Members {
		if old, ok := before.Get(m.Name); !ok || !old.Equal(m.Value) || slices.Contains(names, m.Name) {
			text := string(m.Value.JSON())
			if m.Name == "jwk" {
				text = m.Value.GetText("kty") + " key"
			}
			words = append(words, m.Name+"="+short(text, 120))
		}
		names = append(names, m.Name)
	}
	var order []string
	for _, m := range before.Members {
		if _, ok := after.Get(m.Name); !ok {
			words = append(words, "-"+m.Name)
			continue
		}
		order = append(order, m.Name)
	}
	if kept := slices.DeleteFunc(names, func(n string) bool { _, ok := before.Get(n); return !ok }); len(kept) == len(order) && !slices.Equal(kept, order) {
		words = append(words, "in another order")
	}
	return strings.Join(words, " ")
}

func short(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return fmt.Sprintf("%s… (%d bytes)", text[:limit], len(text))
}

// TestSampleRows holds what each of the 70 sample rows makes at the first
// environment of the embedded target, with the second one as the other.
func TestSampleRows(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("testdata/sample-rows.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := Parse("sample-rows.yaml", src)
	if err != nil {
		t.Fatal(err)
	}
	if rows.Len() != 70 {
		t.Errorf("expected 70 rows, got %d", rows.Len())
	}
	b := newBakery(t)
	twoScopes(b.target)
	b.golden("sample-rows.golden", rows)
}

// TestBuiltinGolden holds the same of the built-in rows.
func TestBuiltinGolden(t *testing.T) {
	t.Parallel()
	newBakery(t).golden("builtin.golden", builtinRows(t))
}

// golden compares what the rows make with a file.
func (b bakery) golden(name string, rows Catalogue) {
	t := b.t
	t.Helper()
	expansion := Expansion{Target: b.target}
	var got strings.Builder
	for _, row := range rows.All() {
		if row.Kind != Data {
			continue
		}
		shown := 0
		for _, c := range expansion.Expand([]Scenario{row}) {
			if c.Home.Name == "dev" && (c.Other == nil || c.Other.Name == "test") {
				b.show(&got, c)
				shown++
			}
		}
		if shown < len(row.Effective()) {
			t.Errorf("%s: expected a case for each of %d forms, got %d", row.ID, len(row.Effective()), shown)
		}
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Errorf("%s (go test -update writes it): %s", path, diff)
	}
}
