package gateway

import (
	"slices"
	"strings"
)

// Softening is a check of strict done as a careless gateway does it.
type Softening struct {
	// Name is its one name in kebab case.
	Name string `json:"name"`
	// Guards is the word of the catalogue's column guards that it weakens.
	Guards string `json:"guards"`
	// Sentence is the classic mistake, told in one sentence.
	Sentence string `json:"sentence"`
}

type softening struct {
	Softening
	apply func(*strict)
}

// Softenings returns every softening, sorted by name.
func Softenings() []Softening {
	var all []Softening
	for _, s := range softenings() {
		all = append(all, s.Softening)
	}
	return all
}

func softenings() []softening {
	all := slices.Concat(
		softPlacement(), softAlgorithms(), softHMAC(), softSignatures(), softKeys(), softHeaders(), softCritical(), softTimes(), softClocks(),
		softTenants(), softClients(), softScopes(), softBehaviour(), softResponses(),
		softSegments(), softTypes(), softEnvelopes(), softMembers(), softJSON(), softCosts(), softThrows(),
		softAudiences(), softClientClaims(), softClientPlaces(), softKinds(), overstrict(),
		softWords(), softCriteria(), softCallers(), softMethods(), softIssuers(), softTenantClaims(), softOwners(),
		softStates(), softKeySets(),
	)
	slices.SortFunc(all, func(a, b softening) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(all); i++ {
		if all[i].Name == all[i-1].Name {
			panic("gateway: two softenings are called " + all[i].Name)
		}
	}
	return all
}

// tolerates makes a check of strict let through what it would refuse.
func (s *strict) tolerates(name string, excuse func(*call) bool) {
	s.wrap(name, func(refuses func(*call) bool) func(*call) bool {
		return func(c *call) bool { return refuses(c) && !excuse(c) }
	})
}

// demands makes a check of strict refuse more.
func (s *strict) demands(name string, also func(*call) bool) {
	s.wrap(name, func(refuses func(*call) bool) func(*call) bool {
		return func(c *call) bool { return refuses(c) || also(c) }
	})
}

func (s *strict) wrap(name string, with func(func(*call) bool) func(*call) bool) {
	for i, c := range s.checks {
		if c.Name == name {
			s.checks[i].refuses = with(c.refuses)
		}
	}
}

// drop removes checks by name or by guard.
func (s *strict) drop(names ...string) {
	s.checks = slices.DeleteFunc(s.checks, func(c check) bool {
		return slices.Contains(names, c.Name) || slices.Contains(names, c.Guards)
	})
}
