package reports_test

import (
	"strings"
	"testing"
	"time"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
)

// sample returns a small run that conforms, not concluded: environments dev and
// uat with gateways, two kinds of token, every obligation met. Tests spoil it.
func sample() *reports.Results {
	r := &reports.Results{
		Schema:    reports.SchemaVersion,
		Tool:      reports.Tool{Name: "entraproof", Version: "devel"},
		Catalogue: reports.Catalogue{Digest: strings.Repeat("0", 64), Scenarios: 3},
		Run:       reports.Run{ID: "r1", Seed: 7, Started: time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC), DurationMS: 10},
		Selection: reports.Selection{Profile: "core", Cross: true},
		Targets:   []reports.Target{{Name: "t", Tokens: "mock", Accepted: "echo"}},
	}
	for _, e := range []string{"uat", "dev"} { // not sorted, on purpose
		r.Targets[0].Environments = append(r.Targets[0].Environments, reports.Environment{
			Name: e, HasGateway: true, Mintable: true, Kinds: []string{"v2 app", "v2 user"},
			Enforces: []string{"audience", "client", "issuer", "role", "scope", "tenant"},
		})
		for _, kind := range []string{"v2 app", "v2 user"} {
			r.Controls = append(r.Controls, reports.Control{
				ID: "control/" + e + "/" + kind, Target: "t", Environment: e, Kind: kind, Client: "contracted", Route: "home",
				Scenario: "ctl", Shots: []reports.Shot{shot("start", reports.ControlAccepted), shot("end", reports.ControlAccepted)},
			})
			r.Cases = append(r.Cases, newCase("ctl", e, e, kind, verdict.AcceptedAsRequired))
		}
		cross := newCase("aud-other-env-genuine", other(e), e, "v2 app", verdict.RefusedAsRequired)
		cross.Cross, cross.By = true, []string{"audience"}
		r.Cases = append(r.Cases, cross, newCase("alg-none", e, e, "v2 user", verdict.RefusedAsRequired))
	}
	r.Selection.Selected = len(r.Cases)
	return r
}

func other(e string) string {
	if e == "dev" {
		return "uat"
	}
	return "dev"
}

func shot(when string, state reports.ControlState) reports.Shot {
	v := verdict.Because(verdict.AcceptedAsRequired, "")
	status := 200
	switch state {
	case reports.ControlRefused:
		v, status = verdict.Because(verdict.RefusedGenuine, "no"), 403
	case reports.ControlUnproven:
		v, status = verdict.Because(verdict.RouteNotProven, "no"), 404
	case reports.ControlAccepted, reports.ControlNone:
	}
	return reports.Shot{When: when, State: state, Outcome: v.Outcome, Reason: v.Reason, Detail: v.Detail, Status: status, Reached: reports.Reached}
}

func newCase(scenario, from, to, kind string, reason reports.Reason) reports.Case {
	return reports.Case{
		ID: scenario + "/" + from + "→" + to + "/" + kind, Target: "t", Scenario: scenario, Form: "request",
		Title: "about " + scenario, Group: "G", Severity: "critical", Guards: "audience", Source: "mock",
		Environment: to, MintedFor: from, Kind: kind, Client: "contracted", Expected: "words",
		Outcome: reason.Outcome(), Reason: reason, Status: 200, Reached: reports.NotReached,
	}
}

// find returns the case of that scenario presented to env.
func find(r *reports.Results, scenario, env string) *reports.Case {
	for i := range r.Cases {
		if c := &r.Cases[i]; c.Scenario == scenario && c.Environment == env {
			return c
		}
	}
	panic("no case of " + scenario + " at " + env)
}

// set gives the case another verdict.
func set(c *reports.Case, reason reports.Reason) { c.Outcome, c.Reason = reason.Outcome(), reason }

// daemonAtDev returns the control of v2 daemons at dev.
func daemonAtDev(r *reports.Results) *reports.Control {
	for i := range r.Controls {
		if c := &r.Controls[i]; c.Environment == "dev" && c.Kind == "v2 app" {
			return c
		}
	}
	panic("no control of v2 daemons at dev")
}

// drop removes the cases for which gone holds, and selects so many fewer.
func drop(r *reports.Results, gone func(reports.Case) bool) {
	var kept []reports.Case
	for _, c := range r.Cases {
		if !gone(c) {
			kept = append(kept, c)
		}
	}
	r.Cases, r.Selection.Selected = kept, len(kept)
}

// recorded returns an exchange as the probe makes it.
func recorded(t *testing.T) *reports.Exchange {
	t.Helper()
	x := probe.Observation{
		Status: 401, Proto: "HTTP/1.1", Body: []byte("no"), Header: []probe.Pair{{Name: "Server", Value: "gw"}},
		Sent:    []byte("GET / HTTP/1.1\r\nAuthorization: Bearer eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJlc2lnbmF0dXJl\r\n\r\n"),
		Started: time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC), Elapsed: time.Millisecond,
	}.Record(probe.Redaction{})
	if len(x.Tokens) != 1 {
		t.Fatalf("expected one recorded token, got %d", len(x.Tokens))
	}
	return &x
}
