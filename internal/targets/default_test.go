package targets

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDefault: the embedded target exercises every mutation (design 5.5): both
// versions, dots and letters in names, a second API, clients for each role.
func TestDefault(t *testing.T) {
	t.Parallel()
	f := Default()
	if !f.Tokens.Embedded || f.Tokens.Mock != nil || !f.Accepted.Echo || len(f.Environments) != 3 || f.SecondAPI() == nil {
		t.Fatalf("expected the embedded target, got %+v", f)
	}
	for i, e := range f.Environments {
		if len(e.Versions()) != 2 || !e.Judged() || e.Other == nil || e.Other.Scope == e.Requires.Scopes[0] {
			t.Errorf("%s: expected both versions, a gateway and another route", e.Name)
		}
		for _, a := range e.APIs {
			if !strings.Contains(a.URIs[0], ".") || !strings.Contains(a.Scopes[0], ".") || a.AppID == strings.ToUpper(a.AppID) {
				t.Errorf("%s: expected names with dots and letters", a.Name)
			}
		}
		other := f.Environments[(i+1)%3]
		for _, r := range Roles() {
			if c := f.Client(r, e, other); c == nil {
				t.Errorf("%s: expected a client in the role %s", e.Name, r)
			}
		}
		if b := f.Bearer(other, e); b == nil || b.Name != "everywhere" {
			t.Errorf("%s: expected everywhere to bear the token of %s, got %s", e.Name, other.Name, nameOf(b))
		}
	}
	if Default() == f {
		t.Error("expected a file of its own for each caller")
	}
}

// TestMadeUpOther: one environment only and a mock give a second one in the
// same tenant; with the real tenant, or with two, nothing is made up.
func TestMadeUpOther(t *testing.T) {
	t.Parallel()
	one := strings.NewReplacer(
		"    api: uat-v1\n", "", "  uat:\n", "", strings.Replace(devGates, "dev", "uat", 1)+"\n"+devHome+"\n", "",
		"contracts: [dev, uat], granted: [dev, uat]", "contracts: [dev], granted: [dev]", devAPI, "    api: [dev-v2, uat-v1]\n",
	).Replace(staging)
	f, err := Parse("t.yaml", []byte(one), lookup)
	if err != nil {
		t.Fatal(err)
	}
	f.MadeUpOther()
	f.MadeUpOther()
	if len(f.Environments) != 2 {
		t.Fatalf("expected two environments, got %d", len(f.Environments))
	}
	home, other := f.Environments[0], f.Environments[1]
	if !other.MadeUp || other.Judged() || other.Shares(home) || !slices.Equal(other.Versions(), home.Versions()) {
		t.Errorf("expected an OTHER of its own registrations, got %+v", other)
	}
	for _, a := range other.APIs {
		if !isGUID(a.AppID) {
			t.Errorf("expected a GUID, got %s", a.AppID)
		}
	}
	if b := f.Bearer(other, home); b == nil || !b.Has(home) || !b.Has(other) {
		t.Errorf("expected a bearer contracted in both, got %s", nameOf(b))
	}
	if f.Holder(home) == nil {
		t.Error("expected somebody who opens the home environment")
	}
	for name, f := range map[string]*File{"two environments": parsed(t, "", ""), "the real tenant": {Environments: []*Environment{home}, Tokens: Tokens{Entra: &Entra{}}}} {
		before := len(f.Environments)
		if f.MadeUpOther(); len(f.Environments) != before {
			t.Errorf("%s: expected nothing made up", name)
		}
	}
}

// TestMadeUpOtherOfOther: an environment that is itself called OTHER keeps its
// name to itself.
func TestMadeUpOtherOfOther(t *testing.T) {
	t.Parallel()
	f := &File{Tokens: Tokens{Embedded: true}, Environments: []*Environment{{Name: "OTHER"}}}
	f.MadeUpOther()
	if diff := cmp.Diff(2, len(f.Environments)); diff != "" {
		t.Fatal(diff)
	}
	if f.Environment(f.Environments[1].Name) != f.Environments[1] {
		t.Errorf("two environments are called %s", f.Environments[1].Name)
	}
}
