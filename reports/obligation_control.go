package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/verdict"
)

// controlsOwed returns an obligation for each kind of genuine token at each
// environment with a gateway.
func (s scope) controlsOwed() []Obligation {
	var all []Obligation
	for _, e := range s.target.gateways() {
		kinds := e.Kinds
		if len(kinds) == 0 {
			kinds = []string{""} // no kind at all is not "all kinds"
		}
		for _, kind := range kinds {
			all = append(all, s.controlOwed(e.Name, kind))
		}
	}
	return all
}

func (s scope) controlOwed(env, kind string) Obligation {
	o := Obligation{
		Name: fmt.Sprintf("control/%s/%s", env, kind), Target: s.target.Name, What: ControlOwed,
		Environment: env, Kind: kind, State: NotTested,
	}
	controls := s.controlsOf(env, kind)
	o.Owed = len(controls) > 0 || s.reaches(env, kind)
	for _, c := range controls {
		if state, why := s.stateOf(c); worseState(state, o.State) {
			o.State, o.Why = state, why
		}
	}
	switch {
	case kind == "":
		o.Why = "no kind of genuine token is known for it"
	case len(controls) == 0:
		o.Why = "no control of this kind was fired"
	}
	return o
}

// controlsOf returns the controls of one kind on the usual route, whichever
// client asked: all of them must be accepted.
func (s scope) controlsOf(env, kind string) []*Control {
	var of []*Control
	for _, c := range s.controls {
		if c.Environment == env && c.Kind == kind && (c.Route == "" || c.Route == "home") {
			of = append(of, c)
		}
	}
	return of
}

// reaches reports whether the selection asks anything of that kind there. A
// gateway without a single case was forgotten, which is asked for as well.
func (s scope) reaches(env, kind string) bool {
	here := s.where(func(c *Case) bool { return c.Environment == env })
	for _, c := range here {
		if c.Kind == kind && c.Grade() != Unsupported {
			return true
		}
	}
	return len(here) == 0 || kind == ""
}

// stateOf returns what the control's shots, and the row that sends the same
// request, say together.
func (s scope) stateOf(c *Control) (state, why string) {
	same := s.where(func(k *Case) bool {
		return c.Scenario != "" && k.Scenario == c.Scenario && k.Environment == c.Environment &&
			k.Kind == c.Kind && k.Variant == "" && k.Client == c.Client && k.Grade() == Fail
	})
	switch state := c.proves(); {
	case state == ControlRefused || len(same) > 0:
		return Unmet, c.why(same)
	case state == ControlAccepted:
		return Met, ""
	}
	return Unproven, c.why(nil)
}

// counted are the shots that prove something: one before the gateway had
// settled, or one that was broken off, does not.
func (c *Control) counted() []*Shot {
	var counted []*Shot
	for i := range c.Shots {
		if c.Shots[i].State != ControlNone {
			counted = append(counted, &c.Shots[i])
		}
	}
	return counted
}

// leadsNowhere reports whether every shot that counts shows no route to the
// upstream: what leans on the control could not be run (design 5.4).
func (c *Control) leadsNowhere() bool {
	counted := c.counted()
	return len(counted) > 0 && !slices.ContainsFunc(counted, func(s *Shot) bool { return s.Reason != verdict.RouteNotProven })
}

// proves returns what all shots that count prove together: accepted or refused
// only when every one was.
func (c *Control) proves() ControlState {
	counted := c.counted()
	if len(counted) == 0 {
		return ControlNone
	}
	for _, shot := range counted[1:] {
		if shot.State != counted[0].State {
			return ControlUnproven
		}
	}
	return counted[0].State
}

// Refused returns the first shot that counts and was not accepted, nil if all
// were.
func (c *Control) Refused() *Shot {
	for _, shot := range c.counted() {
		if shot.State != ControlAccepted {
			return shot
		}
	}
	return nil
}

// why says in a few words what was not accepted.
func (c *Control) why(same []*Case) string {
	var parts []string
	if shot := c.Refused(); shot != nil {
		if c.proves() == ControlUnproven && shot != c.counted()[0] {
			parts = append(parts, "accepted at first, not at: "+shot.When)
		}
		parts = append(parts, answered(shot.Status, string(shot.Fault)), shot.Detail)
	} else if len(same) > 0 {
		parts = append(parts, answered(same[0].Status, string(same[0].Fault)), same[0].Detail)
	} else {
		parts = append(parts, "it has no answer")
	}
	if c.Client != "" && c.Client != "contracted" {
		parts = append(parts, "client "+c.Client)
	}
	return joinSaid(parts)
}

// answered returns status or fault in words.
func answered(status int, fault string) string {
	switch {
	case status != 0:
		return fmt.Sprintf("answered %d", status)
	case fault != "":
		return "no answer: " + fault
	}
	return ""
}

// joinSaid joins what is not empty, each part once.
func joinSaid(parts []string) string {
	var said []string
	for _, p := range parts {
		if p != "" && !slices.Contains(said, p) {
			said = append(said, p)
		}
	}
	return strings.Join(said, ", ")
}

// worseState reports whether a is further from green than b; NotTested is the
// state before anything is known.
func worseState(a, b string) bool { return rank(a) > rank(b) }

func rank(state string) int {
	switch state {
	case NotTested:
		return 0
	case Met:
		return 1
	case Unproven:
		return 2
	}
	return 3
}
