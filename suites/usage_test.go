package suites_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/suites"
)

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestUsage wants wrong usage refused before anything is sent, with its place.
func TestUsage(t *testing.T) {
	t.Parallel()
	site := func() *suites.Target {
		f, err := suites.ParseTarget("site.yaml", []byte(strings.NewReplacer("%s", "http://127.0.0.1:1").Replace(siteFile)), secrets)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	for _, row := range []struct {
		name string
		cfg  suites.Config
		want string // part of the message
		at   string // position of the first *Problem; "" for none
	}{
		{"unknown set-up", suites.Config{Setup: "strickt"}, `did you mean "strict"?`, ""},
		{"unknown profile", suites.Config{Selection: suites.Selection{Profile: "cor"}}, `did you mean "core"?`, ""},
		{"pattern that matches nothing", suites.Config{Selection: suites.Selection{IDs: []string{"nothing-*"}}}, `"nothing-*"`, ""},
		{"filters that leave nothing", suites.Config{Selection: suites.Selection{IDs: []string{"alg-none"}, Groups: []string{"AUD"}}}, "all the filters together", ""},
		{"shard beyond the last", suites.Config{Shard: suites.Shard{Index: 3, Count: 2}}, "shard 3/2", ""},
		{"shard without specs", suites.Config{Selection: suites.Selection{IDs: []string{"alg-none"}}, Shard: suites.Shard{Index: 9, Count: 9}}, `shard "9/9"`, ""},
		{"two targets of one name", suites.Config{Targets: []*suites.Target{site(), site()}}, `two targets are named "site"`, ""},
		{"no such folder of rows", suites.Config{Folders: []string{"no-such-folder"}}, "no-such-folder", ""},
		{"a row of one's own that the catalogue has", suites.Config{Folders: []string{filepath.Dir(writeFile(t, "own.yaml", "- {id: alg-none, guards: algorithm, source: forged, base: forged, expect: refuse 401}\n"))}}, "alg-none", "own.yaml:1:3"},
		{"no such file of waivers", suites.Config{Waivers: "no-such-file"}, "no-such-file", ""},
		{"no waivers", suites.Config{Waivers: writeFile(t, "w.yaml", "[]\n")}, "no waivers", "w.yaml:1:1"},
		{"unknown id waived", suites.Config{Waivers: writeFile(t, "w.yaml", "- {id: alg-nome, reason: r, by: b, expires: 2999-01-01}\n")}, `did you mean "alg-none"?`, "w.yaml:1:8"},
		{"pattern waived", suites.Config{Waivers: writeFile(t, "w.yaml", "- {id: alg-*, reason: r, by: b, expires: 2999-01-01}\n")}, `"alg-*"`, "w.yaml:1:8"},
		{"waiver without reason", suites.Config{Waivers: writeFile(t, "w.yaml", "- {id: alg-none, by: b, expires: 2999-01-01}\n")}, "reason", "w.yaml:1:3"},
		{"waiver without a word", suites.Config{Waivers: writeFile(t, "w.yaml", "- {id: alg-none, reason: ' ', by: b, expires: 2999-01-01}\n")}, "expected a text", "w.yaml:1:26"},
		{"waiver without reviewer", suites.Config{Waivers: writeFile(t, "w.yaml", "- {id: alg-none, reason: r, expires: 2999-01-01}\n")}, "by", "w.yaml:1:3"},
		{"waiver for ever", suites.Config{Waivers: writeFile(t, "w.yaml", "- {id: alg-none, reason: r, by: b, expires: never}\n")}, "expected a date", "w.yaml:1:45"},
		{"waived twice", suites.Config{Waivers: writeFile(t, "w.yaml", "- {id: alg-none, reason: r, by: b, expires: 2999-01-01}\n- {id: alg-none, reason: s, by: b, expires: 2999-01-01}\n")}, "waived twice", "w.yaml:2:8"},
		{"unknown key", suites.Config{Waivers: writeFile(t, "w.yaml", "- {id: alg-none, reason: r, by: b, expire: 2999-01-01}\n")}, "expire", "w.yaml:1:3"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := suites.NewSession(row.cfg)
			var usage *suites.UsageError
			if !errors.As(err, &usage) || !strings.Contains(usage.Err.Error(), row.want) {
				t.Fatalf("expected wrong usage with %q, got %v", row.want, err)
			}
			var problem *suites.Problem
			at := ""
			if errors.As(err, &problem) {
				problem.Pos.File = filepath.Base(problem.Pos.File)
				at = problem.Pos.String()
			}
			if at != row.at {
				t.Errorf("expected it at %q, got %q: %v", row.at, at, err)
			}
		})
	}
}

// TestNothingSelected wants the filter by type.
func TestNothingSelected(t *testing.T) {
	t.Parallel()
	_, err := suites.NewSession(suites.Config{Selection: suites.Selection{IDs: []string{"nothing"}}})
	var nothing *suites.NothingSelectedError
	if !errors.As(err, &nothing) || nothing.Filter != "id" || nothing.Value != "nothing" {
		t.Errorf("expected the filter id, got %v", err)
	}
}

// TestWaivers runs the false positive under waivers.
func TestWaivers(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, file string
		want       int
		expired    bool
		used       bool
	}{
		{"none", "", reports.ExitDoesNotConform, false, false},
		{"the row", "- {id: aud-other-env-genuine, reason: r, by: b, expires: 2999-01-01}\n", reports.ExitConforms, false, true},
		{"the row at this target", "- {id: aud-other-env-genuine, reason: r, by: b, expires: 2999-01-01, target: embedded}\n", reports.ExitConforms, false, true},
		{"the row at another target", "- {id: aud-other-env-genuine, reason: r, by: b, expires: 2999-01-01, target: elsewhere}\n", reports.ExitDoesNotConform, false, false},
		{"one case of several", "- {id: aud-other-env-genuine/dev/from-test, reason: r, by: b, expires: 2999-01-01}\n", reports.ExitDoesNotConform, false, true},
		{"expired", "- {id: aud-other-env-genuine, reason: r, by: b, expires: 2001-01-01}\n", reports.ExitDoesNotConform, true, false},
		{"covers nothing", "- {id: aud-other-env-genuine, reason: r, by: b, expires: 2999-01-01}\n- {id: ctl-v2-app-only, reason: r, by: b, expires: 2999-01-01}\n", reports.ExitWrongUsage, false, true},
		{"not asked for", "- {id: aud-other-env-genuine, reason: r, by: b, expires: 2999-01-01}\n- {id: alg-none, reason: r, by: b, expires: 2999-01-01}\n", reports.ExitConforms, false, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			cfg := suites.Config{Setup: "oidc-check-skipped", Selection: suites.Selection{IDs: []string{"ctl-v2-app-only", "aud-other-env-genuine"}}}
			if row.file != "" {
				cfg.Waivers = writeFile(t, "waivers.yaml", row.file)
			}
			results := run(t, cfg)
			if results.ExitCode != row.want {
				t.Errorf("expected exit %d, got %d", row.want, results.ExitCode)
			}
			for _, w := range results.Waivers {
				if w.Expired != row.expired {
					t.Errorf("%s: expected expired %v", w.ID, row.expired)
				}
			}
			if used := slices.ContainsFunc(results.Waivers, func(w reports.Waiver) bool { return w.Used > 0 }); used != row.used {
				t.Errorf("expected used %v, got %+v", row.used, results.Waivers)
			}
		})
	}
}
