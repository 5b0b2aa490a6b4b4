package gateway

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/entraproof/entraproof/internal/dataweave"
	"github.com/entraproof/entraproof/internal/policy"
)

// times: exp and nbf are checked where they are; absence counts only if they
// are mandatory. The vendor's sample compares exp < now (2.2).
func (p *jwtValidation) times(x *exchange, claims object) *refusal {
	if refused := p.crash(x, claims); refused != nil {
		return refused
	}
	now, skew := seconds(p.options.Now()), p.options.Switches.Skew.Seconds()
	for _, t := range []struct {
		name, key string
		mandatory bool
		out       func(at float64) float64
	}{
		{"exp", "mandatoryExpClaim", p.config.MandatoryExpClaim, func(at float64) float64 { return now - at }},
		{"nbf", "mandatoryNbfClaim", p.config.MandatoryNbfClaim, func(at float64) float64 { return at - now }},
	} {
		if holdsTime(claims, t.name, t.mandatory, func(at float64) bool {
			x.clockMatters(t.out(at))
			return t.out(at) <= skew
		}) {
			continue
		}
		r := p.invalid("jwt-time", "time", "exp and nbf hold")
		if _, there := claims.last(t.name); !there {
			r.hangs(t.key)
		}
		return r
	}
	return nil
}

// farthest is the last second whose nanoseconds a signed 64-bit number holds: a
// field report has Flex 1.13.3 end with 503 at an exp near 10^10, and not at
// 5·10^9 (2.2). That this number is the reason is a guess, hence the switch.
const farthest = 9_223_372_036

func (p *jwtValidation) crash(x *exchange, claims object) *refusal {
	v, _ := claims.last("exp")
	if at, ok := numericDate(v); !ok || at <= farthest || p.options.Switches.Profile == Mule4 {
		return nil
	}
	x.mattered("huge-exp")
	if !p.options.Switches.HugeExpCrashes {
		return nil
	}
	return &refusal{Check: Check{"jwt-crash", "time", http.StatusServiceUnavailable, "exp is no larger than the filter can hold"}}
}

func holdsTime(claims object, name string, mandatory bool, holds func(float64) bool) bool {
	v, ok := claims.last(name)
	if !ok {
		return !mandatory
	}
	at, ok := numericDate(v)
	return ok && holds(at)
}

// audience: one value of the token's equals one that is configured, to the
// letter (2.2).
func (p *jwtValidation) audience(x *exchange, claims object) *refusal {
	if !p.config.ValidateAudClaim {
		return nil
	}
	r := p.invalid("jwt-audience", "audience", "aud is one of the supported audiences")
	v, ok := claims.last("aud")
	switch {
	case !ok && p.config.MandatoryAudClaim:
		return r.hangs("mandatoryAudClaim", "validateAudClaim")
	case !ok:
		return nil
	}
	if len(p.audiences) == 0 {
		x.mattered("empty-audiences")
		if p.options.Switches.SkipEmptyAudiences {
			return nil
		}
	}
	items, ok := v.([]any)
	if !ok {
		items = []any{v}
	}
	if names, ok := texts(items); ok && slices.ContainsFunc(names, func(name string) bool { return slices.Contains(p.audiences, name) }) {
		return nil
	}
	return r.hangs("supportedAudiences", "validateAudClaim")
}

// customClaim is a rule over one claim.
type customClaim struct {
	policy.CustomClaim
	// place leads to the rule's value in the configuration.
	place string
	// rule is nil where the value is a literal.
	rule *expression
}

func (s site) customClaims(list string, rules []policy.CustomClaim) ([]customClaim, error) {
	var all []customClaim
	var problems problems
	for i, rule := range rules {
		c := customClaim{CustomClaim: rule, place: list + "." + strconv.Itoa(i) + ".value"}
		if dataweave.Wrapped(rule.Value) {
			var err error
			c.rule, err = s.expression(c.place, rule.Value)
			problems.add(err)
		}
		all = append(all, c)
	}
	return all, problems.err()
}

// custom: all rules hold, the optional ones where their claim is there.
func (p *jwtValidation) custom(x *exchange, claims object) *refusal {
	for _, c := range p.mandatory {
		if _, there := claims.last(c.Key); !there || !c.holds(x, claims) {
			return p.invalid("jwt-custom-claims", guardOf(c.Key), "the custom claims hold").hangs(c.place, "mandatoryCustomClaims", "validateCustomClaim")
		}
	}
	for _, c := range p.optional {
		if _, there := claims.last(c.Key); there && !c.holds(x, claims) {
			return p.invalid("jwt-custom-claims", guardOf(c.Key), "the custom claims hold").hangs(c.place, "nonMandatoryCustomClaims", "validateCustomClaim")
		}
	}
	return nil
}

func (c customClaim) holds(x *exchange, claims object) bool {
	if c.rule != nil {
		return c.rule.holds(x)
	}
	got, ok := claimText(claims, c.Key)
	return ok && got == c.Value
}

// guardOf is the guard that a rule over a claim belongs to.
func guardOf(claim string) string {
	guards := map[string]string{
		"aud": "audience", "iss": "issuer", "tid": "tenant", "azp": "client", "appid": "client", "client_id": "client",
		"scp": "scope", "scope": "scope", "roles": "role", "exp": "time", "nbf": "time",
	}
	if guard, ok := guards[claim]; ok {
		return guard
	}
	return "token-kind"
}
