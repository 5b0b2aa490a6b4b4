package engine

import (
	"slices"
	"strings"

	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// Describe is the target as reports know it.
func Describe(x scenarios.Expansion) reports.Target {
	f := x.Target
	t := reports.Target{Name: f.Name, File: baseName(f.Path), Tokens: "mock", Accepted: "status"}
	if !f.Tokens.CanMint() {
		t.Tokens = "entra"
	}
	if f.Tokens.Former != nil {
		t.Former = f.Tokens.Former.URL
	}
	switch {
	case f.Accepted.Echo:
		t.Accepted = "echo"
	case len(f.Accepted.Header) > 0:
		t.Accepted = "header"
	case f.Accepted.Contains != "":
		t.Accepted = "body"
	}
	for _, d := range f.Supports {
		t.Supports = append(t.Supports, reports.Capability{Key: d.Key, Value: d.Value})
	}
	for _, e := range f.Environments {
		out := reports.Environment{Name: e.Name, HasGateway: e.Judged(), Mintable: f.Mintable(e), MadeUp: e.MadeUp, Enforces: e.Checks(), TrustsMock: f.TrustsMock(e)}
		for _, g := range e.Gateways {
			out.Gateways = append(out.Gateways, g.URL)
		}
		for _, a := range e.APIs {
			out.Registrations = append(out.Registrations, a.Name)
		}
		for _, k := range x.Kinds(e) {
			out.Kinds = append(out.Kinds, k.String())
		}
		slices.Sort(out.Registrations)
		t.Environments = append(t.Environments, out)
	}
	return t
}

func baseName(path string) string { return path[strings.LastIndexAny(path, `/\`)+1:] }
