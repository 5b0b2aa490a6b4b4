package engine_test

import (
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/verdict"
)

// TestNothingToChange: a mutation that changes nothing is never fired (design
// 5.5).
func TestNothingToChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, careful, devOnly()...)
	w.run(`- {id: same, guards: audience, source: mock, base: v2 app home, token: [{set: {aud: "${home.audience}"}}], expect: refuse 401}
- {id: gone, guards: format, source: mock, base: v2 app home, token: [{remove: {in: payload, names: [never-there]}}], expect: refuse 401}
`)
	w.want("same/dev", verdict.NothingToChange)
	w.want("gone/dev", verdict.NothingToChange)
	if w.counts["same/dev"]+w.counts["gone/dev"] > 0 {
		t.Error("expected nothing fired")
	}
}

// TestNothingToChangeInOneKind: a mutation that one kind leaves as it is is
// fired with the next one.
func TestNothingToChangeInOneKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t, careful, append(devOnly(), "supports: {user-tokens: false}\n", "")...)
	w.run("- {id: no-name, guards: format, source: mock, base: v2 app home, token: [{remove: [name]}], expect: refuse 401}\n")
	w.want("no-name/dev", verdict.RefusedAsRequired)
	if got := w.cases["no-name/dev"].Kind; got != "v2 user" {
		t.Errorf("expected the user's token, got %s", got)
	}
}

// TestSeparable: environments that nothing tells apart fail, blamed on the
// registrations, and nothing is fired (design 5.6); where something does, By
// names the checks that it is for and that are enforced (5.7).
func TestSeparable(t *testing.T) {
	t.Parallel()
	sameRegistration := []string{"  uat:\n    api: uat-v2", "  uat:\n    api: dev-v2"}
	ownClients := []string{
		"  both: {id: 77ab0000-0003-4c11-8000-00000000a003, contracts: [dev, uat], granted: [dev, uat]}\n", "",
	}
	requires := func(text string) []string {
		return []string{"  uat:\n    api: dev-v2", "  uat:\n    api: dev-v2\n    requires: " + text}
	}
	enforces := func(text string) []string {
		return []string{"    api: dev-v2\n    gateways", "    api: dev-v2\n    enforces: " + text + "\n    gateways"}
	}
	rows := []struct {
		name  string
		edits [][]string
		want  verdict.Reason
		by    string
	}{
		{"own registrations", nil, verdict.RefusedAsRequired, "audience role"},
		{"own registrations and clients", [][]string{ownClients}, verdict.RefusedAsRequired, "audience client role"},
		{"audience declared", [][]string{enforces("[audience]")}, verdict.RefusedAsRequired, "audience"},
		{"client declared, but equal", [][]string{enforces("[client]")}, verdict.RefusedAsRequired, ""},
		{"one registration, one client, one role", [][]string{sameRegistration}, verdict.EnvironmentsNotSeparable, ""},
		{"one registration, its own role", [][]string{sameRegistration, requires("{roles: [UAT.Access]}")}, verdict.RefusedAsRequired, "role"},
		{"one registration, own clients", [][]string{sameRegistration, ownClients}, verdict.RefusedAsRequired, "client"},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			edits := devOnly()
			for _, e := range tt.edits {
				edits = append(edits, e...)
			}
			w := newWorld(t, func(v visit) {
				if v.control() {
					v.admit()
					return
				}
				v.refuse(403)
			}, edits...)
			w.run("- {id: foreign, guards: audience, source: real, base: exactly v2 app other, expect: refuse 403 401}\n")
			w.want("foreign/dev/from-uat", tt.want)
			c := w.cases["foreign/dev/from-uat"]
			if got := strings.Join(c.By, " "); got != tt.by {
				t.Errorf("expected by %q, got %q", tt.by, got)
			}
			if fired := w.counts["foreign/dev/from-uat"]; (tt.want == verdict.EnvironmentsNotSeparable) == (fired > 0) {
				t.Errorf("got %d requests", fired)
			}
		})
	}
}

// TestMissingValue: a row that borrows what the target does not have is
// skipped, with the name.
func TestMissingValue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, careful, devOnly()...)
	w.run(`- {id: lacks, guards: audience, source: mock, base: v2 app home, token: [{set: {aud: "${second.audience}"}}], expect: refuse 401}
- {id: sub, guards: audience, source: mock, base: v2 app home, token: [{set: {sub: "${home.user.sub}"}}], expect: refuse 401}
`)
	w.want("lacks/dev", verdict.CapabilityAbsent)
	if got := w.cases["lacks/dev"].Detail; !strings.Contains(got, "${second.audience}") {
		t.Errorf("expected the name, got %q", got)
	}
	w.want("sub/dev", verdict.CapabilityAbsent)
}
