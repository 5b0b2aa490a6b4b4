package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// finding is what an accepted measuring row says about a gateway that refuses
// the genuine token (design 5, cause line).
type finding struct{ probe, reads, sentence, remedy string }

// findings are the known causes, the most telling first.
func findings() []finding {
	return []finding{
		{
			"probe-client-id-claim", "client_id",
			"the gateway looks for the claim client_id, which Entra's tokens do not have: v1 names the caller in appid, v2 in azp",
			"map the client id: in JWT Validation set Client ID Expression to azp for ver 2.0 and appid for ver 1.0, and give the caller a contract",
		},
		{
			"probe-scope-claim", "scope",
			"the gateway looks for the scope in the claim scope, and Entra writes it in scp",
			"let the check read scp, or map scp to scope in front of it",
		},
		{
			"probe-roles-as-scope", "scope",
			"the gateway asks for a scope, and daemons' tokens have app roles in roles instead",
			"let the check read roles as well, or map roles to scope for tokens without scp",
		},
		{
			"probe-roles-as-scp", "scp",
			"the gateway asks for a scope in scp, and daemons' tokens have app roles in roles instead",
			"let the check read roles as well; without that declare `app-tokens: false`",
		},
		{
			"probe-appid-beside-azp", "appid",
			"the gateway reads the caller from appid, which only v1 tokens have; v2 names it in azp",
			"choose the claim by ver: azp for 2.0, appid for 1.0",
		},
		{
			"probe-aud-other-form", "aud",
			"the audience list lacks the form that this version carries: v1 tokens have the App ID URI, v2 tokens the API's GUID",
			"list both: the App ID URIs and the application ids of the environment's registrations",
		},
		{
			"probe-v2-in-v1-form", "appid and aud",
			"the gateway is configured for v1 tokens: it reads the caller from appid and lists App ID URIs only; v2 tokens have azp and the API's GUID",
			"choose the client id by ver (azp for 2.0, else appid), and list the application ids beside the App ID URIs",
		},
	}
}

// nameCauses fires the measuring rows for every refused control on a home
// route and says why it is refused.
func (r *Run) nameCauses(ctx context.Context) {
	for _, l := range r.refusedLanes() {
		if ctx.Err() != nil {
			return
		}
		cause := reports.Cause{
			Target: r.plan.target().Name, Environment: l.control.Environment, Kind: l.control.Kind.String(),
			Certainty: reports.Likely, From: []string{l.control.ID()},
		}
		found := r.probeLane(ctx, l)
		switch {
		case len(found) > 0:
			cause.Certainty = reports.Proven
			cause.Reads, cause.Sentence, cause.Remedy = found[0].reads, found[0].sentence, found[0].remedy
		default:
			cause.Sentence, cause.Remedy = likely(l.last())
		}
		r.summary.Causes = append(r.summary.Causes, cause)
	}
}

// refusedLanes are the home-route lanes of contracted clients whose control is
// refused, in order.
func (r *Run) refusedLanes() []*lane {
	var all []*lane
	for c, l := range r.lanes {
		if l.state() == verdict.Refused && c.Route == "home" && c.Role == "contracted" {
			all = append(all, l)
		}
	}
	slices.SortFunc(all, func(a, b *lane) int { return compareControls(a.control, b.control) })
	return all
}

// probeLane fires the measuring rows of a lane and gives the findings of those
// that were let in.
func (r *Run) probeLane(ctx context.Context, l *lane) []finding {
	var found []finding
	for _, f := range findings() {
		for i := range r.plan.Probes {
			c := &r.plan.Probes[i]
			if c.Scenario.ID == f.probe && r.measures(c, l.control) && r.letIn(ctx, c, l) {
				found = append(found, f)
			}
		}
	}
	return found
}

func (r *Run) measures(c *scenarios.Case, control scenarios.Control) bool {
	return c.Decided == nil && c.Home.Name == control.Environment && len(c.Choices) > 0 && c.Choices[0].Control == control
}

// letIn fires a measuring row and reports whether it was accepted.
func (r *Run) letIn(ctx context.Context, c *scenarios.Case, l *lane) bool {
	s := &shot{c: c, choice: c.Choices[0], lane: l, extra: true}
	if v := r.build(ctx, s); v != nil {
		return false
	}
	r.slots <- struct{}{}
	fired := r.shoot(ctx, s)
	<-r.slots
	if !fired {
		return false
	}
	state, _ := verdict.JudgeControl(s.observed, s.reach)
	v := verdict.Because(verdict.Measured, state.String())
	r.reportBetween(s, v, nil)
	return state == verdict.Accepted
}

// asksForClientID reports the challenges of MuleSoft's Client ID Enforcement
// (mulesoft-policies.md 3).
func asksForClientID(o probe.Observation) bool {
	challenge := o.Get("WWW-Authenticate")
	return o.Status == 401 && (strings.EqualFold(challenge, "Client-ID-Enforcement") || strings.EqualFold(challenge, `Basic realm="mule-realm"`))
}

// likely reads the cause from the refusal's own words, where no measuring row
// could be made or none was let in.
func likely(o probe.Observation) (sentence, remedy string) {
	body := strings.ToLower(string(o.Body))
	switch {
	case asksForClientID(o):
		return "the gateway asks for a client id in the request beside the token (Client ID Enforcement), and a caller of Entra sends the token alone",
			"have the policy that checks the token look for the contract as well, and remove Client ID Enforcement; or have callers send their client id, and judge that with a target of your own"
	case strings.Contains(body, "invalid client") || strings.Contains(body, "client id does not match"):
		f := findings()[0]
		return f.sentence, f.remedy
	case strings.Contains(body, "scope"):
		return "the refusal speaks of a scope: the token lacks it, or has it in another claim than the gateway reads", "compare the scope rule with the claims scp (users) and roles (daemons)"
	case strings.Contains(body, "audience") || strings.Contains(body, "aud "):
		return "the refusal speaks of the audience: this version's aud is not listed", "list the App ID URIs (v1) and the application ids (v2) of the environment's registrations"
	case o.Status == 401:
		return "refused with 401: keys, issuer, audience or time are not as the gateway wants them", "look at the gateway's log for this request; compare issuer and audience with the token's"
	}
	return fmt.Sprintf("refused with %d, and no measuring row was let in", o.Status), "look at the gateway's log for this request; check the client's contract and the scope or role rule"
}
