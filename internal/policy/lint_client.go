package policy

import (
	"slices"
	"strings"
)

// clientRules are about which client a token is taken from.
func clientRules() []LintRule {
	return []LintRule{
		{
			ID: "client-check-skipped", Severity: Medium,
			Why:   "no policy asks whether the client has a contract with this API instance; the vendor advises against skipping it, and it is one of the two things that tell environments apart",
			Fix:   "untick Skip Client ID Validation, set Client ID Expression to the claim of Entra's tokens, and give the clients contracts",
			Refs:  []string{"mulesoft-policies.md §0", "mulesoft-policies.md §2.1", "mulesoft-policies.md §3"},
			Rows:  []string{"client-unregistered-genuine", "client-contract-only-other-env"},
			check: each(clientCheckSkipped),
		},
		{
			ID: "client-check-in-local-mode", Severity: High,
			Why:   "there are no contracts in local mode: Skip Client ID Validation must be ticked there",
			Fix:   "set skipClientIdValidation to true, and demand the client by a rule for appid or azp in Mandatory custom claims",
			Refs:  []string{"mulesoft-policies.md §0", "mulesoft-policies.md §2.1", "mulesoft-policies.md §4", "mulesoft-policies.md §8"},
			Rows:  []string{"ctl-v2-app-only", "ctl-v1-app-only"},
			check: eachPolicy(clientCheckInLocalMode),
		},
		{
			ID: "client-expression-of-no-entra-claim", Severity: High,
			Why:   "Entra's tokens name the client in appid (v1) or azp (v2); this expression finds no client in them, and every genuine token is answered with 403",
			Fix:   "set Client ID Expression to " + clientIDByVersion,
			Refs:  []string{"mulesoft-policies.md §0", "mulesoft-policies.md §2.1", "mulesoft-policies.md §6"},
			Rows:  []string{"ctl-no-client-id-no-scope-claims", "ctl-v1-app-only", "ctl-v2-app-only", "client-id-claim-spoofed"},
			check: each(clientOfNoEntraClaim),
		},
		{
			ID: "client-id-from-request", Severity: Critical,
			Why:   "the caller writes down which client he is, and the token is not asked: whoever knows a client id with a contract has it",
			Fix:   "set Client ID Expression to " + clientIDByVersion,
			Refs:  []string{"mulesoft-policies.md §2.1", "mulesoft-policies.md §2.4"},
			Rows:  []string{"client-header-spoofed", "client-query-spoofed", "client-x-header-spoofed"},
			check: each(clientIDFromRequest),
		},
		{
			ID: "client-expression-of-one-version", Severity: Low,
			Why:   "the client id is found in tokens of one version: those of the other are answered with 403, and the version is a setting of the registration in Entra, whatever endpoint the client calls",
			Fix:   "set Client ID Expression to " + clientIDByVersion,
			Refs:  []string{"mulesoft-policies.md §2.4", "mulesoft-policies.md §6", "entra-tokens.md §2.1"},
			Rows:  []string{"ctl-v1-app-only", "ctl-v2-app-only"},
			check: each(clientOfOneVersion),
		},
		{
			ID: "client-expression-takes-either-claim", Severity: Medium,
			Why:   "a token may carry the other version's claim beside its own, by a claims mapping for one, and that one is believed: look at ver first",
			Fix:   "set Client ID Expression to " + clientIDByVersion,
			Refs:  []string{"mulesoft-policies.md §2.4", "mulesoft-policies.md §6"},
			Rows:  []string{"client-appid-azp-disagree-a", "client-appid-azp-disagree-b", "client-azp-only-in-v1", "client-appid-only-in-v2"},
			check: each(clientTakesEitherClaim),
		},
		{
			ID: "client-not-enrolled", Severity: Low,
			Why:   "a contract is between this API instance and a client application whose client id is the application id in Entra: a client that is not enrolled in Anypoint under that id is answered with 403, and no document shows who is",
			Fix:   "enrol each client in Exchange with its application id as client id, and request access to this API instance",
			Refs:  []string{"mulesoft-policies.md §0", "mulesoft-policies.md §3"},
			Rows:  []string{"ctl-second-registered-client", "client-contract-only-other-env"},
			check: each(clientNotEnrolled),
		},
	}
}

// Client ID Expressions for Entra's tokens (mulesoft-policies.md 2.4).
const (
	clientIDOfV1      = "#[vars.claimSet.appid]"
	clientIDOfV2      = "#[vars.claimSet.azp]"
	clientIDByVersion = "#[if (vars.claimSet.ver == '2.0') vars.claimSet.azp else vars.claimSet.appid]"
)

// clientReading is what a Client ID Expression makes of tokens.
type clientReading struct {
	x *expression
	// of is the version of the tokens that it finds the client in.
	of version
	// either says that it believes a claim which is the other version's.
	either bool
}

// clientReadingOf tries an expression on tokens; nil is a literal.
func clientReadingOf(x *expression) clientReading {
	r := clientReading{x: x}
	if x == nil {
		return r
	}
	one, two := sample(v1, "roles"), sample(v2, "roles")
	if v, _ := x.value(one); v == sampleClient {
		r.of = r.of.and(v1)
	}
	if v, _ := x.value(two); v == sampleClient {
		r.of = r.of.and(v2)
	}
	inOne, _ := x.value(with(one, "azp", sampleOther))
	inTwo, _ := x.value(with(two, "appid", sampleOther))
	r.either = r.of == both && (inOne == sampleOther || inTwo == sampleOther)
	return r
}

// claims are those that it reads, in words.
func (r clientReading) claims() string {
	if r.x == nil || r.x.parsed == nil || len(r.x.parsed.Claims()) == 0 {
		return "no claim"
	}
	return strings.Join(r.x.parsed.Claims(), " and ")
}

// fromRequest reports whether it takes the client from the request.
func (r clientReading) fromRequest() bool {
	return r.x != nil && mentions(r.x.text, "attributes.", "message.", "payload")
}

// namesClient reports whether a rule of JWT Validation demands a client.
func (p place) namesClient() bool {
	_, one := p.demands("appid")
	_, two := p.demands("azp")
	return one || two
}

func clientCheckSkipped(p place, c *JWTValidation) []Finding {
	if !c.SkipClientIDValidation || p.local() || p.in.admits.contract || p.namesClient() {
		return nil
	}
	f := p.expected("skipClientIdValidation", false, true)
	if p.client.of == unknown {
		f[0].Patches = nil // the check would refuse every token
	}
	if p.sets("clientIdExpression") {
		f[0].Message += ", with an expression that nobody reads so"
	}
	return f
}

func clientCheckInLocalMode(p place) []Finding {
	if !p.local() {
		return nil
	}
	switch c := p.Config.(type) {
	case *JWTValidation:
		if c.SkipClientIDValidation {
			return nil
		}
	case *OpenIDConnect:
		if c.SkipClientIDValidation {
			return nil
		}
	case *Introspection:
		if c.SkipClientIDValidation {
			return nil
		}
	default:
		return nil
	}
	return p.expected("skipClientIdValidation", true, false)
}

func clientOfNoEntraClaim(p place, c *JWTValidation) []Finding {
	if c.SkipClientIDValidation || p.local() || p.client.x == nil || p.client.x.err != nil || p.client.of != unknown || p.client.fromRequest() || p.client.x.readsNothing() {
		return nil
	}
	got := p.client.claims()
	if mentions(got, "azp", "appid") {
		got = c.ClientIDExpression + ", which gives another text than the id"
	}
	return p.clientExpression(clientIDByVersion, "expected appid or azp, got %s", got)
}

func clientConstant(p place, c *JWTValidation) []Finding {
	x := p.client.x
	literal := x == nil && !unmarked(c.ClientIDExpression)
	constant := x != nil && x.err == nil && x.readsNothing() && !p.client.fromRequest()
	if c.SkipClientIDValidation || p.local() || !literal && !constant {
		return nil
	}
	return p.clientExpression(clientIDByVersion, "expected a claim of the token, got the same text for every token")
}

// clientExpression is a finding about Client ID Expression, with the one to write.
func (p place) clientExpression(patch, format string, a ...any) []Finding {
	f := p.about("clientIdExpression", format, a...)
	f.Patches = p.patch("clientIdExpression", patch)
	if c, ok := p.Config.(*JWTValidation); ok && c.SkipClientIDValidation {
		f.Message += "; it counts once the check is not skipped"
	}
	return []Finding{f}
}

func clientIDFromRequest(p place, c *JWTValidation) []Finding {
	if c.SkipClientIDValidation || !p.client.fromRequest() {
		return nil
	}
	return p.clientExpression(clientIDByVersion, "expected a claim of the token, got %s", c.ClientIDExpression)
}

func clientOfOneVersion(p place, c *JWTValidation) []Finding {
	if c.SkipClientIDValidation || p.client.of != v1 && p.client.of != v2 {
		return nil
	}
	if p.issuerVersion() == p.client.of {
		return nil // said to be meant
	}
	return p.clientExpression(clientIDByVersion, "expected the claim of either version, got %s alone", p.client.claims())
}

func clientTakesEitherClaim(p place, _ *JWTValidation) []Finding {
	var all []Finding
	if p.client.either {
		all = p.clientExpression(clientIDByVersion, "expected the claim that belongs to ver, got whichever of %s is there", p.client.claims())
	}
	for _, rule := range p.rules {
		if rule.x != nil && rule.x.reads("azp") && rule.x.reads("appid") && rule.takesEither() {
			all = append(all, p.ruled(rule, "expected the claim that belongs to ver, got whichever of appid and azp is there"))
		}
	}
	return all
}

// takesEither reports whether a token whose own claim is another client's passes
// by the other version's claim.
func (r claimRule) takesEither() bool {
	one, two := with(sample(v1, "roles"), "appid", sampleOther), with(sample(v2, "roles"), "azp", sampleOther)
	return slices.ContainsFunc(r.x.literals, func(client string) bool {
		return r.x.holds(with(one, "azp", client)) || r.x.holds(with(two, "appid", client))
	})
}

func clientNotEnrolled(p place, c *JWTValidation) []Finding {
	if !p.checksContract() || p.client.of == unknown || c.SkipClientIDValidation {
		return nil
	}
	return []Finding{p.about("clientIdExpression", "expected a client application for each value of %s; who is enrolled cannot be seen here", p.client.claims())}
}
