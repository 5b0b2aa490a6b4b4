package policy

import (
	"fmt"
	"slices"
	"strings"
)

// environmentRules are about what separates the environments of one tenant. They
// compare all instances that they are given.
func environmentRules() []LintRule {
	return []LintRule{
		{
			ID: "nothing-separates-environments", Severity: Critical,
			Why:   "the chain asks a token for nothing that differs between environments: one that opens any of them opens all",
			Fix:   "let JWT Validation demand this environment's own audience, or a scope or role that only this environment has",
			Refs:  []string{"MP 6", "MP 7"},
			Rows:  []string{"aud-other-env-genuine", "aud-other-env-genuine-delegated", "aud-other-env-genuine-v1", "ctl-other-env-at-its-own-gateway"},
			check: nothingSeparates,
		},
		{
			ID: "only-contracts-separate", Severity: High,
			Why:   "a client with contracts in two environments opens both with the token of either",
			Fix:   "let JWT Validation demand this environment's own audience, or a scope or role that only this environment has",
			Refs:  []string{"MP 3"},
			Rows:  []string{"aud-other-only", "aud-shared-registration", "client-contract-only-other-env"},
			check: eachInstance(onlyContractsSeparate),
		},
		{
			ID: "audience-shared", Severity: High,
			Why:   "a token that is for this environment is for the other as well, as far as its audience goes",
			Fix:   "give each environment a registration of its own in Entra, and leave only its values in Audience Claim Values",
			Refs:  []string{"MP 6", "RFC 8725 3.9"},
			Rows:  []string{"aud-other-env-genuine", "aud-list-holds-other-env", "aud-shared-registration", "aud-other-only"},
			check: audienceShared,
		},
		{
			ID: "scope-shared", Severity: High,
			Why:   "a token with the scopes that one environment asks for has what the other asks for too",
			Fix:   "define a scope for each environment in Entra, and write only this environment's own into Scopes",
			Refs:  []string{"MP 6"},
			Rows:  []string{"scope-or-shared-across-envs", "scope-of-other-env", "scope-same-name-other-audience"},
			check: scopeShared,
		},
		{
			ID: "production-beside-others", Severity: Low,
			Why:   "the vendor advises against one identity provider for production and the rest: then a mistake in a policy is all that it takes",
			Fix:   "give production a tenant of its own, or know that only these policies separate it",
			Refs:  []string{"MP 0"},
			Rows:  []string{"aud-other-env-genuine", "iss-other-tenant-genuine"},
			check: productionBesideOthers,
		},
		{
			ID: "anybody-of-the-tenant", Severity: High,
			Why:   "the audience says for whom a token is, not who may have it: Entra gives every app of the tenant a token for this API, without roles, unless the registration requires assignment",
			Fix:   "untick Skip Client ID Validation, or demand a role or scope in Mandatory custom claims",
			Refs:  []string{"MP 6", "ET 2.3"},
			Rows:  []string{"client-unregistered-genuine", "role-app-only-no-roles"},
			check: eachInstance(anybodyOfTheTenant),
		},
	}
}

// nothingSeparates speaks of an instance that demands nothing of the kind, and of
// instances that demand the same.
func nothingSeparates(all []Instance) []Finding {
	same := map[string][]*Instance{}
	var found []Finding
	for i := range all {
		in := &all[i]
		d := in.admits()
		switch {
		case len(in.tokenPolicies()) == 0:
		case d.binds():
			same[fmt.Sprint(d.audiences, d.scopes, d.roles, d.tenants, d.anyScope)] = append(same[fmt.Sprint(d.audiences, d.scopes, d.roles, d.tenants, d.anyScope)], in)
		case !d.contract:
			found = append(found, in.of("expected an audience, a scope or a role of this environment, got none"))
		}
	}
	for i := range all {
		in := &all[i]
		d := in.admits()
		if !d.binds() {
			continue
		}
		if others := othersOf(in, same[fmt.Sprint(d.audiences, d.scopes, d.roles, d.tenants, d.anyScope)]); others != "" {
			found = append(found, in.of("expected a demand that %s does not make, got the same audiences, scopes, roles and tenants", others))
		}
	}
	return found
}

// othersOf names the instances among some that are other environments than in.
func othersOf(in *Instance, some []*Instance) string {
	const most = 3
	var names []string
	more := 0
	for _, other := range some {
		switch {
		case !in.another(other) || slices.Contains(names, other.Name):
		case len(names) == most:
			more++
		default:
			names = append(names, other.Name)
		}
	}
	text := strings.Join(names, ", ")
	if more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func onlyContractsSeparate(in *Instance) []Finding {
	d := in.admits()
	if len(in.tokenPolicies()) == 0 || d.binds() || !d.contract {
		return nil
	}
	return []Finding{in.of("expected an audience, a scope or a role of this environment, got only the client's contract")}
}

// valued is an instance's policy with one of the values that it demands.
type valued struct {
	place
	value string
}

// shared tells each policy that demands what a policy of another environment
// demands too.
func shared(key string, all []valued) []Finding {
	by := map[string][]*Instance{}
	for _, v := range all {
		by[v.value] = append(by[v.value], v.in)
	}
	var found []Finding
	for _, v := range all {
		if others := othersOf(v.in, by[v.value]); others != "" {
			found = append(found, v.about(key, "expected a value of this environment alone, got %s, which %s demands too", v.value, others))
		}
	}
	return found
}

func audienceShared(all []Instance) []Finding {
	var values []valued
	for i := range all {
		for _, a := range all[i].Policies {
			if c, ok := a.Config.(*JWTValidation); ok {
				for _, value := range c.audiences() {
					values = append(values, valued{place{&all[i], a}, value})
				}
			}
		}
	}
	return shared("supportedAudiences", values)
}

// scopeShared looks at each scope where one is enough, and at all together where
// all are needed.
func scopeShared(all []Instance) []Finding {
	var values []valued
	for i := range all {
		for _, a := range all[i].Policies {
			var scopes []string
			criteria := All
			switch c := a.Config.(type) {
			case *OpenIDConnect:
				scopes, criteria = strings.Fields(c.Scopes), c.ScopeValidationCriteria
			case *Introspection:
				scopes, criteria = strings.Fields(c.Scopes), c.ScopeValidationCriteria
			}
			slices.Sort(scopes)
			if criteria.all() && len(scopes) > 0 {
				scopes = []string{strings.Join(slices.Compact(scopes), " ")}
			}
			for _, value := range scopes {
				values = append(values, valued{place{&all[i], a}, value})
			}
		}
	}
	return shared("scopes", values)
}

func productionBesideOthers(all []Instance) []Finding {
	others := map[string]*Instance{}
	for i := range all {
		if env := all[i].environment(); env != "" && env != "prod" {
			for _, tenant := range all[i].tenants() {
				others[tenant] = &all[i]
			}
		}
	}
	var found []Finding
	for i := range all {
		in := &all[i]
		if in.environment() != "prod" {
			continue
		}
		for _, tenant := range in.tenants() {
			if other := others[tenant]; other != nil {
				found = append(found, in.of("expected a tenant of production's own, got %s, which %s has too", tenant, other.Name))
				break
			}
		}
	}
	return found
}

// tenants are those that an instance's policies name.
func (in *Instance) tenants() []string {
	all := in.admits().tenants
	for _, c := range configs[JWTValidation](in) {
		for _, address := range c.keySets() {
			if _, tenant, ok := tenantOf(address); ok && isEntra(address) && !slices.Contains(anyone(), tenant) {
				all = append(all, strings.ToLower(tenant))
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func anybodyOfTheTenant(in *Instance) []Finding {
	d := in.admits()
	if len(d.audiences) == 0 || d.contract || len(d.scopes)+len(d.roles) > 0 {
		return nil
	}
	for _, a := range in.Policies {
		c, ok := a.Config.(*JWTValidation)
		if !ok || c.namesClient() {
			continue
		}
		return []Finding{place{in, a}.about("skipClientIdValidation", "expected a check of the client, a role or a scope, got none of them")}
	}
	return nil
}
