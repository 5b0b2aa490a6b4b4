package targets

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// TestEnforced: six checks can be declared away, everything else cannot
// (design 5.8).
func TestEnforced(t *testing.T) {
	t.Parallel()
	undeclared := &Environment{}
	fix1 := &Environment{Declared: true, Enforces: []string{"audience", "client"}}
	rows := []struct {
		guard     string
		all, fix1 bool
	}{
		{"audience", true, true},
		{"client", true, true},
		{"scope", true, false},
		{"role", true, false},
		{"issuer", true, false},
		{"tenant", true, false},
		{"signature", true, true},
		{"algorithm", true, true},
		{"key", true, true},
		{"format", true, true},
		{"time", true, true},
		{"placement", true, true},
		{"route", true, true},
	}
	for _, tt := range rows {
		t.Run(tt.guard, func(t *testing.T) {
			t.Parallel()
			if got := undeclared.Enforced(tt.guard); got != tt.all {
				t.Errorf("nothing declared: expected %t, got %t", tt.all, got)
			}
			if got := fix1.Enforced(tt.guard); got != tt.fix1 {
				t.Errorf("fix 1: expected %t, got %t", tt.fix1, got)
			}
		})
	}
}

// TestShares: environments that use one registration share it, whatever it is
// called.
func TestShares(t *testing.T) {
	t.Parallel()
	a, b, again := &API{Name: "a", AppID: "1"}, &API{Name: "b", AppID: "2"}, &API{Name: "again", AppID: "1"}
	env := func(apis ...*API) *Environment { return &Environment{APIs: apis} }
	rows := []struct {
		name        string
		left, right *Environment
		want        bool
	}{
		{"the same", env(a), env(a), true},
		{"different", env(a), env(b), false},
		{"one of two", env(a, b), env(b), true},
		{"by app id", env(a), env(again), true},
		{"nothing", env(), env(), false},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.left.Shares(tt.right); got != tt.want {
				t.Errorf("expected %t, got %t", tt.want, got)
			}
		})
	}
}

// TestWithGateways: the copy has the lab's addresses and the echo behind them;
// the file stays as it was.
func TestWithGateways(t *testing.T) {
	t.Parallel()
	f := parsed(t, "accepted: echo", "accepted: {header: {a: b}}")
	f.Environments[1].Gateways = nil
	c := f.WithGateways(func(name string) Gateway { return Gateway{URL: "http://lab/" + name} })
	if c.Environments[0].Gateways[0].URL != "http://lab/dev" || c.Environments[1].Judged() || !c.Accepted.Echo || c.Accepted.Marked() {
		t.Errorf("expected the lab's gateway and echo, got %+v, %+v", c.Environments[0].Gateways, c.Accepted)
	}
	if f.Environments[0].Gateways[0].URL != "https://dev.example/orders" || f.Accepted.Echo {
		t.Error("the file itself was changed")
	}
}

// TestFind holds the small look-ups.
func TestFind(t *testing.T) {
	t.Parallel()
	f := parsed(t, "supports: {skew: 0s}", "supports: {skew: 90s}")
	dev, uat := f.Environment("dev"), f.Environment("uat")
	rows := []struct {
		name      string
		got, want any
	}{
		{"no such environment", f.Environment("prod") == nil, true},
		{"others", f.Others(dev)[0] == uat && len(f.Others(dev)) == 1, true},
		{"registration of a version", dev.API(mint.V2).Name, "dev-v2"},
		{"none of that version", dev.API(mint.V1) == nil, true},
		{"no second API", f.SecondAPI() == nil, true},
		{"skew", f.Skew().String(), "1m30s"},
		{"mock mints for all", f.Mintable(uat), true},
		{"real tenant: by a grant", realTenant(t).Mintable(uat), true},
		{"real tenant: no grant", without(realTenant(t), "both").Mintable(uat), false},
		{"undeclared capability", func() bool { _, ok := f.Declared("jwks"); return ok }(), false},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, tt.got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
