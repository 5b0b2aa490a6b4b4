package suites

import (
	"context"
	"strings"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/entraproof/entraproof/reports"
)

// Declare adds the specs to the Ginkgo tree that is being built: call it in the
// body of a container, or before RunSpecs. They stand in one ordered container
// that goes on after a failure, so it must not stand in an ordered one; all of
// them run in one process, also under ginkgo -p, each waiting for cases that
// the session runs ahead with its own concurrency.
//
// Specs that a focus or filter leaves out are not fired. When the last spec is
// over, the results are written; the returned session has them from then on.
// Results whose exit code is not 0 although no spec failed, because an
// obligation is unproven or a waiver covers nothing, fail the container; what
// Ginkgo left out is not held against the specs that ran.
func Declare(cfg Config) (*Session, error) {
	s, err := NewSession(cfg)
	if err != nil {
		return nil, err
	}
	s.declare(context.Background())
	return s, nil
}

// container is the text of the container that holds all specs.
const container = "entraproof"

func (s *Session) declare(ctx context.Context) {
	d := &declaration{session: s, ctx: ctx, waited: map[string]bool{}}
	ginkgo.Describe(container, ginkgo.Ordered, ginkgo.ContinueOnFailure, func() {
		for _, p := range s.plans {
			ginkgo.Context(p.Target.Name, func() {
				for _, spec := range p.specs() {
					at := types.NewCustomCodeLocation(spec.Scenario.Pos.String())
					ginkgo.It(spec.Text(), ginkgo.Label(spec.Labels()...), at, func(ctx ginkgo.SpecContext) { d.judge(ctx, spec) })
				}
			})
		}
		ginkgo.AfterAll(d.end)
	})
}

// declaration is a session in a Ginkgo tree. Its specs run one after the other.
type declaration struct {
	session *Session
	ctx     context.Context //nolint:containedctx // the life of the run, which outlives each spec
	chosen  []Spec
	waited  map[string]bool
	failed  bool
}

// judge is the body of a spec. The first one starts all that will run.
func (d *declaration) judge(ctx context.Context, spec Spec) {
	first := len(d.waited) == 0
	d.waited[spec.Key()] = true
	if first {
		suite, _ := ginkgo.GinkgoConfiguration()
		d.chosen = chosenBy(suite, d.session.Specs(), ginkgo.CurrentSpecReport())
		d.fail(d.session.begin(d.ctx, d.chosen))
	}
	cases, err := d.session.wait(ctx, spec)
	d.fail(err)
	d.tell(cases)
}

// fail fails the spec with what kept it from being judged.
func (d *declaration) fail(err error) {
	if err != nil {
		d.failed = true
		ginkgo.Fail(err.Error(), 1)
	}
}

// tell makes the outcome of a spec of those of its cases: the worst.
func (d *declaration) tell(cases []Case) {
	worst := reports.Pass
	for i := range cases {
		worst = max(worst, cases[i].Effective())
	}
	switch worst {
	case reports.Pass, reports.Recorded:
	case reports.Warn:
		ginkgo.AddReportEntry("tolerated", told(cases, worst), ginkgo.ReportEntryVisibilityFailureOrVerbose)
	case reports.Unsupported, reports.Skipped:
		ginkgo.Skip(told(cases, worst))
	case reports.Inconclusive, reports.Fail, reports.Error:
		d.failed = true
		ginkgo.Fail(told(cases, reports.Inconclusive))
	}
}

// told says of the cases that are as bad as least what they came to and why.
func told(cases []Case, least reports.Outcome) string {
	var text strings.Builder
	for i := range cases {
		if c := &cases[i]; c.Effective() >= least {
			tellCase(&text, c)
		}
	}
	return strings.TrimSuffix(text.String(), "\n")
}

func tellCase(text *strings.Builder, c *Case) {
	line := func(parts ...string) {
		if parts[len(parts)-1] != "" {
			text.WriteString(strings.Join(parts, "") + "\n")
		}
	}
	line(c.Effective().String(), " ", c.ID, ": ", string(c.Reason))
	line("  ", c.Reason.Sentence())
	line("  expected ", c.Expected)
	line("  ", c.Detail)
	line("  declare: ", c.Declare)
	if c.Waived != nil {
		line("  waived until ", c.Waived.Expires, ": ", c.Waived.Reason)
	}
	if c.Effective() >= reports.Inconclusive {
		line("  again: ", c.Command)
	}
}

// end writes the results. Where Ginkgo went on without some specs, what they
// would have waited for is given up.
func (d *declaration) end() {
	if len(d.waited) < len(d.chosen) {
		d.session.interrupt()
	}
	results, err := d.session.end()
	if err != nil {
		ginkgo.Fail(err.Error())
	}
	partly := len(d.chosen) < len(d.session.Specs()) && results.ExitCode == reports.ExitUnproven
	if results.ExitCode != reports.ExitConforms && !d.failed && !partly {
		ginkgo.Fail(unproven(results))
	}
}

// unproven says why results are not green although no spec failed.
func unproven(r *Results) string {
	lines := []string{reports.ExitMeaning(r.ExitCode)}
	for _, w := range r.Waivers {
		if w.Unused() {
			lines = append(lines, "the waiver of "+w.ID+" covers nothing: remove it")
		}
	}
	for _, o := range r.Obligations {
		if !o.Settled() {
			lines = append(lines, strings.TrimSuffix(o.Name+" at "+o.Target+": "+o.State+": "+o.Why, ": "))
		}
	}
	return strings.Join(lines, "\n")
}
