package engine_test

import (
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// withProbes gives the plan the measuring rows of the built-in catalogue.
func (w *world) withProbes() {
	w.t.Helper()
	all, err := scenarios.Builtin()
	if err != nil {
		w.t.Fatal(err)
	}
	rows, err := all.Select(scenarios.Selection{Profile: "probe"})
	if err != nil {
		w.t.Fatal(err)
	}
	w.plan.Probes = scenarios.Expansion{Target: w.target, EachKind: true}.Expand(rows)
}

// TestCause: when a control is refused, measuring rows name the claim that the
// gateway reads; they judge nothing (design 5, cause line).
func TestCause(t *testing.T) {
	t.Parallel()
	// A gateway that admits what has the claims and values.
	reads := func(claims ...string) func(visit) {
		return func(v visit) {
			for i := 0; i < len(claims); i += 2 {
				if got := v.Payload.GetText(claims[i]); got == "" || claims[i+1] != "" && got != claims[i+1] {
					v.refuse(403)
					return
				}
			}
			v.admit()
		}
	}
	users := []string{"supports: {user-tokens: false}", "supports: {app-tokens: false}"}
	v1 := []string{"uris: [api://orders.dev], version: 2", "uris: [api://orders.dev], version: 1"}
	rows := []struct {
		name   string
		script func(visit)
		edits  []string
		reads  string
		kind   string
	}{
		{"looks for client_id", reads("client_id", workerID), nil, "client_id", "v2 app"},
		{"looks for a scope of daemons", reads("scope", "DEV.Access"), nil, "scope", "v2 app"},
		{"looks for scp of daemons", reads("scp", "DEV.Access"), nil, "scp", "v2 app"},
		{"looks for scope of users", reads("scope", "DEV.Access"), users, "scope", "v2 user"},
		{"looks for appid", reads("appid", workerID), nil, "appid", "v2 app"},
		{"lists the App ID URI", reads("aud", "api://orders.dev"), nil, "aud", "v2 app"},
		{"lists the GUID", reads("aud", devAudience), v1, "aud", "v1 app"},
		{"configured for v1", reads("appid", workerID, "aud", "api://orders.dev"), nil, "appid and aud", "v2 app"},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.script, append(devOnly(), tt.edits...)...)
			w.withProbes()
			w.run("- {id: good, guards: audience, source: real, base: any home, expect: accept}\n")
			w.want("good/dev", verdict.RefusedGenuine)
			if len(w.summary.Causes) != 1 {
				t.Fatalf("expected one cause, got %+v", w.summary.Causes)
			}
			c := w.summary.Causes[0]
			if c.Certainty != reports.Proven || c.Reads != tt.reads || c.Kind != tt.kind || c.Environment != "dev" || c.Sentence == "" || c.Remedy == "" {
				t.Errorf("expected a proof that it reads %q of %s, got %+v", tt.reads, tt.kind, c)
			}
			for id, c := range w.cases {
				if strings.HasPrefix(id, "probe-") && (!c.Extra || c.Outcome != verdict.Recorded) {
					t.Errorf("%s: expected a measurement that counts towards nothing, got %s", id, c.Outcome)
				}
			}
		})
	}
}

// TestLikelyCause: where no measuring row is let in, or none can be made, the
// cause is read from the refusal and marked likely.
func TestLikelyCause(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, body string
		status     int
		challenge  string
		want       string
	}{
		{"invalid client", `{"error":"Invalid Client"}`, 403, "", "client_id"},
		{"client id enforcement", `{"error":"Invalid Client"}`, 401, "Client-ID-Enforcement", "asks for a client id in the request"},
		{"client id enforcement, basic", `{"error":"Invalid Client"}`, 401, `Basic realm="mule-realm"`, "asks for a client id in the request"},
		{"scope", `{"error":"insufficient_scope"}`, 403, "", "speaks of a scope"},
		{"audience", `{"error":"Wrong audience"}`, 401, "", "speaks of the audience"},
		{"401", `{}`, 401, "Bearer", "refused with 401"},
		{"403", `{}`, 403, "", "refused with 403"},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(v visit) {
				if tt.challenge != "" {
					v.w.Header().Set("WWW-Authenticate", tt.challenge)
				}
				v.w.WriteHeader(tt.status)
				_, _ = v.w.Write([]byte(tt.body))
			}, devOnly()...)
			w.withProbes()
			w.run(goodRow)
			if len(w.summary.Causes) != 1 {
				t.Fatalf("expected one cause, got %+v", w.summary.Causes)
			}
			if c := w.summary.Causes[0]; c.Certainty != reports.Likely || !strings.Contains(c.Sentence, tt.want) || c.Remedy == "" {
				t.Errorf("expected a likely cause with %q, got %+v", tt.want, c)
			}
			if got := len(w.controls["control/dev/v2-app"]); got != w.counts["control/dev/v2-app"] {
				t.Errorf("expected every shot of the control reported, got %d of %d", got, w.counts["control/dev/v2-app"])
			}
		})
	}
}

// TestNoCause: nobody asks why where every control is accepted, or none has an
// answer that could tell.
func TestNoCause(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]func(visit){"accepted": careful, "no route": func(v visit) { v.refuse(404) }} {
		w := newWorld(t, script, devOnly()...)
		w.withProbes()
		w.run(goodRow)
		if len(w.summary.Causes) > 0 || w.counts["probe-client-id-claim/dev/v2-app"] > 0 {
			t.Errorf("%s: expected no cause, got %+v", name, w.summary.Causes)
		}
	}
}

// TestSelectedProbe: a measuring row that was selected as well is reported for
// those who wait for it, beside the one fired for the cause.
func TestSelectedProbe(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(v visit) { v.refuse(401) }, devOnly()...)
	w.withProbes()
	w.run("- {id: probe-client-id-claim, guards: client, source: mock, base: v2 app home, token: [{set: {client_id: \"${home.client.id}\"}}], expect: {measure: x}}\n")
	w.want("probe-client-id-claim/dev", verdict.Measured)
	if w.cases["probe-client-id-claim/dev"].Extra || !w.cases["probe-client-id-claim/dev/v2-app"].Extra {
		t.Error("expected the selected case and, as an extra, the one for the cause")
	}
}

// TestCauseOfOneKind: measuring rows are fired for the kind that is refused and
// for no other.
func TestCauseOfOneKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(v visit) {
		if v.Payload.GetText("scp") != "" || v.Payload.GetText("client_id") != "" {
			v.admit()
			return
		}
		v.refuse(403)
	}, append(devOnly(), "supports: {user-tokens: false}\n", "")...)
	w.withProbes()
	w.run("- {id: good, guards: audience, source: real, base: exactly app home, expect: accept}\n- {id: users, guards: audience, source: real, base: exactly user home, expect: accept}\n")
	if len(w.summary.Causes) != 1 || w.summary.Causes[0].Kind != "v2 app" || w.summary.Causes[0].Reads != "client_id" {
		t.Errorf("expected one cause, of daemons, got %+v", w.summary.Causes)
	}
	for id := range w.cases {
		if strings.HasPrefix(id, "probe-") && strings.Contains(id, "user") {
			t.Errorf("expected nothing measured of users, got %s", id)
		}
	}
}
