package targets

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/document"
)

func accept() Answer                { return Answer{Accept: true} }
func refuse(statuses ...int) Answer { return Answer{Refuse: statuses} }

// TestCapabilityMakes holds what each sort of value makes of the rows that are
// left to it.
func TestCapabilityMakes(t *testing.T) {
	t.Parallel()
	table := []struct {
		name, key, value, row string
		want                  Answer
		silent                bool
	}{
		{name: "boolean true", key: "kid-required", value: "true", row: "kid-missing-many-keys", want: refuse(401)},
		{name: "boolean false", key: "kid-required", value: "false", row: "kid-missing-many-keys", want: accept()},
		{name: "word", key: "scope-form", value: "string", row: "scope-array-form", want: refuse(403, 401)},
		{name: "word, lenient", key: "scope-form", value: "array", row: "scope-array-form", want: accept()},
		{name: "a row of its own", key: "client-claim", value: "azp", row: "client-azp-only-in-v1", want: accept()},
		{name: "beside a row of its own", key: "client-claim", value: "azp", row: "client-appid-only-in-v2", want: refuse(401, 403)},
		{name: "a user's row", key: "client-claim", value: "azp", row: "mine", want: refuse(401, 403)},
		{name: "list with the word", key: "algorithms", value: "RS256,EdDSA", row: "alg-eddsa-unexpected", want: accept()},
		{name: "list without the word", key: "algorithms", value: "RS256,PS256", row: "alg-eddsa-unexpected", want: refuse(401)},
		{name: "short", key: "jwks-timeout", value: "5s", row: "jwks-slow", want: refuse(401, 503)},
		{name: "on the limit", key: "jwks-timeout", value: "30s", row: "jwks-slow", want: accept()},
		{name: "beyond", key: "jwks-timeout", value: "1m", row: "jwks-slow", want: accept()},
		{name: "word of a duration", key: "longest-lifetime", value: "none", row: "exp-milliseconds", want: accept()},
		{name: "long, absurd row", key: "longest-lifetime", value: "100000h", row: "exp-milliseconds", want: refuse(401)},
		{name: "long, sane row", key: "longest-lifetime", value: "100000h", row: "exp-ten-years", want: accept()},
		{name: "any other word", key: "identity-claim", value: "email", row: "user-email-of-victim", want: accept()},
		{name: "declares, decides nothing", key: "jwks", value: "static", row: "x", silent: true},
		{name: "unknown word", key: "tenants", value: "few", row: "x", silent: true},
		{name: "no length", key: "jwks-timeout", value: "soon", row: "x", silent: true},
	}
	for _, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, ok := CapabilityOf(tt.key)
			if !ok {
				t.Fatalf("expected a capability %q", tt.key)
			}
			got, ok := c.Makes(tt.value, tt.row)
			if ok == tt.silent {
				t.Errorf("expected silent %v, got answer %v", tt.silent, ok)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestNeeds holds how a need is written, when it is met and what it excludes.
func TestNeeds(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"echo", "opt-in", "origin", "plain-http", "other-route", "second-api", "other-tenant", "two-issuers",
		"shared-registration", "jwks-fetched", "scope-criteria-and", "audience-app-id-listed",
	} {
		if n, ok := NeedOf(name); !ok || n.String() != name {
			t.Errorf("expected the need %q, got %v", name, n)
		}
	}
	for _, name := range []string{"", "jwks", "jwks-guessed", "echo-true", "skew"} {
		if n, ok := NeedOf(name); ok {
			t.Errorf("expected no need %q, got %v", name, n)
		}
	}
	and, _ := NeedOf("scope-criteria-and")
	or, _ := NeedOf("scope-criteria-or")
	rs, _ := NeedOf("algorithms-RS256")
	ed, _ := NeedOf("algorithms-EdDSA")
	for name, got := range map[string]bool{
		"met":               and.Met("and") && !and.Met("or"),
		"met by a list":     ed.Met("RS256,EdDSA") && !ed.Met("RS256"),
		"one key":           and.Excludes(or) && !and.Excludes(and),
		"two keys":          !and.Excludes(ed),
		"two words of list": !rs.Excludes(ed),
	} {
		if !got {
			t.Errorf("%s: expected it to hold", name)
		}
	}
}

// TestCapabilitiesSound looks at the whole list: keys and needs are unique, and
// every capability that decides rows answers with each of its values.
func TestCapabilitiesSound(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, name := range NeedNames() {
		if seen[name] {
			t.Errorf("the need %q can be read in two ways", name)
		}
		seen[name] = true
	}
	rows := map[string]string{}
	for _, c := range Capabilities() {
		if !strings.HasSuffix(c.Says, ".") {
			t.Errorf("%s: expected a sentence, got %q", c.Key, c.Says)
		}
		for _, row := range c.Decides {
			if other, ok := rows[row]; ok {
				t.Errorf("row %s is decided by %s and by %s", row, other, c.Key)
			}
			rows[row] = c.Key
			answers := map[bool]bool{}
			for _, v := range append(append(c.Values, c.From...), deref(c.Other)...) {
				if a, ok := valueAnswer(v, row); ok {
					answers[a.Accept] = true
				}
			}
			if len(answers) == 0 {
				t.Errorf("%s: no value decides %s", c.Key, row)
			}
		}
	}
	if want := 36; len(rows) < want {
		t.Errorf("expected at least %d decided rows, got %d", want, len(rows))
	}
}

func deref(v *CapabilityValue) []CapabilityValue {
	if v == nil {
		return nil
	}
	return []CapabilityValue{*v}
}

func valueAnswer(v CapabilityValue, row string) (Answer, bool) {
	return Capability{Type: WordType, Values: []CapabilityValue{v}}.Makes(v.Value, row)
}

// TestCheckSupport holds the message for each wrong line of supports.
func TestCheckSupport(t *testing.T) {
	t.Parallel()
	table := []struct{ name, line, want string }{
		{"sound boolean", "kid-required: false", ""},
		{"sound word", "jwks: fetched", ""},
		{"sound duration", "skew: 30s", ""},
		{"sound word of a duration", "longest-lifetime: none", ""},
		{"sound list", "algorithms: [RS256, PS256]", ""},
		{"sound number", "largest-header: 8192", ""},
		{"sound free word", "identity-claim: email", ""},
		{"unknown key", "kid-requird: false", `t.yaml:1:14: unknown capability "kid-requird" (did you mean "kid-required"?)`},
		{"written as a need", "jwks-fetched: true", `t.yaml:1:15: unknown capability "jwks-fetched" (write jwks: fetched)`},
		{"wrong type", "kid-required: perhaps", `t.yaml:1:15: expected a boolean, got "perhaps"`},
		{"unknown word", "jwks: fetchd", `t.yaml:1:7: unknown value of jwks "fetchd" (did you mean "fetched"?)`},
		{"no length", "skew: soon", `t.yaml:1:7: expected a length of time, got "soon" (write 30s, 5m or 2h)`},
		{"no list", "algorithms: RS256", `t.yaml:1:13: expected a list, got "RS256"`},
		{"no number", "largest-header: big", `t.yaml:1:17: expected a number, got "big"`},
	}
	for _, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			root, err := document.Parse("t.yaml", []byte(tt.line))
			if err != nil {
				t.Fatal(err)
			}
			CheckSupport(root.Members()[0])
			got := ""
			if err := root.Err(); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("expected %q\n     got %q", tt.want, got)
			}
		})
	}
}

// TestReadCapabilitiesRefuses plants one defect of each sort in the data.
func TestReadCapabilitiesRefuses(t *testing.T) {
	t.Parallel()
	table := []struct{ name, src, want string }{
		{"double key", "- {key: a, type: number, says: A.}\n- {key: a, type: number, says: A.}", `t.yaml:2:3: capability "a" stands twice`},
		{"unknown type", "- {key: a, type: numbr, says: A.}", `t.yaml:1:18: unknown type "numbr" (did you mean "number"?)`},
		{"half a boolean", "- {key: a, type: boolean, says: A., values: {\"true\": {says: A.}}}", `t.yaml:1:3: expected the values true and false, got [true]`},
		{"no answer", "- {key: a, type: word, says: A., values: {b: {says: B., makes: refuse}}}", `t.yaml:1:64: cannot read the answer "refuse" (accept, or refuse 401 403)`},
		{"lengths out of order", "- {key: a, type: duration, says: A., from: {2s: {says: A.}, 1s: {says: B.}}}", `t.yaml:1:3: cannot read the length "1s" (lengths such as 30s, the shortest first)`},
	}
	for _, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := readCapabilities("t.yaml", []byte(tt.src))
			if err == nil || err.Error() != tt.want {
				t.Errorf("expected %q\n     got %v", tt.want, err)
			}
		})
	}
}
