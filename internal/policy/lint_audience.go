package policy

import (
	"regexp"
	"slices"
	"strings"
)

// audienceRules are about whether the audience is checked, and for which API.
func audienceRules() []LintRule {
	return []LintRule{
		{
			ID: "audience-not-checked", Severity: Critical,
			Why:    "a token for any API of the tenant is taken: nothing in the policy says that it must be for this one",
			Fix:    "tick Validate Audience Claim and Audience Claim Mandatory, and write this environment's own audience into Audience Claim Values",
			Refs:   []string{"mulesoft-policies.md §2.1", "mulesoft-policies.md §6", "7519§4.1.3", "8725§3.9"},
			Rows:   []string{"aud-other-env-genuine", "aud-other-api-same-env", "aud-other-only", "aud-arm-genuine"},
			Effect: Opens, Proof: []string{"aud-other-env-genuine", "aud-other-only", "aud-missing"},
			check: each(audienceNotChecked),
		},
		{
			ID: "audience-without-switch", Severity: Critical,
			Why:    "without Validate Audience Claim the audience fields do nothing: a token for any API of the tenant is taken",
			Fix:    "tick Validate Audience Claim",
			Refs:   []string{"mulesoft-policies.md §2.1", "7519§4.1.3"},
			Rows:   []string{"aud-other-env-genuine", "aud-other-api-same-env", "aud-other-only", "aud-missing"},
			Effect: Opens, Proof: []string{"aud-other-env-genuine", "aud-other-only", "aud-missing"},
			check: each(audienceWithoutSwitch),
		},
		{
			ID: "audience-not-mandatory", Severity: High,
			Why:    "a token without aud passes: the audience is compared only where there is one",
			Fix:    "tick Audience Claim Mandatory",
			Refs:   []string{"mulesoft-policies.md §2.2", "mulesoft-policies.md §6", "8725§3.9"},
			Rows:   []string{"aud-missing", "aud-iss-exp-all-missing"},
			Effect: Opens, Proof: []string{"aud-missing"},
			check: each(audienceNotMandatory),
		},
		{
			ID: "audience-empty", Severity: High,
			Why:    "the audience is to be checked against no value at all; what the product makes of that is not documented: all tokens may be refused, or all let in (predict has --switch empty-audiences for it)",
			Fix:    "write this environment's own audience into Audience Claim Values",
			Refs:   []string{"mulesoft-policies.md §2.1"},
			Rows:   []string{"ctl-v2-app-only", "ctl-v1-app-only", "aud-other-only"},
			Effect: LocksOut, Proof: []string{"ctl-v2-app-only"},
			check: each(audienceEmpty),
		},
	}
}

// audienceEnvironmentRules are about audiences of other environments.
func audienceEnvironmentRules() []LintRule {
	return []LintRule{
		{
			ID: "audience-of-two-environments", Severity: Critical,
			Why:    "one of the values is enough: a token for the other environment opens this one",
			Fix:    "leave only this environment's own values in Audience Claim Values",
			Refs:   []string{"mulesoft-policies.md §6", "8725§3.9"},
			Rows:   []string{"aud-list-holds-other-env", "aud-other-env-genuine", "aud-other-only"},
			Effect: Opens, Proof: []string{"aud-other-env-genuine", "aud-other-env-genuine-v1"},
			check: each(audienceOfTwoEnvironments),
		},
		{
			ID: "audience-of-another-environment", Severity: High,
			Why:    "the value names another environment than the instance does: that one's tokens are taken, and this one's refused",
			Fix:    "write this environment's own audience into Audience Claim Values",
			Refs:   []string{"mulesoft-policies.md §6"},
			Rows:   []string{"aud-other-env-genuine", "ctl-v1-aud-as-app-id-uri"},
			Effect: Opens, Proof: []string{"aud-other-env-genuine-v1", "ctl-v1-app-only"},
			check: each(audienceOfAnotherEnvironment),
		},
		{
			ID: "audience-of-two-registrations", Severity: Low,
			Why:    "a registration has one application id, so the list admits tokens for two registrations: one for each token version is fine, but if they are of two environments, one opens the other, and no document shows which it is",
			Fix:    "leave only the application ids of this environment's registrations in Audience Claim Values",
			Refs:   []string{"mulesoft-policies.md §6", "entra-tokens.md §2.2"},
			Rows:   []string{"aud-list-holds-other-env", "aud-other-env-genuine"},
			Effect: Opens, Proof: []string{"aud-other-env-genuine"}, ProofFlags: "--target TARGET",
			check: each(audienceOfTwoRegistrations),
		},
	}
}

func audienceNotChecked(p place, c *JWTValidation) []Finding {
	if _, bound := p.demands("aud"); bound || c.ValidateAudClaim || c.MandatoryAudClaim || p.setsAudiences(c) {
		return nil
	}
	return []Finding{p.about("validateAudClaim", "expected true and the audience of this environment, got false")}
}

// setsAudiences reports whether the document has audiences, rather than the
// provider's default.
func (p place) setsAudiences(c *JWTValidation) bool {
	return p.sets("supportedAudiences") && len(c.ListedAudiences()) > 0
}

func audienceWithoutSwitch(p place, c *JWTValidation) []Finding {
	if c.ValidateAudClaim || !c.MandatoryAudClaim && !p.setsAudiences(c) {
		return nil
	}
	f := p.expected("validateAudClaim", true, false)
	if !p.setsAudiences(c) {
		f[0].Patches = nil // there is nothing to compare with
	}
	return f
}

func audienceNotMandatory(p place, c *JWTValidation) []Finding {
	if !c.ValidateAudClaim || c.MandatoryAudClaim {
		return nil
	}
	return p.expected("mandatoryAudClaim", true, false)
}

func audienceEmpty(p place, c *JWTValidation) []Finding {
	if !c.ValidateAudClaim || len(c.audiences()) > 0 {
		return nil
	}
	return []Finding{p.about("supportedAudiences", "expected the audience of this environment, got none")}
}

func audienceOfTwoEnvironments(p place, c *JWTValidation) []Finding {
	first := ""
	for _, value := range c.audiences() {
		env := EnvironmentOf(value)
		switch {
		case env == "" || env == EnvironmentOf(first):
		case first == "":
			first = value
		default:
			f := p.about("supportedAudiences", "expected the values of one environment, got %s beside %s", value, first)
			f.Patches = p.patch("supportedAudiences", strings.Join(p.ownAudiences(c.audiences(), EnvironmentOf(first)), ","))
			return []Finding{f}
		}
	}
	return nil
}

// ownAudiences leaves out the values that speak of another environment than the
// instance does, or than fallback where it speaks of none.
func (p place) ownAudiences(all []string, fallback string) []string {
	home := p.in.environment
	if !slices.ContainsFunc(all, func(v string) bool { return EnvironmentOf(v) == home }) || home == "" {
		home = fallback
	}
	return slices.DeleteFunc(slices.Clone(all), func(v string) bool {
		env := EnvironmentOf(v)
		return env != "" && env != home
	})
}

func audienceOfAnotherEnvironment(p place, c *JWTValidation) []Finding {
	home, all := p.in.environment, c.audiences()
	if home == "" {
		return nil
	}
	for _, value := range all {
		if EnvironmentOf(value) == home {
			return nil
		}
	}
	for _, value := range all {
		if env := EnvironmentOf(value); env != "" {
			return []Finding{p.about("supportedAudiences", "expected an audience of %s, as %s is, got %s", home, p.in.Name, value)}
		}
	}
	return nil
}

// guid is an application or tenant id in a text.
var guid = regexp.MustCompile(`(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`)

// bareGUID is a text that is one.
func bareGUID(text string) bool { return guid.FindString(text) == text && text != "" }

func audienceOfTwoRegistrations(p place, c *JWTValidation) []Finding {
	var ids []string
	for _, value := range c.audiences() {
		if id := strings.ToLower(strings.TrimPrefix(value, "api://")); bareGUID(id) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) < 2 {
		return nil
	}
	return []Finding{p.about("supportedAudiences", "expected one application id, got %s", strings.Join(ids, " and "))}
}
