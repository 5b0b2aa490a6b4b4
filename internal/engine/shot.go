package engine

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp/mint"
	"github.com/entraproof/entraproof/scenarios"
)

// shot is one case on its way: made, fired, waiting for its control, judged.
type shot struct {
	c      *scenarios.Case
	choice scenarios.Choice
	lane   *lane
	// extra is a measuring row fired for a cause: nobody waits for it, also
	// where its row was selected as well.
	extra bool

	// genuine is the token that the case starts from, token what is sent,
	// control that of the control which it leans on.
	genuine, token, control string
	// sibling is another genuine token that the row takes a part of.
	sibling string
	scope   value.Scope
	wire    probe.Wire
	// ready is the wire with its connection, where that was made ahead.
	ready *probe.Ready
	// compared is what differs between token and control, once somebody asked.
	compared *comparison

	start, end uint64
	// sent and answered are when, by our clock, the request began and the answer was
	// complete.
	sent, answered time.Time
	observed       probe.Observation
	reach          verdict.Reach
	seen           []probe.Echo
	// silent is why the echo did not say what it saw, where it was asked.
	silent error
	// state is what a control's shot came to.
	state verdict.ControlState
	// next and callout are what serial cases look at.
	next    verdict.ControlState
	callout verdict.Callout
	steps   []Step
	// cut: the run was stopped before the control after the case.
	cut bool
	// group are the equal requests of the case, of which this is the number-th;
	// nil and 0 where it is the only one.
	group  *repeated
	number int
}

// needsNoControl reports whether the verdict cannot depend on controls: the
// request was let in where it should be, or is only measured. A bound on time
// or status is the gateway's fault only where the route is known to work.
func (s *shot) needsNoControl() bool {
	e := s.c.Expect
	if e.No5xx || e.Within > 0 {
		return false
	}
	return e.Measure != "" || e.Either != "" || (e.Accept == verdict.AcceptanceRequired && s.reach == verdict.Reached)
}

// make prepares a case, or reports why it is not fired and gives nil.
func (r *Run) make(ctx context.Context, c *scenarios.Case) *shot {
	s, v := r.choose(ctx, c)
	if v != nil {
		if s == nil {
			s = &shot{c: c}
		}
		r.report(s, *v)
		return nil
	}
	return s
}

// choose takes the first choice whose control is accepted and whose mutation
// changes something; without an accepted control the first that changes
// something (design 12).
func (r *Run) choose(ctx context.Context, c *scenarios.Case) (*shot, *verdict.Verdict) {
	var last *verdict.Verdict
	var lastShot *shot
	for choice := range r.acceptedFirst(c.Choices) {
		s := &shot{c: c, choice: *choice, lane: r.lanes[choice.Control]}
		v := r.build(ctx, s)
		if v == nil {
			return s, nil
		}
		last, lastShot = v, s
		if v.Reason != verdict.NothingToChange && v.Reason != verdict.CapabilityAbsent {
			return s, v
		}
	}
	return lastShot, last
}

// acceptedFirst goes through the choices whose control is accepted, then
// through the others. Each control is looked at once: it may change while
// others are fired.
func (r *Run) acceptedFirst(choices []scenarios.Choice) iter.Seq[*scenarios.Choice] {
	return func(yield func(*scenarios.Choice) bool) {
		var rest []*scenarios.Choice
		for i := range choices {
			choice := &choices[i]
			if len(choices) > 1 && r.lanes[choice.Control].state() != verdict.Accepted {
				rest = append(rest, choice)
			} else if !yield(choice) {
				return
			}
		}
		for _, choice := range rest {
			if !yield(choice) {
				return
			}
		}
	}
}

// build makes token and request of a shot, or says why there is nothing to
// fire.
func (r *Run) build(ctx context.Context, s *shot) *verdict.Verdict {
	if err := r.makeToken(ctx, s); err != nil {
		return unmade(err)
	}
	if s.c.Scenario.Token.Len() > 0 && s.token == s.genuine {
		v := verdict.Because(verdict.NothingToChange, "the "+s.choice.Kind.String()+" token stays as it is")
		return &v
	}
	var err error
	if s.control, err = s.lane.grant(ctx); err != nil {
		return unmade(&sourceError{err})
	}
	if v := s.inseparable(); v != nil {
		return v
	}
	if err := r.makeRequest(s); err != nil {
		return unmade(err)
	}
	return nil
}

// unmade is the verdict on a token or request that cannot be made. A value
// that the target does not have is no error of anybody.
func unmade(err error) *verdict.Verdict {
	var unknown *value.UnknownError
	v := verdict.Because(verdict.RequestNotBuilt, err.Error())
	var source *sourceError
	switch {
	case errors.As(err, &unknown):
		v = verdict.Because(verdict.CapabilityAbsent, "the target has no ${"+unknown.Path+"}")
	case errors.Is(err, errNotItsOwn):
		v = verdict.Because(verdict.ForeignTokenUnproven, err.Error())
	case errors.Is(err, errTrustedStill):
		v = verdict.Because(verdict.NothingToChange, err.Error())
	case errors.Is(err, context.Canceled):
		v = verdict.Because(verdict.Interrupted, "")
	case errors.As(err, &source):
		v = verdict.Because(verdict.TokenNotObtained, err.Error())
	}
	return &v
}

// sourceError is a failure of whoever gives tokens.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return e.err.Error() }
func (e *sourceError) Unwrap() error { return e.err }

// makeToken gets the genuine token and takes it through the row's steps.
func (r *Run) makeToken(ctx context.Context, s *shot) error {
	row := s.c.Scenario
	if s.choice.Grant != nil {
		var err error
		if s.genuine, err = r.issued(ctx, s); err != nil {
			return err
		}
	}
	scope, err := r.scope(ctx, s)
	if err != nil {
		return err
	}
	s.scope = scope
	if row.Token.Len() == 0 && !row.Base.Forged {
		s.token = s.genuine
	} else {
		baked, err := row.Token.Bake(ctx, s.genuine, r.bench(s))
		if err != nil {
			return fmt.Errorf("engine: make the token: %w", err)
		}
		s.token = baked.Token
	}
	s.scope = value.Chain(mint.Parts("token", s.token), scope)
	return nil
}

func (r *Run) bench(s *shot) mint.Bench {
	b := mint.Bench{Scope: s.scope, Own: r.keys.own, Forged: s.c.Scenario.Base.Forged}
	if s.choice.Grant != nil {
		b.Tenant = s.choice.Grant.Tenant
	}
	b.Signer, _ = r.sourceFor(s.c.Scenario.Base).(mint.Signer)
	return b
}

// scope is what the row's placeholders stand for.
func (r *Run) scope(ctx context.Context, s *shot) (value.Scope, error) {
	setting := r.setting(s.c, s.choice.Kind)
	scope := value.Scope(setting)
	for _, ref := range r.refsOf(s.c.Scenario) {
		switch {
		case ref == "bad":
			scope = value.Chain(value.Map{"bad": value.String(broken(s.genuine))}, scope)
		case strings.HasPrefix(ref, "sibling"):
			sibling, err := r.sibling(ctx, s)
			if err != nil {
				return nil, err
			}
			s.sibling = sibling
			scope = value.Chain(mint.Parts("sibling", sibling), scope)
		case ref == "control" || strings.HasPrefix(ref, "control."):
			control, err := s.lane.grant(ctx)
			if err != nil {
				return nil, &sourceError{err}
			}
			scope = value.Chain(mint.Parts("control", control), scope)
		case ref == "run" || ref == "case":
			scope = value.Chain(value.Map{"run": value.String(r.plan.Run), "case": value.String(s.id())}, scope)
		case strings.HasSuffix(ref, ".user.sub"):
			sub, err := r.userSub(ctx, s)
			if err != nil {
				return nil, err
			}
			setting.UserSub = sub
			scope = value.Chain(scope, setting)
		}
	}
	return scope, nil
}

func (r *Run) refsOf(row *scenarios.Scenario) []string {
	if refs, ok := r.refs[row]; ok {
		return refs
	}
	return row.Refs() // a probe's, fired once
}

func (r *Run) setting(c *scenarios.Case, kind mint.Kind) scenarios.Setting {
	return scenarios.Setting{
		Target: r.plan.target(), Home: c.Home, Other: c.Other, Gateway: c.Gateway, Kind: kind,
		Tenant: r.keys.tenant, Next: r.keys.next, Own: r.keys.ownText, CalloutURL: r.keys.callout, Now: r.engine.now(),
	}
}

// sibling is another genuine token of the same grant.
func (r *Run) sibling(ctx context.Context, s *shot) (string, error) {
	if s.choice.Grant == nil {
		return "", &value.UnknownError{Path: "sibling"}
	}
	token, err := r.tokens.genuine(ctx, *s.choice.Grant, " sibling")
	if err != nil {
		return "", &sourceError{err}
	}
	return token, nil
}

// userSub is the sub of the user at home, as its genuine token has it.
func (r *Run) userSub(ctx context.Context, s *shot) (string, error) {
	control := s.choice.Control
	control.Kind.Subject = mint.SubjectUser
	g, ok := r.plan.Expansion.ControlGrant(control)
	if !ok || !r.plan.target().HasTokens(mint.SubjectUser) {
		return "", &value.UnknownError{Path: "home.user.sub"}
	}
	token, err := r.tokens.genuine(ctx, g, "")
	if err != nil {
		return "", &sourceError{err}
	}
	_, payload, err := mint.Decode(token)
	if err != nil {
		return "", fmt.Errorf("engine: the user's token: %w", err)
	}
	return payload.GetText("sub"), nil
}

// broken is a token whose signature has one bit changed.
func broken(token string) string {
	dot := strings.LastIndexByte(token, '.')
	if dot < 0 || dot+1 >= len(token) {
		return token + "x"
	}
	swap := byte('A')
	if token[dot+1] == 'A' {
		swap = 'B'
	}
	return token[:dot+1] + string(swap) + token[dot+2:]
}

// makeRequest writes the bytes.
func (r *Run) makeRequest(s *shot) error {
	endpoint, ok := s.c.Endpoint()
	if !ok {
		return &value.UnknownError{Path: "request.to " + s.c.Scenario.Request.To}
	}
	endpoint.RootCAs = r.engine.RootCAs
	wire, err := s.c.Scenario.Request.Build(s.scope, endpoint, r.tags(s.id(), s.token == ""))
	if err != nil {
		return fmt.Errorf("engine: make the request: %w", err)
	}
	s.wire = wire
	return nil
}

func (r *Run) tags(id string, anonymous bool) probe.Tags {
	return probe.Tags{Run: r.plan.Run, Case: id, Anonymous: anonymous}
}
