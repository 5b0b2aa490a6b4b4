package scenarios

import (
	"encoding/csv"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp/mint"
)

func decidingKeys() []string { return targets.DecidingKeys() }

func builtinRows(t testing.TB) Catalogue {
	t.Helper()
	c, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// baseText is a base in words, defaults left out.
func baseText(b Base) string {
	switch {
	case b.Forged:
		return "forged"
	case b.None:
		return "none"
	}
	or := func(text, otherwise string) string {
		if text == "" {
			return otherwise
		}
		return text
	}
	words := []string{or(string(b.Version), "any"), or(string(b.Kind), "any"), string(b.API)}
	if b.EachKind {
		words[1] = "each"
	}
	if b.Exactly {
		words = slices.Insert(words, 0, "exactly")
	}
	add := func(name, text, usual string) {
		if text != usual {
			words = append(words, name+"="+text)
		}
	}
	add("tenant", string(b.Tenant), "home")
	add("issuer", string(b.Issuer), "home")
	add("client", string(b.Client), "contracted")
	add("audience", b.Audience, "")
	add("user", string(b.User), "")
	add("authentication", b.Authentication, "")
	add("capabilities", strings.Join(b.Capabilities, ","), "")
	add("age", string(b.Age), "fresh")
	add("token", string(b.Token), "access")
	if b.AppKeys {
		words = append(words, "keys=app")
	}
	if b.Scopes != nil {
		words = append(words, fmt.Sprintf("scopes=%v", refsOf(b.Scopes)))
	}
	if b.Roles != nil {
		words = append(words, fmt.Sprintf("roles=%v", refsOf(b.Roles)))
	}
	return strings.Join(words, " ")
}

func refsOf(all []Expr) (refs []string) {
	for _, e := range all {
		refs = append(refs, e.Refs()...)
	}
	return refs
}

// profileRows are the rows of the listed profiles, written down here a second
// time so that a row cannot drop out unseen.
func profileRows() map[string]string {
	return map[string]string{
		"witness": `ctl-v2-delegated ctl-v2-app-only ctl-v1-app-only aud-other-env-genuine aud-shared-registration aud-arm-genuine aud-id-token
			client-unregistered-genuine client-contract-only-other-env client-multi-tenant-twin scope-missing-genuine
			scope-or-shared-across-envs role-app-only-no-roles exp-past-genuine`,
		"smoke": `ctl-v2-delegated ctl-v2-app-only auth-missing auth-query-only auth-lower-case-scheme auth-two-headers-bad-good sig-bit-flipped
			sig-empty sig-payload-aud-edited alg-none alg-none-mixed-case alg-hs256-pubkey-pem kid-known-own-key jwk-embedded fmt-one-segment
			fmt-duplicate-alg iss-unknown-issuer-self-signed aud-other-env-genuine aud-arm-genuine aud-id-token client-unregistered-genuine
			client-header-spoofed scope-missing-genuine role-app-only-no-roles state-tampered-after-good state-anonymous-on-warm-connection
			path-dot-segments rsp-token-not-echoed rsp-never-5xx`,
		"splitters": `exp-missing exp-digit-string exp-string-past nbf-future alg-none alg-hs256-key-path-string alg-rs512-same-key
			alg-ps256-same-key crit-unknown-extension fmt-duplicate-aud kid-unknown-genuine-signature kid-missing-many-keys aud-missing
			iss-missing auth-no-scheme auth-trailing-junk auth-query-only auth-two-headers-upstream-view auth-lower-case-scheme
			scope-superstring scope-embedded scope-regex-dot scope-array-form ctl-scope-last-of-many ctl-v2-app-only ctl-token-size-ladder
			jwks-unknown-kid-flood jwks-new-key-after-flood scope-same-name-other-audience client-unregistered-genuine`,
		"aftercare": "mock-no-longer-trusted",
		"probe": `probe-client-id-claim probe-scope-claim probe-roles-as-scope probe-appid-beside-azp probe-aud-other-form probe-roles-as-scp
			probe-v2-in-v1-form`,
	}
}

// TestBuiltinRows holds which rows there are: those of the reference and our
// own; nothing less and nothing else.
func TestBuiltinRows(t *testing.T) {
	t.Parallel()
	all := builtinRows(t)
	want := []string{"aud-other-only", "mock-no-longer-trusted"}
	for _, r := range referenceRows(t) {
		want = append(want, r[0])
	}
	want = append(want, strings.Fields(profileRows()["probe"])...)
	slices.Sort(want)
	if diff := cmp.Diff(want, all.IDs()); diff != "" {
		t.Error(diff)
	}
}

// TestProfileRows holds which rows the listed profiles have.
func TestProfileRows(t *testing.T) {
	t.Parallel()
	all := builtinRows(t)
	story := map[string]bool{}
	for name, ids := range profileRows() {
		rows, err := all.Select(Selection{Profile: name})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range rows {
			got = append(got, s.ID)
			story[s.ID] = !slices.Contains([]string{"aftercare", "probe"}, name)
		}
		slices.Sort(got)
		listed := strings.Fields(ids)
		slices.Sort(listed)
		if diff := cmp.Diff(listed, got); diff != "" {
			t.Errorf("profile %s: %s", name, diff)
		}
	}
	maps.DeleteFunc(story, func(_ string, told bool) bool { return !told })
	if len(story) != 60 {
		t.Errorf("expected 60 rows in witness, smoke and splitters, got %d", len(story))
	}
}

// TestBuiltinColumns holds that a built-in row says everything that a user's
// may leave out, in the file of its group.
func TestBuiltinColumns(t *testing.T) {
	t.Parallel()
	groups := map[string]string{}
	for _, g := range Groups() {
		groups[g.Code] = g.File
	}
	for _, s := range builtinRows(t).All() {
		if s.Title == s.ID {
			t.Errorf("%s: expected a title", s.ID)
		}
		if s.Kind != Data && s.Demands == "" {
			t.Errorf("%s: expected demands in words", s.ID)
		}
		if !strings.Contains(s.Pos.File, groups[s.Group]) && !strings.HasSuffix(s.Pos.File, "own.yaml") {
			t.Errorf("%s of group %s stands in %s", s.ID, s.Group, s.Pos.File)
		}
		for _, ref := range s.References {
			if strings.HasPrefix(ref, "RG ") || strings.Contains(ref, "gateways.md") || strings.Contains(ref, "peers.md") {
				t.Errorf("%s: the reference %q names what is not in the repository", s.ID, ref)
			}
		}
	}
}

// TestBuiltinLint holds that no two rows contradict each other.
func TestBuiltinLint(t *testing.T) {
	t.Parallel()
	if err := builtinRows(t).Lint(); err != nil {
		t.Error(err)
	}
}

// expectations of the reference that a row says otherwise: the verdict of the
// reference's sequence is the one of its last step, and demands tells the rest.
func flowExpectations() map[string]string {
	return map[string]string{
		"jwks-new-key-just-published":        "accept",
		"jwks-unknown-kid-flood":             "refuse 401",
		"jwks-new-key-after-flood":           "accept",
		"jwks-emergency-roll":                "refuse 401",
		"state-tampered-after-good":          "refuse 401",
		"jwks-slow":                          "either jwks-timeout",
		"state-anonymous-on-warm-connection": "refuse 401 400",
		"state-scope-across-routes":          "refuse 403 401",
		"state-audience-across-apis":         "refuse 401 403",
		"state-expired-after-cached":         "refuse 401",
		"state-bad-does-not-poison":          "accept",
		"state-two-callers-one-connection":   "refuse 403 401",
		"state-shared-cache":                 "refuse 401",
		"exp-passes-on-open-connection":      "refuse 401",
		"dos-slow-headers":                   "refuse 408, or closed",
	}
}

// titleConditions are the conditions that the reference tells in a row's title
// or mark, not in its column.
func titleConditions() map[string]string {
	return map[string]string{
		"kid-command-injection":  ", within 4s",
		"kid-template-injection": ", no call-out",
	}
}

// referenceExpectation is what a code of the reference's column expect makes.
func referenceExpectation(s Scenario, code string) string {
	code, condition, _ := strings.Cut(code, ";")
	switch {
	case flowExpectations()[s.ID] != "":
		return flowExpectations()[s.ID]
	case code == "A" && strings.Contains(condition, ", or R "):
		_, or, _ := strings.Cut(condition, ", or R ")
		return "accept, or refuse " + or + ", with a condition on what the upstream saw"
	case code == "A":
		return "accept"
	case strings.HasPrefix(code, "R ") && strings.Contains(condition, "or served"):
		return "accept, or refuse " + strings.ReplaceAll(strings.TrimPrefix(code, "R "), "/", " ") + ", with a condition on what the upstream saw"
	case strings.HasPrefix(code, "R "):
		refusal := "refuse " + strings.ReplaceAll(strings.TrimPrefix(code, "R "), "/", " ")
		switch {
		case refusalCondition(condition)+titleConditions()[s.ID] != "":
			refusal += refusalCondition(condition) + titleConditions()[s.ID]
		case strings.Contains(condition, "A is WARN"):
			refusal += ", accepted is a warning"
		case s.Group == "DOS": // 6.16: in the time budget, a passing control right after
			refusal += ", within 2s, the next control accepted"
		}
		return refusal
	case code == "M":
		return "measure " + s.Expect.Measure
	case code == "E" && strings.Contains(condition, "never 5xx"):
		return "either " + s.Expect.Either + ", no 5xx, the next control accepted"
	case code == "E" && (strings.Contains(condition, "if accepted") && s.Expect.Either != "" || strings.HasPrefix(condition, " upstream identity is")):
		return "either " + s.Expect.Either + ", with a condition on what the upstream saw"
	case code == "E" && condition != "":
		return "conditions, with a condition on what the upstream saw"
	case code == "E":
		return "either " + s.Expect.Either
	}
	return "conditions" // O: an observer expects nothing of a request
}

// refusalCondition is a condition of the reference beside a refusal.
func refusalCondition(words string) string {
	return map[string]string{"no call-out": ", no call-out", "never 5xx": ", no 5xx"}[strings.TrimSpace(words)]
}

// referenceRows is the reference's table of rows, as testdata/reference.csv
// carries it; without references to what is not in the repository.
func referenceRows(t *testing.T) [][]string {
	t.Helper()
	file, err := os.Open("testdata/reference.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(records) != 443 {
		t.Fatalf("expected 442 rows and a header, got %d lines", len(records))
	}
	return records[1:]
}

// TestReferenceColumns holds the rows against the reference, column by column;
// titles are our own words.
// One group: -run TestReferenceColumns/AUD.
func TestReferenceColumns(t *testing.T) {
	t.Parallel()
	all := builtinRows(t)
	for _, r := range referenceRows(t) {
		t.Run(r[8]+"/"+r[0], func(t *testing.T) {
			s, ok := all.ByID(r[0])
			if !ok {
				t.Fatalf("expected the row %s of group %s", r[0], r[8])
			}
			referenceColumns(t, r, s)
		})
	}
}

func referenceColumns(t *testing.T, r []string, s Scenario) {
	t.Helper()
	compare := func(column, want, got string) {
		if want != got {
			t.Errorf("%s: expected %s %q, got %q", s.ID, column, want, got)
		}
	}
	compare("expect", referenceExpectation(s, r[4]), s.Expect.Text())
	compare("severity", r[5], string(s.Severity))
	compare("source", r[6], string(s.Source))
	compare("marks", strings.NewReplacer("[", "", "]", "", "–", "").Replace(r[7]), strings.Join(s.Marks, " "))
	compare("group", r[8], s.Group)
	plain := strings.NewReplacer("`", "").Replace
	for ref := range strings.FieldsFuncSeq(plain(r[10]), func(c rune) bool { return strings.ContainsRune("; ()", c) }) {
		if given := strings.Join(s.References, " "); strings.ContainsAny(ref, "0123456789") && !strings.Contains(given, ref) {
			t.Errorf("%s: expected the reference %s in %q", s.ID, ref, given)
		}
	}
	if r[2] != "–" && r[2] != "none" {
		compare("mutation", plain(r[2]), s.Mutation)
	}
	if r[3] != "–" {
		compare("place", plain(r[3]), s.Place)
	}
	for _, v := range s.Effective() {
		if v.Scenario.Base.Exactly && !s.Base.Exactly { // 0: bound by the claim that this variant touches
			v.Scenario.Base.Version, v.Scenario.Base.Kind = s.Base.Version, s.Base.Kind
		}
		referenceBase(t, r[1], v.Scenario)
	}
}

// referenceBase holds a base against the reference's words for it.
func referenceBase(t *testing.T, words string, s Scenario) {
	t.Helper()
	b := s.Base
	contradicts := func(yes bool, what string) {
		if yes {
			t.Errorf("%s: the reference's base is %q, got %s (%s)", s.ID, words, baseText(b), what)
		}
	}
	contradicts(strings.HasPrefix(words, "v1") && b.Version == mint.V2, "version")
	both := strings.HasPrefix(words, "v2/v1") || s.ID == "iss-version-claim-mismatch" // "and the reverse", says its title
	contradicts(strings.HasPrefix(words, "v2") && !both && b.Version == mint.V1, "version")
	contradicts(strings.Contains(words, " app") && b.Kind == mint.SubjectUser, "kind")
	contradicts(strings.Contains(words, " del") && b.Kind == mint.SubjectApp, "kind")
	madeUp := b.Forged || b.None && s.Source == Forged // nothing of a genuine token is needed
	contradicts((words == "forged") != madeUp, "forged")
	contradicts(words == "none" && !b.None, "none")
	// Of two callers the base is the first.
	contradicts(strings.Contains(strings.TrimPrefix(words, "client 1, client X"), "client X") != (b.Client == targets.Stranger), "client")
	contradicts(strings.Contains(words, "tenant B") != (b.Tenant == TenantOther), "tenant")
	contradicts((strings.HasSuffix(words, " OTHER") && words != "v2 app HOME, client of OTHER") != (b.API == APIOther), "api")
	contradicts((words == "ARM") != (b.API == APIARM), "api")
	contradicts((words == "Graph") != (b.API == APIGraph), "api")
	contradicts(strings.Contains(words, "API B") != (b.API == APISecond), "api")
	contradicts(strings.Contains(words, "aud=client") != (b.API == APISelf), "api")
	contradicts(strings.Contains(words, "client 2") != (b.Client == targets.Second), "client")
	contradicts(strings.Contains(words, "client 04b07795") != (b.Client == targets.FirstParty), "client")
	contradicts(strings.HasSuffix(words, ", MI") != (b.Client == targets.Managed), "client")
	contradicts(strings.HasSuffix(words, ", twin") != (b.Client == targets.Namesake), "client")
	contradicts((words == "ID") != (b.Token == mint.ID), "token")
	contradicts(strings.Contains(words, "aged") != (b.Age == mint.Expired), "age")
}

// TestOracleRows holds the bases of the oracle's rows, word by word: what the
// catalogue leaves open about their tokens stands beside the oracle.
func TestOracleRows(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"ctl-v2-delegated":                      "exactly v2 user home",
		"ctl-v2-app-only":                       "exactly v2 app home",
		"ctl-v1-delegated":                      "exactly v1 user home",
		"ctl-v1-app-only":                       "exactly v1 app home",
		"aud-other-env-genuine":                 "v2 app other",
		"aud-other-env-genuine-delegated":       "v2 user other",
		"aud-other-env-genuine-v1":              "v1 app other",
		"aud-shared-registration":               "exactly any app home client=other roles=[other.role]",
		"aud-arm-genuine":                       "v1 user arm",
		"aud-id-token":                          "v2 user home token=id",
		"client-unregistered-genuine":           "v2 app home client=stranger",
		"client-unregistered-genuine-delegated": "v2 user home client=stranger",
		"client-contract-only-other-env":        "v2 app home client=other",
		"client-multi-tenant-twin":              "v2 app home tenant=other",
		"scope-missing-genuine":                 "exactly any user home scopes=[home.other-scope]",
		"scope-or-shared-across-envs":           "exactly any user other scopes=[other.scope other.shared-scope]",
		"role-app-only-no-roles":                "exactly any app home client=ungranted",
		"exp-past-genuine":                      "any any home age=expired",
		"client-id-claim-spoofed":               "v2 app home client=stranger",
	}
	rows, err := Oracle()
	if err != nil {
		t.Fatal(err)
	}
	all := builtinRows(t)
	for _, row := range rows {
		s, ok := all.ByID(row.Scenario)
		if !ok {
			t.Errorf("the oracle names %s, which is not in the catalogue", row.Scenario)
			continue
		}
		if got := baseText(s.Base); got != want[row.Scenario] {
			t.Errorf("%s: expected the base %q, got %q", row.Scenario, want[row.Scenario], got)
		}
		if !s.Base.Allows(row.Kind) {
			t.Errorf("%s: the base %s does not allow the oracle's kind %s", row.Scenario, baseText(s.Base), row.Kind)
		}
	}
	if len(rows) != len(want) {
		t.Errorf("expected %d rows, got %d", len(want), len(rows))
	}
}

// TestAllNeeds holds what a base implies.
func TestAllNeeds(t *testing.T) {
	t.Parallel()
	table := []struct{ name, base, want string }{
		{"nothing", "any home", "[echo]"},
		{"preferred user", "v2 user home", "[echo]"},
		{"bound user", "exactly user home", "[echo user-tokens]"},
		{"bound app", "exactly v2 app home", "[echo app-tokens]"},
		{"id token", "{token: id}", "[echo user-tokens]"},
		{"second API", "v2 app second", "[echo second-api]"},
		{"another tenant", "{tenant: other}", "[echo other-tenant]"},
	}
	for _, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := Parse("r.yaml", []byte(instead("base", "base: "+tt.base+"\n  needs: [echo]")))
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(c.All()[0].AllNeeds()); got != tt.want {
				t.Errorf("expected %s, got %s", tt.want, got)
			}
		})
	}
}

// TestUsesOther holds which rows borrow from another environment.
func TestUsesOther(t *testing.T) {
	t.Parallel()
	table := []struct {
		name, src string
		want      bool
	}{
		{"nothing", sound, false},
		{"its token", instead("base", "base: v2 app other"), true},
		{"its client", instead("base", "base: {client: other}"), true},
		{"its gateway", strings.Replace(with("request: {to: other}"), "refuse 401", "accept", 1), true},
		{"a name of it", with(`token: [{set: {aud: "${other.audience}"}}]`), true},
		{"what both share", instead("base", `base: {exactly: true, kind: user, scopes: ["${home.shared-scope}"]}`), true},
		{"in a variant", with("variants: {a: {base: any home}, b: {base: any other}}"), true},
		{"in the condition", instead("expect", `expect: {accept: true, upstream: {not-identity: "${other.client.id}"}}`), true},
	}
	for _, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := Parse("r.yaml", []byte(tt.src))
			if err != nil {
				t.Fatal(err)
			}
			if got := c.All()[0].UsesOther(); got != tt.want {
				t.Errorf("expected %v, got %v", tt.want, got)
			}
		})
	}
}

// TestSlow holds that waiting for a token to age is not slow where tokens are
// made on demand.
func TestSlow(t *testing.T) {
	t.Parallel()
	aged, _ := builtinRows(t).ByID("exp-past-genuine")
	if !aged.Slow(false) || aged.Slow(true) {
		t.Errorf("expected slow with real tokens only, got %v and with a mock %v", aged.Slow(false), aged.Slow(true))
	}
	c, err := Parse("r.yaml", []byte(with("marks: [slow]")))
	if err != nil {
		t.Fatal(err)
	}
	if s := c.All()[0]; !s.Slow(true) || !s.Slow(false) {
		t.Error("expected a row that waits for something else to be slow")
	}
	if c.All()[0].Marked("FP") {
		t.Error("expected no mark FP")
	}
}
