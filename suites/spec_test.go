package suites_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/suites"
)

func session(t *testing.T, cfg suites.Config) *suites.Session {
	t.Helper()
	s, err := suites.NewSession(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSpecs wants one spec for each scenario and environment, with labels that
// Ginkgo's filters understand and names that do not change between two runs.
func TestSpecs(t *testing.T) {
	t.Parallel()
	target := newSite(t, &watch{}).target
	target.Name = "a/b, (c)"
	cfg := suites.Config{Targets: []*suites.Target{target}, Selection: suites.Selection{Profile: "full"}}
	specs, again := session(t, cfg).Specs(), session(t, cfg).Specs()
	port := regexp.MustCompile(`:[0-9]{2,}|127\.0\.0\.1`)
	seen := map[string]bool{}
	for i, s := range specs {
		if s.Text() != again[i].Text() || !slices.Equal(s.Labels(), again[i].Labels()) {
			t.Errorf("%s: expected the same text and labels again", s.Key())
		}
		if seen[s.Text()] || port.MatchString(s.Text()) {
			t.Errorf("%s: expected a text of its own without addresses, got %q", s.Key(), s.Text())
		}
		seen[s.Text()] = true
		for _, label := range s.Labels() {
			if _, err := types.ValidateAndCleanupLabel(label, types.CodeLocation{}); err != nil {
				t.Errorf("%s: %v", s.Key(), err)
			}
		}
	}
	i := slices.IndexFunc(specs, func(s suites.Spec) bool { return s.Scenario.ID == "aud-other-env-genuine" })
	for _, want := range []string{"target:a-b- -c-", "environment:dev", "group:AUD", "severity:critical", "guards:audience", "source:real", "mark:FP", "id:aud-other-env-genuine"} {
		if !slices.Contains(specs[i].Labels(), want) {
			t.Errorf("expected the label %q among %q", want, specs[i].Labels())
		}
	}
}

// TestShards wants all cases in exactly one part, and obligations left to the
// merge.
func TestShards(t *testing.T) {
	t.Parallel()
	parts := map[string]int{}
	for i := 1; i <= 3; i++ {
		s := session(t, suites.Config{Shard: suites.Shard{Index: i, Count: 3}})
		specs := map[string]bool{}
		for _, spec := range s.Specs() {
			specs[spec.Key()] = true
		}
		for _, c := range s.Plans()[0].Cases {
			parts[c.ID]++
			if !specs["embedded/"+c.Spec()] {
				t.Errorf("shard %d: %s belongs to no spec of it", i, c.ID)
			}
		}
	}
	whole := session(t, suites.Config{}).Plans()[0].Cases
	if len(parts) != len(whole) {
		t.Errorf("expected %d cases in all shards, got %d", len(whole), len(parts))
	}
	for id, n := range parts {
		if n != 1 {
			t.Errorf("%s: expected it in one shard, got %d", id, n)
		}
	}
	part := run(t, suites.Config{Selection: suites.Selection{Profile: "witness"}, Shard: suites.Shard{Index: 1, Count: 4}})
	if part.Selection.Shard != "1/4" || part.ExitCode != reports.ExitConforms {
		t.Errorf("expected a green shard 1/4, got %q and exit %d", part.Selection.Shard, part.ExitCode)
	}
}

// TestMadeUpOther wants the second question answered for one environment, and
// the caller's target left as it is.
func TestMadeUpOther(t *testing.T) {
	t.Parallel()
	target := newSite(t, &watch{}).target
	target.Environments = target.Environments[:1]
	results := run(t, suites.Config{Targets: []*suites.Target{target}, Selection: suites.Selection{Profile: "smoke"}})
	if results.ExitCode != reports.ExitConforms {
		t.Errorf("expected exit 0, got %d: %v", results.ExitCode, results.Obligations)
	}
	if results.Answers.CrossEnvironment.State != reports.Closed {
		t.Errorf("expected the pair with OTHER to be closed, got %+v", results.Answers.CrossEnvironment)
	}
	if len(target.Environments) != 1 || slices.ContainsFunc(target.Clients, func(c *targets.Client) bool { return slices.Contains(c.Contracts, "OTHER") }) {
		t.Error("expected the caller's target to stay as it was")
	}
}

// TestTwoTargets wants two targets with one issuer judged in one run.
func TestTwoTargets(t *testing.T) {
	t.Parallel()
	first := newSite(t, &watch{}).target
	second := *first
	second.Name = "again"
	cfg := suites.Config{Targets: []*suites.Target{first, &second}, Selection: suites.Selection{IDs: []string{"ctl-v?-app-only", "aud-other-env-genuine", "jwks-unknown-kid-flood"}}, Out: t.TempDir(), Seed: 7, Command: "entraproof run --target a --target b"}
	results := run(t, cfg)
	if len(results.Targets) != 2 || results.Run.Seed != 7 || results.Counts.Total() != results.Selection.Selected {
		t.Errorf("expected two targets and seed 7, got %d and %d", len(results.Targets), results.Run.Seed)
	}
	byTarget := map[string]int{}
	for i := range results.Cases {
		c := &results.Cases[i]
		byTarget[c.Target]++
		if c.Reason == "lease-missing" {
			t.Errorf("%s at %s: the other target has the lease", c.ID, c.Target)
		}
		if want := cfg.Command + " --id " + c.Scenario; c.Command != want {
			t.Errorf("%s: expected %q, got %q", c.ID, want, c.Command)
		}
	}
	if byTarget["again"] == 0 || byTarget["again"] != byTarget["site"] {
		t.Errorf("expected the same cases at both, got %v", byTarget)
	}
	if d := results.Targets[1].Digest; len(d) != 64 || strings.Trim(d, "0123456789abcdef") != "" {
		t.Errorf("expected the file's digest, got %q", d)
	}
}
