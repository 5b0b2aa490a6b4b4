package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/verdict"
)

// TestOracle holds that the oracle is read whole and is the file that it was
// when it was written; no tool writes it.
func TestOracle(t *testing.T) {
	t.Parallel()
	rows, err := Oracle()
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile("testdata/article.csv")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(src)
	if got := hex.EncodeToString(sum[:8]); got != articleSum {
		t.Errorf("expected the oracle as it was given (%s), got %s", articleSum, got)
	}
	if len(rows) != 19 {
		t.Errorf("expected 19 rows, got %d", len(rows))
	}
	var setups []string
	for _, c := range rows[0].Cells {
		setups = append(setups, c.Setup)
	}
	if got, want := strings.Join(setups, " "), "oidc-client-check oidc-check-skipped fix1-as-written fix1 fix2 fix2-roles both both-issuer"; got != want {
		t.Errorf("expected the set-ups %q, got %q", want, got)
	}
	twin := rows[13]
	if twin.Scenario != "client-multi-tenant-twin" || twin.Kind.String() != "v2 app" {
		t.Errorf("expected client-multi-tenant-twin, v2 app, got %s, %s", twin.Scenario, twin.Kind)
	}
	if got, ok := twin.At("both"); !ok || got != verdict.Fail {
		t.Errorf("expected fail at both, got %s", got)
	}
	if _, ok := twin.At("strict"); ok {
		t.Error("expected no cell for strict")
	}
}

const articleSum = "4c36e99583748b69"

// TestReadOracleRefuses plants one fault of each sort.
func TestReadOracleRefuses(t *testing.T) {
	t.Parallel()
	table := []struct{ name, src, want string }{
		{"empty", "", "scenarios: the oracle: expected a header scenario,kind,SETUP… and rows, got 0 lines"},
		{"no rows", "scenario,kind,fix1\n", "scenarios: the oracle: expected a header scenario,kind,SETUP… and rows, got 1 lines"},
		{"header", "id,kind,fix1\na,v2 app,pass\n", "scenarios: the oracle: expected a header scenario,kind,SETUP… and rows, got 2 lines"},
		{"kind", "scenario,kind,fix1\na,v3 app,pass\n", `scenarios: the oracle, line 2: expected a kind such as v2 app, got "v3 app"`},
		{"outcome", "scenario,kind,fix1\na,v2 app,pas\n", `scenarios: the oracle, line 2: set-up fix1: verdict: outcome: expected one of 8 words, got "pas"`},
		{"short line", "scenario,kind,fix1\na,v2 app\n", "scenarios: the oracle: record on line 2: wrong number of fields"},
	}
	for _, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := readOracle([]byte(tt.src)); err == nil || err.Error() != tt.want {
				t.Errorf("expected %q\n     got %v", tt.want, err)
			}
		})
	}
}
