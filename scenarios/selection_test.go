package scenarios

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// few is a small catalogue with one row of each sort.
func few(t testing.TB) Catalogue {
	t.Helper()
	row := func(id, rest string) string {
		return "- {id: " + id + ", guards: audience, expect: refuse 401, " + rest + "}\n"
	}
	src := row("critical-mock", "source: mock, severity: critical, group: AUD, marks: [FP]") +
		row("high-real", "source: real, severity: high, profiles: [smoke]") +
		row("high-slow", "source: real, severity: high, marks: [slow]") +
		row("high-opt-in", "source: real, severity: high, marks: [opt-in]") +
		row("low-real", "source: real+, severity: low, refs: [8725bis§2.10 §3.13, NIST AU-2 AU-12, CVE-2022-21449 (class)]") +
		"- {id: probe-one, guards: client, source: mock, severity: critical, profiles: [probe], expect: {measure: one}}\n"
	c, err := Parse("few.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestSelect holds what profiles and filters choose, and what a filter that
// matches nothing says.
func TestSelect(t *testing.T) {
	t.Parallel()
	const everything = "critical-mock high-real high-slow high-opt-in low-real"
	table := []struct {
		name      string
		selection Selection
		want      string
		err       NothingSelectedError
	}{
		{name: "nothing said", want: everything},
		{name: "full", selection: Selection{Profile: "full"}, want: everything},
		{name: "core", selection: Selection{Profile: "core"}, want: "critical-mock high-real"},
		{name: "core-keyless", selection: Selection{Profile: "core-keyless"}, want: "high-real"},
		{name: "listed", selection: Selection{Profile: "smoke"}, want: "high-real"},
		{name: "apart", selection: Selection{Profile: "probe"}, want: "probe-one"},
		{name: "id", selection: Selection{IDs: []string{"high-real"}}, want: "high-real"},
		{name: "id that stands apart", selection: Selection{IDs: []string{"probe-*"}}, want: "probe-one"},
		{name: "ids", selection: Selection{IDs: []string{"high-*", "low-*"}}, want: "high-real high-slow high-opt-in low-real"},
		{name: "id in a profile", selection: Selection{Profile: "core", IDs: []string{"high-*"}}, want: "high-real"},
		{name: "group", selection: Selection{Groups: []string{"AUD"}}, want: "critical-mock"},
		{name: "severity", selection: Selection{Severities: []string{"low", "critical"}}, want: "critical-mock low-real"},
		{name: "mark", selection: Selection{Marks: []string{"slow"}}, want: "high-slow"},
		{name: "guards", selection: Selection{Guards: []string{"audience"}}, want: everything},
		{name: "source", selection: Selection{Sources: []string{"real+"}}, want: "low-real"},
		{name: "reference", selection: Selection{References: []string{"8725bis§3.13"}}, want: "low-real"},
		{name: "reference in a person's words", selection: Selection{References: []string{"RFC 8725bis 2.10"}}, want: "low-real"},
		{name: "reference to what is above", selection: Selection{References: []string{"cve-2022"}}, want: "low-real"},
		{name: "reference to the second of two", selection: Selection{References: []string{"NIST AU-12"}}, want: "low-real"},
		{name: "reference to a standard", selection: Selection{References: []string{"NIST SP 800-53 r5"}}, want: "critical-mock low-real"},
		{name: "reference through a chapter", selection: Selection{References: []string{"NIST AC-4"}}, want: "critical-mock"},
		{name: "two filters", selection: Selection{Severities: []string{"high"}, Marks: []string{"slow", "FP"}}, want: "high-slow"},

		{name: "unknown profile", selection: Selection{Profile: "smok"}, err: NothingSelectedError{"profile", "smok", `did you mean "smoke"?`}},
		{name: "profile without rows", selection: Selection{Profile: "witness"}, err: NothingSelectedError{"profile", "witness", ""}},
		{name: "unknown id", selection: Selection{IDs: []string{"high-real", "low-rael"}}, err: NothingSelectedError{"id", "low-rael", `did you mean "low-real"?`}},
		{name: "bad pattern", selection: Selection{IDs: []string{"[x"}}, err: NothingSelectedError{"id", "[x", ""}},
		{name: "id outside the profile", selection: Selection{Profile: "smoke", IDs: []string{"low-real"}}, err: NothingSelectedError{"id", "low-real", ""}},
		{name: "probe outside the profile", selection: Selection{Profile: "full", IDs: []string{"probe-one"}}, err: NothingSelectedError{"id", "probe-one", ""}},
		{name: "unknown group", selection: Selection{Groups: []string{"AUX"}}, err: NothingSelectedError{"group", "AUX", `did you mean "AUD"?`}},
		{name: "empty group", selection: Selection{Groups: []string{"AUD", "TIM"}}, err: NothingSelectedError{"group", "TIM", ""}},
		{name: "unknown severity", selection: Selection{Severities: []string{"hihg"}}, err: NothingSelectedError{"severity", "hihg", `did you mean "high"?`}},
		{name: "unknown mark", selection: Selection{Marks: []string{"slo"}}, err: NothingSelectedError{"mark", "slo", `did you mean "slow"?`}},
		{name: "unknown guard", selection: Selection{Guards: []string{"aud"}}, err: NothingSelectedError{"guards", "aud", ""}},
		{name: "unknown source", selection: Selection{Sources: []string{"moc"}}, err: NothingSelectedError{"source", "moc", `did you mean "mock"?`}},
		{name: "unknown reference", selection: Selection{References: []string{"ASVS 9.99"}}, err: NothingSelectedError{"reference", "ASVS 9.99", `did you mean "ASVS 9.1.1"?`}},
		{name: "half a number", selection: Selection{References: []string{"CVE-2022-2144"}}, err: NothingSelectedError{"reference", "CVE-2022-2144", `did you mean "CVE-2022-21449"?`}},
		{name: "no reference", selection: Selection{References: []string{" "}}, err: NothingSelectedError{"reference", " ", ""}},
		{name: "nothing in common", selection: Selection{Severities: []string{"low"}, Marks: []string{"slow"}}, err: NothingSelectedError{}},
	}
	for _, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rows, err := few(t).Select(tt.selection)
			var ids []string
			for _, s := range rows {
				ids = append(ids, s.ID)
			}
			if got := strings.Join(ids, " "); got != tt.want {
				t.Errorf("expected %q, got %q", tt.want, got)
			}
			if tt.want != "" {
				if err != nil {
					t.Errorf("expected no error, got %v", err)
				}
				return
			}
			var nothing *NothingSelectedError
			if !errors.As(err, &nothing) || *nothing != tt.err {
				t.Errorf("expected %v, got %v", &tt.err, err)
			}
		})
	}
}

// TestSelectText holds how a selection of nothing is told.
func TestSelectText(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		`scenarios: no row matches profile "smok" (did you mean "smoke"?)`: &NothingSelectedError{"profile", "smok", `did you mean "smoke"?`},
		"scenarios: no row matches all the filters together":               &NothingSelectedError{},
	} {
		if err.Error() != want {
			t.Errorf("expected %q, got %q", want, err.Error())
		}
	}
}

// TestBuiltinProfiles holds how many rows the rules choose of those there are.
func TestBuiltinProfiles(t *testing.T) {
	t.Parallel()
	all := builtinRows(t)
	count := func(profile string) int {
		rows, err := all.Select(Selection{Profile: profile})
		if err != nil {
			t.Fatal(err)
		}
		return len(rows)
	}
	probes, aftercare := len(strings.Fields(profileRows()["probe"])), 1
	for profile, want := range map[string]int{"full": all.Len() - probes - aftercare, "witness": 14, "smoke": 29, "splitters": 30, "aftercare": aftercare, "probe": probes} {
		if got := count(profile); got != want {
			t.Errorf("profile %s: expected %d rows, got %d", profile, want, got)
		}
	}
	rows, _ := all.Select(Selection{Profile: "core-keyless"})
	for _, s := range rows {
		if !s.Source.Keyless() || s.Marked("slow") || !slices.Contains([]Severity{Critical, High}, s.Severity) {
			t.Errorf("core-keyless holds %s: %s, %s, %v", s.ID, s.Source, s.Severity, s.Marks)
		}
	}
	if core, keyless := count("core"), len(rows); keyless >= core || keyless == 0 {
		t.Errorf("expected fewer rows in core-keyless than in core, got %d and %d", keyless, core)
	}
	if got, want := strings.Join(ProfileNames(), " "), "witness smoke splitters core-keyless core full aftercare probe"; got != want {
		t.Errorf("expected the profiles %q, got %q", want, got)
	}
}

// TestLint plants contradictions, and pairs that exclude each other.
func TestLint(t *testing.T) {
	t.Parallel()
	row := func(id, rest string) string {
		return "- {id: " + id + ", guards: audience, source: mock, " + rest + "}\n"
	}
	table := []struct{ name, src, want string }{
		{"accept and refuse", row("a", "base: v2 app home, expect: accept") + row("b", "base: v2 app home, expect: refuse 401"), `b sends what a sends and expects "refuse 401", not "accept"`},
		{"long and short base", row("a", "base: any home, expect: accept") + row("b", "base: {kind: app}, expect: refuse 401"), `b sends what a sends and expects "refuse 401", not "accept"`},
		{"other style of the steps", row("a", "base: v2 app home, token: [{set: {aud: x}}], expect: refuse 401") + row("b", `base: v2 app home, token: [{"set": {'aud': "x"}}], expect: refuse 403`), `b sends what a sends and expects "refuse 403", not "refuse 401"`},
		{"a stricter list of statuses", row("a", "base: v2 app home, token: [{set: {aud: x}}], expect: refuse 401 403") + row("b", "base: v2 app home, token: [{set: {aud: x}}], expect: refuse 401"), ""},
		{"statuses in another order", row("a", "base: v2 app home, token: [{set: {aud: x}}], expect: refuse 401 400") + row("b", "base: v2 app home, token: [{set: {aud: x}}], expect: refuse 400 401"), ""},
		{"a decision of the target's, made", row("a", "expect: {either: versions}") + row("b", "expect: accept"), ""},
		{"decisions by two capabilities", row("a", "expect: {either: versions}") + row("b", "expect: {either: guests}"), `b sends what a sends and expects "either guests", not "either versions"`},
		{"in a variant", row("a", "expect: accept") + row("b", "variants: {x: {base: v1 home}, y: {base: v2 home, request: {method: PUT}}}, expect: refuse 401"), `b/x sends what a sends and expects "refuse 401", not "accept"`},
		{"same expectation", row("a", "expect: accept") + row("b", "expect: accept"), ""},
		{"measured beside", row("a", "expect: accept") + row("b", "expect: {measure: x}"), ""},
		{"condition beside", row("a", "expect: accept") + row("b", "expect: {no-5xx: true}"), ""},
		{"kinds that never meet", row("a", "base: v1 app home, expect: accept") + row("b", "base: v2 app home, expect: refuse 401"), ""},
		{"another client", row("a", "expect: accept") + row("b", "base: {client: stranger}, expect: refuse 401"), ""},
		{"other scopes", row("a", "base: {exactly: true, kind: user, scopes: [a]}, expect: accept") + row("b", "base: {exactly: true, kind: user, scopes: [b]}, expect: refuse 401"), ""},
		{"another request", row("a", "expect: accept") + row("b", "request: {method: PUT}, expect: refuse 401"), ""},
		{"another number", row("a", "base: forged, token: [{set: {exp: 1}}], expect: accept") + row("b", `base: forged, token: [{set: {exp: "1"}}], expect: refuse 401`), ""},
		{"needs and unless", row("a", "needs: [echo], expect: accept") + row("b", "unless: [echo], expect: refuse 401"), ""},
		{"two values of one need", row("a", "needs: [scope-criteria-and], expect: accept") + row("b", "needs: [scope-criteria-or], expect: refuse 401"), ""},
		{"implied need and unless", row("a", "base: exactly user home, expect: accept") + row("b", "base: exactly user home, unless: [user-tokens], expect: refuse 401"), ""},
		{"another issuer", row("a", "base: any home, expect: accept") + row("b", "base: {issuer: former}, expect: refuse 401"), ""},
		{"each kind", row("a", "base: {issuer: former}, expect: accept") + row("b", "base: {kind: each, issuer: former}, expect: refuse 401"), `b sends what a sends and expects "refuse 401", not "accept"`},
		{"needs that can both hold", row("a", "needs: [echo], expect: accept") + row("b", "needs: [opt-in], expect: refuse 401"), `b sends what a sends and expects "refuse 401", not "accept"`},
	}
	for _, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := Parse("r.yaml", []byte(tt.src))
			if err != nil {
				t.Fatal(err)
			}
			var problem *Problem
			if err := c.Lint(); errors.As(err, &problem) != (tt.want != "") || (problem != nil && problem.Text != tt.want) {
				t.Errorf("expected %q, got %v", tt.want, err)
			}
		})
	}
}
