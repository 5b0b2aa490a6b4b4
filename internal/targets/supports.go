package targets

import (
	"slices"
	"strconv"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// Meets reports whether the target has what a row needs at an environment. A
// line of supports decides; where there is none, the rest of the file does
// (Capability.Found). declared says that the absence is the target's own word
// and not merely something that the file lacks (design 5).
func (f *File) Meets(n Need, home *Environment) (met, declared bool) {
	if value, ok := f.Declared(n.Key); ok {
		return n.Met(value), true
	}
	value, declared := f.found(n.Key, home)
	return n.Met(value), declared
}

// found is the value that the file itself gives a capability, empty where it
// gives none.
func (f *File) found(key string, home *Environment) (value string, declared bool) {
	yes := func(is bool, declared bool) (string, bool) { return strconv.FormatBool(is), declared }
	switch key {
	case "echo":
		return yes(f.Accepted.Echo, true)
	case "opt-in":
		return yes(f.OptIn, true)
	case "origin":
		return yes(slices.ContainsFunc(home.Gateways, func(g Gateway) bool { return g.Origin != "" }), false)
	case "plain-http":
		return yes(slices.ContainsFunc(home.Gateways, func(g Gateway) bool { return g.PlainHTTP != "" }), false)
	case "other-route":
		return yes(home.Other != nil, false)
	case "second-api":
		return yes(f.SecondAPI() != nil, false)
	case "other-tenant":
		return yes(f.TenantB() != "", false)
	case "shared-registration":
		return yes(slices.ContainsFunc(f.Others(home), home.Shares), true)
	case "user-tokens":
		return yes(f.hasUsers(), false)
	case "app-tokens":
		return yes(true, false)
	case "scope-criteria":
		return f.criteria(home), true
	case "versions":
		return versionsWord(home.Versions()), true
	case "audience-uri-listed":
		// The uris of a registration whose tokens carry them are what is listed.
		v1 := home.API(mint.V1)
		return yes(v1 != nil && len(v1.URIs) > 0, true)
	}
	return "", false
}

// criteria joins several scopes; with fewer than two there is nothing to join.
func (f *File) criteria(home *Environment) string {
	switch {
	case len(home.Requires.Scopes) < 2:
		return ""
	case home.Requires.Any:
		return "or"
	}
	return "and"
}

func versionsWord(all []mint.Version) string {
	if len(all) == 1 {
		return string(all[0])
	}
	return "both"
}

func (f *File) hasUsers() bool { return f.Tokens.CanMint() || len(f.Users) > 0 }

// Takes reports whether the gateways take tokens of a version: those of the
// registrations, unless supports says otherwise.
func (f *File) Takes(v mint.Version) bool {
	word, declared := f.Declared("versions")
	return !declared || word == "both" || word == string(v)
}

// CanHave reports whether tokens of users, or of applications, can be had,
// expected or not.
func (f *File) CanHave(s mint.Subject) bool { return s == mint.SubjectApp || f.hasUsers() }

// HasTokens reports whether tokens of users, or of applications, are expected
// at the gateways and can be had.
func (f *File) HasTokens(s mint.Subject) bool {
	met, _ := f.Meets(Need{Key: string(s) + "-tokens", Value: "true"}, f.Environments[0])
	return met
}
