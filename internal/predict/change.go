package predict

import (
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/internal/targets"
)

// Change is a change of one policy: some of its parameters, in the console's own
// words.
type Change struct {
	Environment string
	// Policy is its place in the environment's chain; below zero where that is empty.
	Policy int
	// Key is the parameter that matters most, and At where it stands; At is the
	// policy where the document does not set it.
	Key string
	At  document.Position
	// Set are the parameters with their new values; of Add, those that matter.
	Set []Set
	// Add is a policy that is put behind the others; nil where one is changed.
	Add *policy.Applied
	// Everywhere has the policy applied to all requests instead of some.
	Everywhere bool
	// relaxes: it admits more, so that everything must be looked at anew.
	relaxes bool
	// grants: it asks for scope or role, which the export says nothing of.
	grants bool
}

// Set is one parameter and its new value.
type Set struct {
	// Label is the console's name of the parameter, Key the document's.
	Label, Key string
	// Value is as a document has it.
	Value string
	apply func(any)
}

// Size is how many parameters are changed.
func (c Change) Size() int { return len(c.Set) }

// String is the change as a document has it.
func (c Change) String() string {
	var all []string
	if c.Add != nil {
		all = append(all, "add "+c.Add.Asset+c.behind())
	}
	if c.Everywhere {
		all = append(all, "no rules, no pointcut")
	}
	for _, s := range c.Set {
		all = append(all, s.Key+": "+s.Value)
	}
	return strings.Join(all, ", ")
}

// Console is the change in the words of the console.
func (c Change) Console() string {
	var all []string
	if c.Add != nil {
		all = append(all, "add the policy JWT Validation"+c.behind())
	}
	if c.Everywhere {
		all = append(all, "Apply configurations to all API methods & resources")
	}
	for _, s := range c.Set {
		all = append(all, s.Label+" = "+consoleValue(s.Value))
	}
	return strings.Join(all, ", ")
}

// behind says where a policy is added.
func (c Change) behind() string {
	if c.Policy < 0 {
		return ""
	}
	return " behind it"
}

func consoleValue(v string) string {
	switch v {
	case "true":
		return "on"
	case "false":
		return "off"
	}
	return v
}

// to is the instance with the change.
func (c Change) to(instance *policy.Instance) *policy.Instance {
	changed := *instance
	changed.Policies = slices.Clone(instance.Policies)
	if c.Add != nil {
		changed.Policies = append(changed.Policies, *c.Add)
		return &changed
	}
	applied := &changed.Policies[c.Policy]
	applied.Config = copied(applied.Config)
	if c.Everywhere {
		applied.Rules = nil
	}
	for _, s := range c.Set {
		s.apply(applied.Config)
	}
	return &changed
}

func copied(config any) any {
	switch c := config.(type) {
	case *policy.JWTValidation:
		own := *c
		own.MandatoryCustomClaims = slices.Clone(c.MandatoryCustomClaims)
		return &own
	case *policy.OpenIDConnect:
		own := *c
		return &own
	}
	return config
}

// candidates are the changes that may close something, the smallest first.
func candidates(s Subject, f *targets.File, profile string) []Change {
	var all []Change
	for _, m := range s.Members {
		for i, a := range m.Instance.Policies {
			c := candidate{member: m, index: i, applied: a, env: f.Environment(m.Environment), file: f, profile: profile}
			if len(a.Rules) > 0 {
				everywhere := c.change(false, Set{Key: a.Asset})
				everywhere.Set, everywhere.Everywhere = nil, true
				all = append(all, everywhere)
			}
			switch config := a.Config.(type) {
			case *policy.JWTValidation:
				all = append(all, c.ofJWT(config)...)
			case *policy.OpenIDConnect:
				all = append(all, c.ofOIDC(config)...)
			}
		}
		if c, ok := withoutJWT(m, f, profile); ok {
			all = append(all, c.added())
		}
	}
	slices.SortStableFunc(all, func(a, b Change) int { return a.Size() - b.Size() })
	return all
}

// candidate is a policy for which changes are looked for.
type candidate struct {
	member  Member
	index   int
	applied policy.Applied
	env     *targets.Environment
	file    *targets.File
	profile string
}

// change is one whose first parameter matters most.
func (c candidate) change(relaxes bool, sets ...Set) Change {
	return Change{
		Environment: c.member.Environment, Policy: c.index, Key: sets[0].Key, At: c.applied.Where(sets[0].Key), Set: sets, relaxes: relaxes,
	}
}

func jwtSet(label, key, value string, apply func(*policy.JWTValidation)) Set {
	return Set{label, key, value, func(config any) { apply(config.(*policy.JWTValidation)) }} //nolint:forcetypeassert // the table's own
}

func oidcSet(label, key, value string, apply func(*policy.OpenIDConnect)) Set {
	return Set{label, key, value, func(config any) { apply(config.(*policy.OpenIDConnect)) }} //nolint:forcetypeassert // the table's own
}

// quotedValue is a text as a YAML document needs it.
func quotedValue(text string) string {
	if strings.ContainsAny(text, "#[]{}:,'\" ") {
		return `"` + strings.ReplaceAll(text, `"`, `\"`) + `"`
	}
	return text
}
