package mint

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/entraproof/entraproof/internal/value"
)

// grants are the shapes of token that Entra issues here.
func grants() map[string]Grant {
	with := func(f func(*Grant)) Grant {
		g := testGrant()
		f(&g)
		return g
	}
	v1 := func(g *Grant) { g.Kind.Version, g.Audience, g.Resource = V1, "api://orders.dev", testGrant().Audience }
	user := func(g *Grant) {
		g.Kind.Subject, g.Roles, g.Scopes = SubjectUser, nil, []string{"DEV.Access", "User.Read"}
	}
	return map[string]Grant{
		"v2 app":             testGrant(),
		"v1 app":             with(v1),
		"v2 user":            with(user),
		"v1 user":            with(func(g *Grant) { v1(g); user(g) }),
		"v1 guest":           with(func(g *Grant) { v1(g); user(g); g.User.HomeTenant = "99999999-2222-4333-8444-555555555555" }),
		"v2 app no role":     with(func(g *Grant) { g.Roles = nil }),
		"v2 user with role":  with(func(g *Grant) { user(g); g.Roles = []string{"Reader"} }),
		"certificate":        with(func(g *Grant) { g.Client.Authentication = "2" }),
		"expired":            with(func(g *Grant) { g.Age = Expired }),
		"almost expired":     with(func(g *Grant) { g.Age = AlmostExpired }),
		"consumer":           with(func(g *Grant) { user(g); g.Tenant = ConsumerTenant }),
		"id":                 with(func(g *Grant) { g.Token = ID }),
		"arm":                with(func(g *Grant) { g.WellKnown, g.Audience, g.Kind, g.Roles = ARM, "", Kind{}, nil }),
		"graph user":         with(func(g *Grant) { g.WellKnown, g.Audience, g.Kind, g.Roles = Graph, "", Kind{}, nil }),
		"graph app":          with(func(g *Grant) { g.WellKnown, g.Audience = Graph, "" }),
		"assertion":          with(func(g *Grant) { g.Token = Assertion }),
		"id v1":              with(func(g *Grant) { g.Token, g.Nonce = IDV1, "n-1" }),
		"id of a request":    with(func(g *Grant) { g.Token, g.Nonce = ID, "n-1" }),
		"id without profile": with(func(g *Grant) { g.Token, g.Scopes = ID, []string{"openid"} }),
		"id with a code": with(func(g *Grant) {
			g.Token, g.Scopes, g.CodeHash, g.TokenHash = ID, []string{"openid", "profile", "email"}, "c-1", "at-1"
		}),
		"id v1 with a code":          with(func(g *Grant) { g.Token, g.CodeHash = IDV1, "c-1" }),
		"arm app":                    with(func(g *Grant) { g.WellKnown, g.Audience, g.Roles = ARM, "", nil }),
		"managed identity":           with(func(g *Grant) { g.WellKnown, g.Audience, g.Roles, g.ManagedIdentity = ARM, "", nil, identity }),
		"managed identity at an api": with(func(g *Grant) { v1(g); g.Client.Authentication, g.ManagedIdentity = "2", identity }),
		"cae user":                   with(func(g *Grant) { user(g); g.Capabilities = []string{"cp1"} }),
		"cae app":                    with(func(g *Grant) { g.Capabilities = []string{"cp1"} }),
		"v1 groups":                  with(func(g *Grant) { v1(g); user(g); g.Groups = groupsOf(2) }),
		"v2 groups":                  with(func(g *Grant) { user(g); g.Groups = groupsOf(2) }),
		"v2 groups overage":          with(func(g *Grant) { user(g); g.Groups = groupsOf(MostGroups + 1) }),
		"v1 groups overage":          with(func(g *Grant) { v1(g); user(g); g.Groups = groupsOf(MostGroups + 1) }),
		"groups as roles": with(func(g *Grant) {
			user(g)
			g.Roles, g.Groups, g.Optional = []string{"Reader"}, groupsOf(1), []string{"emit_as_roles"}
		}),
		"v2 app optional":  with(func(g *Grant) { g.Optional = OptionalClaims() }),
		"v2 user optional": with(func(g *Grant) { user(g); g.Optional = slices.Concat(OptionalClaims(), ClaimProperties()) }),
		"v1 guest optional": with(func(g *Grant) {
			v1(g)
			user(g)
			g.User.HomeTenant, g.Optional = "99999999-2222-4333-8444-555555555555", []string{"acct", "upn", "include_externally_authenticated_upn"}
		}),
	}
}

const identity = "/subscriptions/5a5a0000-0000-4000-8000-000000000005/resourcegroups/orders/providers/Microsoft.ManagedIdentity/userAssignedIdentities/orders"

func groupsOf(n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("90000000-0000-4000-8000-%012d", i+1))
	}
	return all
}

// TestShapes compares every shape of token with a golden file: members, order,
// types, values.
func TestShapes(t *testing.T) {
	var golden strings.Builder
	for _, name := range sortedKeys(grants()) {
		g := grants()[name]
		stamp := testStamp("KID")
		stamp.Issuers = EntraIssuers(g.Tenant)
		d := g.Draft(stamp)
		fmt.Fprintf(&golden, "== %s (signed by %s, %s, lives %s)\n   %s\n   %s\n", name, d.SigningKey, d.Alg, d.Lifetime, d.Header.JSON(), d.Payload.JSON())
	}
	compare(t, "shapes.golden", golden.String())
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	for i := range keys {
		for j := i; j > 0 && keys[j] < keys[j-1]; j-- {
			keys[j], keys[j-1] = keys[j-1], keys[j]
		}
	}
	return keys
}

// TestLaws are what entra-tokens says of each token, apart from the golden
// file, which one could update without a thought.
func TestLaws(t *testing.T) {
	for name, g := range grants() {
		d := g.Draft(testStamp("KID"))
		p, h := d.Payload, d.Header
		has := func(v value.Value, member string) bool { _, ok := v.Get(member); return ok }
		for law, holds := range map[string]bool{
			"never appid and azp together":        !(has(p, "appid") && has(p, "azp")),
			"no client_id, no scope":              !has(p, "client_id") && !has(p, "scope"),
			"no member twice":                     unique(p) && unique(h),
			"x5t in v1 only":                      has(h, "x5t") == (p.GetText("ver") == "1.0"),
			"x5t equals kid":                      !has(h, "x5t") || h.GetText("x5t") == h.GetText("kid"),
			"appid in v1 access tokens only":      has(p, "appid") == (p.GetText("ver") == "1.0" && g.Token == ""),
			"uti is the request id":               !has(p, "uti") || p.GetText("uti") == "MyIRAFVEd0aImaq7zN3u_w",
			"iat is nbf, five minutes back":       number(p, "iat") == number(p, "nbf") || !has(p, "iat"),
			"scp only with a user":                !has(p, "scp") || p.GetText("sub") != p.GetText("oid"),
			"idtyp only in Graph's, or asked for": !has(p, "idtyp") || g.WellKnown == Graph || slices.Contains(g.Optional, "idtyp"),
			"nonce only in Graph's header":        has(h, "nonce") == (g.WellKnown == Graph),
			"issuer of v1 ends in a slash":        p.GetText("ver") != "1.0" || strings.HasSuffix(p.GetText("iss"), "/"),
			"issuer of v2 does not":               p.GetText("ver") != "2.0" || strings.HasSuffix(p.GetText("iss"), "/v2.0"),
			"rh holds tenant and resource":        !has(p, "rh") || rhHolds(p.GetText("rh"), g),
			"an application's sub is its oid":     g.Kind.Subject != SubjectApp || g.Token != "" || p.GetText("sub") == p.GetText("oid"),
			"a person's sub is pairwise":          g.Kind.Subject != SubjectUser || len(p.GetText("sub")) == 43,
			"a token of the consumers' tenant":    g.Tenant != ConsumerTenant || p.GetText("tid") == ConsumerTenant,
			"an id token is for the client":       (g.Token != ID && g.Token != IDV1) || p.GetText("aud") == g.Client.ID,
			"no roles without a role":             has(p, "roles") == (len(g.Roles) > 0 && g.Token == ""),
			"nonce only where there was one":      p.GetText("nonce") == g.Nonce,
			"groups, or a link, or none":          !(has(p, "groups") && has(p, "_claim_names")) && has(p, "_claim_names") == (len(g.Groups) > MostGroups),
			"the link is to the old Graph":        !has(p, "_claim_sources") || strings.Contains(string(p.JSON()), "https://graph.windows.net/"+g.Tenant+"/users/"),
			"who handles challenges says so":      has(p, "xms_cc") == (len(g.Capabilities) > 0),
			"and has a long-lived token":          !has(p, "xms_cc") || (d.Lifetime >= 20*time.Hour && d.Lifetime <= 28*time.Hour),
			"a day for Microsoft's own":           g.Kind.Subject != SubjectApp || g.Token != "" || (g.WellKnown != ARM && g.ManagedIdentity == "") || d.Lifetime == 24*time.Hour,
			"an application has no name":          p.GetText("sub") != p.GetText("oid") || !has(p, "family_name") && !has(p, "ipaddr") && !has(p, "upn"),
			"the first five are always the same":  g.Token == Assertion || strings.HasPrefix(names(p), "aud iss iat nbf exp "),
			"an application lives an hour fixed":  name != "v2 app" || number(p, "exp")-number(p, "iat") == 3900,
			"almost expired has 90 seconds left":  g.Age != AlmostExpired || number(p, "exp") == testNow.Unix()+90,
			"expired is nbf < exp < now":          g.Age != Expired || (number(p, "nbf") < number(p, "exp") && number(p, "exp") < testNow.Unix()-300),
		} {
			if !holds {
				t.Errorf("%s: %s: %s %s", name, law, h.JSON(), p.JSON())
			}
		}
	}
}

func names(v value.Value) string {
	var all []string
	for _, m := range v.Members {
		all = append(all, m.Name)
	}
	return strings.Join(all, " ")
}

func unique(v value.Value) bool {
	seen := map[string]bool{}
	for _, m := range v.Members {
		if seen[m.Name] {
			return false
		}
		seen[m.Name] = true
	}
	return true
}

func number(v value.Value, name string) int64 {
	m, _ := v.Get(name)
	var n int64
	_, _ = fmt.Sscan(m.Text, &n)
	return n
}

func rhHolds(rh string, g Grant) bool {
	b, err := base64.RawURLEncoding.DecodeString(strings.Trim(strings.TrimPrefix(rh, "1."), "."))
	resource := guidOf(g.complete().Resource)
	tenant, _ := parseGUID(g.Tenant)
	return err == nil && string(b[3:19]) == string(tenant.dotNet()) && string(b[19:35]) == string(resource.dotNet())
}

// TestUserLifetime says that users' tokens live 60 to 90 minutes, not always
// the same.
func TestUserLifetime(t *testing.T) {
	g := grants()["v2 user"]
	seen := map[time.Duration]bool{}
	for i := range 50 {
		s := testStamp("KID")
		s.Seed[1] = byte(i)
		d := g.Draft(s)
		if d.Lifetime < time.Hour || d.Lifetime > 90*time.Minute {
			t.Fatalf("lifetime %s", d.Lifetime)
		}
		seen[d.Lifetime] = true
	}
	if len(seen) < 20 {
		t.Errorf("only %d different lifetimes in 50", len(seen))
	}
}

// TestPairwise says that one person has another sub at each API and keeps oid.
func TestPairwise(t *testing.T) {
	g := grants()["v2 user"]
	other := g
	other.Audience = "91d00000-0000-4000-8000-0000000000d2"
	a, b := g.Draft(testStamp("KID")).Payload, other.Draft(testStamp("KID")).Payload
	if a.GetText("sub") == b.GetText("sub") || a.GetText("oid") != b.GetText("oid") {
		t.Errorf("sub %s and %s, oid %s and %s", a.GetText("sub"), b.GetText("sub"), a.GetText("oid"), b.GetText("oid"))
	}
	if got := g.User.Subject(g.Tenant, g.Audience); got != a.GetText("sub") {
		t.Errorf("Subject says %s, the token %s", got, a.GetText("sub"))
	}
}

// TestSameBytes says that keys, seed and clock decide every byte.
func TestSameBytes(t *testing.T) {
	for name, g := range grants() {
		if g.Token == Assertion {
			continue // PSS salts its signature
		}
		if a, b := issue(t, g), issue(t, g); a != b {
			t.Errorf("%s: %s and %s", name, a, b)
		}
	}
}

// TestRefreshToken says that a refresh token is no JWT.
func TestRefreshToken(t *testing.T) {
	g := testGrant()
	g.Token = Refresh
	token := g.Draft(testStamp("KID")).Compact(nil, nil)
	if _, _, err := Decode(token); err == nil || !strings.HasPrefix(token, "1.AX") || len(token) < 800 {
		t.Errorf("got %s", token)
	}
}

// TestGraphSignature says that a verifier that knows nothing of Graph's nonce
// fails, and that the nonce's SHA-256 in its place makes it pass.
func TestGraphSignature(t *testing.T) {
	k := ring()[KeyTenant]
	token := issue(t, grants()["graph user"])
	header, _, err := Decode(token)
	if err != nil {
		t.Fatal(err)
	}
	c := split(token)
	sig, _ := decodeSegment(c.signature)
	verify := func(header string) error {
		digest := sha256.Sum256([]byte(header + "." + c.payload))
		return rsa.VerifyPKCS1v15(&k.rsa.PublicKey, crypto.SHA256, digest[:], sig)
	}
	if verify(c.header) == nil {
		t.Error("verifies as it is")
	}
	hashed := sha256.Sum256([]byte(header.GetText("nonce")))
	if err := verify(segment(header.Set("nonce", value.String(b64(hashed[:]))))); err != nil {
		t.Errorf("does not verify with the hashed nonce: %v", err)
	}
}

// TestVerifiedByOthers checks genuine tokens with go-jose, which shares no
// code with ours.
func TestVerifiedByOthers(t *testing.T) {
	k := ring()[KeyTenant]
	for name, g := range grants() {
		if g.WellKnown == Graph || g.Token == Assertion {
			continue
		}
		object, err := jose.ParseSignedCompact(issue(t, g), []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var jwk jose.JSONWebKey
		if err := jwk.UnmarshalJSON(k.JWK().JSON()); err != nil {
			t.Fatal(err)
		}
		if _, err := object.Verify(jwk); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestGrantValidate is one row a grant that is no grant.
func TestGrantValidate(t *testing.T) {
	for _, row := range []struct {
		name string
		bad  func(*Grant)
		want string
	}{
		{"no tenant", func(g *Grant) { g.Tenant = "" }, "expected a tenant"},
		{"no client", func(g *Grant) { g.Client.ID = "" }, "expected a client id"},
		{"no audience", func(g *Grant) { g.Audience = "" }, "expected an audience"},
		{"no kind", func(g *Grant) { g.Kind = Kind{} }, "expected v1 or v2"},
		{"token", func(g *Grant) { g.Token = "acess" }, `got token "acess"`},
		{"age", func(g *Grant) { g.Age = "old" }, `got age "old"`},
		{"well-known", func(g *Grant) { g.WellKnown = "vault" }, `got well-known API "vault"`},
	} {
		g := testGrant()
		row.bad(&g)
		if err := g.Validate(); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %s", row.name, err, row.want)
		}
	}
	for name, g := range grants() {
		if err := g.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestGrantKey says that equal grants have one key and different ones do not.
func TestGrantKey(t *testing.T) {
	seen := map[string]string{}
	for name, g := range grants() {
		if other := seen[g.Key()]; other != "" {
			t.Errorf("%s and %s share a key", name, other)
		}
		seen[g.Key()] = name
	}
	a, b := testGrant(), testGrant()
	a.Age, b.Token = Fresh, Access
	if a.Key() != b.Key() {
		t.Error("the defaults written out make another key")
	}
}
