package engine

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
	"github.com/entraproof/entraproof/scenarios"
)

// Stage is what a Flow acts on: one case with its token, its gateway and,
// where the flow changes it, the issuer.
type Stage struct {
	// Case is what the flow is run for.
	Case *scenarios.Case
	// Token is the genuine token that the row starts from.
	Token string
	// Issuer is there for flows that change it.
	Issuer mockidp.Authority
	// Lease is under what they change it.
	Lease string

	run      *Run
	shot     *shot
	sent     int
	verdicts []verdict.Verdict
}

// Step is one request of a flow with what must happen to it.
type Step struct {
	Title    string
	Expect   verdict.Expectation
	Observed probe.Observation
	Reach    verdict.Reach
	silent   error
	verdict  verdict.Verdict
	asking   bool
}

// answeredBy reports whether a step that only asked whether it is time yet is
// told well enough by the next one of its kind: how often a flow had to ask is
// chance.
func (s Step) answeredBy(next Step) bool {
	return s.asking && next.asking && s.Title == next.Title &&
		(s.Expect.Measure != "" || slices.Contains(s.Expect.Refuse, s.Observed.Status))
}

// Send is how a step's request is sent.
type Send struct {
	// Token is presented as a bearer token; empty: no credentials at all.
	Token string
	// Conn carries the request where the flow is about one connection; Fresh has
	// it on a new one.
	Conn  *probe.Conn
	Fresh bool
	// At is where it goes; nil: the case's own route.
	At *probe.Endpoint
	// Asking: the request is sent until its time has come. Of several the last one
	// counts, and those before that were not as they must be.
	Asking bool
	// Patience is how long an answer is waited for; 0: as ever.
	Patience time.Duration
	// Trickle has its bytes written one by one, each after it returned; an error
	// of it ends the writing.
	Trickle func() error
}

// Operator is whoever runs the gateways, where that is this program: it does to
// them what no request can.
type Operator interface {
	// Restart starts the gateways anew, without anything that they remember.
	Restart(ctx context.Context) error
	// Contract gives a client a contract at an environment, or takes it away.
	Contract(ctx context.Context, environment, client string, has bool) error
}

// Accept is the expectation of a step that must be let in.
func Accept() verdict.Expectation {
	return verdict.Expectation{Accept: verdict.AcceptanceRequired}
}

// Refuse is the expectation of a step that must be refused, with the best
// status first.
func Refuse(statuses ...int) verdict.Expectation { return verdict.Expectation{Refuse: statuses} }

// Conn is a connection of its own to the gateway; the caller closes it.
func (s *Stage) Conn() *probe.Conn { return s.run.prober.Conn() }

// Own is the harness's own key, which no issuer publishes.
func (s *Stage) Own() *mint.Key { return s.run.keys.own }

// Operator runs the gateway; nil where somebody else does.
func (s *Stage) Operator() Operator { return s.run.engine.Operator }

// Directory is the issuer's, which it lets its operator change; nil where it has
// none.
func (s *Stage) Directory() mockidp.Management {
	m, _ := s.run.engine.Tokens.(mockidp.Management)
	return m
}

// Client is the id of the client in a role at the case's environment; empty
// where there is none.
func (s *Stage) Client(r targets.Role) string {
	if c := s.run.plan.target().Client(r, s.Case.Home, nil); c != nil {
		return c.ID
	}
	return ""
}

// CallerID is the client that the case's token was asked for by.
func (s *Stage) CallerID() string { return s.shot.choice.Grant.Client.ID }

// Genuine is another genuine token of the case's kind; equal labels give the
// same one.
func (s *Stage) Genuine(ctx context.Context, label string) (string, error) {
	return s.run.tokens.genuine(ctx, *s.shot.choice.Grant, " "+s.run.plan.Run+" "+label)
}

// Granted is a genuine token that was asked for otherwise than the case's.
func (s *Stage) Granted(ctx context.Context, change func(*mint.Grant)) (string, error) {
	g := *s.shot.choice.Grant
	change(&g)
	return s.run.tokens.genuine(ctx, g, "")
}

// Signed is the case's token with other claims, signed again by the tenant.
func (s *Stage) Signed(ctx context.Context, claims func(value.Value) value.Value) (string, error) {
	signer, ok := s.run.engine.Tokens.(mint.Signer)
	if !ok {
		return "", errNoAuthority
	}
	header, payload, err := mint.Decode(s.Token)
	if err != nil {
		return "", fmt.Errorf("engine: the genuine token: %w", err)
	}
	input := base64.RawURLEncoding.EncodeToString(header.JSON()) + "." + base64.RawURLEncoding.EncodeToString(claims(payload).JSON())
	signature, err := signer.Sign(ctx, mint.SignRequest{Tenant: s.shot.choice.Grant.Tenant, Key: header.GetText("kid"), Input: []byte(input)})
	if err != nil {
		return "", fmt.Errorf("engine: sign again: %w", err)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// OtherRoute is the route that asks for another scope; false where there is none.
func (s *Stage) OtherRoute() (probe.Endpoint, bool) {
	e, ok := s.Case.Endpoint()
	if !ok || s.Case.Home.Other == nil {
		return e, false
	}
	e.Method, e.RoutePath = s.Case.Home.Other.Method, scenarios.RoutePath(e.URL, *s.Case.Home.Other)
	return e, true
}

// Neighbour is another environment with a gateway, and a token that opens it.
type Neighbour struct {
	Name     string
	Endpoint probe.Endpoint
	Token    string
}

// Neighbours are the other environments with a gateway, each with a token of the
// case's kind, or of the version that its own registration has.
func (s *Stage) Neighbours(ctx context.Context) ([]Neighbour, error) {
	target := s.run.plan.target()
	var all []Neighbour
	for _, e := range target.Others(s.Case.Home) {
		holder := target.Holder(e)
		if !e.Judged() || holder == nil {
			continue
		}
		control := scenarios.Control{Environment: e.Name, Kind: s.shot.choice.Kind, Client: holder.ID, Route: "home"}
		if e.API(control.Kind.Version) == nil {
			control.Kind.Version = e.APIs[0].Version
		}
		grant, ok := s.run.plan.Expansion.ControlGrant(control)
		if !ok {
			continue
		}
		token, err := s.run.tokens.genuine(ctx, grant, "")
		if err != nil {
			return nil, err
		}
		g := e.Gateways[0]
		all = append(all, Neighbour{e.Name, probe.Endpoint{URL: g.URL, Method: e.Home.Method, RoutePath: scenarios.RoutePath(g.URL, e.Home)}, token})
	}
	return all, nil
}

// Now is the run's clock.
func (s *Stage) Now() time.Time { return s.run.engine.now() }

// Wait lets time pass on the run's clock.
func (s *Stage) Wait(ctx context.Context, d time.Duration) error { return s.run.engine.wait(ctx, d) }

// Declared is what the target declares of a capability.
func (s *Stage) Declared(key string) (string, bool) { return s.run.plan.target().Declared(key) }

// Do sends one request and notes what came back; it is judged when the control
// after the flow has been fired. The returned step tells the flow how to go on.
func (s *Stage) Do(ctx context.Context, title string, expect verdict.Expectation, send Send) (Step, error) {
	s.sent++
	id := fmt.Sprintf("%s/step-%d", s.Case.ID, s.sent)
	wire, err := s.wire(id, send)
	if err != nil {
		return Step{}, fmt.Errorf("engine: %s: %w", title, err)
	}
	if err := s.run.pace.wait(ctx); err != nil {
		return Step{}, err
	}
	step := Step{Title: title, Expect: expect, asking: send.Asking}
	switch {
	case send.Trickle != nil:
		step.Observed = s.run.prober.Trickle(ctx, wire, send.Trickle)
	case send.Conn != nil:
		step.Observed = send.Conn.Fire(ctx, wire)
	case send.Patience > 0:
		patient := &probe.Prober{Dial: s.run.prober.Dial, Now: s.run.prober.Now, Timeout: send.Patience}
		step.Observed = patient.Fire(ctx, wire)
		patient.Close()
	default:
		step.Observed = s.run.prober.Fire(ctx, wire)
	}
	if err := ctx.Err(); err != nil && step.Observed.Fault != probe.NoFault {
		return Step{}, err
	}
	step.Reach, _, step.silent = s.run.reachOf(ctx, step.Observed, id)
	s.shot.steps = append(slices.DeleteFunc(s.shot.steps, func(earlier Step) bool { return earlier.answeredBy(step) }), step)
	return step, nil
}

// wire is the step's request.
func (s *Stage) wire(id string, send Send) (probe.Wire, error) {
	endpoint, _ := s.Case.Endpoint()
	if send.At != nil {
		endpoint = *send.At
	}
	endpoint.RootCAs = s.run.engine.RootCAs
	wire, err := probe.Request{}.Build(mint.Parts("token", send.Token), endpoint, s.run.tags(id, send.Token == ""))
	wire.Fresh = wire.Fresh || send.Fresh
	return wire, err
}

// Require judges the last request by another expectation than it was sent
// with: a measurement that turned out to be the answer.
func (s *Stage) Require(e verdict.Expectation) {
	if n := len(s.shot.steps); n > 0 {
		s.shot.steps[n-1].Expect = e
	}
}

// Conclude adds a verdict that no single answer shows.
func (s *Stage) Conclude(reason verdict.Reason, detail string) {
	s.verdicts = append(s.verdicts, verdict.Because(reason, detail))
}
