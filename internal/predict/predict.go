package predict

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// Options say what to predict.
type Options struct {
	// Instances are what the files hold.
	Instances []policy.Instance
	// Target is the user's; nil: one is made of what the instances say.
	Target *targets.File
	// Environments give an environment the name of its instance; what is not
	// named is found by its name.
	Environments map[string]string
	// Versions are the token versions of a target that is made; none: those that
	// the export is made for.
	Versions []mint.Version
	// Catalogue is what is fired; the zero Catalogue means the built-in one.
	Catalogue scenarios.Catalogue
	// Selection narrows it; the zero Selection means the profile full.
	Selection scenarios.Selection
	// Switches are what is not known of MuleSoft's policies. Introspection is the
	// provider's profile where the documented OIDC model asks one.
	Switches      gateway.Switches
	Introspection mockidp.Introspection
	// Public says that requests which meet no policy are meant for everybody.
	Public bool
	// Exchanges keeps what went out and came back, for reports that show it.
	Exchanges bool
	// Tool and Command are for the reports: the program, and how a row is fired
	// again.
	Tool    reports.Tool
	Command string
	// Judged is told of every case; nil if nobody watches.
	Judged func(reports.Case)
}

// Prediction is what is to be expected of one subject.
type Prediction struct {
	Subject Subject
	// Assumed is what the export does not say.
	Assumed []string
	// Left is what it means to check nowhere, and what hence is not judged.
	Left []string
	// Everybody are the requests that meet no policy which looks at a token, by
	// environment; Public says that they are meant to.
	Everybody []string
	Public    bool
	// Results are those of a run; nil where the subject could not be emulated.
	Results *reports.Results
	// Problem is why not.
	Problem error
	// Closed are the changes that close false accepts and false rejects, the
	// smallest first; Together is what they come to at once, nil where there are
	// not two.
	Closed   []Closed
	Together *Together
	// Open are the false accepts and false rejects that no change closes, sorted by
	// id.
	Open []reports.Case
	// Causes are the parameters that a false reject comes from, by case.
	Causes map[string][]Cause
	// Hangs are the cases that hang on a switch, by its name; Switches are what
	// they were set to.
	Hangs    map[string][]string
	Switches gateway.Switches
}

// Run predicts every subject, as many at once as there are cores, and tells each
// in its turn. The error is a failure of the harness, or yield's.
func Run(ctx context.Context, o Options, yield func(*Prediction) error) error {
	p, err := newPredictor(o)
	if err != nil {
		return err
	}
	defer p.close()
	if err := p.open(min(runtime.GOMAXPROCS(0), len(p.subjects))); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for out := range p.ahead(ctx) {
		one := <-out
		if one.err != nil {
			return one.err
		}
		if err := yield(one.prediction); err != nil {
			return err
		}
	}
	return nil
}

// outcome is a prediction that was made ahead of its turn.
type outcome struct {
	prediction *Prediction
	err        error
}

// ahead predicts subjects before they are asked for, some at once, and gives
// their outcomes in the order of the subjects.
func (p *predictor) ahead(ctx context.Context) <-chan chan outcome {
	turns := make(chan chan outcome, cap(p.free))
	go func() {
		defer close(turns)
		for _, t := range p.subjects {
			w := <-p.free
			out := make(chan outcome, 1)
			p.working.Go(func() {
				defer func() {
					w.still.Forget()
					w.moving.Forget()
					p.free <- w
				}()
				prediction, err := p.predict(ctx, w, t)
				out <- outcome{prediction, err}
			})
			select {
			case turns <- out:
			case <-ctx.Done():
				return
			}
		}
	}()
	return turns
}

// open starts so many pairs of worlds.
func (p *predictor) open(n int) error {
	p.free = make(chan *worlds, n)
	var work errgroup.Group
	shared := newKeys()
	for range n {
		work.Go(func() error {
			w, err := openWorlds(p.subjects[0].target, p.tenants(), shared)
			if err == nil {
				p.free <- w
			}
			return err
		})
	}
	return work.Wait()
}

// close waits for what is under way.
func (p *predictor) close() {
	p.working.Wait()
	for range len(p.free) {
		(<-p.free).close()
	}
}

// task is a subject with its target.
type task struct {
	subject Subject
	target  *targets.File
	assumed []string
	left    []string
}

// Stage is a subject for whoever serves its gateways.
type Stage struct {
	Subject Subject
	// Target is the user's or the one that was made; Assumed is what the export
	// does not say.
	Target  *targets.File
	Assumed []string
	// Switches are those that hold for the form of its documents.
	Switches gateway.Switches
}

// Stages are the subjects of some options, of which nothing is fired.
func Stages(o Options) ([]Stage, error) {
	all, err := tasks(o)
	var stages []Stage
	for _, t := range all {
		if t.subject.Route != nil {
			continue // its gateways are those of the usual route
		}
		s := Stage{Subject: t.subject, Target: t.target, Assumed: t.assumed, Switches: o.Switches}
		s.Switches.Profile = profileOf(o.Switches.Profile, t.subject)
		if o.Target == nil && t.target != nil {
			s.Assumed = append(s.Assumed, oneVersion(t.target)...)
		}
		stages = append(stages, s)
	}
	return stages, err
}

// predictor is one call of Run.
type predictor struct {
	options  Options
	rows     []scenarios.Scenario
	probes   []scenarios.Scenario
	subjects []task
	// free are the worlds in which nothing is predicted at the moment.
	free    chan *worlds
	working sync.WaitGroup
	// pins bind rows to one kind of token, as the oracle does.
	pins map[string]mint.Kind
}

func newPredictor(o Options) (*predictor, error) {
	if o.Catalogue.Len() == 0 {
		builtin, err := scenarios.Builtin()
		if err != nil {
			return nil, err
		}
		o.Catalogue = builtin
	}
	if o.Selection.Profile == "" {
		o.Selection.Profile = "full"
	}
	p := &predictor{options: o}
	var err error
	if p.rows, err = o.Catalogue.Select(o.Selection); err != nil {
		return nil, err
	}
	if p.probes, err = o.Catalogue.Select(scenarios.Selection{Profile: "probe"}); err != nil {
		return nil, err
	}
	p.subjects, err = tasks(o)
	return p, err
}

// tenants are those of all subjects.
func (p *predictor) tenants() []targets.Tenant {
	var all []targets.Tenant
	for _, t := range p.subjects {
		all = append(all, t.target.Tenant)
	}
	return all
}

// ErrNothing says that there is no instance to predict.
var ErrNothing = errors.New("predict: no API instance in the files")

func tasks(o Options) ([]task, error) {
	if len(o.Instances) == 0 {
		return nil, ErrNothing
	}
	if o.Target != nil {
		s, target, err := mapped(o)
		return []task{{subject: s, target: target}}, err
	}
	var all []task
	for _, s := range subjectsOf(o.Instances) {
		for _, at := range s.regions() {
			d := derived(at, o.Versions)
			all = append(all, task{at, d.file, d.assumed, d.left})
		}
	}
	return all, nil
}

// predict fires everything at one subject and looks for what closes what is open.
func (p *predictor) predict(ctx context.Context, w *worlds, t task) (*Prediction, error) {
	out := &Prediction{
		Subject: t.subject, Assumed: t.assumed, Left: t.left, Everybody: t.subject.unmet(), Public: p.options.Public,
		Causes: map[string][]Cause{}, Hangs: map[string][]string{},
	}
	s := w.stand(p.options, t.target)
	s.switches.Profile = profileOf(p.options.Switches.Profile, t.subject)
	out.Switches = s.switches
	at := order{target: t.target, instances: t.subject.instances(), rows: p.rows, probes: p.probes, pins: p.pins, bare: !p.options.Exchanges}
	if out.Problem = unemulated(t.subject); out.Problem != nil {
		return out, nil
	}
	f, err := s.fire(ctx, at)
	if refused := gateway.PolicyErrors(err); len(refused) > 0 {
		out.Problem = placed(t.subject, refused)
		return out, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.subject.Name, err)
	}
	out.Results = p.results(f, w.still.Clock.Now())
	blame(out, s)
	return out, search(ctx, out, s, at)
}

// profileOf is the gateway's kind: what was asked for, else what the form of the
// document tells.
func profileOf(asked string, s Subject) string {
	if asked != "" {
		return asked
	}
	if s.Members[0].Instance.Form == policy.FlexYAML {
		return gateway.FlexLocal
	}
	for _, m := range s.Members {
		if slices.ContainsFunc(m.Instance.Policies, func(a policy.Applied) bool { _, is := a.Config.(*policy.Introspection); return is }) {
			return gateway.FlexConnected // only Flex has it (mulesoft-policies.md 1.7)
		}
	}
	return gateway.Mule4
}

// instances are the chains by environment, which may be changed.
func (s Subject) instances() map[string]*policy.Instance {
	all := map[string]*policy.Instance{}
	for _, m := range s.Members {
		instance := m.Instance
		instance.Policies = slices.Clone(instance.Policies)
		all[m.Environment] = &instance
	}
	return all
}

// results are those of a run of this target.
func (p *predictor) results(f *fired, began time.Time) *reports.Results {
	r := &reports.Results{
		Schema: reports.SchemaVersion, Tool: p.options.Tool,
		Catalogue: reports.Catalogue{Digest: p.options.Catalogue.Digest(), Scenarios: p.options.Catalogue.Len()},
		Run:       reports.Run{ID: "predict", Started: began, Interrupted: f.summary.Interrupted},
		Selection: reports.Selection{Profile: p.options.Selection.Profile, Selected: f.selected, Cross: f.cross},
		Targets:   []reports.Target{engine.Describe(scenarios.Expansion{Target: f.target, Slow: true})},
		Cases:     f.cases, Controls: f.controls, Causes: f.summary.Causes, Learnt: f.summary.Learnt,
	}
	if p.options.Target == nil {
		withoutFile(r)
	}
	r.Conclude()
	return r
}

// withoutFile leaves out what is said to whoever has a target file.
func withoutFile(r *reports.Results) {
	r.Learnt = nil
	for i := range r.Cases {
		r.Cases[i].Declare = ""
	}
}

// ExitCode is that of one prediction. What is open to everybody, and nobody says
// that it is meant to be, no row has shown to be right.
func (p *Prediction) ExitCode() int {
	switch {
	case p.Results == nil:
		return reports.ExitCouldNotRun
	case p.Results.ExitCode == reports.ExitConforms && len(p.Everybody) > 0 && !p.Public:
		return reports.ExitUnproven
	}
	return p.Results.ExitCode
}
