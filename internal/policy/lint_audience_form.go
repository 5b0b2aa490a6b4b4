package policy

import (
	"strings"
)

// audienceFormRules are about values that no token has, or only those of one
// version.
func audienceFormRules() []LintRule {
	return []LintRule{
		{
			ID: "audience-against-token-version", Severity: High,
			Why:   "aud of a v2 token is always the application id, that of a v1 token usually the App ID URI: the two halves of this policy match no token, or not those that were meant",
			Fix:   "write the application id into Audience Claim Values beside azp, the App ID URI beside appid; both where both versions come",
			Refs:  []string{"mulesoft-policies.md §6", "entra-tokens.md §2.2"},
			Rows:  []string{"ctl-v2-app-only", "ctl-v2-delegated", "ctl-v1-app-only", "ctl-v1-delegated"},
			check: each(audienceAgainstVersion),
		},
		{
			ID: "audience-of-one-version", Severity: Low,
			Why:   "the rest of the policy takes v1 and v2 tokens, and this list those of one version: once the registration's token version changes, all are refused",
			Fix:   "write both the App ID URI and the application id into Audience Claim Values",
			Refs:  []string{"mulesoft-policies.md §6", "entra-tokens.md §2.1", "entra-tokens.md §2.2"},
			Rows:  []string{"ctl-v2-app-only", "ctl-v1-app-only", "ctl-v1-aud-as-guid"},
			check: each(audienceOfOneVersion),
		},
		{
			ID: "audience-of-graph", Severity: High,
			Why:   "nobody but Microsoft Graph can verify a token for it, so this policy refuses every one; and it is not a token for this API",
			Fix:   "have clients ask for a token of this environment's registration, and write that one's audience into Audience Claim Values",
			Refs:  []string{"mulesoft-policies.md §0", "mulesoft-policies.md §6"},
			Rows:  []string{"aud-graph-genuine", "ctl-v1-delegated"},
			check: each(audienceOfGraph),
		},
		{
			ID: "audience-placeholder", Severity: High,
			Why:   "this is the value that the provider fills in, and no token has it: every request is refused",
			Fix:   "write this environment's own audience into Audience Claim Values",
			Refs:  []string{"mulesoft-policies.md §2.1"},
			Rows:  []string{"ctl-v2-app-only", "ctl-v1-app-only"},
			check: each(audiencePlaceholder),
		},
		{
			ID: "audience-matches-no-token", Severity: High,
			Why:   "values are compared exactly and separated by commas; Entra issues no token with such an aud",
			Fix:   "write the App ID URI or the application id, nothing else, into Audience Claim Values; commas between several",
			Refs:  []string{"mulesoft-policies.md §2.1", "mulesoft-policies.md §2.2", "entra-tokens.md §2.2", "entra-tokens.md §2.3"},
			Rows:  []string{"ctl-v2-app-only", "ctl-v1-app-only"},
			check: each(audienceMatchesNoToken),
		},
		{
			ID: "audience-trailing-slash", Severity: Low,
			Why:   "an App ID URI cannot end with a slash, and aud has one only where the client asked with it: others are refused",
			Fix:   "write the App ID URI without the slash into Audience Claim Values; with it as well only if clients ask so",
			Refs:  []string{"mulesoft-policies.md §2.2", "entra-tokens.md §2.2", "entra-tokens.md §2.3"},
			Rows:  []string{"ctl-v1-aud-as-app-id-uri", "aud-trailing-slash-listed"},
			check: each(audienceTrailingSlash),
		},
	}
}

// placeholderAudience is what the Terraform provider fills in
// (mulesoft-policies.md 2.1).
const placeholderAudience = "aud.example.com"

// forms tells App ID URIs from application ids.
func forms(all []string) (uris, ids []string) {
	for _, value := range all {
		switch {
		case bareGUID(value):
			ids = append(ids, value)
		case strings.Contains(value, "://"):
			uris = append(uris, value)
		}
	}
	return uris, ids
}

func audienceAgainstVersion(p place, c *JWTValidation) []Finding {
	uris, ids := forms(c.audiences())
	version, by := p.version()
	switch {
	case version == v2 && len(ids) == 0 && len(uris) > 0:
		return []Finding{p.about("supportedAudiences", "expected the application id, since %s is of v2 tokens, got %s", by, uris[0])}
	case version == v1 && len(uris) == 0 && len(ids) > 0:
		return []Finding{p.about("supportedAudiences", "expected the App ID URI, since %s is of v1 tokens, got %s; only a v1 token that was asked for by application id has it", by, ids[0])}
	}
	return nil
}

func audienceOfOneVersion(p place, c *JWTValidation) []Finding {
	uris, ids := forms(c.audiences())
	if version, _ := p.version(); version != both || (len(uris) > 0) == (len(ids) > 0) {
		return nil
	}
	if len(ids) > 0 {
		return []Finding{p.about("supportedAudiences", "expected an App ID URI beside the application id, got %s alone", ids[0])}
	}
	return []Finding{p.about("supportedAudiences", "expected an application id beside the App ID URI, got %s alone", uris[0])}
}

// OfGraph reports an audience of Microsoft Graph, which no registration of a
// tenant's own has.
func OfGraph(value string) bool {
	return value == "00000003-0000-0000-c000-000000000000" ||
		strings.TrimSuffix(strings.TrimPrefix(value, "https://"), "/") == "graph.microsoft.com"
}

func audienceOfGraph(p place, c *JWTValidation) []Finding {
	for _, value := range c.audiences() {
		if OfGraph(value) {
			return []Finding{p.about("supportedAudiences", "expected an audience of this environment, got that of Microsoft Graph, %s", value)}
		}
	}
	return nil
}

func audiencePlaceholder(p place, c *JWTValidation) []Finding {
	for _, value := range c.audiences() {
		if value == placeholderAudience {
			return []Finding{p.about("supportedAudiences", "expected the audience of this environment, got the placeholder %s", value)}
		}
	}
	return nil
}

func audienceMatchesNoToken(p place, c *JWTValidation) []Finding {
	var all []Finding
	for _, value := range c.audiences() {
		if reason := notAnAudience(value); reason != "" {
			all = append(all, p.about("supportedAudiences", "expected an App ID URI or an application id, got %s, %s", value, reason))
		}
	}
	return all
}

// notAnAudience says why no token has a value as aud; empty where one may.
func notAnAudience(value string) string {
	switch {
	case strings.HasPrefix(value, "#["):
		return "an expression, which is compared as it stands"
	case strings.ContainsAny(value, "*?"):
		return "a pattern, which is compared as it stands"
	case strings.ContainsAny(value, " \t\n;|"):
		return "which is one value to the product"
	case strings.ContainsAny(value, `'"[]`):
		return "whose quotes and brackets are compared too"
	case bareGUID(value) && value != strings.ToLower(value):
		return "in capitals, where aud has small letters"
	case strings.HasSuffix(value, "/.default"):
		return "which is a scope to ask with"
	}
	return ""
}

func audienceTrailingSlash(p place, c *JWTValidation) []Finding {
	listed := map[string]bool{}
	for _, value := range c.audiences() {
		listed[value] = true
	}
	for _, value := range c.audiences() {
		if bare := strings.TrimSuffix(value, "/"); bare != value && !listed[bare] && !OfGraph(value) {
			return []Finding{p.about("supportedAudiences", "expected %s as well, got only %s", bare, value)}
		}
	}
	return nil
}
