package predict

import (
	"cmp"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/reports/format"
	"github.com/entraproof/entraproof/scenarios"
)

var update = flag.Bool("update", false, "write the golden files anew")

// shared are the worlds of all tests: making their keys takes longer than most
// predictions.
var shared *worlds

func TestMain(m *testing.M) {
	flag.Parse()
	engine.CollectRarely()
	var tenants []targets.Tenant
	for _, row := range goldenRows() {
		p, err := newPredictor(row.asked())
		if err != nil {
			panic(err)
		}
		tenants = append(tenants, p.tenants()...)
	}
	tenants = append(tenants, lintTenants()...)
	var err error
	if shared, err = openWorlds(targets.Default(), tenants, newKeys()); err != nil {
		panic(err)
	}
	code := m.Run()
	shared.close()
	os.Exit(code)
}

// exported are the instances of files below testdata/exports.
func exported(names ...string) []policy.Instance {
	var files []policy.File
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join("testdata", "exports", name))
		if err != nil {
			panic(err)
		}
		files = append(files, policy.File{Name: filepath.Base(name), Bytes: text})
	}
	instances, err := policy.Read(files, policy.ReadOptions{})
	if err != nil {
		panic(err)
	}
	return instances
}

// predicted are the predictions for some options.
func predicted(t *testing.T, o Options) []*Prediction {
	t.Helper()
	p, err := newPredictor(o)
	if err != nil {
		t.Fatal(err)
	}
	return predictedBy(t, p)
}

func predictedBy(t *testing.T, p *predictor) []*Prediction {
	t.Helper()
	var all []*Prediction
	for _, s := range p.subjects {
		one, err := p.predict(context.Background(), shared, s)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// goldenRow is an export with what it shows.
type goldenRow struct {
	name, shows string
	files       []string
	options     func(*Options)
	// code is the exit code, closed how many changes are found.
	code int
}

// asked are the options of a row.
func (row goldenRow) asked() Options {
	files := row.files
	if files == nil {
		files = []string{row.name + ".json"}
	}
	o := Options{Instances: exported(files...)}
	if row.options != nil {
		row.options(&o)
	}
	return o
}

func documented(profile mockidp.Introspection) func(*Options) {
	return func(o *Options) {
		o.Switches.OIDCModel, o.Introspection = gateway.Documented, profile
	}
}

func TestPredictionsAreAsReviewed(t *testing.T) {
	for i, row := range goldenRows() {
		t.Run(row.name, func(t *testing.T) {
			if testing.Short() && i%shortStep != 0 {
				t.Skip("-short: each takes seconds under the race detector")
			}
			got := "# " + row.shows + "\n"
			collected := Collected{}
			for _, p := range predicted(t, row.asked()) {
				collected.Add(p)
				got += "\n" + printed(t, p)
			}
			golden(t, row.name, got)
			if code := collected.ExitCode(); code != row.code {
				t.Errorf("expected exit code %d, got %d", row.code, code)
			}
		})
	}
}

// TestWhatIsOpenToEverybodyIsUnproven: requests that meet no policy keep a
// prediction from conforming, unless they are meant to.
func TestWhatIsOpenToEverybodyIsUnproven(t *testing.T) {
	for _, row := range []struct {
		name, file, everybody string
		public                bool
		code                  int
	}{
		{"all requests meet the policy", "good-v2-orders-uat.json", "", false, reports.ExitConforms},
		{"only GET does", "get-only-orders-uat.json", "whatever is not GET", false, reports.ExitUnproven},
		{"only GET does, and is meant to", "get-only-orders-uat.json", "whatever is not GET", true, reports.ExitConforms},
		{"a hole undoes it", "aud-not-validated-orders-uat.json", "", true, reports.ExitDoesNotConform},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := Options{Instances: exported(row.file), Selection: scenarios.Selection{Profile: "smoke"}, Public: row.public}
			p := predicted(t, o)[0]
			if said := strings.Join(p.Everybody, "\n"); !strings.Contains(said, row.everybody) || (said == "") != (row.everybody == "") {
				t.Errorf("expected %q to be open to everybody, got %q", row.everybody, said)
			}
			if code := p.ExitCode(); code != row.code {
				t.Errorf("expected exit code %d, got %d", row.code, code)
			}
		})
	}
}

// shortStep: with -short one prediction of so many is made.
const shortStep = 8

// printed is what stands in a golden file: all of Write, the answers and the
// matrix.
func printed(t *testing.T, p *Prediction) string {
	t.Helper()
	var b strings.Builder
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	if p.Results == nil {
		return b.String()
	}
	var summary strings.Builder
	if err := (format.ConsoleStyle{Findings: 1}).Render(&summary, p.Results); err != nil {
		t.Fatal(err)
	}
	b.WriteString("\n")
	finding := false
	for line := range strings.Lines(summary.String()) {
		switch {
		case strings.HasPrefix(line, "findings"):
			finding = true
		case finding && (strings.HasPrefix(line, " ") || line == "\n"):
		default:
			finding = false
			b.WriteString(line)
		}
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got; -update writes it):\n%s", path, diff)
	}
}

// TestSetUpsAgreeWithTheOracle predicts the exports that equal the article's
// set-ups, at the environment dev of the default target.
func TestSetUpsAgreeWithTheOracle(t *testing.T) {
	oracle, err := scenarios.Oracle()
	if err != nil {
		t.Fatal(err)
	}
	shim := documented(mockidp.IntrospectNormalised)
	// The oracle is about the article's model. No export has a shim in it, so the
	// last set-ups ask a provider, and that is the tenant's own: it does not know the
	// token of another tenant, whose signature alone is good.
	twin := map[string]string{"client-multi-tenant-twin": "pass"}
	for _, row := range []struct {
		setup   string
		options func(*Options)
		differs map[string]string
	}{
		{setup: "oidc-client-check"},
		{setup: "oidc-check-skipped"},
		{setup: "fix1-as-written"},
		{setup: "fix1"},
		{setup: "fix2"},
		{"fix2-roles", shim, twin},
		{"both", shim, twin},
		{setup: "both-issuer", options: shim},
	} {
		t.Run(row.setup, func(t *testing.T) { agrees(t, oracle, row.setup, row.options, row.differs) })
	}
}

func agrees(t *testing.T, oracle []scenarios.OracleRow, setup string, options func(*Options), differs map[string]string) {
	t.Helper()
	o := Options{Instances: exported("setup-" + setup + ".json"), Target: targets.Default(), Environments: map[string]string{"dev": "setup-" + setup}}
	if options != nil {
		options(&o)
	}
	p, err := newPredictor(o)
	if err != nil {
		t.Fatal(err)
	}
	p.pins = map[string]mint.Kind{}
	var rows []scenarios.Scenario
	for _, want := range oracle {
		p.pins[want.Scenario] = want.Kind
		row, ok := p.options.Catalogue.ByID(want.Scenario)
		if !ok {
			t.Fatalf("the catalogue lacks %s", want.Scenario)
		}
		rows = append(rows, row)
	}
	p.rows = rows
	results := predictedBy(t, p)[0].Results
	compared := 0
	for _, want := range oracle {
		for _, c := range results.Cases {
			if c.Scenario != want.Scenario {
				continue
			}
			compared++
			cell, _ := want.At(setup)
			if expected := cmp.Or(differs[c.Scenario], cell.String()); wordOf(c.Outcome) != expected {
				t.Errorf("%s: expected %s, got %s (%s) %s", c.ID, expected, c.Outcome, c.Reason, c.Detail)
			}
		}
	}
	if compared < len(oracle) {
		t.Errorf("compared %d cases of %d rows", compared, len(oracle))
	}
}

// wordOf is an outcome in the oracle's words, where warn is a pass.
func wordOf(o reports.Outcome) string {
	if o == reports.Warn {
		return reports.Pass.String()
	}
	return o.String()
}
