package reproduce_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/reproduce"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/reports"
)

var update = flag.Bool("update", false, "write the golden file")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestReproduce holds every cell to the oracle, which no tool writes, and what
// a reader sees to a golden file.
func TestReproduce(t *testing.T) {
	t.Parallel()
	var said []string
	table, err := reproduce.Run(t.Context(), reproduce.Options{Progress: func(s string) { said = append(said, s) }})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range table.Differing() {
		t.Error(d)
	}
	cells := 0
	for _, row := range table.Rows {
		cells += len(row.Cells)
	}
	if cells != 152 || table.ExitCode() != 0 {
		t.Errorf("expected 152 cells and exit 0, got %d and %d", cells, table.ExitCode())
	}
	if diff := cmp.Diff(table.Setups, said); diff != "" {
		t.Error(diff)
	}
	var text bytes.Buffer
	if err := table.Write(&text); err != nil {
		t.Fatal(err)
	}
	golden(t, "table.golden", text.Bytes())
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Errorf("%s (go test -update writes it): %s", path, diff)
	}
}

// TestSomeSetups: some set-ups give their columns, in the order asked for, and
// the same data each time.
func TestSomeSetups(t *testing.T) {
	t.Parallel()
	var texts []string
	for range 2 {
		table, err := reproduce.Run(t.Context(), reproduce.Options{Setups: []string{"both", "oidc-client-check"}})
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := table.JSON(&b); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, b.String())
		if diff := cmp.Diff([]string{"both", "oidc-client-check"}, table.Setups); diff != "" || len(table.Rows[0].Cells) != 2 || table.ExitCode() != 0 {
			t.Errorf("expected two columns that agree: %s", diff)
		}
		var back reproduce.Table
		if err := json.Unmarshal(b.Bytes(), &back); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff(texts[0], texts[1]); diff != "" {
		t.Errorf("expected the same data: %s", diff)
	}
}

// TestDocumented: over introspection the cells are shown, not compared, and the
// table says what ran.
func TestDocumented(t *testing.T) {
	t.Parallel()
	table, err := reproduce.Run(t.Context(), reproduce.Options{OIDCModel: gateway.Documented})
	if err != nil {
		t.Fatal(err)
	}
	if table.ExitCode() != 0 || len(table.Differing()) > 0 || table.OIDCModel != "documented" || table.Introspection != "raw-claims" {
		t.Errorf("expected nothing to be compared, got %d, %v, %s by %s", table.ExitCode(), table.Differing(), table.OIDCModel, table.Introspection)
	}
	var text bytes.Buffer
	if err := table.Write(&text); err != nil {
		t.Fatal(err)
	}
	golden(t, "documented.golden", text.Bytes())
}

// TestDocumentedProfiles is one row a profile of the provider: what becomes of the
// four controls behind the OIDC policy without any check but its own. What the
// shim answers does not change.
func TestDocumentedProfiles(t *testing.T) {
	t.Parallel()
	for profile, row := range map[mockidp.Introspection]struct{ got, refusal string }{
		mockidp.IntrospectNormalised: {"pass", ""},
		mockidp.IntrospectRaw:        {"pass", ""},
		mockidp.IntrospectGraph:      {"fail", `401 {"error":"Token has been revoked."}`},
		mockidp.IntrospectInactive:   {"fail", `401 {"error":"Token has been revoked."}`},
		mockidp.IntrospectForbidden:  {"fail", `403 {"error":"{\"error\":\"access_denied\"}"}`},
		mockidp.IntrospectFailing:    {"fail", `401 {"error":"{\"error\":\"server_error\"}"}`},
	} {
		t.Run(string(profile), func(t *testing.T) {
			t.Parallel()
			table, err := reproduce.Run(t.Context(), reproduce.Options{
				Setups: []string{"oidc-check-skipped", "fix2-roles"}, OIDCModel: gateway.Documented, Introspection: profile,
			})
			if err != nil {
				t.Fatal(err)
			}
			controls := 0
			for _, r := range table.Rows {
				if !r.Control {
					continue
				}
				controls++
				if r.Cells[0].Got != row.got || r.Cells[1].Got != "pass" {
					t.Errorf("%s: %+v", r.Scenario, r.Cells)
				}
			}
			if controls != 4 || table.Stories[0].Refusal != row.refusal || table.Introspection != profile {
				t.Errorf("%d controls, refused with %s, by %s", controls, table.Stories[0].Refusal, table.Introspection)
			}
			var b bytes.Buffer
			if err := table.JSON(&b); err != nil || strings.Contains(b.String(), `"want"`) || !strings.Contains(b.String(), `"oidc_model": "documented"`) {
				t.Errorf("%v, %s", err, b.String())
			}
		})
	}
}

// TestUnknownSetup: a name that is no column is wrong usage, with the names
// that are.
func TestUnknownSetup(t *testing.T) {
	t.Parallel()
	_, err := reproduce.Run(t.Context(), reproduce.Options{Setups: []string{"fix3"}})
	var unknown *reproduce.UnknownSetupError
	if !errors.As(err, &unknown) || unknown.Name != "fix3" || len(unknown.Known) != 8 {
		t.Fatalf("expected an UnknownSetupError, got %v", err)
	}
	if want := `reproduce: the oracle has no set-up "fix3": expected one of oidc-client-check, oidc-check-skipped, fix1-as-written, fix1, fix2, fix2-roles, both, both-issuer`; err.Error() != want {
		t.Errorf("expected %s, got %s", want, err)
	}
}

// TestStopped: Ctrl-C is an error that names the set-up.
func TestStopped(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := reproduce.Run(ctx, reproduce.Options{Progress: func(string) { cancel() }})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "oidc-client-check") {
		t.Errorf("expected to be stopped at oidc-client-check, got %v", err)
	}
}

// TestExitCode: 1 where a cell differs, 3 where one could not be run and none
// differs, else 0.
func TestExitCode(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name  string
		got   []string
		model string
		want  int
	}{
		{"agrees", []string{"pass", "pass"}, "local-claims", 0},
		{"differs", []string{"pass", "fail"}, "local-claims", 1},
		{"could not be run", []string{"pass", "error"}, "local-claims", 3},
		{"error, then differs", []string{"error", "fail"}, "local-claims", 1},
		{"differs, then error", []string{"inconclusive", "error"}, "local-claims", 1},
		{"skipped", []string{"skipped", "pass"}, "local-claims", 1},
		{"not compared", []string{"pass", "fail"}, "documented", 0},
		{"not compared, could not be run", []string{"error", "fail"}, "documented", 3},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			table := &reproduce.Table{OIDCModel: tt.model, Setups: []string{"a", "b"}, Rows: []reproduce.Row{{Scenario: "x", Kind: "v2 app"}}}
			compared := tt.model == gateway.LocalClaims
			for _, got := range tt.got {
				cell := reproduce.Cell{Got: got}
				if compared {
					cell.Want = reports.Pass.String()
				}
				table.Rows[0].Cells = append(table.Rows[0].Cells, cell)
			}
			if got := table.ExitCode(); got != tt.want {
				t.Errorf("expected %d, got %d", tt.want, got)
			}
			if (len(table.Differing()) == 0) != (tt.want == 0 || !compared) {
				t.Errorf("got %v", table.Differing())
			}
			var b bytes.Buffer
			if err := table.Write(&b); err != nil || strings.Contains(b.String(), "All 2 cells") != (compared && tt.want == 0) {
				t.Errorf("expected the agreement told, got %v, %s", err, b.String())
			}
		})
	}
}
