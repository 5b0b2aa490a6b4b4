package gateway

import (
	"net/http"
	"slices"
)

// Check is one independent check of strict. It is evaluated on its own: what
// it cannot evaluate it does not refuse.
type Check struct {
	// Name is its one name in kebab case.
	Name string `json:"name"`
	// Guards is the word of the catalogue's column guards that it belongs to.
	Guards string `json:"guards"`
	// Status is what it refuses with; 0 for a duty that refuses nothing.
	Status int `json:"status,omitempty"`
	// Sentence says what it demands.
	Sentence string `json:"sentence"`
}

// check is a Check and how it is done.
type check struct {
	Check
	refuses func(*call) bool
}

// Checks returns the checks of strict in the order in which their refusals are
// answered, then its duties: behaviour that refuses nothing and can be lacked
// like a check.
func Checks() []Check {
	var all []Check
	for _, c := range strictChecks() {
		all = append(all, c.Check)
	}
	for _, d := range duties() {
		all = append(all, d.Check)
	}
	return all
}

// strictChecks builds the list anew, so that a gateway can soften its own.
func strictChecks() []check {
	return slices.Concat(
		messageChecks(), costChecks(), placementChecks(), formatChecks(), algorithmChecks(), keyChecks(), signatureChecks(), kindChecks(), timeChecks(),
		tenantChecks(), clientChecks(), scopeChecks(), routeChecks(),
	)
}

// duty is behaviour of strict that Options.Lacks can take away.
type duty struct {
	Check
	lack func(*strict)
}

func duties() []duty {
	return []duty{
		{
			Check{"identity-headers", "upstream-identity", 0, "identity headers of the client are dropped, the gateway's own are set"},
			func(s *strict) { s.keepsIdentity = true },
		},
		{
			Check{"fresh-verdict", "state", 0, "each request is judged by itself, whatever was accepted before"},
			func(s *strict) { s.bypasses = append(s.bypasses, cachedVerdict(), warmConnection()) },
		},
		{
			Check{"few-fetches", "cost", 0, "unknown key ids fetch the key set a few times at most"},
			func(s *strict) { s.keys.refetch = unlimited() },
		},
		{
			Check{"quiet-refusal", "response", 0, "a refusal tells nothing of the token and is never a 5xx"},
			func(s *strict) { s.echoesToken = true },
		},
	}
}

// optional are the guards that an environment may declare as not enforced.
func optional() []string {
	return []string{"audience", "client", "scope", "role", "issuer", "tenant"}
}

// enforced leaves out the checks that the environment does not ask for.
func enforced(all []check, env *Environment) []check {
	if env.Enforces == nil {
		return all
	}
	return slices.DeleteFunc(all, func(c check) bool {
		return slices.Contains(optional(), c.Guards) && !slices.Contains(env.Enforces, c.Guards)
	})
}

const (
	badRequest   = http.StatusBadRequest
	unauthorized = http.StatusUnauthorized
	forbidden    = http.StatusForbidden
)
