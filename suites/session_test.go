package suites_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
	"github.com/entraproof/entraproof/suites"
)

// run judges without Ginkgo.
func run(t *testing.T, cfg suites.Config) *suites.Results {
	t.Helper()
	s, err := suites.NewSession(cfg)
	if err != nil {
		t.Fatal(err)
	}
	results, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func outcomes(r *suites.Results, of reports.Outcome) []string {
	var ids []string
	for i := range r.Cases {
		if c := &r.Cases[i]; c.Effective() == of && !c.Extra {
			ids = append(ids, c.ID+" ("+string(c.Reason)+")")
		}
	}
	return ids
}

// refusals are the rows that a gateway must refuse.
func refusals(t *testing.T) []scenarios.Scenario {
	t.Helper()
	all, err := scenarios.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	rows := slices.DeleteFunc(all.All(), func(s scenarios.Scenario) bool {
		return s.Kind != scenarios.Data || !s.Expect.Refuses() || s.Marked("slow") || s.Marked("opt-in")
	})
	if len(rows) < 20 {
		t.Fatalf("expected the catalogue to hold refusals, got %d", len(rows))
	}
	return rows
}

func ids(rows []scenarios.Scenario) []string {
	var all []string
	for _, r := range rows {
		all = append(all, r.ID)
	}
	return all
}

// TestExitCodes runs the embedded set-ups.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	genuine := suites.Selection{IDs: []string{"ctl-v?-*", "aud-other-env-genuine", "alg-none"}}
	for _, row := range []struct {
		name, setup string
		selection   suites.Selection
		want        int
		reason      string // of at least one case; "" for a green run
	}{
		{"strict conforms", "strict", suites.Selection{Profile: "smoke"}, reports.ExitConforms, ""},
		{"the 403", "oidc-client-check", genuine, reports.ExitDoesNotConform, "refused-genuine"},
		{"the false positive", "oidc-check-skipped", genuine, reports.ExitDoesNotConform, "reached-upstream"},
		{"denies everybody", "deny-all", suites.Selection{Profile: "smoke"}, reports.ExitDoesNotConform, "control-refused"},
		{"denies everybody, only refusals asked for", "deny-all", suites.Selection{IDs: ids(refusals(t))}, reports.ExitUnproven, "control-refused"},
		{"404 for everything", "wrong-path", genuine, reports.ExitCouldNotRun, "route-not-proven"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			results := run(t, suites.Config{Setup: row.setup, Selection: row.selection})
			if results.ExitCode != row.want {
				t.Errorf("expected exit %d, got %d: fail %v, error %v", row.want, results.ExitCode, outcomes(results, reports.Fail), outcomes(results, reports.Error))
			}
			if row.reason != "" && !slices.ContainsFunc(results.Cases, func(c suites.Case) bool { return string(c.Reason) == row.reason }) {
				t.Errorf("expected a case with reason %s", row.reason)
			}
			if row.setup == "deny-all" {
				noRefusalPasses(t, results)
			}
		})
	}
}

func noRefusalPasses(t *testing.T, results *suites.Results) {
	t.Helper()
	all := ids(refusals(t))
	for i := range results.Cases {
		if c := &results.Cases[i]; slices.Contains(all, c.Scenario) && (c.Outcome == reports.Pass || c.Outcome == reports.Warn) {
			t.Errorf("%s: expected no refusal to pass, got %s", c.ID, c.Outcome)
		}
	}
}

// TestAcceptAll wants every critical refusal named.
func TestAcceptAll(t *testing.T) {
	t.Parallel()
	critical := slices.DeleteFunc(refusals(t), func(s scenarios.Scenario) bool { return s.Severity != scenarios.Critical })
	results := run(t, suites.Config{Setup: "accept-all", Selection: suites.Selection{IDs: ids(critical)}})
	if results.ExitCode != reports.ExitDoesNotConform {
		t.Errorf("expected exit 1, got %d", results.ExitCode)
	}
	failed := map[string]bool{}
	for _, f := range results.Findings() {
		failed[f.Scenario] = true
	}
	for _, row := range critical {
		if skipped := everySkipped(results, row.ID); !failed[row.ID] && !skipped {
			t.Errorf("%s: expected a finding", row.ID)
		}
	}
}

// everySkipped reports whether the embedded target has nothing for a row.
func everySkipped(r *suites.Results, scenario string) bool {
	return !slices.ContainsFunc(r.Cases, func(c suites.Case) bool {
		return c.Scenario == scenario && c.Outcome != reports.Skipped && c.Outcome != reports.Unsupported
	})
}

// TestTurnsToDeny wants no pass of what was fired after the gateway turned.
func TestTurnsToDeny(t *testing.T) {
	t.Parallel()
	w := &watch{denyFrom: 120}
	s := newSite(t, w)
	results := run(t, suites.Config{Targets: []*suites.Target{s.target}, Selection: suites.Selection{IDs: append(ids(refusals(t)), "ctl-v?-*")}})
	if len(w.denied) < 10 {
		t.Fatalf("expected many requests after the turn, got %d", len(w.denied))
	}
	for i := range results.Cases {
		if c := &results.Cases[i]; w.denied[c.ID] && c.Outcome <= reports.Warn {
			t.Errorf("%s: fired after the gateway turned: expected no pass, got %s", c.ID, c.Outcome)
		}
	}
	if !slices.ContainsFunc(results.Cases, func(c suites.Case) bool { return c.Reason == "control-lost" }) {
		t.Error("expected refusals to lose their control")
	}
	if results.ExitCode == reports.ExitConforms {
		t.Error("expected a run that is not green")
	}
}

// TestUnreachable wants a report whatever is missing.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	selection := suites.Selection{IDs: []string{"ctl-v?-app-only", "aud-other-env-genuine"}}
	for _, row := range []struct {
		name   string
		change func(t *testing.T, s *suites.Target)
		reason string
	}{
		{"gateway", func(t *testing.T, f *suites.Target) {
			t.Helper()
			for _, e := range f.Environments {
				e.Gateways[0].URL = closedAddress(t) + "/orders"
			}
		}, "connection-refused"},
		{"issuer", func(t *testing.T, f *suites.Target) {
			t.Helper()
			f.Tokens.Mock.Management = closedAddress(t)
		}, "issuer-unreachable"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, &watch{})
			row.change(t, s.target)
			out := t.TempDir()
			results := run(t, suites.Config{Targets: []*suites.Target{s.target}, Selection: selection, Out: out})
			if results.ExitCode != reports.ExitCouldNotRun {
				t.Errorf("expected exit 3, got %d", results.ExitCode)
			}
			if n := results.Counts.Total(); n == 0 || n != results.Selection.Selected {
				t.Errorf("expected all %d cases in the results, got %d", results.Selection.Selected, n)
			}
			if !slices.ContainsFunc(results.Cases, func(c suites.Case) bool { return string(c.Reason) == row.reason }) {
				t.Errorf("expected a case with reason %s, got %v", row.reason, outcomes(results, reports.Error))
			}
			written, err := reports.Read(out)
			if err != nil {
				t.Fatal(err)
			}
			if written.ExitCode != results.ExitCode || len(written.Cases) != len(results.Cases) {
				t.Errorf("expected the results in the folder, got exit %d and %d cases", written.ExitCode, len(written.Cases))
			}
		})
	}
}

// TestTwoAtOnce wants one run a folder.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	held, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	first := suites.Config{Out: out, Selection: suites.Selection{IDs: []string{"alg-none"}}, Progress: func(suites.Case) {
		once.Do(func() { close(held) })
		<-goOn
	}}
	ended := make(chan error)
	s, err := suites.NewSession(first)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_, err := s.Run(t.Context())
		ended <- err
	}()
	<-held
	second, err := suites.NewSession(suites.Config{Out: out, Selection: first.Selection})
	if err != nil {
		t.Fatal(err)
	}
	_, err = second.Run(t.Context())
	var inUse *suites.InUseError
	var usage *suites.UsageError
	if !errors.As(err, &inUse) || !errors.As(err, &usage) || inUse.Folder != out {
		t.Errorf("expected the folder %s to be in use, got %v", out, err)
	}
	close(goOn)
	if err := <-ended; err != nil {
		t.Errorf("the first run: %v", err)
	}
	if r, err := reports.Read(out); err != nil || r.Run.Interrupted {
		t.Errorf("expected the first run's results, got %v", err)
	}
}

// TestCancelled wants results of a run that was given up.
func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	out := t.TempDir()
	s, err := suites.NewSession(suites.Config{Out: out, Selection: suites.Selection{Profile: "smoke"}, Progress: func(suites.Case) { cancel() }})
	if err != nil {
		t.Fatal(err)
	}
	results, err := s.Run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if results.ExitCode != reports.ExitCouldNotRun || !results.Run.Interrupted || results.Counts.Total() != results.Selection.Selected {
		t.Errorf("expected an interrupted run with every case, got exit %d, interrupted %v, %d of %d cases",
			results.ExitCode, results.Run.Interrupted, results.Counts.Total(), results.Selection.Selected)
	}
	if _, err := s.Run(ctx); err == nil {
		t.Error("expected a session to run once")
	}
}

// TestSecrets looks for what must not leave in everything that a run leaves.
func TestSecrets(t *testing.T) {
	t.Parallel()
	w := &watch{}
	s := newSite(t, w)
	out := t.TempDir()
	talkative := []string{"CTL", "AUD", "SIG", "KND", "HTP", "RSP"} // each token and where it can stand; flows wait, and send the same
	run(t, suites.Config{Targets: []*suites.Target{s.target}, Selection: suites.Selection{Profile: "full", Groups: talkative}, Out: out})
	kept := w.signatures()
	if len(kept) < 50 {
		t.Fatalf("expected signatures to look for, got %d", len(kept))
	}
	kept = append(kept, managementToken, workerSecret, bothSecret)
	searched := 0
	err := filepath.WalkDir(out, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		searched++
		text, err := os.ReadFile(path)
		for _, secret := range kept {
			if strings.Contains(string(text), secret) {
				t.Errorf("%s holds a secret: %.12s…", entry.Name(), secret)
			}
		}
		return err
	})
	if err != nil || searched < 2 {
		t.Errorf("expected journal and results, got %d files: %v", searched, err)
	}
}
