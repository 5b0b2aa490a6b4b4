package predict

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// lintExamples is where the examples of each lint rule are, a folder for each;
// lintTarget is the target file for proofs that need one.
const (
	lintExamples = "../policy/testdata/lint"
	lintTarget   = "../policy/testdata/target.yaml"
)

// example is a configuration that a rule is held against: fires, quiet, or what
// --fix makes of one that fires.
type example struct {
	rule  policy.LintRule
	name  string
	files []policy.File
}

func fromAnywhere(string) (string, bool) { return "from the environment", true }

// lintTenants are those that the examples of all rules name, or that are made up
// for them.
func lintTenants() (all []targets.Tenant) {
	paths, err := filepath.Glob(filepath.Join(lintExamples, "*", "*"))
	if err != nil || len(paths) == 0 {
		panic(fmt.Sprint("expected examples of lint rules, got none: ", err))
	}
	for _, path := range paths {
		if filepath.Ext(path) == ".txt" {
			continue
		}
		instances, err := policy.Read(filesBelow(path), policy.ReadOptions{Lookup: fromAnywhere})
		if err != nil {
			panic(err)
		}
		subjects, err := tasks(Options{Instances: instances})
		if err != nil {
			panic(err)
		}
		for _, s := range subjects {
			all = append(all, s.target.Tenant)
		}
	}
	return all
}

// filesBelow are a file, or those of a folder.
func filesBelow(path string) (files []policy.File) {
	err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		files = append(files, policy.File{Name: filepath.Base(name), Bytes: text})
		return err
	})
	if err != nil {
		panic(err)
	}
	return files
}

// examplesOf are those of a rule by kind.
func examplesOf(t *testing.T, rule policy.LintRule, kind string) (all []example) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(lintExamples, rule.ID, kind+"*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: expected an example that is %s (%v)", rule.ID, kind, err)
	}
	for _, path := range paths {
		all = append(all, example{rule, filepath.Base(path), filesBelow(path)})
	}
	return all
}

// mended is what --fix makes of it, if it can.
func (e example) mended(t *testing.T) (fixed example, ok bool) {
	t.Helper()
	files, err := policy.Mend(e.files, policy.ReadOptions{Lookup: fromAnywhere}, []policy.LintRule{e.rule})
	if err != nil {
		t.Fatalf("%s/%s: %v", e.rule.ID, e.name, err)
	}
	same := slices.EqualFunc(files, e.files, func(a, b policy.File) bool { return string(a.Bytes) == string(b.Bytes) })
	return example{e.rule, e.name + " --fix", files}, !same && len(e.findings(t, files)) == 0
}

func (e example) findings(t *testing.T, files []policy.File) []policy.Finding {
	t.Helper()
	return policy.Lint(e.instances(t, files), []policy.LintRule{e.rule})
}

func (e example) instances(t *testing.T, files []policy.File) []policy.Instance {
	t.Helper()
	all, err := policy.Read(files, policy.ReadOptions{Lookup: fromAnywhere})
	if err != nil {
		t.Fatalf("%s/%s: %v", e.rule.ID, e.name, err)
	}
	return all
}

// flags are those of policy predict by name, as a rule's ProofFlags have them.
func flags() map[string]func(t *testing.T, o *Options, value string) {
	return map[string]func(*testing.T, *Options, string){
		"--target": func(t *testing.T, o *Options, _ string) {
			t.Helper()
			var err error
			if o.Target, err = targets.Load(lintTarget, fromAnywhere); err != nil {
				t.Fatal(err)
			}
		},
		"--token-versions": func(_ *testing.T, o *Options, _ string) { o.Versions = []mint.Version{mint.V1, mint.V2} },
		"--oidc-model":     func(_ *testing.T, o *Options, value string) { o.Switches.OIDCModel = value },
		"--introspect":     func(_ *testing.T, o *Options, value string) { o.Introspection = mockidp.Introspection(value) },
	}
}

// options are those of policy predict for the rows that are the proof.
func (e example) options(t *testing.T, catalogue scenarios.Catalogue) Options {
	t.Helper()
	o := Options{Instances: e.instances(t, e.files), Catalogue: catalogue, Selection: scenarios.Selection{IDs: e.rule.Proof}}
	if len(e.rule.Proof) == 0 {
		o.Selection.IDs = []string{"ctl-v2-app-only"}
	}
	words := strings.Fields(e.rule.ProofFlags)
	for i := 0; i+1 < len(words); i += 2 {
		set, known := flags()[words[i]]
		if !known {
			t.Fatalf("%s: no flag %s is known here", e.rule.ID, words[i])
		}
		set(t, &o, words[i+1])
	}
	return o
}

// answer is what came of a row in an environment; the worst of its cases counts.
type answer int

const (
	notSeen answer = iota
	asItMust
	lockedOut
	letIn
)

// spot is a row in an environment.
type spot struct{ environment, row string }

func answerOf(c *reports.Case) answer {
	switch {
	case c.FalseAccept():
		return letIn
	case c.FalseReject(), isControl(c.Scenario) && c.Reason == verdict.RouteNotProven: // answered with 503
		return lockedOut
	case passes(*c):
		return asItMust
	}
	return notSeen
}

// predictedExample is what comes of the rows that are the proof; problem says why
// the document could not be predicted.
type predictedExample struct {
	example
	answers map[spot]answer
	// reasons are those of the cases, and assumed is what the document does not say.
	reasons map[spot][]string
	assumed []string
	problem error
}

func (e example) predict(t *testing.T, catalogue scenarios.Catalogue) predictedExample {
	t.Helper()
	out := predictedExample{example: e, answers: map[spot]answer{}, reasons: map[spot][]string{}}
	p, err := newPredictor(e.options(t, catalogue))
	if err != nil {
		t.Fatalf("%s/%s: %v", e.rule.ID, e.name, err)
	}
	for _, task := range p.subjects {
		out.assumed = append(out.assumed, task.assumed...)
		if out.problem = unemulated(task.subject); out.problem != nil {
			return out
		}
		s := shared.stand(p.options, task.target)
		s.switches.Profile = profileOf(p.options.Switches.Profile, task.subject)
		f, err := s.fire(context.Background(), order{target: task.target, instances: task.subject.instances(), rows: p.rows, bare: true})
		if refused := gateway.PolicyErrors(err); len(refused) > 0 {
			out.problem = placed(task.subject, refused)
			return out
		}
		if err != nil {
			t.Fatalf("%s/%s: %v", e.rule.ID, e.name, err)
		}
		for i := range f.cases {
			at := spot{f.cases[i].Environment, f.cases[i].Scenario}
			out.answers[at] = max(out.answers[at], answerOf(&f.cases[i]))
			out.reasons[at] = append(out.reasons[at], string(f.cases[i].Reason))
		}
	}
	return out
}

// turned are the rows that go wrong in x, in an environment that a finding is
// about, and as they must there in one of those that are right.
func (x predictedExample) turned(t *testing.T, right []predictedExample) map[string]answer {
	t.Helper()
	rows := map[string]answer{}
	about := map[string]bool{}
	for _, f := range x.findings(t, x.files) {
		word, _ := stage(f.Instance)
		about[cmp.Or(word, alone)] = true
	}
	for at, a := range x.answers {
		isRight := func(r predictedExample) bool { return r.answers[at] == asItMust }
		if a > asItMust && about[at.environment] && slices.ContainsFunc(right, isRight) {
			rows[at.row] = max(rows[at.row], a)
		}
	}
	return rows
}

// fewestShown is how many rules have a proof: it only grows.
const fewestShown = 70

// TestFindingsAreProven: what a rule says of requests is shown by rows of the
// catalogue, which go wrong where it speaks and as they must where it is quiet.
func TestFindingsAreProven(t *testing.T) {
	catalogue, err := scenarios.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	for i, rule := range policy.LintRules() {
		switch {
		case len(rule.Proof) > 0:
			shown++
		case rule.Unshown == "":
			t.Errorf("%s: expected rows that prove what it says, or why there are none", rule.ID)
			continue
		}
		if testing.Short() && i%shortStep != 0 {
			continue
		}
		t.Run(rule.ID, func(t *testing.T) {
			if len(rule.Proof) == 0 {
				unshown(t, rule, catalogue)
				return
			}
			proven(t, rule, catalogue)
		})
	}
	if shown < fewestShown {
		t.Errorf("expected %d rules with a proof at least, got %d", fewestShown, shown)
	}
}

// unshown holds the reason for no proof against what comes of the examples: a
// document is refused where it says so, and nowhere else.
func unshown(t *testing.T, rule policy.LintRule, catalogue scenarios.Catalogue) {
	t.Helper()
	refuses := strings.Contains(rule.Unshown, "predict refuses")
	for _, e := range examplesOf(t, rule, "fires") {
		if x := e.predict(t, catalogue); (x.problem != nil) != refuses {
			t.Errorf("%s: expected it refused %v, as the reason says, got %v", x, refuses, x.problem)
		}
	}
}

// proven holds a rule's proof against its examples.
func proven(t *testing.T, rule policy.LintRule, catalogue scenarios.Catalogue) {
	t.Helper()
	var right []predictedExample
	for _, e := range examplesOf(t, rule, "quiet") {
		right = append(right, e.predict(t, catalogue))
	}
	shown, tried := map[string]bool{}, 0
	for _, e := range examplesOf(t, rule, "fires") {
		counterparts := right
		if fixed, ok := e.mended(t); ok {
			counterparts = append(slices.Clone(right), fixed.predict(t, catalogue))
			right = counterparts
		}
		x := e.predict(t, catalogue)
		rows := x.turned(t, counterparts)
		worst := notSeen
		for row, a := range rows {
			shown[row] = true
			worst = max(worst, a)
		}
		switch {
		case x.problem != nil:
		case len(rows) > 0 && worst == worstOf(rule.Effect):
			tried++
		case len(rows) > 0:
			t.Errorf("%s: expected a row that proves %q, got %v", x, rule.Effect, x.reasons)
		case !x.lacksCredentials():
			t.Errorf("%s: expected one of %v to turn, got %v beside%s", x, rule.Proof, x.reasons, described(counterparts))
		}
	}
	if tried == 0 {
		t.Errorf("%s: expected an example in which a row turns", rule.ID)
	}
	for _, row := range rule.Proof {
		if !shown[row] {
			t.Errorf("%s: expected the row %s to turn in an example", rule.ID, row)
		}
	}
	for _, x := range right {
		x.holds(t, shown)
	}
}

// worstOf is what the rows come to that prove an effect. One that opens may lock
// out as well.
func worstOf(e policy.Effect) answer {
	switch e {
	case policy.Opens:
		return letIn
	case policy.LocksOut:
		return lockedOut
	case policy.Neither:
	}
	return notSeen
}

func (x predictedExample) String() string { return x.rule.ID + "/" + x.name }

func described(all []predictedExample) string {
	var b strings.Builder
	for _, x := range all {
		fmt.Fprintf(&b, " %s: %v %v;", x.name, x.reasons, x.problem)
	}
	return b.String()
}

// lacksCredentials reports whether a policy asks for a client id that no request
// of the catalogue sends, so that what stands behind it is not reached.
func (x predictedExample) lacksCredentials() bool {
	return slices.ContainsFunc(x.assumed, func(text string) bool { return strings.HasPrefix(text, noCredentials) })
}

// holds: where a rule is quiet, one of its rows is as it must be, or another rule
// speaks of those that are not.
func (x predictedExample) holds(t *testing.T, shown map[string]bool) {
	t.Helper()
	said := map[string]bool{}
	for _, f := range policy.Lint(x.instances(t, x.files), policy.LintRules()) {
		for _, row := range f.Proof {
			said[row] = said[row] || f.Rule != x.rule.ID
		}
	}
	for at, a := range x.answers {
		if a <= asItMust || !shown[at.row] || said[at.row] || x.lacksCredentials() {
			continue
		}
		if !slices.ContainsFunc(x.rule.Proof, func(row string) bool { return shown[row] && x.answers[spot{at.environment, row}] == asItMust }) {
			t.Errorf("%s: expected %s as it must be at %s, or a finding of another rule that it proves, got %v", x, at.row, at.environment, x.reasons[at])
		}
	}
}
