package mint

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/value"
)

// told is an explanation in lines, for comparing.
func told(claims []Claim) []string {
	var lines []string
	for _, c := range claims {
		lines = append(lines, fmt.Sprintf("%s=%s | %s", c.Name, c.Value.Plain(), c.Reading))
	}
	return lines
}

func claimOf(t *testing.T, claims []Claim, name string) Claim {
	t.Helper()
	i := slices.IndexFunc(claims, func(c Claim) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("expected a member %s, got %q", name, told(claims))
	}
	return claims[i]
}

// TestExplainEveryClaim: there is a word on every member of every token that
// this package drafts, and it says what and from where.
func TestExplainEveryClaim(t *testing.T) {
	t.Parallel()
	all := grants()
	everything := testGrant()
	everything.Kind, everything.Optional, everything.Scopes = Kind{V2, SubjectUser}, append(OptionalClaims(), ClaimProperties()...), []string{"A"}
	all["every optional claim"] = everything
	seen := map[string]bool{}
	for name, g := range all {
		if g.complete().Token == Refresh {
			continue
		}
		e := Explain(issue(t, g))
		for _, c := range slices.Concat(e.Header, e.Payload) {
			seen[c.Name] = true
			if !c.Known() || c.From == "" {
				t.Errorf("%s: no word on %s", name, c.Name)
			}
		}
	}
	for _, name := range append(OptionalClaims(), "aud", "xms_tcdt", "x5t", "_claim_sources", "jti", "xms_mirid") {
		if !seen[name] {
			t.Errorf("no token with %s was looked at", name)
		}
	}
}

// TestExplainWords: the word fits the token; the same name means something else
// in another.
func TestExplainWords(t *testing.T) {
	t.Parallel()
	v1, v2, user := testGrant(), testGrant(), testGrant()
	v1.Kind, v1.Audience = Kind{V1, SubjectApp}, "api://orders.dev"
	v2.Kind = Kind{V2, SubjectApp}
	user.Kind, user.Scopes = Kind{V2, SubjectUser}, []string{"DEV.Access"}
	id, idV1, assertion := user, user, v2
	id.Token, idV1.Token, assertion.Token = ID, IDV1, Assertion
	for _, row := range []struct {
		reason string
		grant  Grant
		claim  string
		what   string
	}{
		{"v1-audience-as-asked-for", v1, "aud", "In v1 tokens an App ID URI or the app id"},
		{"v2-audience-is-the-app-id", v2, "aud", "In v2 tokens always the API’s app id"},
		{"id-token-is-for-the-client", id, "aud", "the application that signed the user in"},
		{"v1-id-token-too", idV1, "aud", "the application that signed the user in"},
		{"assertion-is-for-the-endpoint", assertion, "aud", "the token endpoint"},
		{"v1-issuer-on-another-host", v1, "iss", "another host"},
		{"v2-issuer", v2, "iss", "Who made the token."},
		{"v1-client-is-appid", v1, "appid", "v2 calls it azp"},
		{"v2-client-is-azp", v2, "azp", "v1 calls it appid"},
		{"application-is-its-own-subject", v2, "sub", "The same as oid"},
		{"person-is-pairwise", user, "sub", "another API sees another value"},
		{"person-of-an-id-token", id, "sub", "another value than in access tokens"},
		{"service-principal", v2, "oid", "Not its client id"},
		{"person", user, "oid", "the same for every application"},
		{"daemon-has-roles", v2, "roles", "a daemon’s rights"},
		{"person-has-roles", user, "roles", "The user’s app roles"},
		{"person-has-scopes", user, "scp", "one text with blanks between"},
		{"application-lives-an-hour", v2, "exp", "an hour after"},
		{"person-lives-longer", user, "exp", "60 to 90 minutes"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			c := claimOf(t, Explain(issue(t, row.grant)).Payload, row.claim)
			if !strings.Contains(c.What, row.what) {
				t.Errorf("%s: expected %q, got %q", row.claim, row.what, c.What)
			}
		})
	}
}

// TestExplainReadings: what a coded value says.
func TestExplainReadings(t *testing.T) {
	t.Parallel()
	uti := value.Base64URL(string(guidOf("12345678-9abc-4def-8123-456789abcdef").dotNet()))
	for _, row := range []struct {
		reason, name string
		value        value.Value
		want         string
	}{
		{"time", "exp", value.Int(1795428000), "23 November 2026, 10:00:00 UTC"},
		{"time-is-text", "exp", value.String("1795428000"), ""},
		{"time-of-no-calendar", "exp", value.Value{Kind: value.Number, Text: "9223372036854775807"}, ""},
		{"time-before-time", "exp", value.Int(-1), ""},
		{"time-is-a-fraction", "iat", value.Value{Kind: value.Number, Text: "1.5"}, ""},
		{"proof-by-secret", "azpacr", value.String("1"), "a client that knows its secret"},
		{"proof-of-unknown-kind", "azpacr", value.String("7"), ""},
		{"proof-is-a-number", "azpacr", value.Int(1), ""},
		{"request-id", "uti", value.String(uti), "x-ms-request-id 12345678-9abc-4def-8123-456789abcdef"},
		{"request-id-too-short", "uti", value.String("abc"), ""},
		{"handle-too-short", "rh", value.String("1.AAAA."), ""},
		{"handle-is-no-base64", "rh", value.String("0.!"), ""},
		{"v1-issuer", "iss", value.String(EntraIssuers(ConsumerTenant).V1), "the v1 form, with a slash at the end"},
		{"v2-issuer", "iss", value.String(EntraIssuers(ConsumerTenant).V2), "the v2 form, without a slash at the end"},
		{"v1-issuer-without-slash", "iss", value.String("https://sts.windows.net/" + ConsumerTenant), ""},
		{"v2-issuer-with-slash", "iss", value.String(EntraIssuers(ConsumerTenant).V2 + "/"), ""},
		{"issuer-elsewhere", "iss", value.String("https://sts.windows.net.evil/" + ConsumerTenant + "/"), ""},
		{"relation", "xms_idrel", value.String("2 5"), "a guest"},
		{"relation-of-filler", "xms_idrel", value.String("2 4"), ""},
		{"no-algorithm", "alg", value.String("none"), "no signature at all"},
		{"graph", "aud", value.String("https://graph.microsoft.com"), "Microsoft Graph"},
		{"speaks-for-itself", "name", value.String("1"), ""},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			if got := reading(row.name, row.value); got != row.want {
				t.Errorf("%s %s: expected %q, got %q", row.name, row.value.Plain(), row.want, got)
			}
		})
	}
}

// TestExplainHandle: rh names tenant and API of the token that it stands in.
func TestExplainHandle(t *testing.T) {
	t.Parallel()
	g := testGrant()
	g.Resource = "6e74172b-0000-4000-8000-0000000000d1"
	want := "tenant " + g.Tenant + ", resource " + g.Resource
	if got := claimOf(t, Explain(issue(t, g)).Payload, "rh").Reading; got != want {
		t.Errorf("expected %q, got %q", want, got)
	}
}

// TestExplainKinds: type and kind are read off the claims, also where steps have
// taken some away.
func TestExplainKinds(t *testing.T) {
	t.Parallel()
	for name, g := range grants() {
		g = g.complete()
		if g.Token == Refresh {
			continue
		}
		e := Explain(issue(t, g))
		want := Explanation{Token: g.Token, Kind: g.Kind}
		if g.Token == IDV1 {
			want.Token = ID
		}
		if g.Token == Assertion {
			want.Kind = Kind{}
		}
		if e.Token != want.Token || e.Kind != want.Kind || e.Segments != 3 {
			t.Errorf("%s: expected %s %s, got %s %s of %d segments", name, want.Token, want.Kind, e.Token, e.Kind, e.Segments)
		}
	}
}

// TestExplainAnything: whatever it is given, it says what it can.
func TestExplainAnything(t *testing.T) {
	t.Parallel()
	b := func(text string) string { return value.Base64URL(text) }
	for _, row := range []struct {
		reason, token   string
		segments        int
		header, payload []string
		headerText      string
		payloadText     string
	}{
		{reason: "empty", token: "", segments: 1},
		{reason: "opaque", token: "1.AXQAAbc.", segments: 3, headerText: "1", payloadText: "AXQAAbc"},
		{reason: "one-segment", token: "abc", segments: 1, headerText: "abc"},
		{reason: "twice", token: b(`{}`) + "." + b(`{"aud":"a","aud":"b"}`) + ".x", segments: 3, payload: []string{"aud=a | ", "aud=b | "}},
		{reason: "array", token: b(`[]`) + "." + b(`"x"`) + ".x", segments: 3, headerText: "[]", payloadText: `"x"`},
		{reason: "two-segments", token: b(`{"alg":"none"}`) + "." + b(`{}`), segments: 2, header: []string{"alg=none | no signature at all"}},
		{reason: "encrypted", token: b(`{"alg":"dir","enc":"A128GCM"}`) + ".a.b.c.d", segments: 5, header: []string{"alg=dir | ", "enc=A128GCM | "}},
		{reason: "unencoded-payload", token: b(`{"b64":false}`) + `.{"aud":"a.b.c"}.x`, segments: 5, header: []string{"b64=false | "}, payload: []string{"aud=a.b.c | "}},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			e := Explain(row.token)
			if e.Segments != row.segments || e.HeaderText != row.headerText || e.PayloadText != row.payloadText {
				t.Errorf("expected %d segments, header %q, payload %q, got %d, %q, %q", row.segments, row.headerText, row.payloadText, e.Segments, e.HeaderText, e.PayloadText)
			}
			if diff := cmp.Diff([][]string{row.header, row.payload}, [][]string{told(e.Header), told(e.Payload)}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	odd := Explain(b(`{}`) + "." + b(`{"x-own":1}`) + ".x").Payload[0]
	if odd.Known() {
		t.Errorf("expected no word on x-own, got %q", odd.What)
	}
}

// TestExplainTable: every row can be reached, and every word is a sentence.
func TestExplainTable(t *testing.T) {
	t.Parallel()
	for _, table := range [][]claimWord{headerWords(), claimWords()} {
		general := map[string]bool{}
		for _, w := range table {
			if general[w.name] {
				t.Errorf("%s: a row stands behind one that fits all", w.name)
			}
			general[w.name] = w.token == "" && w.version == "" && w.subject == ""
			if !strings.HasSuffix(w.what, ".") || w.from == "" || strings.HasSuffix(w.from, ".") {
				t.Errorf("%s: expected a sentence and an origin, got %q and %q", w.name, w.what, w.from)
			}
		}
	}
}

// FuzzExplain: any text is explained.
func FuzzExplain(f *testing.F) {
	seeds := 0
	for _, g := range grants() {
		f.Add(issue(f, g))
		seeds++
	}
	for _, text := range []string{"", ".", "..", "a.b.c.d.e", "e30.e30.", "\xff.\xff.\xff"} {
		f.Add(text)
		seeds++
	}
	if seeds < 15 {
		f.Fatalf("expected at least 15 seeds, got %d", seeds)
	}
	f.Fuzz(func(t *testing.T, token string) {
		e := Explain(token)
		if e.Segments != strings.Count(token, ".")+1 {
			t.Errorf("expected %d segments, got %d", strings.Count(token, ".")+1, e.Segments)
		}
		if (len(e.Header) > 0 && e.HeaderText != "") || (len(e.Payload) > 0 && e.PayloadText != "") {
			t.Error("expected members or text of a part, got both")
		}
	})
}
