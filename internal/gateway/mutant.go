package gateway

import (
	"slices"
	"strings"
)

// Mutant is strict with one check removed or softened: the planted defect that
// a row of the catalogue must find.
type Mutant struct {
	// Name is its one name in kebab case.
	Name string `json:"name"`
	// Guards is the word of the catalogue's column guards that it breaks.
	Guards string `json:"guards"`
	// Lacks and Softens are what Options take.
	Lacks   []string `json:"lacks,omitempty"`
	Softens []string `json:"softens,omitempty"`
	// Sentence is the classic mistake.
	Sentence string `json:"sentence"`
	// Rows are scenario ids that it must fail, each by itself. A catalogue
	// without any of them cannot prove the mutant.
	Rows []string `json:"rows"`
}

// Mutants returns the planted defects, sorted by name.
func Mutants() []Mutant {
	all := slices.Concat(lackingMutants(), lackingChecks(), messageMutants(), softMutants())
	slices.SortFunc(all, func(a, b Mutant) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(all); i++ {
		if all[i].Name == all[i-1].Name {
			panic("gateway: two mutants are called " + all[i].Name)
		}
	}
	return all
}

// lackingMutants lack all checks of one guard, or one check.
func lackingMutants() []Mutant {
	return []Mutant{
		lacking("no-placement", "placement", "credentials are looked at if they are there", "auth-missing", "auth-query-only", "auth-no-scheme"),
		lacking("no-format", "format", "whatever the parser makes of the token is good", "fmt-one-segment", "crit-unknown-extension"),
		lacking("no-algorithm", "algorithm", "the header's alg decides how the token is verified", "alg-rs512-same-key", "alg-hs256-pubkey-pem"),
		lacking("no-signature", "signature", "the token is decoded, not verified", "sig-bit-flipped", "kid-known-own-key", "scope-tampered-into-payload"),
		lacking("no-key", "key", "which key signed is the token's business", "kid-unknown-genuine-signature"),
		lacking("no-time", "time", "a token is good for ever", "exp-past-genuine", "exp-missing", "nbf-future"),
		lacking("no-issuer", "issuer", "the signature is right, so the issuer must be", "iss-missing"),
		lacking("no-tenant", "tenant", "tid is not compared with anything", "tid-differs-from-iss", "tid-not-a-guid"),
		lacking("no-audience", "audience", "a token of the tenant is a token for this API", "aud-other-only", "aud-missing", "scope-same-name-other-audience"),
		lacking("no-client", "client", "any application of the tenant may call", "client-unregistered-genuine", "client-header-spoofed"),
		lacking("no-scope", "scope", "a user's token is good for everything", "scope-missing-genuine", "scope-superstring"),
		lacking("no-role", "role", "a daemon needs no role", "role-app-only-no-roles"),
		lacking("no-token-kind", "token-kind", "every JWT is an access token", "fmt-typ-of-other-kind", "kind-cnf-x5t-as-bearer"),
		lacking("no-route", "route", "what opens one route opens every other", "scope-other-route"),
		lacking("no-upstream-identity", "upstream-identity", "identity headers of the client reach the upstream", "identity-headers-injected", "multi-value-policy-header"),
		lacking("no-state", "state", "what was accepted once is accepted again", "state-tampered-after-good", "state-anonymous-on-warm-connection"),
		lacking("no-cost", "cost", "every unknown key id fetches the key set", "jwks-unknown-kid-flood"),
		lacking("no-response", "response", "the refusal tells what it refused", "rsp-token-not-echoed"),
		{"crit-ignored", "format", []string{"critical-headers"}, nil, "extensions that must be understood are skipped", []string{"crit-unknown-extension"}},
		{"nbf-ignored", "time", []string{"not-before"}, nil, "nbf is not looked at", []string{"nbf-future"}},
		{"unreadable-ignored", "format", []string{"json"}, nil, "claims that cannot be read are not judged", []string{"fmt-payload-utf16", "fmt-payload-not-json"}},
		{"typ-ignored", "token-kind", []string{"type"}, nil, "typ is not looked at", []string{"fmt-typ-of-other-kind"}},
		{"both-client-claims", "client", []string{"client-claim"}, nil, "azp and appid may stand side by side if they are equal", []string{"client-appid-azp-agree"}},
		{"public-client", "client", []string{"client-authentication"}, nil, "who the client is said to be is enough, proven or not", []string{"client-public-on-confidential-api"}},
		{"first-authorization", "placement", []string{"one-authorization"}, nil, "the first Authorization line is judged and both are forwarded", []string{"auth-two-headers-upstream-view", "auth-two-headers-good-bad"}},
	}
}

func lacking(name, guard, sentence string, rows ...string) Mutant {
	return Mutant{Name: name, Guards: guard, Lacks: []string{guard}, Sentence: sentence, Rows: rows}
}

// softMutants have one softening each, named like it.
func softMutants() []Mutant {
	lacks := softLacks()
	rows := bySoftening(softRows(), softBehaviourRows(), claimRows(), permissionRows(), issuerRows(), formatRows(), softTokenRows(), httpRows())
	var all []Mutant
	for _, s := range Softenings() {
		all = append(all, Mutant{
			Name: s.Name, Guards: s.Guards, Lacks: lacks[s.Name], Softens: []string{s.Name}, Sentence: s.Sentence, Rows: rows[s.Name],
		})
	}
	return all
}

// bySoftening is the tables as one. A name that two of them hold, or that is no
// softening's, would have rows prove nothing.
func bySoftening(tables ...map[string][]string) map[string][]string {
	known := softeningNames()
	all := map[string][]string{}
	for _, table := range tables {
		for name, rows := range table {
			if _, twice := all[name]; twice || !slices.Contains(known, name) {
				panic("gateway: rows of " + name + ": expected each softening once")
			}
			all[name] = rows
		}
	}
	return all
}

// softLacks are the checks that a softened mutant lacks besides, so that its
// own mistake can be seen: another API's token has not our role either, which
// Fix 1 does not ask for, and a form comes with a POST.
func softLacks() map[string][]string {
	return map[string][]string{
		"audience-is-client":      {"role"},
		"audience-last-duplicate": {"role"},
		"client-first-party":      {"client-authentication"},
		"client-form":             {"method"},
		"trailing-json-merged":    {"role"},
	}
}

func softRows() map[string][]string {
	return map[string][]string{
		"alg-none":                {"alg-none", "alg-none-mixed-case", "alg-none-keeps-signature"},
		"any-tenant":              {"client-multi-tenant-twin", "iss-other-tenant-genuine", "iss-other-tenant-same-audience", "iss-consumer-tenant", "user-same-sub-other-tenant"},
		"audience-first-element":  {"aud-array-other-first"},
		"audience-last-duplicate": {"fmt-duplicate-aud"},
		"audience-optional":       {"aud-missing"},
		"audience-part":           {"aud-prefix-truncated"},
		"audience-prefix":         {"aud-suffix-extended"},
		"budget-without-reserve":  {"jwks-new-key-after-flood"},
		"cached-verdict":          {"state-tampered-after-good"},
		"client-id-claim":         {"client-id-claim-spoofed"},
		"client-id-header":        {"client-header-spoofed"},
		"embedded-jwk":            {"jwk-embedded", "jwk-embedded-known-kid"},
		"exp-optional":            {"exp-missing"},
		"exp-string-ignored":      {"exp-string-past"},
		"exp-string-read":         {"exp-digit-string"},
		"falls-over":              {"rsp-never-5xx"},
		"former-issuer-trusted":   {"mock-no-longer-trusted"},
		"hmac-with-file-name":     {"alg-hs256-key-path-string"},
		"hmac-with-pem":           {"alg-hs256-pubkey-pem"},
		"issuer-optional":         {"iss-missing"},
		"last-authorization":      {"auth-two-headers-bad-good"},
		"never-refetch":           {"jwks-new-key-just-published"},
		"open-prefix":             {"path-dot-segments"},
		"outage-forgets-keys":     {"jwks-down-warm"},
		"outage-opens":            {"jwks-down-forged"},
		"ps256":                   {"alg-ps256-same-key"},
		"role-optional":           {"role-app-only-no-roles"},
		"rs512":                   {"alg-rs512-same-key"},
		"scheme-case":             {"auth-lower-case-scheme"},
		"scheme-optional":         {"auth-no-scheme"},
		"scope-first-word":        {"ctl-scope-last-of-many"},
		"scope-regex":             {"scope-regex-dot"},
		"scope-substring":         {"scope-superstring", "scope-embedded"},
		"signature-optional":      {"sig-empty", "sig-segment-removed"},
		"token-echoed":            {"rsp-token-not-echoed"},
		"token-in-query":          {"auth-query-only"},
		"trailing-junk":           {"auth-trailing-junk"},
		"unknown-kid-tries-all":   {"kid-unknown-genuine-signature"},
		"warm-connection":         {"state-anonymous-on-warm-connection"},
		"withdrawn-keys-kept":     {"jwks-key-retired", "jwks-emergency-roll"},
	}
}
