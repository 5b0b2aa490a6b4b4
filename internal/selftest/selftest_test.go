package selftest_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/reproduce"
	"github.com/entraproof/entraproof/internal/selftest"
	"github.com/entraproof/entraproof/scenarios"
)

var update = flag.Bool("update", false, "write the golden files")

// TestProof proves the harness with the whole catalogue. The golden file is
// the matrix for review: it follows from rows and checks, and is no
// expectation of any gateway.
func TestProof(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: the whole proof takes half a minute")
	}
	engine.CollectRarely() // as the verb does
	proof, err := selftest.Run(t.Context(), selftest.Options{Differing: reproduce.Differing})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range proof.Problems {
		t.Error(p)
	}
	if code := proof.ExitCode(); code != 0 {
		t.Errorf("expected exit code 0, got %d", code)
	}
	var text bytes.Buffer
	if err := proof.Write(&text); err != nil {
		t.Fatal(err)
	}
	golden(t, "matrix.golden", text.Bytes())
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("the matrix changed (-want +got); look at it, then run with -update:\n%s", diff)
	}
}

// TestPlantedDefects shows that the proof notices what it is there for: a row
// that nothing refuses for its guard, a mutant that no row finds, and a mutant
// that breaks everything.
func TestPlantedDefects(t *testing.T) {
	catalogue, err := scenarios.Parse("planted.yaml", []byte(`
- {id: planted-wrong-guard, title: An expired token said to be about the audience, group: TIM, guards: audience, source: mock, severity: high, base: v2 app home, token: [{set: {exp: "${now - 1h}"}}], expect: refuse 401}
- {id: planted-accepts, title: A genuine token that must be refused, group: TIM, guards: time, source: mock, severity: high, base: v2 app home, token: [{set: {note: x}}], expect: refuse 401}
- {id: planted-lenient, title: "A genuine token, at best not taken", group: TIM, guards: time, source: mock, severity: low, base: v2 app home, token: [{set: {note: y}}], expect: {refuse: [401], accept: warn}}
- {id: planted-tail, title: A tolerable deviation that strict does not tolerate, group: FMT, guards: format, source: mock, severity: low, base: v2 app home, token: [{edit: {in: signature, tail-bits: 1}}], expect: {refuse: [401], accept: warn}}
- {id: planted-dots, title: What takes a careless gateway long, group: DOS, guards: cost, source: mock, severity: low, base: none, serial: true, token: [{compose: "${'.' | take 20000}"}], expect: {refuse: [431], within: 2s}}
- {id: planted-elsewhere, title: One scope where one is enough, group: SCP, guards: scope, source: real+, severity: high, base: {exactly: true, kind: user, scopes: ["${home.scopes.1}"]}, needs: [scope-criteria-or], expect: accept}
- {id: planted-elsewhere-refused, title: The scope for reading where writing needs another, group: SCP, guards: route, source: real+, severity: high, base: exactly user home, request: {method: POST}, needs: [write-scope], expect: refuse 403}
- {id: planted-elsewhere-slash, title: A slash where the slash is listed, group: AUD, guards: audience, source: real+, severity: high, base: {exactly: true, version: v1, audience: uri-slash}, needs: [audience-slash-listed], expect: accept}
- {id: planted-elsewhere-guid, title: A GUID that is not listed, group: AUD, guards: audience, source: real+, severity: high, base: {exactly: true, version: v1, audience: app-id}, unless: [audience-app-id-listed], expect: refuse 401}
- {id: planted-nowhere, title: A row that no world can have, group: FMT, guards: format, source: real, severity: high, base: any home, needs: [json-bom], expect: accept}
- {id: planted-nameless, title: A whole request that does not name its case, group: HTP, guards: placement, source: real, severity: high, base: none, request: {bytes: "GET ${home.route.path} HTTP/1.0\r\n\r\n"}, expect: refuse 401 400}
- {id: planted-good-bytes, title: A whole request that does, group: HTP, guards: placement, source: real, severity: high, base: none, request: {bytes: "GET ${home.route.path} HTTP/1.0\r\nHost: ${home.host}\r\nX-Entraproof-Run: ${run}\r\nX-Entraproof-Case: ${case}\r\n\r\n"}, expect: refuse 401 400}
- {id: planted-good, title: A token without exp, group: TIM, guards: time, source: mock, severity: high, base: v2 app home, token: [{remove: [exp]}], expect: refuse 401}
`))
	if err != nil {
		t.Fatal(err)
	}
	proof, err := selftest.Run(t.Context(), selftest.Options{
		Catalogue: catalogue,
		Mutants: []gateway.Mutant{
			{Name: "unfound", Guards: "algorithm", Softens: []string{"rs512"}, Sentence: "nobody looks", Rows: []string{"planted-good"}},
			{Name: "lenient", Guards: "format", Softens: []string{"tail-bits-tolerated"}, Sentence: "nobody minds", Rows: []string{"planted-tail"}},
			{Name: "slow", Guards: "cost", Softens: []string{"every-dot-splits"}, Sentence: "nobody waits", Rows: []string{"planted-dots"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	problems := strings.Join(proof.Problems, "\n")
	for _, want := range []string{
		"planted-accepts/dev: expected pass on strict, got fail (reached-upstream)",
		"planted-lenient/dev: expected pass on strict, got warn (accepted-leniently)",
		"planted-wrong-guard/dev guards audience, and no such check of strict refuses it; refused by expiry",
		"planted-nameless/dev: strict answered 401, and none of its checks did",
		"planted-nowhere/dev/v1: expected pass on strict, got unsupported (declared-unsupported) needs json-bom",
		"oracle: nobody ran the set-ups",
		"mutant unfound (nobody looks) is not failed by planted-good, which names it",
	} {
		if !strings.Contains(problems, want) {
			t.Errorf("expected %q among the problems, got:\n%s", want, problems)
		}
	}
	for _, good := range []string{"planted-good/", "planted-good-bytes", "planted-tail", "planted-dots"} {
		if strings.Contains(problems, good) {
			t.Errorf("%s is a good row and no problem, got:\n%s", good, problems)
		}
	}
	if code := proof.ExitCode(); code != 1 {
		t.Errorf("expected exit code 1, got %d", code)
	}
	for _, row := range proof.Rows {
		if row.Proven && (row.Scenario == "planted-wrong-guard" || row.Scenario == "planted-nameless") {
			t.Errorf("%s: expected no proof of a row of which a case has none", row.Scenario)
		}
		elsewhere := strings.HasPrefix(row.Scenario, "planted-elsewhere")
		if elsewhere != (row.Where != "") || elsewhere && !row.Proven {
			t.Errorf("%s: expected it to be proven elsewhere: %t, got proven %t where %q", row.Scenario, elsewhere, row.Proven, row.Where)
		}
	}
}

// TestAftercare: the row about a former mock stands apart, and is proven with
// all others all the same.
func TestAftercare(t *testing.T) {
	proof, err := selftest.Run(t.Context(), selftest.Options{Selection: scenarios.Selection{Groups: []string{"ISS"}}})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(proof.Rows, func(r selftest.RowProof) bool { return r.Scenario == "mock-no-longer-trusted" })
	if i < 0 || len(proof.Rows) < 2 {
		t.Fatalf("expected it among the rows of its group, got %+v", proof.Rows)
	}
	row := proof.Rows[i]
	if !row.Proven || !slices.Contains(row.RefusedBy, "key-id") || !slices.Equal(row.FailedBy, []string{"former-issuer-trusted"}) {
		t.Errorf("expected it refused for its key, and failed by the gateway that keeps it, got %+v", row)
	}
}
