package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp/mint"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// clock is an issuer that tells its time.
type clock interface {
	Now(ctx context.Context) (time.Time, error)
}

// newLane makes the lane of a control.
func (r *Run) newLane(c scenarios.Control) *lane {
	grant, ok := r.plan.Expansion.ControlGrant(c)
	key := grant.Key()
	return &lane{
		control: c, settled: make(chan struct{}),
		grant: func(ctx context.Context) (string, error) {
			if !ok {
				return "", fmt.Errorf("engine: no registration of %s has %s tokens", c.Environment, c.Kind)
			}
			return r.tokens.keyed(ctx, key, grant)
		},
		build: func(token, id string) (probe.Wire, error) { return r.controlWire(c, token, id) },
	}
}

// controlWire is the plain request with a genuine token on the control's
// route.
func (r *Run) controlWire(c scenarios.Control, token, id string) (probe.Wire, error) {
	e := r.plan.target().Environment(c.Environment)
	route := e.Home
	if c.Route == "other" && e.Other != nil {
		route = *e.Other
	}
	endpoint := probe.Endpoint{
		URL: c.Gateway, Dial: c.Replica, Method: route.Method,
		RoutePath: scenarios.RoutePath(c.Gateway, route), RootCAs: r.engine.RootCAs,
	}
	return probe.Request{}.Build(mint.Parts("token", token), endpoint, r.tags(id, false))
}

// grantsOf are the genuine tokens that cases and controls start from.
func (r *Run) grantsOf(cases []*scenarios.Case, controls []scenarios.Control) []mint.Grant {
	all := make([]mint.Grant, 0, len(controls)+len(cases))
	for _, c := range controls {
		if g, ok := r.plan.Expansion.ControlGrant(c); ok {
			all = append(all, g)
		}
	}
	for _, c := range cases {
		if len(c.Choices) > 0 && c.Choices[0].Grant != nil && c.Scenario.Base.Issuer == scenarios.IssuerHome {
			all = append(all, *c.Choices[0].Grant)
		}
	}
	return all
}

// reportControl hands one shot of a control to the sink. Its exchange is kept
// where it was not accepted, and of the first one that was: reports compare with
// it what the cases sent.
func (r *Run) reportControl(l *lane, s *shot, result reports.Shot) {
	if !r.plan.Bare && s.observed.Sent != nil && (s.state != verdict.Accepted || l.firstAccepted()) {
		exchange := s.observed.Record(r.redaction())
		result.Exchange = &exchange
	}
	c := l.control
	out := reports.Control{
		ID: c.ID(), Target: r.plan.target().Name, Environment: c.Environment, Kind: c.Kind.String(),
		Client: string(c.Role), Route: c.Route, Replica: r.replicaOf(c), Scenario: controlScenario(c.Kind),
		Shots: []reports.Shot{result},
	}
	if r.plan.Command != "" {
		out.Command = r.plan.Command + " --id " + out.Scenario
	}
	if err := r.plan.Sink.Control(out); err != nil {
		r.fail(err)
	}
}

// controlScenario is the row whose request a control is.
func controlScenario(k mint.Kind) string {
	if k.Subject == mint.SubjectUser {
		return "ctl-" + string(k.Version) + "-delegated"
	}
	return "ctl-" + string(k.Version) + "-app-only"
}

func (r *Run) replicaOf(c scenarios.Control) string {
	i := slices.IndexFunc(r.plan.Cases, func(k scenarios.Case) bool { return k.Home.Name == c.Environment })
	if i < 0 {
		return ""
	}
	return replicaName(c.Number, r.plan.Cases[i].Of)
}
