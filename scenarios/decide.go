package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/verdict"
)

// decide settles what needs no request: rows that the target declares away,
// rows that it has nothing for, and what an `either` means there. The order
// matters: what is declared comes before what is merely absent (design 5).
func (x Expansion) decide(c *Case) {
	row := c.Scenario
	switch {
	case x.unneeded(c):
	case !c.Cross && !c.Home.Enforced(row.Guards):
		because(c, verdict.LeftOpenByDeclaration, row.Guards)
	case row.Marked("opt-in") && !x.Target.OptIn:
		because(c, verdict.NotOptedIn, "opt-in: true runs it")
	case row.Slow(x.Target.Tokens.CanMint()) && !x.Slow:
		because(c, verdict.Filtered, "takes minutes: --slow runs it")
	case row.Source == Mock && !x.Target.Tokens.CanMint():
		because(c, verdict.SourceNotAvailable, "needs a gateway that trusts the mock issuer")
	case x.lacksSkew(c):
		c.Declare = "skew: …"
		because(c, verdict.CapabilityAbsent, "lies near the limit of the gateway's clock, and no skew is declared")
	case row.Base.Issuer == IssuerFormer && x.Target.Tokens.Former == nil:
		because(c, verdict.SourceNotAvailable, "no former mock: add former: {mock: {url: …, management: …, token: …}} to tokens")
	case x.lacksOther(c):
		because(c, verdict.MissingAccount, "the target file names one environment only")
	default:
		if _, ok := c.Endpoint(); !ok {
			because(c, verdict.CapabilityAbsent, "the request goes to "+c.Scenario.Request.To+", and the target names no address for it")
			return
		}
		x.resolveEither(c)
		x.restsOn(c)
	}
}

// countsFromSkew reports whether a row lies near the limit of the gateway's
// clock.
func countsFromSkew(row *Scenario) bool { return slices.Contains(row.Refs(), "skew") }

// restsOn has the right answer to a row rest on what is declared, so that another
// one contradicts it: near the limit of the gateway's clock on the difference of
// clocks, elsewhere on the number that its answer shows.
func (x Expansion) restsOn(c *Case) {
	if c.Expect.Declared != "" {
		return
	}
	own := *c.Expect
	for _, d := range x.Target.Supports {
		capability, _ := targets.CapabilityOf(d.Key)
		number, _ := strconv.Atoi(d.Value)
		switch {
		case d.Key == "skew" && countsFromSkew(c.Scenario):
		case slices.Contains(capability.StatusOf, c.Scenario.ID):
			own.Status = number
		case slices.Contains(capability.SizeOf, c.Scenario.ID):
			own.Size = number
		default:
			continue
		}
		own.Declared = d.Key + ": " + d.Value
		c.Expect = &own
	}
}

func (x Expansion) lacksOther(c *Case) bool { return c.Other == nil && c.Scenario.UsesOther() }

// lacksSkew reports whether a row counts from a difference of clocks that nobody
// has declared: nothing would then be known of the right answer.
func (x Expansion) lacksSkew(c *Case) bool {
	_, declared := x.Target.Declared("skew")
	return !declared && countsFromSkew(c.Scenario)
}

// unneeded applies needs and unless.
func (x Expansion) unneeded(c *Case) bool {
	for _, n := range c.Scenario.AllNeeds() {
		if met, declared := x.meets(n, c); !met {
			x.missing(c, n, declared)
			return true
		}
	}
	for _, n := range c.Scenario.Unless {
		if met, _ := x.meets(n, c); met {
			c.Needs = append(c.Needs, "not "+n.String())
			because(c, verdict.DeclaredUnsupported, "runs only without "+n.String())
			return true
		}
	}
	return false
}

// meets is what the target says of a need at the case. Whether a registration
// is shared is a matter of the case's own pair of environments.
func (x Expansion) meets(n targets.Need, c *Case) (met, declared bool) {
	if n.Key == "shared-registration" && c.Other != nil {
		return c.Home.Shares(c.Other), true
	}
	return x.Target.Meets(n, c.Home)
}

func (x Expansion) missing(c *Case, n targets.Need, declared bool) {
	c.Needs = append(c.Needs, n.String())
	if declared {
		because(c, verdict.DeclaredUnsupported, "needs "+n.String())
		return
	}
	c.Declare = declaringAway(n)
	reason := verdict.CapabilityAbsent
	if slices.Contains([]string{"user-tokens", "second-api", "other-tenant"}, n.Key) {
		reason = verdict.MissingAccount
	}
	because(c, reason, "needs "+n.String())
}

// declaringAway is the line of supports that says that a need is not met: a
// boolean is false, a list lacks the word. Of a closed list of words each is
// named, for which of them holds only the user knows.
func declaringAway(n targets.Need) string {
	capability, _ := targets.CapabilityOf(n.Key)
	switch capability.Type {
	case targets.BooleanType:
		return n.Key + ": false"
	case targets.WordsType:
		return n.Key + ": []"
	default:
		return n.Key + ": " + strings.Join(capability.Known(), " or ")
	}
}

// resolveEither turns `either` into what the declared value makes of the row.
func (x Expansion) resolveEither(c *Case) {
	key := c.Expect.Either
	if key == "" {
		return
	}
	value, declared := x.Target.Declared(key)
	capability, known := targets.CapabilityOf(key)
	if !declared || !known {
		c.Declare = key + ": …"
		return
	}
	answer, ok := capability.Makes(value, c.Scenario.ID)
	if !ok {
		return
	}
	own := c.Expect.Decide(answer.Accept)
	own.Declared = fmt.Sprintf("%s: %s", key, value)
	if !answer.Accept {
		own.Refuse = answer.Refuse
	}
	c.Expect = &own
}

// Expected is the expectation of a case in words.
func (c *Case) Expected() string {
	text := c.Expect.Text()
	if c.Expect.Declared != "" {
		text += ", declared by " + c.Expect.Declared
	}
	return strings.TrimSpace(text)
}
