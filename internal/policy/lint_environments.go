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
			Why:    "the chain asks a token for nothing that differs between environments: one that opens any of them opens all",
			Fix:    "let JWT Validation demand this environment's own audience, or a scope or role that only this environment has",
			Refs:   []string{"mulesoft-policies.md §6", "mulesoft-policies.md §7"},
			Rows:   []string{"aud-other-env-genuine", "aud-other-env-genuine-delegated", "aud-other-env-genuine-v1", "ctl-other-env-at-its-own-gateway"},
			Effect: Opens, Proof: []string{"aud-other-env-genuine"},
			check: nothingSeparates,
		},
		{
			ID: "only-contracts-separate", Severity: High,
			Why:    "a client with contracts in two environments opens both with the token of either",
			Fix:    "let JWT Validation demand this environment's own audience, or a scope or role that only this environment has",
			Refs:   []string{"mulesoft-policies.md §3"},
			Rows:   []string{"aud-other-only", "aud-shared-registration", "client-contract-only-other-env"},
			Effect: Opens, Proof: []string{"aud-other-env-genuine"},
			check: eachInstance(onlyContractsSeparate),
		},
		{
			ID: "audience-shared", Severity: High,
			Why:    "a token that is for this environment is for the other as well, as far as its audience goes",
			Fix:    "give each environment a registration of its own in Entra, and leave only its values in Audience Claim Values",
			Refs:   []string{"mulesoft-policies.md §6", "8725§3.9"},
			Rows:   []string{"aud-other-env-genuine", "aud-list-holds-other-env", "aud-shared-registration", "aud-other-only"},
			Effect: Opens, Proof: []string{"aud-other-env-genuine"},
			check: audienceShared,
		},
		{
			ID: "scope-shared", Severity: High,
			Why:    "a token with the scopes that one environment asks for has what the other asks for too",
			Fix:    "define a scope for each environment in Entra, and write only this environment's own into Scopes",
			Refs:   []string{"mulesoft-policies.md §6"},
			Rows:   []string{"scope-or-shared-across-envs", "scope-of-other-env", "scope-same-name-other-audience"},
			Effect: Opens, Proof: []string{"aud-other-env-genuine-delegated"},
			check: scopeShared,
		},
		{
			ID: "production-beside-others", Severity: Low,
			Why:    "the vendor advises against one identity provider for production and the rest: then a mistake in a policy is all that it takes",
			Fix:    "give production a tenant of its own, or know that only these policies separate it",
			Refs:   []string{"mulesoft-policies.md §0"},
			Rows:   []string{"aud-other-env-genuine", "iss-other-tenant-genuine"},
			Effect: Neither, Unshown: "nothing is open yet: it is about what one mistake would open",
			check: productionBesideOthers,
		},
		{
			ID: "anybody-of-the-tenant", Severity: High,
			Why:    "the audience says for whom a token is, not who may have it: Entra gives every app of the tenant a token for this API, without roles, unless the registration requires assignment",
			Fix:    "untick Skip Client ID Validation, or demand a role or scope in Mandatory custom claims",
			Refs:   []string{"mulesoft-policies.md §6", "entra-tokens.md §2.3"},
			Rows:   []string{"client-unregistered-genuine", "role-app-only-no-roles"},
			Effect: Opens, Proof: []string{"client-unregistered-genuine", "role-app-only-no-roles"},
			check: eachInstance(anybodyOfTheTenant),
		},
	}
}

// nothingSeparates speaks of an instance that demands nothing of the kind, and of
// instances that demand the same.
func nothingSeparates(all []*inspected) []Finding {
	same := alike{}
	for _, in := range all {
		same.add(in.admits.key(), in)
	}
	var found []Finding
	for _, in := range all {
		switch {
		case len(in.tokenPolicies()) == 0:
		case in.admits.binds():
			if others := same[in.admits.key()].others(in); others != "" {
				f := in.of("expected a demand that %s does not make, got the same audiences, scopes, roles and tenants", others)
				if in.admits.contract {
					f.Message += "; the client's contract alone is left"
				}
				found = append(found, f)
			}
		case !in.admits.contract:
			found = append(found, in.of("expected an audience, a scope or a role of this environment, got none"))
		}
	}
	return found
}

// alike are instances by what they have in common.
type alike map[string]*fellows

// fellows are the instances that have one thing in common.
type fellows struct {
	members []*inspected
	// of counts them by environment.
	of map[string]int
}

func (a alike) add(key string, in *inspected) {
	if a[key] == nil {
		a[key] = &fellows{of: map[string]int{}}
	}
	f := a[key]
	if n := len(f.members); n > 0 && f.members[n-1] == in {
		return
	}
	f.members = append(f.members, in)
	f.of[in.environment]++
}

// others names those that are other environments than in, a few of them.
func (f *fellows) others(in *inspected) string {
	const most = 3
	more := len(f.members) - 1
	if in.environment != "" {
		more = len(f.members) - f.of[in.environment]
	}
	var names []string
	for _, other := range f.members {
		if more == 0 || len(names) == most {
			break
		}
		if in.another(other) {
			names = append(names, other.Name)
			more--
		}
	}
	text := strings.Join(names, ", ")
	if more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func onlyContractsSeparate(in *inspected) []Finding {
	d := in.admits
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
	by := alike{}
	for _, v := range all {
		by.add(v.value, v.in)
	}
	var found []Finding
	for _, v := range all {
		if others := by[v.value].others(v.in); others != "" {
			found = append(found, v.about(key, "expected a value of this environment alone, got %s, which %s demands too", v.value, others))
		}
	}
	return found
}

func audienceShared(all []*inspected) []Finding {
	var values []valued
	for _, in := range all {
		for _, p := range in.places {
			if c, ok := p.Config.(*JWTValidation); ok {
				for _, value := range c.audiences() {
					values = append(values, valued{p, value})
				}
			}
		}
	}
	return shared("supportedAudiences", values)
}

// scopeShared speaks of an instance whose demand a token of another environment
// meets: one of the scopes where one is enough, all where all are needed. An
// audience beside them separates by itself.
func scopeShared(all []*inspected) []Finding {
	var asked []scopesOf
	by, with := alike{}, map[string][][]string{}
	for _, in := range all {
		for _, p := range in.places {
			d, ok := p.scopes()
			if !ok || len(in.admits.audiences) > 0 {
				continue
			}
			set := slices.Compact(slices.Sorted(slices.Values(d.scopes)))
			asked = append(asked, scopesOf{p, set, d.criteria.all()})
			if key := strings.Join(set, " "); by[key] == nil {
				for _, scope := range set {
					with[scope] = append(with[scope], set)
				}
			}
			by.add(strings.Join(set, " "), in)
		}
	}
	var found []Finding
	for _, a := range asked {
		if others := a.others(by, with); others != "" {
			found = append(found, a.about("scopes", "expected a scope of this environment alone, got %s, which the tokens of %s have", strings.Join(a.set, " "), others))
		}
	}
	return found
}

// scopesOf is a policy with the scopes that it asks for.
type scopesOf struct {
	place
	set []string
	all bool
}

// others names the environments whose tokens have what is asked for; with are the
// sets that are asked for anywhere, by each scope in them.
func (a scopesOf) others(by alike, with map[string][][]string) string {
	for _, scope := range a.set {
		for _, set := range with[scope] {
			if others := by[strings.Join(set, " ")].others(a.in); others != "" && a.metBy(set) {
				return others
			}
		}
	}
	return ""
}

// metBy reports whether a token with some scopes has what is asked for.
func (a scopesOf) metBy(scopes []string) bool {
	has := func(scope string) bool { return slices.Contains(scopes, scope) }
	if a.all {
		return !slices.ContainsFunc(a.set, func(scope string) bool { return !has(scope) })
	}
	return slices.ContainsFunc(a.set, has)
}

func productionBesideOthers(all []*inspected) []Finding {
	others := map[string]*inspected{}
	for _, in := range all {
		if in.environment != "" && in.environment != "prod" {
			for _, tenant := range in.tenants() {
				others[tenant] = in
			}
		}
	}
	var found []Finding
	for _, in := range all {
		if in.environment != "prod" {
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
func (in *inspected) tenants() []string {
	all := slices.Clone(in.admits.tenants)
	for _, p := range in.places {
		c, ok := p.Config.(*JWTValidation)
		if !ok {
			continue
		}
		for _, address := range c.keySets() {
			if _, tenant, ok := tenantOf(address); ok && IsEntra(address) && !slices.Contains(anyone(), tenant) {
				all = append(all, strings.ToLower(tenant))
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func anybodyOfTheTenant(in *inspected) []Finding {
	d := in.admits
	if d.contract || len(d.scopes)+len(d.roles) > 0 {
		return nil
	}
	for _, p := range in.places {
		if _, ok := p.Config.(*JWTValidation); !ok || p.namesClient() {
			continue
		}
		f := p.about("skipClientIdValidation", "expected a check of the client, a role or a scope, got none of them")
		if p.local() {
			f.Fix = "demand a role or a scope, or the client by azp or appid, in Mandatory custom claims; local mode has no contracts"
		}
		return []Finding{f}
	}
	return nil
}
