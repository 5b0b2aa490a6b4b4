package format_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
)

// fixture is one recorded run.
type fixture struct {
	name string
	exit int
	make func() *reports.Results
}

func fixtures() []fixture {
	return []fixture{
		{"clean", reports.ExitConforms, clean},
		{"broken", reports.ExitDoesNotConform, broken},
		{"leaky", reports.ExitDoesNotConform, leaky},
		{"inconclusive", reports.ExitUnproven, inconclusive},
		{"interrupted", reports.ExitCouldNotRun, interrupted},
		{"empty", reports.ExitCouldNotRun, empty},
		{"hostile", reports.ExitDoesNotConform, hostile},
	}
}

var (
	environments = []string{"dev", "test", "uat"}
	kinds        = []string{"v1 app", "v1 user", "v2 app", "v2 user"}
	allChecks    = []string{"audience", "client", "issuer", "role", "scope", "tenant"}
)

// signature is secret: no report may hold eight bytes of it in a row.
const signature = "c2lnbmF0dXJlLXRoYXQtb3BlbnMtdGhlLWdhdGV3YXktYW5kLW11c3Qtbm90LWxlYWs"

// clientSecret is secret too.
const clientSecret = "8Q~vErY-sEcReT-cLiEnT-sEcReT-oF-tHe-WoRkEr"

func staging(enforces []string) *reports.Results {
	r := &reports.Results{
		Tool:      reports.Tool{Name: "entraproof", Version: "0.1.0", Commit: "0123456789abcdef"},
		Catalogue: reports.Catalogue{Digest: strings.Repeat("ab", 32), Scenarios: 66},
		Run: reports.Run{
			ID: "r-7f3a", Seed: 42, DurationMS: 12_345,
			Started: time.Date(2026, 11, 23, 18, 30, 0, 0, time.UTC),
			Clocks:  []reports.Clock{{Of: "issuer", OffsetMS: 12}},
		},
		Selection: reports.Selection{Profile: "core", Cross: true},
		Targets: []reports.Target{{
			Name: "orders-staging", File: "staging.yaml", Digest: strings.Repeat("cd", 32), Stated: "Mule 4.9.1",
			Tokens: "mock", Accepted: "echo", Supports: []reports.Capability{{Key: "skew", Value: "0s"}},
		}},
	}
	for _, e := range environments {
		r.Targets[0].Environments = append(r.Targets[0].Environments, reports.Environment{
			Name: e, HasGateway: true, Mintable: true, Gateways: []string{"https://" + e + ".gw.example/orders"},
			Registrations: []string{"orders-" + e}, Kinds: kinds, Enforces: enforces,
		})
	}
	return r
}

// controls adds a control of each kind at each gateway, shot twice.
func controls(r *reports.Results, state reports.ControlState, v verdict.Verdict, status int) {
	for _, e := range environments {
		for _, k := range kinds {
			c := reports.Control{
				ID: "control/" + e + "/" + k, Target: "orders-staging", Environment: e, Kind: k, Client: "contracted",
				Route: "home", Scenario: "ctl-" + strings.ReplaceAll(k, " ", "-"),
			}
			for _, when := range []string{"start", "end"} {
				c.Shots = append(c.Shots, reports.Shot{
					When: when, State: state, Outcome: v.Outcome, Reason: v.Reason, Detail: v.Detail, Status: status,
				})
			}
			r.Controls = append(r.Controls, c)
		}
	}
}

// row is the part of a case that comes from the catalogue.
type row struct {
	scenario, title, group, severity, guards, expected string
	marks, refs                                        []string
}

var (
	rowControl = row{"ctl", "A genuine token opens its own environment", "CTL", "critical", "client", "accept", []string{"PC"}, []string{"6750§2.1"}}
	rowCross   = row{"aud-other-env-genuine", "Genuine token of the other environment", "AUD", "critical", "audience", "refuse 401 403", []string{"F1-aud", "FP"}, []string{"CWE-697", "ASVS 9.2.3"}}
	rowAlone   = row{"aud-other-only", "Only the audience is the other environment's", "AUD", "critical", "audience", "refuse 401 403", []string{"F1-aud"}, nil}
	rowNone    = row{"alg-none", "Unsigned token", "ALG", "critical", "algorithm", "refuse 401", nil, []string{"8725§3.1", "CWE-347"}}
	rowExpired = row{"exp-past-genuine", "Genuine token, really expired", "TIM", "critical", "time", "refuse 401", nil, []string{"7519§4.1.4"}}
	rowScope   = row{"scope-missing-genuine", "The user has another scope", "SCP", "critical", "scope", "refuse 403 401", []string{"F2"}, nil}
	rowIssuer  = row{"iss-other-tenant-genuine", "Genuine token of another tenant", "ISS", "critical", "issuer", "refuse 401", nil, nil}
	rowCost    = row{"ctl-token-size-ladder", "How large a token may be", "CTL", "low", "cost", "measure largest-token", nil, nil}
)

// add appends a case of rw and returns it for what differs.
func add(r *reports.Results, rw row, from, to, kind string, v verdict.Verdict) *reports.Case {
	id := fmt.Sprintf("%s/%s→%s/%s", rw.scenario, from, to, strings.ReplaceAll(kind, " ", "-"))
	r.Cases = append(r.Cases, reports.Case{
		ID: id, Target: "orders-staging", Scenario: rw.scenario, Form: "request", Title: rw.title, Group: rw.group,
		Severity: rw.severity, Guards: rw.guards, Source: "mock", Marks: rw.marks, Refs: rw.refs,
		Pos: "scenarios/catalog/" + strings.ToLower(rw.group) + ".yaml:7:3", Environment: to, MintedFor: from, Kind: kind,
		Client: "contracted", Expected: rw.expected, Outcome: v.Outcome, Reason: v.Reason, Detail: v.Detail, Best: v.Best,
		Reached: reports.NotReached, ElapsedMS: 12,
		Command: "entraproof run --target staging.yaml --id " + rw.scenario + " --seed 42",
		Control: &reports.Around{ID: "control/" + to + "/" + kind, Before: reports.ControlAccepted, After: reports.ControlAccepted},
	})
	return &r.Cases[len(r.Cases)-1]
}

func refused(c *reports.Case, status int) {
	c.Status, c.Reached, c.RefusedBy = status, reports.NotReached, "gateway"
}

func accepted(c *reports.Case) { c.Status, c.Reached = 200, reports.Reached }

// each calls f for every ordered pair of different environments.
func each(f func(from, to string)) {
	for _, to := range environments {
		for _, from := range environments {
			if from != to {
				f(from, to)
			}
		}
	}
}

// exchange records a request with a token, as the engine does.
func exchange(kind string, status int, body string) *reports.Exchange {
	version, _, _ := strings.Cut(kind, " ")
	segment := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	token := segment(`{"typ":"JWT","alg":"RS256","kid":"k1"}`) + "." +
		segment(`{"aud":"api://orders.dev","iss":"https://sts.windows.net/t/","ver":"`+version+`","uti":"u-1"}`) + "." + signature
	o := probe.Observation{
		Status: status, Proto: "HTTP/1.1", Body: []byte(body),
		Header: []probe.Pair{{Name: "Content-Type", Value: "application/json"}, {Name: "WWW-Authenticate", Value: `Bearer error="invalid_token"`}},
		Sent: []byte("GET /orders/v1/ping HTTP/1.1\r\nHost: dev.gw.example\r\nAuthorization: Bearer " + token +
			"\r\nX-Client: " + clientSecret + "\r\n\r\n"),
		Started: time.Date(2026, 11, 23, 18, 30, 1, 0, time.UTC), Elapsed: 12 * time.Millisecond,
	}
	x := o.Record(probe.Redaction{Secrets: []string{clientSecret}})
	return &x
}

func because(reason reports.Reason, detail string) verdict.Verdict {
	return verdict.Because(reason, detail)
}

func own(r *reports.Results, v verdict.Verdict, then func(*reports.Case)) {
	for _, e := range environments {
		for _, k := range kinds {
			rw := rowControl
			rw.scenario = "ctl-" + strings.ReplaceAll(k, " ", "-")
			then(add(r, rw, e, e, k, v))
		}
	}
}

func selectAll(r *reports.Results) *reports.Results {
	for _, c := range r.Cases {
		if !c.Extra {
			r.Selection.Selected++
		}
	}
	r.Conclude()
	return r
}

// clean conforms: Fix 1, scope and issuer left open by declaration.
func clean() *reports.Results {
	r := staging([]string{"audience", "client", "role", "tenant"})
	controls(r, reports.ControlAccepted, because(verdict.AcceptedAsRequired, ""), 200)
	own(r, because(verdict.AcceptedAsRequired, ""), accepted)
	pass := because(verdict.RefusedAsRequired, "")
	each(func(from, to string) {
		c := add(r, rowCross, from, to, "v2 app", pass)
		c.Cross, c.By = true, []string{"audience", "role"}
		if from == "uat" && to == "test" { // these two share a registration
			c.By = []string{"client"}
		}
		refused(c, 401)
		alone := add(r, rowAlone, to, to, "v2 app", pass)
		alone.ID, alone.Other, alone.By = alone.ID+"/"+from, from, []string{"audience"}
		refused(alone, 401)
	})
	for _, e := range environments {
		c := add(r, rowNone, e, e, "v2 user", pass)
		refused(c, 401)
		c.Best = true
		add(r, rowScope, e, e, "v2 user", because(verdict.LeftOpenByDeclaration, ""))
		add(r, rowIssuer, "", e, "v2 app", because(verdict.LeftOpenByDeclaration, ""))
	}
	accepted(add(r, rowCost, "dev", "dev", "v2 user", because(verdict.Measured, "accepted up to 200 groups")))
	return selectAll(r)
}

// broken refuses genuine tokens with 403 Invalid Client.
func broken() *reports.Results {
	r := staging(allChecks)
	body := `{"error":"Invalid Client"}`
	no := because(verdict.RefusedGenuine, body)
	controls(r, reports.ControlRefused, no, 403)
	own(r, no, func(c *reports.Case) {
		refused(c, 403)
		c.Control, c.Exchange = nil, exchange(c.Kind, 403, body)
	})
	unproven := because(verdict.ControlRefused, "controls: refused before, refused after")
	each(func(from, to string) {
		c := add(r, rowCross, from, to, "v2 app", unproven)
		c.Cross, c.By = true, []string{"audience", "role"}
		c.Control.Before, c.Control.After = reports.ControlRefused, reports.ControlRefused
		refused(c, 403)
	})
	for _, e := range environments {
		refused(add(r, rowExpired, e, e, "v1 user", unproven), 403)
		for _, k := range kinds {
			r.Causes = append(r.Causes, reports.Cause{
				Target: "orders-staging", Environment: e, Kind: k, Reads: "client_id", Certainty: reports.Proven,
				Sentence: "the gateway looks for the claim client_id; Entra sends appid (v1) or azp (v2)",
				Remedy:   "JWT Validation: client id expression by ver, azp for 2.0, else appid",
				From:     []string{"probe-client-id-claim/" + e + "→" + e},
			})
		}
		probe := add(r, row{scenario: "probe-client-id-claim", title: "Genuine token plus client_id", group: "PRB", severity: "info", guards: "client", expected: "measure client-id-claim"},
			e, e, "v2 app", because(verdict.Measured, "accepted"))
		probe.Extra = true
		accepted(probe)
	}
	return selectAll(r)
}

// leaky takes every environment's tokens and the unsigned one; one failure is
// waived.
func leaky() *reports.Results {
	r := staging(allChecks)
	controls(r, reports.ControlAccepted, because(verdict.AcceptedAsRequired, ""), 200)
	own(r, because(verdict.AcceptedAsRequired, ""), accepted)
	each(func(from, to string) {
		c := add(r, rowCross, from, to, "v2 app", because(verdict.ReachedUpstream, ""))
		c.Cross, c.By, c.Control = true, []string{"audience", "role"}, nil
		accepted(c)
		if from == "test" && to == "dev" {
			c.Outcome, c.Reason = verdict.Pass, verdict.RefusedAsRequired
			refused(c, 401)
		}
		c.Exchange = exchange(c.Kind, c.Status, `{"case":"`+c.ID+`"}`)
	})
	c := add(r, rowNone, "dev", "dev", "v2 user", because(verdict.ReachedUpstream, ""))
	accepted(c)
	w := reports.Waiver{ID: "exp-past-genuine", Reason: "skew of one day until the upgrade", By: "security", Expires: "2026-12-31", Reached: true}
	r.Waivers = []reports.Waiver{w}
	c = add(r, rowExpired, "uat", "uat", "v1 user", because(verdict.AcceptedForbidden, ""))
	c.Waived = &reports.Waived{ID: w.ID, Reason: w.Reason, By: w.By, Expires: w.Expires}
	accepted(c)
	refused(add(r, rowIssuer, "", "uat", "v2 app", because(verdict.RefusedWithToleratedStatus, "")), 400)
	return selectAll(r)
}

// inconclusive loses its controls on the way, and misses users.
func inconclusive() *reports.Results {
	r := staging(allChecks)
	controls(r, reports.ControlAccepted, because(verdict.AcceptedAsRequired, ""), 200)
	for i := range r.Controls {
		c := &r.Controls[i]
		if c.Environment == "uat" {
			c.Shots[1] = reports.Shot{When: "end", State: reports.ControlRefused, Outcome: verdict.Fail, Reason: verdict.RefusedGenuine, Status: 401}
		}
	}
	each(func(from, to string) {
		v := because(verdict.RefusedAsRequired, "")
		if to == "uat" {
			v = because(verdict.ControlLost, "controls: accepted before, refused after")
		}
		c := add(r, rowCross, from, to, "v2 app", v)
		c.Cross, c.By = true, []string{"audience", "role"}
		refused(c, 401)
	})
	refused(add(r, rowNone, "dev", "dev", "v2 app", because(verdict.RateLimited, "")), 429)
	c := add(r, rowScope, "dev", "dev", "v2 user", because(verdict.MissingAccount, "users"))
	c.Needs, c.Declare, c.Control, c.Command = []string{"users"}, "supports: {user-tokens: false}", nil, ""
	return selectAll(r)
}

// interrupted was stopped after four of 200 cases.
func interrupted() *reports.Results {
	r := staging(allChecks)
	controls(r, reports.ControlAccepted, because(verdict.AcceptedAsRequired, ""), 200)
	for i := range r.Controls {
		r.Controls[i].Shots = r.Controls[i].Shots[:1]
	}
	for _, k := range kinds {
		accepted(add(r, rowControl, "dev", "dev", k, because(verdict.AcceptedAsRequired, "")))
	}
	r.Selection.Selected = 200
	r.Run.Interrupted = true
	r.Conclude()
	return r
}

// empty never fired a case.
func empty() *reports.Results {
	r := &reports.Results{Tool: reports.Tool{Name: "entraproof", Version: "devel"}}
	r.Conclude()
	return r
}

// evil is what a gateway may answer, in hope of the reader's terminal or page.
const evil = "\x1b[2J]]><script>alert(1)</script>|`a`|@everyone\x00\x07\n## <b>\u202e</b> & \"'"

// hostile quotes hostile text in every member that holds a gateway's or a
// user's words, and has an outcome of a later version.
func hostile() *reports.Results {
	r := staging(allChecks)
	r.Targets[0].Stated = evil
	controls(r, reports.ControlRefused, because(verdict.RefusedGenuine, evil), 403)
	c := add(r, rowCross, "dev", "uat", "v2 app", because(verdict.ReachedUpstream, evil))
	c.Cross, c.Title, c.Expected, c.Command = true, evil, evil, evil
	c.Exchange = exchange("v2 app", 200, evil)
	c = add(r, rowNone, "dev", "dev", "v2 user", verdict.Verdict{Outcome: 200, Reason: "a-later-reason", Detail: evil})
	c.Declare = evil
	r.Causes = []reports.Cause{{Target: "orders-staging", Environment: "dev", Kind: "v2 app", Certainty: reports.Likely, Sentence: evil, Remedy: evil}}
	r.Run.Clocks, r.Selection.Filters = nil, []string{"--id " + evil}
	return selectAll(r)
}
