package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// chainRules are about which policies stand in front of an instance, and in what
// order.
func chainRules() []LintRule {
	return []LintRule{
		{
			ID: "no-policy", Severity: Critical,
			Why:   "whatever comes is forwarded",
			Fix:   "apply JWT Validation to the API instance",
			Refs:  []string{"MP 2"},
			Rows:  []string{"auth-missing", "sig-bit-flipped", "aud-other-env-genuine"},
			check: eachInstance(noPolicy),
		},
		{
			ID: "no-token-policy", Severity: Critical,
			Why:   "none of the policies that are known here looks at a token: a request without one is forwarded",
			Fix:   "apply JWT Validation to the API instance",
			Refs:  []string{"MP 2", "MP 3"},
			Rows:  []string{"auth-missing", "sig-bit-flipped", "aud-other-env-genuine"},
			check: eachInstance(noTokenPolicy),
		},
		{
			ID: "policy-disabled", Severity: High,
			Why:   "a policy that is switched off checks nothing",
			Fix:   "enable the policy, or remove it if another one does its work",
			Refs:  []string{"MP 5"},
			Rows:  []string{"auth-missing", "aud-other-env-genuine", "client-unregistered-genuine"},
			check: eachInstance(policyDisabled),
		},
		{
			ID: "policy-elsewhere", Severity: High,
			Why:   "provided policies are in the namespace default: the gateway does not find this one, and what it makes of that is not documented",
			Fix:   "write namespace: default into policyRef",
			Refs:  []string{"MP 4"},
			Rows:  []string{"auth-missing", "aud-other-env-genuine"},
			check: eachPolicy(policyElsewhere),
		},
		{
			ID: "policy-for-some-requests", Severity: Medium,
			Why:   "requests with another method or path do not meet the policy, and no other one asks them for a token",
			Fix:   "apply the policy to all API methods and resources, or make sure that the rest is meant for everybody",
			Refs:  []string{"MP 4", "MP 5"},
			Rows:  []string{"path-case-changed", "path-trailing-slash-or-dot", "method-unknown", "path-unknown-anonymous"},
			check: eachInstance(policyForSomeRequests),
		},
		{
			ID: "policy-twice", Severity: Medium,
			Why:   "both must hold: what one takes the other refuses, unless they are the same, and then one of them is forgotten at the next change",
			Fix:   "remove one of the two policies, or limit each to its own methods and resources",
			Refs:  []string{"MP 2.2"},
			Rows:  []string{"ctl-v2-app-only", "ctl-v1-app-only"},
			check: eachInstance(policyTwice),
		},
		{
			ID: "policy-not-known", Severity: Low,
			Why:   "what this policy does is not known here: findings and verdicts leave it out",
			Fix:   "judge the gateway itself with entraproof run, where such a policy decides who gets in",
			Refs:  []string{"MP 1.1", "MP 2", "MP 3"},
			check: eachPolicy(policyNotKnown),
		},
		{
			ID: "claims-before-token", Severity: High,
			Why:   "the claims are set by the policy that checks the token, which comes later: the expression finds nothing, and every request is refused",
			Fix:   "move the policy that checks the token before this one",
			Refs:  []string{"MP 1.5", "MP 2.2"},
			Rows:  []string{"ctl-v2-app-only", "ctl-v1-app-only"},
			check: eachInstance(claimsBeforeToken),
		},
		{
			ID: "network-before-signature", Severity: Low,
			Why:   "each token, forged ones too, costs a call to the provider before its signature is looked at",
			Fix:   "move JWT Validation before the policy that asks the provider",
			Refs:  []string{"MP 1.2", "MP 2"},
			Rows:  []string{"jwks-unknown-kid-flood", "dos-many-dots"},
			check: eachInstance(networkBeforeSignature),
		},
	}
}

func noPolicy(in *inspected) []Finding {
	if len(in.Policies) > 0 {
		return nil
	}
	return []Finding{in.of("expected a policy that checks tokens, got no policy that is on")}
}

func noTokenPolicy(in *inspected) []Finding {
	if len(in.Policies) == 0 || len(in.tokenPolicies()) > 0 {
		return nil
	}
	var assets []string
	for _, a := range in.Policies {
		assets = append(assets, a.Asset)
	}
	return []Finding{in.of("expected a policy that checks tokens, got %s", strings.Join(assets, ", "))}
}

func policyDisabled(in *inspected) []Finding {
	var all []Finding
	for _, a := range in.Disabled {
		needless := a.Asset == clientIDEnforcement && in.admits.contract
		if a.Config != nil && !in.has(a.Asset) && !needless {
			all = append(all, place{in: in, Applied: a}.of("expected %s to be on, got it disabled", a.Asset))
		}
	}
	return all
}

func policyElsewhere(p place) []Finding {
	if !p.local() || p.Config == nil || p.Namespace == "default" || p.Namespace == "" {
		return nil
	}
	return []Finding{p.of("expected %s in namespace default, got %s", p.Asset, p.Namespace)}
}

func policyForSomeRequests(in *inspected) []Finding {
	all := in.tokenPolicies()
	if len(all) == 0 || slices.ContainsFunc(all, func(p place) bool { return len(p.Rules) == 0 || slices.ContainsFunc(p.Rules, Rule.everything) }) {
		return nil
	}
	var only []string
	for _, r := range all[0].Rules {
		only = append(only, r.String())
	}
	return []Finding{all[0].of("expected all requests, got only %s", strings.Join(only, ", "))}
}

// everything reports whether a rule holds for all requests.
func (r Rule) everything() bool {
	all := func(p *regexp.Regexp) bool {
		return p == nil || p.MatchString("/") && p.MatchString("") && p.MatchString("/any/Thing.1") && p.MatchString("PURGE")
	}
	return all(r.Path) && all(r.Method) && all(r.Host) && len(r.Headers) == 0
}

// String is the condition in words.
func (r Rule) String() string {
	switch {
	case r.Method == nil && r.Path == nil:
		return "everything"
	case r.Method == nil:
		return written(r.Path)
	case r.Path == nil:
		return written(r.Method)
	}
	return written(r.Method) + " " + written(r.Path)
}

// written is a pattern as the document has it.
func written(p *regexp.Regexp) string {
	return strings.TrimSuffix(strings.TrimPrefix(p.String(), "^(?:"), ")$")
}

func policyTwice(in *inspected) []Finding {
	first := map[string]place{}
	var all []Finding
	for _, a := range in.places {
		other, twice := first[a.Asset]
		switch {
		case !twice:
			first[a.Asset] = a
		case a.Config != nil && len(a.Rules) == 0 && len(other.Rules) == 0:
			all = append(all, a.of("expected one %s, got another at %s", a.Asset, other.At))
		}
	}
	return all
}

func policyNotKnown(p place) []Finding {
	if p.Config != nil {
		return nil
	}
	return []Finding{p.of("expected a policy that is known here, got %s", p.Asset)}
}

// claimsBeforeToken looks at Client ID Enforcement, whose expressions may read
// what a policy before it found in the token.
func claimsBeforeToken(in *inspected) []Finding {
	for _, a := range in.places {
		switch c := a.Config.(type) {
		case *JWTValidation, *OpenIDConnect, *Introspection:
			return nil
		case *ClientIDEnforcement:
			if c.CredentialsOrigin == "customExpression" && mentions(c.ClientIDExpression, "authentication.", "vars.claimSet") && len(in.tokenPolicies()) > 0 {
				return []Finding{a.about("clientIdExpression", "expected %s before this policy, got it behind", in.tokenPolicies()[0].Asset)}
			}
		}
	}
	return nil
}

func networkBeforeSignature(in *inspected) []Finding {
	asks := -1
	for i, a := range in.places {
		switch {
		case a.Asset == openIDConnect || a.Asset == introspection:
			asks = i
		case a.Asset == jwtValidation && asks >= 0:
			return []Finding{in.places[asks].of("expected %s first, got it behind %s", a.Asset, orderOf(in.places[asks]))}
		}
	}
	return nil
}

// orderOf names a policy with its order, where the document has one.
func orderOf(a place) string {
	if a.Order == 0 {
		return a.Asset
	}
	return fmt.Sprintf("%s (order %d)", a.Asset, a.Order)
}
