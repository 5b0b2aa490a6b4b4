package deploy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/entraproof/entraproof/internal/targets"
)

// targetOf reads the target file of a set-up.
func targetOf(t *testing.T, setup string) *targets.File {
	t.Helper()
	f, err := targets.Load("compose/"+setup+".yaml", func(name string) (string, bool) {
		return "token", name == "ENTRAPROOF_MANAGEMENT_TOKEN"
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// fixes are what a set-up is declared to enforce; no entry: everything.
func fixes() map[string][]string {
	return map[string][]string{"fix1": {"audience", "client"}, "fix2": {"scope", "role"}}
}

// TestTargets: each set-up has a target file, which says of it what the set-up
// in its container is made of (the embedded target) and where it is published.
func TestTargets(t *testing.T) {
	t.Parallel()
	f, err := readCompose(composeText(t))
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob("compose/*.yaml")
	if err != nil || len(names) != len(f.setups()) {
		t.Fatalf("expected a target file for each of %q, got %q (%v)", f.setups(), names, err)
	}
	for _, setup := range f.setups() {
		got, want := targetOf(t, setup), targets.Default()
		want.Name, want.Path = setup, got.Path
		want.Tokens = targets.Tokens{Mock: &targets.Mock{URL: f.at("issuer", 0), Management: f.at("issuer", 1), Token: "token"}}
		want.Accepted = targets.Accepted{Echo: true, EchoURL: f.at("echo", 0)}
		want.Supports = []targets.Declaration{{Key: "jwks", Value: "fetched"}}
		want.OptIn = false // others may use the stack
		want.Pace = got.Pace
		for i, e := range want.Environments {
			e.Gateways = []targets.Gateway{{URL: f.at(setup, i) + "/orders"}}
			e.Enforces, e.Declared = fixes()[setup], fixes()[setup] != nil
		}
		ignored := []cmp.Option{cmpopts.IgnoreFields(targets.Environment{}, "Pos"), cmpopts.IgnoreFields(targets.Declaration{}, "Pos")}
		if diff := cmp.Diff(want, got, ignored...); diff != "" {
			t.Errorf("%s (-want +got):\n%s", setup, diff)
		}
	}
}

// at is the address of a service's published port, as the defaults make it.
func (f composeFile) at(name string, i int) string {
	host := regexp.MustCompile(`:-([0-9]+)\}([0-9]+):`).FindStringSubmatch(f.Services[name].Ports[i])
	return fmt.Sprintf("http://127.0.0.1:%s%s", host[1], host[2])
}

// TestScriptKnowsTheSetups: the script tells of each set-up that there is.
func TestScriptKnowsTheSetups(t *testing.T) {
	t.Parallel()
	f, err := readCompose(composeText(t))
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("compose/compose.sh")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^setups='(.*)'$`).FindStringSubmatch(string(script))
	if line == nil {
		t.Fatal("expected a line setups='NAME ...'")
	}
	got := strings.Fields(line[1])
	slices.Sort(got)
	if diff := cmp.Diff(f.setups(), got); diff != "" {
		t.Error(diff)
	}
}
