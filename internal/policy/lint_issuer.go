package policy

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// issuerRules are about who issued the token: the tenant, and the form of iss.
func issuerRules() []LintRule {
	return []LintRule{
		{
			ID: "issuer-not-checked", Severity: Critical,
			Why:   "the policy checks no issuer of its own, and Entra signs the tokens of every tenant with the same keys: another tenant's token with this audience is taken",
			Fix:   "tick Validate Custom Claim, and add iss with this tenant's issuer (or tid with its id) to Mandatory custom claims",
			Refs:  []string{"mulesoft-policies.md §0", "mulesoft-policies.md §2.2", "mulesoft-policies.md §2.4", "7519§4.1.1", "8725§3.8"},
			Rows:  []string{"iss-other-tenant-same-audience", "client-multi-tenant-twin"},
			check: each(issuerNotChecked),
		},
		{
			ID: "issuer-of-any-tenant", Severity: Critical,
			Why:   "the rule holds for the issuer of every tenant: it names none",
			Fix:   "compare the whole issuer, tenant id included, in Mandatory custom claims",
			Refs:  []string{"mulesoft-policies.md §2.4", "entra-tokens.md §1.4"},
			Rows:  []string{"iss-other-tenant-same-audience", "iss-substring"},
			check: each(issuerOfAnyTenant),
		},
		{
			ID: "issuer-matches-no-token", Severity: High,
			Why:   "Entra issues no token with such an iss, so every request is refused",
			Fix:   "write https://sts.windows.net/TENANT/ for v1 tokens or https://login.microsoftonline.com/TENANT/v2.0 for v2, with the tenant's id, as the value of iss in Mandatory custom claims",
			Refs:  []string{"mulesoft-policies.md §2.4", "mulesoft-policies.md §6"},
			Rows:  []string{"ctl-v2-app-only", "ctl-v1-app-only"},
			check: each(issuerMatchesNoToken),
		},
		{
			ID: "issuer-against-token-version", Severity: High,
			Why:   "iss is of one token version and the client id expression of the other: no genuine token passes both",
			Fix:   "make the value of iss in Mandatory custom claims and Client ID Expression speak of the token version of this environment's registration",
			Refs:  []string{"mulesoft-policies.md §2.4", "mulesoft-policies.md §6", "entra-tokens.md §2.1"},
			Rows:  []string{"ctl-v2-app-only", "ctl-v1-app-only", "ctl-no-client-id-no-scope-claims"},
			check: each(issuerAgainstVersion),
		},
		{
			ID: "issuer-of-one-version", Severity: Low,
			Why:   "the client id is found in tokens of both versions, and the issuer is that of one: once the registration's token version changes, all tokens are refused",
			Fix:   "let the rule for iss in Mandatory custom claims hold for the tenant's v1 and v2 issuer, or ask for tid instead",
			Refs:  []string{"mulesoft-policies.md §2.4", "entra-tokens.md §2.1"},
			Rows:  []string{"ctl-v2-app-only", "ctl-v1-app-only"},
			check: each(issuerOfOneVersion),
		},
		{
			ID: "tenants-disagree", Severity: Medium,
			Why:   "the keys are those of one tenant or cloud and the issuer is of another: one of the two was copied from elsewhere, and no token passes both unless the keys are shared",
			Fix:   "write the same tenant's id into JWKS URL and into the value of iss or tid, and the hosts of one cloud into JWKS URL and iss",
			Refs:  []string{"mulesoft-policies.md §2.4", "entra-tokens.md §5"},
			Rows:  []string{"iss-other-tenant-same-audience", "jwks-app-specific-keys"},
			check: each(tenantsDisagree),
		},
	}
}

// version is the version of tokens that a policy is written for.
type version int

const (
	unknown version = iota
	v1
	v2
	both
)

func (v version) String() string { return [...]string{"unknown", "v1", "v2", "v1 and v2"}[v] }

// and is what is left when two parts are written for v and other.
func (v version) and(other version) version {
	switch {
	case v == unknown || v == other:
		return other
	case other == unknown:
		return v
	}
	return both
}

// version is that of the tokens which the rest of a policy is written for, and
// what says so: the issuer first, then the client id expression.
func (p place) version() (of version, by string) {
	if of = p.issuerVersion(); of != unknown {
		return of, "iss"
	}
	c, isJWT := p.Config.(*JWTValidation)
	read := isJWT && !c.SkipClientIDValidation || !p.namesClient()
	if read && p.client.of != unknown && p.sets("clientIdExpression") {
		return p.client.of, p.client.claims()
	}
	_, one := p.demands("appid")
	_, two := p.demands("azp")
	switch {
	case one && !two:
		return v1, "the rule for appid"
	case two && !one:
		return v2, "the rule for azp"
	}
	return unknown, ""
}

// issuerVersion is that of the issuers which a policy admits.
func (p place) issuerVersion() version {
	of := unknown
	values, _ := p.demands("iss")
	for _, value := range values {
		of = of.and(issuerVersion(value))
	}
	return of
}

func issuerVersion(issuer string) version {
	host, _, ok := tenantOf(issuer)
	switch {
	case !ok:
		return unknown
	case host == "sts.windows.net" || strings.HasPrefix(host, "sts."):
		return v1
	}
	return v2
}

// tenantOf takes an address of Entra apart: host, tenant.
func tenantOf(address string) (host, tenant string, ok bool) {
	u, err := url.Parse(address)
	if err != nil {
		return "", "", false
	}
	tenant, _, _ = strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	return strings.ToLower(u.Hostname()), tenant, u.Host != "" && tenant != ""
}

// tenantIn is the tenant that a value of iss or tid names.
func tenantIn(value string) string {
	if _, tenant, ok := tenantOf(value); ok {
		return strings.ToLower(tenant)
	}
	return strings.ToLower(guid.FindString(value))
}

// entraHosts are the hosts of Entra's public cloud that serve keys and tokens.
func entraHosts() []string {
	return []string{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"}
}

// anyone are the names in a tenant's place that stand for every tenant.
func anyone() []string { return []string{"common", "organizations", "consumers"} }

func issuerNotChecked(p place, c *JWTValidation) []Finding {
	_, iss := p.demands("iss")
	_, tid := p.demands("tid")
	if iss || tid {
		return nil
	}
	got := "none"
	if slices.ContainsFunc(p.rules, func(r claimRule) bool { return r.about("iss") || r.about("tid") }) {
		got = "one that is not mandatory"
	}
	if slices.ContainsFunc(p.rules, func(r claimRule) bool {
		return r.mandatory && r.x != nil && r.x.err != nil && (r.Key == "iss" || r.Key == "tid")
	}) {
		got = "one that is not evaluated here"
	}
	f := p.of("mandatoryCustomClaims: expected a rule for iss or tid, got %s", got)
	f.Key, f.At = "mandatoryCustomClaims", p.Where("mandatoryCustomClaims")
	f.Patches = p.demandTenant(c)
	return []Finding{f}
}

// demandTenant adds a rule for tid where the keys name the tenant and no rule is
// there yet.
func (p place) demandTenant(c *JWTValidation) []Patch {
	tenant := ""
	for _, address := range c.keySets() {
		if _, t, ok := tenantOf(address); ok && isEntra(address) && bareGUID(t) {
			tenant = t
		}
	}
	// Terraform's providers write claims as blocks or as a list.
	if tenant == "" || p.in.Form == Terraform || len(c.MandatoryCustomClaims) > 0 || len(c.NonMandatoryCustomClaims) > 0 && !c.ValidateCustomClaim {
		return nil
	}
	patches := p.patch("mandatoryCustomClaims", []CustomClaim{{"tid", tenant}})
	if !c.ValidateCustomClaim && patches != nil {
		patches = append(patches, p.patch("validateCustomClaim", true)...)
	}
	return patches
}

func issuerOfAnyTenant(p place, _ *JWTValidation) []Finding {
	return p.eachRule(func(r claimRule) []Finding {
		if r.x == nil || !r.mandatory || !r.x.reads("iss") && !r.x.reads("tid") {
			return nil
		}
		if !slices.ContainsFunc(samples(), r.x.holds) {
			return nil
		}
		return []Finding{p.ruled(r, "expected the whole issuer, got an expression that takes any tenant: %s", r.Value)}
	})
}

func issuerMatchesNoToken(p place, _ *JWTValidation) []Finding {
	return p.eachRule(func(r claimRule) []Finding {
		values := []string{r.Value}
		switch {
		case !r.mandatory || !r.about("iss"):
			return nil
		case r.x != nil && r.x.err != nil:
			return nil
		case r.x != nil:
			values = slices.DeleteFunc(slices.Clone(r.x.demanded["iss"]), r.takesIssuerOf)
		}
		var all []Finding
		for _, value := range values {
			if reason := notAnIssuer(value); reason != "" {
				all = append(all, p.ruled(r, "expected an issuer of Entra, got %s, %s", value, reason))
			}
		}
		return all
	})
}

// takesIssuerOf reports whether an issuer of the tenant that a text names passes,
// or of any where it names none: the text is then a part of one.
func (r claimRule) takesIssuerOf(text string) bool {
	tenant := cmp.Or(guid.FindString(text), sampleTenant)
	for _, c := range clouds() {
		one, two := c.Issuers(tenant)
		if r.takes("iss", one) || r.takes("iss", two) {
			return true
		}
	}
	return false
}

// notAnIssuer says why no token has a value as iss; empty where one may, or where
// the issuer is not Entra.
func notAnIssuer(value string) string {
	host, tenant, ok := tenantOf(value)
	switch {
	case strings.ContainsAny(value, "{<"), !ok && slices.Contains(entraHosts(), host):
		return "which names no tenant"
	case !ok || !slices.Contains(entraHosts(), host):
		return ""
	case strings.HasPrefix(value, "http:"):
		return "which is not https"
	case slices.Contains(anyone(), tenant):
		return fmt.Sprintf("where %s stands for a tenant; a token names its own", tenant)
	case host == "sts.windows.net" && value != "https://sts.windows.net/"+tenant+"/":
		return "where a v1 issuer is https://sts.windows.net/" + tenant + "/"
	case host != "sts.windows.net" && value != "https://login.microsoftonline.com/"+tenant+"/v2.0":
		return "where a v2 issuer is https://login.microsoftonline.com/" + tenant + "/v2.0"
	case strings.Contains(tenant, "."):
		return "which names the tenant by a domain, where a token has its id"
	}
	return ""
}

func issuerAgainstVersion(p place, c *JWTValidation) []Finding {
	client, issuer := p.client.of, p.issuerVersion()
	expression := map[version]string{v1: clientIDOfV1, v2: clientIDOfV2}[issuer]
	if c.SkipClientIDValidation || client == unknown || client == both || expression == "" || client == issuer {
		return nil
	}
	return p.clientExpression(expression, "expected the claim of %s tokens, whose iss is demanded, got %s", issuer, p.client.claims())
}

func issuerOfOneVersion(p place, _ *JWTValidation) []Finding {
	if issuer := p.issuerVersion(); p.client.of == both && (issuer == v1 || issuer == v2) {
		return []Finding{p.about("mandatoryCustomClaims", "expected the issuer of both versions, as clientIdExpression is, got that of %s", issuer)}
	}
	return nil
}

func tenantsDisagree(p place, c *JWTValidation) []Finding {
	if f := p.cloudsDisagree(c); f != nil {
		return f
	}
	for _, address := range c.keySets() {
		_, keys, ok := tenantOf(address)
		if !ok || !bareGUID(keys) {
			continue
		}
		for _, tenant := range p.tenants() {
			if bareGUID(tenant) && !strings.EqualFold(tenant, keys) {
				return []Finding{p.about("jwksUrl", "expected the keys of tenant %s, which iss or tid names, got those of %s", tenant, keys)}
			}
		}
	}
	return nil
}

// cloudsDisagree is about an issuer of another cloud than the keys are of.
func (p place) cloudsDisagree(c *JWTValidation) []Finding {
	issuers, _ := p.demands("iss")
	for _, address := range c.keySets() {
		keys, ok := CloudOf(address)
		for _, issuer := range issuers {
			host, _, named := tenantOf(issuer)
			if of, entra := CloudOf(issuer); ok && named && entra && !keys.issues(host) {
				return []Finding{p.about("jwksUrl", "expected the keys of the %s cloud, as iss is, got those of the %s one", of.Name, keys.Name)}
			}
		}
	}
	return nil
}
