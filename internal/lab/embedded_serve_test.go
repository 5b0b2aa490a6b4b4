package lab

import (
	"slices"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/probe"
)

// TestOperator: a contract that is taken away is refused at the next request
// and taken again when it is given back; a gateway that is started anew has
// forgotten what it knew; and its refusals stand in the log of their run.
func TestOperator(t *testing.T) {
	t.Parallel()
	e := newEmbedded(t)
	target, stop, err := e.Serve(Setup{Name: "strict"})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	env := target.Environments[0]
	url, token, client := env.Gateways[0].URL+env.Home.Path, tokenFor(t, e, target, env), target.Holder(env).ID
	for _, step := range []struct {
		has    bool
		status int
	}{{false, 403}, {true, 200}} {
		if err := e.Contract(t.Context(), env.Name, client, step.has); err != nil {
			t.Fatal(err)
		}
		if status, _ := ask(t, url, token, "contract"); status != step.status {
			t.Errorf("contract %t: expected %d, got %d", step.has, step.status, status)
		}
	}
	lines, err := e.Log(t.Context(), "r")
	if err != nil || !slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, "contract with 403") }) {
		t.Errorf("expected the refusal in the log of run r (%s), got %q, %v", probe.RunHeader, lines, err)
	}
	before, err := e.Issuer.Counters(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status, _ := ask(t, url, token, "again"); status != 200 {
		t.Errorf("started anew: expected 200, got %d", status)
	}
	after, err := e.Issuer.Counters(t.Context())
	if err != nil || len(after) == 0 || sum(after) <= sum(before) {
		t.Errorf("expected the key set fetched again, got %v after %v, %v", after, before, err)
	}
	if err := e.Contract(t.Context(), "nowhere", client, true); err == nil {
		t.Error("expected an error for an environment without gateway")
	}
}

func sum(all map[string]int) (n int) {
	for _, hits := range all {
		n += hits
	}
	return n
}
