package scenarios

import (
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// Case is one scenario for one pair of environments at one gateway of one
// target, and for one version and variant where the row has several.
type Case struct {
	// ID is scenario/presented[/from-OTHER][/version][/variant][/gwN]: stable,
	// unique within a target, and safe in an HTTP header.
	ID string
	// Scenario is the row, with its variant applied.
	Scenario *Scenario
	// Variant is the variant's name, empty where the row has none.
	Variant string
	// Home is the environment whose gateway is under test. Minted is the one
	// that the token is for, nil where it belongs to none. Other is the one
	// whose values the row borrows, or nil.
	Home, Minted, Other *targets.Environment
	Gateway             targets.Gateway
	// Replica is host:port where the target lists replicas, else empty.
	Replica string
	// Number counts the gateways and replicas of Home from one; Of is how many
	// there are.
	Number, Of int
	// Cross marks another environment's token just as its client gets it: the
	// rows that are always judged and that answer the second question.
	Cross bool
	// Choices are the kinds to take, best first; see Choice.
	Choices []Choice
	// Expect is the row's expectation with `either` resolved by what the
	// target declares. Cases of a row share it, and nobody changes it.
	Expect *verdict.Expectation
	// Decided is set where nothing is to be fired: unsupported or skipped.
	Decided *verdict.Verdict
	// Needs are the capabilities that are missing, Declare the line of
	// `supports` that would declare them away.
	Needs   []string
	Declare string
}

// Choice is one way to fire a case: a token, and the control that must be
// accepted around it. The first choice whose control is accepted and whose
// mutation changes something is taken; where no control is, the first.
type Choice struct {
	// Kind is what the result records as the kind used.
	Kind mint.Kind
	// Grant is the genuine token to start from; nil for base none.
	Grant   *mint.Grant
	Control Control
}

// Control is a genuine token of one kind and client on one route of one
// gateway. It is comparable.
type Control struct {
	Environment string
	Gateway     string
	Replica     string
	Number      int
	Kind        mint.Kind
	// Client is the id of the client, Role how the case came by it.
	Client string
	Role   targets.Role
	// Route is "home" or "other".
	Route string
}

// ID is control/environment/kind[/client][/route][/gwN].
func (c Control) ID() string {
	parts := []string{"control", c.Environment, strings.ReplaceAll(c.Kind.String(), " ", "-")}
	if c.Role != targets.Contracted {
		parts = append(parts, string(c.Role))
	}
	if c.Route != "home" {
		parts = append(parts, c.Route)
	}
	if c.Number > 1 {
		parts = append(parts, gatewayName(c.Number))
	}
	return strings.Join(parts, "/")
}

// Spec is the name under which the sub-results of a case are one: scenario and
// environment.
func (c *Case) Spec() string { return c.Scenario.ID + "/" + c.Home.Name }

// Repeats reports whether the case is fired several times where a run repeats:
// it is a critical refusal (design 10).
func (c *Case) Repeats() bool {
	return c.Scenario.Kind == Data && c.Scenario.Severity == Critical && c.Expect.Refuses()
}

// Endpoint is where the case's request goes.
func (c *Case) Endpoint() (probe.Endpoint, bool) {
	gateway, home := c.Gateway, c.Home
	e := probe.Endpoint{URL: gateway.URL, Dial: c.Replica}
	switch c.Scenario.Request.To {
	case "other":
		if c.Other == nil || !c.Other.Judged() {
			return e, false
		}
		home, e.Dial = c.Other, ""
		e.URL = c.Other.Gateways[0].URL
	case "origin":
		e.URL, e.Dial = gateway.Origin, ""
	case "plain-http":
		e.URL, e.Dial = gateway.PlainHTTP, ""
	}
	e.RoutePath, e.Method = RoutePath(e.URL, home.Home), home.Home.Method
	return e, e.URL != ""
}

// UsesOtherRoute reports whether the row aims at the second route.
func (c *Case) UsesOtherRoute() bool {
	return slices.Contains(c.Scenario.Request.Refs(), "home.other-route")
}
