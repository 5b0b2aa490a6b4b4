package policy

import (
	"regexp"
	"slices"
	"strings"
)

// chainRules are about which policies stand in front of an instance.
func chainRules() []LintRule {
	return []LintRule{
		{
			ID: "no-policy", Severity: Critical,
			Why:    "whatever comes is forwarded",
			Fix:    "apply JWT Validation to the API instance",
			Refs:   []string{"mulesoft-policies.md §2"},
			Rows:   []string{"auth-missing", "sig-bit-flipped", "aud-other-env-genuine"},
			Effect: Opens, Proof: []string{"auth-missing"},
			check: eachInstance(noPolicy),
		},
		{
			ID: "no-token-policy", Severity: Critical,
			Why:    "none of the policies that are known here looks at a token: a request needs none",
			Fix:    "apply JWT Validation to the API instance",
			Refs:   []string{"mulesoft-policies.md §2", "mulesoft-policies.md §3"},
			Rows:   []string{"auth-missing", "sig-bit-flipped", "aud-other-env-genuine"},
			Effect: Opens, Proof: []string{"auth-missing"},
			check: eachInstance(noTokenPolicy),
		},
		{
			ID: "policy-disabled", Severity: High,
			Why:    "a policy that is switched off checks nothing",
			Fix:    "enable the policy, or remove it if another one does its work",
			Refs:   []string{"mulesoft-policies.md §5"},
			Rows:   []string{"auth-missing", "aud-other-env-genuine", "client-unregistered-genuine"},
			Effect: Opens, Proof: []string{"auth-missing"},
			check: eachInstance(policyDisabled),
		},
		{
			ID: "policy-for-some-requests", Severity: Medium,
			Why:    "requests with another method or path do not meet the policy, and no other one asks them for a token",
			Fix:    "apply the policy to all API methods and resources, or make sure that the rest is meant for everybody",
			Refs:   []string{"mulesoft-policies.md §4", "mulesoft-policies.md §5"},
			Rows:   []string{"path-case-changed", "path-trailing-slash-or-dot", "method-unknown", "path-unknown-anonymous"},
			Effect: Opens, Proof: []string{"method-unknown", "path-case-changed"},
			check: eachInstance(policyForSomeRequests),
		},
		{
			ID: "policy-not-known", Severity: Low,
			Why:    "what this policy does is not known here: findings and verdicts leave it out",
			Fix:    "judge the gateway itself with entraproof run, where such a policy decides who gets in",
			Refs:   []string{"mulesoft-policies.md §1.1", "mulesoft-policies.md §2", "mulesoft-policies.md §3"},
			Effect: Neither, Unshown: "what the policy does is not known here; predict refuses the document",
			check: eachPolicy(policyNotKnown),
		},
	}
}

// bindingRules are about how a policy is bound to an instance.
func bindingRules() []LintRule {
	return []LintRule{
		{
			ID: "policy-elsewhere", Severity: High,
			Why:    "provided policies are in the namespace default: the gateway does not find this one, and what it makes of that is not documented",
			Fix:    "write namespace: default into policyRef",
			Refs:   []string{"mulesoft-policies.md §4"},
			Rows:   []string{"auth-missing", "aud-other-env-genuine"},
			Effect: Neither, Unshown: "what a gateway makes of a policy that it does not find is not documented; predict takes it as found",
			check: eachPolicy(policyElsewhere),
		},
		{
			ID: "binding-without-kind", Severity: Low,
			Why:    "the vendor's reference leaves kind out of targetRef, and a report from Omni Gateway 1.13.3 says that it was needed: without it the policy may not be applied, and the API then is open",
			Fix:    "write kind: ApiInstance into targetRef",
			Refs:   []string{"mulesoft-policies.md §4"},
			Rows:   []string{"auth-missing"},
			Effect: Neither, Unshown: "what a gateway makes of a binding without kind is not documented; predict takes it as applied",
			check: eachPolicy(bindingWithoutKind),
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
	if len(in.Policies) == 0 || len(in.tokenPolicies()) > 0 || in.has(externalOAuth2) {
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
	only := in.TokensAskedOnly()
	if only == "" {
		return nil
	}
	return []Finding{in.tokenPolicies()[0].of("expected all requests, got only %s", only)}
}

// AsksForToken reports whether a policy that is known here looks at a token.
func (in Instance) AsksForToken() bool { return slices.ContainsFunc(in.Policies, Applied.looksAtToken) }

// TokensAskedOnly are the requests that meet a policy which looks at a token, in
// words; empty where all do, or where there is no such policy.
func (in Instance) TokensAskedOnly() string {
	var only []string
	for _, a := range in.Policies {
		switch {
		case !a.looksAtToken():
			continue
		case len(a.Rules) == 0 || slices.ContainsFunc(a.Rules, Rule.everything):
			return ""
		}
		for _, r := range a.Rules {
			if text := r.String(); !slices.Contains(only, text) {
				only = append(only, text)
			}
		}
	}
	return strings.Join(only, ", ")
}

// everything reports whether a rule holds for all requests.
func (r Rule) everything() bool {
	all := func(p *regexp.Regexp, samples ...string) bool {
		return p == nil || !slices.ContainsFunc(samples, func(s string) bool { return !p.MatchString(s) })
	}
	return all(r.Path, "/", "/any/Thing.1") && all(r.Method, "GET", "PURGE") && all(r.Host, "a.example", "b") && len(r.Headers) == 0
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

func bindingWithoutKind(p place) []Finding {
	if !p.Kindless || p.Config == nil {
		return nil
	}
	return []Finding{p.of("expected kind: ApiInstance in targetRef, got none")}
}

func policyNotKnown(p place) []Finding {
	if p.Config != nil || p.Asset == externalOAuth2 || slices.Contains(bystanders[:], p.Asset) {
		return nil
	}
	if p.asksForContract() {
		return []Finding{p.of("expected a policy that is judged here, got %s, which %s", p.Asset, p.NotEmulated())}
	}
	return []Finding{p.of("expected a policy that is known here, got %s", p.Asset)}
}

// asksForContract reports Rate Limiting SLA, which looks for a contract as Client ID
// Enforcement does (mulesoft-policies.md 3).
func (a Applied) asksForContract() bool { return strings.HasPrefix(a.Asset, "rate-limiting-sla") }

// NotEmulated says why a policy is not emulated.
func (a Applied) NotEmulated() string {
	if a.asksForContract() {
		return "asks for the contract of a client id in the request, as Client ID Enforcement does, and is not emulated"
	}
	return "is not known here, and what it refuses or admits neither"
}
