package suites_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/onsi/ginkgo/v2"

	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/suites"
)

// testLab judges the gateways of the flag -lab in every mode, with one Ginkgo
// spec for each scenario and environment: the outcome must be the matrix's,
// whatever the row demands. A gateway whose program is not here is skipped, or
// fails where ENTRAPROOF_REQUIRE lists it.
func testLab(t *testing.T) {
	t.Helper()
	stand, err := lab.NewStand(t.Context(), lab.StandOptions{Target: targets.Default()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := stand.Close(); err != nil {
			t.Error(err)
		}
	}()
	var all []*labGateway
	for _, r := range labRecipes(t) {
		if missing := missingProgram(t, r); missing != nil {
			declareMissing(r, missing)
			continue
		}
		g := &labGateway{t: t, stand: stand, recipe: r, found: map[lab.Mode]*suites.Results{}}
		g.declare()
		all = append(all, g)
	}
	if len(all) == 0 {
		t.Skip("no gateway of -lab " + *labFlag + " is on this machine")
	}
	suite, reporter := ginkgo.GinkgoConfiguration()
	suite.FailOnEmpty = true
	ginkgo.RunSpecs(t, "real gateways", suite, reporter)
	for _, g := range all {
		g.update()
	}
}

// labRecipes are the gateways that the flag -lab names.
func labRecipes(t *testing.T) []lab.Recipe {
	t.Helper()
	if *labFlag == "all" {
		return lab.Recipes()
	}
	var all []lab.Recipe
	for name := range strings.SplitSeq(*labFlag, ",") {
		r, err := lab.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// labModes are the modes that the flag -mode names; all without it.
func labModes(t *testing.T) []lab.Mode {
	t.Helper()
	if *modeFlag == "" {
		return lab.Modes()
	}
	var all []lab.Mode
	for name := range strings.SplitSeq(*modeFlag, ",") {
		m, err := lab.ParseMode(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

// missingProgram is why a gateway cannot run here, with the command that adds
// its program; nil if it can.
func missingProgram(t *testing.T, r lab.Recipe) error {
	t.Helper()
	_, err := lab.Finder{}.Find(t.Context(), r)
	var missing *lab.MissingError
	required := strings.Split(os.Getenv("ENTRAPROOF_REQUIRE"), ",")
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &missing), slices.Contains(required, r.Name), slices.Contains(required, r.Program):
		t.Fatal(err)
	}
	t.Log(err)
	return err
}

func declareMissing(r lab.Recipe, missing error) {
	ginkgo.It(r.Name+" is on this machine", func() { ginkgo.Skip(missing.Error()) })
}

// labGateway is a gateway in the tree of specs.
type labGateway struct {
	t      *testing.T
	stand  *lab.Stand
	recipe lab.Recipe
	matrix lab.Matrix
	found  map[lab.Mode]*suites.Results
}

// labEnvironments are those that the matrices are made with.
func labEnvironments() []string { return []string{"dev", "uat"} }

// whole reports whether everything that a matrix holds is fired.
func whole() bool { return *idFlag == "" && *profileFlag == "" }

func (g *labGateway) declare() {
	var err error
	if g.matrix, err = lab.ReviewedMatrix(g.recipe.Name); err != nil && !*updateFlag {
		g.t.Fatal(err)
	}
	if *updateFlag && (!whole() || *modeFlag != "") {
		g.t.Fatal("-update: expected neither -mode nor -id nor -profile: a matrix is written whole")
	}
	for _, m := range labModes(g.t) {
		order := lab.Order{Recipe: g.recipe, Mode: m, Environments: labEnvironments()}
		r := &labRun{gateway: g, order: order, cases: map[string][]suites.Case{}}
		planned, err := suites.NewSession(r.config(g.stand.Target(order)))
		if err != nil {
			g.t.Fatal(err)
		}
		r.declare(planned.Specs())
	}
}

// update writes the matrix that was found.
func (g *labGateway) update() {
	if !*updateFlag || g.t.Failed() {
		return
	}
	file := filepath.Join(moduleRoot(g.t), filepath.FromSlash(lab.MatrixFile(g.recipe.Name)))
	if err := os.WriteFile(file, []byte(lab.FoundMatrix(g.recipe, g.found).String()), 0o600); err != nil {
		g.t.Error(err)
	}
}

// labRun is a gateway in one mode: one run, to which its specs belong.
type labRun struct {
	gateway *labGateway
	order   lab.Order
	results *suites.Results
	cases   map[string][]suites.Case
	other   string // the warning of another version of the program
}

func (r *labRun) name() string { return r.order.Recipe.Name + " " + string(r.order.Mode) }

func (r *labRun) config(target *suites.Target) suites.Config {
	cfg := suites.Config{
		Targets: []*suites.Target{target}, Stand: r.gateway.stand, Selection: r.gateway.matrix.Selection(),
		Command: "go test ./suites -args -lab " + r.order.Recipe.Name + " -mode " + string(r.order.Mode),
	}
	if *updateFlag {
		cfg.Selection = suites.Selection{Profile: "full"}
	}
	if *profileFlag != "" {
		cfg.Selection = suites.Selection{Profile: *profileFlag}
	}
	if *idFlag != "" {
		cfg.Selection.IDs = strings.Split(*idFlag, ",")
	}
	if *outFlag != "" {
		cfg.Out = filepath.Join(fromRoot(r.gateway.t, *outFlag), target.Name)
	}
	return cfg
}

func (r *labRun) declare(specs []suites.Spec) {
	ginkgo.Describe(r.name(), ginkgo.Ordered, ginkgo.ContinueOnFailure, func() {
		ginkgo.BeforeAll(r.judge)
		for _, spec := range specs {
			ginkgo.It(spec.Text(), ginkgo.Label(spec.Labels()...), func() { r.compare(spec) })
		}
		ginkgo.It("the answers, and no row missing", func() { r.tell(r.missing()) })
	})
}

// judge starts the gateways, judges them and stops them.
func (r *labRun) judge(ctx ginkgo.SpecContext) {
	if err := r.run(ctx); err != nil {
		ginkgo.Fail(err.Error())
	}
	for _, c := range r.results.Cases {
		if !c.Extra {
			key := c.Scenario + "/" + c.Environment
			r.cases[key] = append(r.cases[key], c)
		}
	}
	r.gateway.found[r.order.Mode] = r.results
}

func (r *labRun) run(ctx context.Context) (err error) {
	up, err := r.gateway.stand.Start(ctx, r.order)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, up.Stop()) }()
	r.other = up.Running[0].Program.Warning
	session, err := suites.NewSession(r.config(up.Target))
	if err != nil {
		return err
	}
	r.results, err = session.Run(ctx)
	if err == nil && r.results.Run.Interrupted {
		err = errors.New("the run was interrupted")
	}
	return err
}

// compare is the body of a spec.
func (r *labRun) compare(spec suites.Spec) {
	cases := r.cases[spec.Scenario.ID+"/"+spec.Environment]
	if len(cases) == 0 {
		ginkgo.Fail("none of its cases was judged")
	}
	var differ []lab.Difference
	for i := range cases {
		if _, d := r.gateway.matrix.CompareCase(r.order.Mode, &cases[i]); d != nil {
			differ = append(differ, *d)
		}
	}
	r.tell(differ)
}

// missing are the answers that differ, and the rows that were not fired.
func (r *labRun) missing() []lab.Difference {
	all := r.gateway.matrix.Compare(r.order.Mode, r.results, whole())
	return slices.DeleteFunc(all, func(d lab.Difference) bool {
		return slices.ContainsFunc(r.results.Cases, func(c reports.Case) bool { return c.Scenario == d.Row })
	})
}

// tell fails for what differs. With another version of the program than the
// matrix was made with it is only said.
func (r *labRun) tell(differ []lab.Difference) {
	if len(differ) == 0 || *updateFlag {
		return
	}
	var lines []string
	for _, d := range differ {
		lines = append(lines, d.String())
	}
	text := strings.Join(lines, "\n")
	if r.other != "" {
		ginkgo.AddReportEntry("another version", r.other+"\n"+text)
		return
	}
	ginkgo.Fail(text)
}
