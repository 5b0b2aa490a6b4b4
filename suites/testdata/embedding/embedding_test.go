// Package embedding is a Ginkgo suite of somebody else, outside the module: it
// can name every type that it needs.
package embedding

import (
	"errors"
	"os"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
	"github.com/entraproof/entraproof/suites"
)

// ours keeps what the suite has of entraproof, each with its type written out.
type ours struct {
	config  suites.Config
	session *suites.Session
	specs   []suites.Spec
	plans   []*suites.Plan
	cases   []suites.PlannedCase
	target  *suites.Target
	judged  []suites.Case
	header  suites.Header
	row     scenarios.Scenario
	need    scenarios.Need
	outcome reports.Outcome
	reason  reports.Reason
}

func TestOurGateway(t *testing.T) {
	RegisterFailHandler(Fail)
	var o ours
	var err error
	o.config = suites.Config{
		Selection: suites.Selection{Profile: "witness"},
		Shard:     suites.Shard{},
		Tool:      suites.Tool{Name: "our suite", Version: "1"},
		Out:       os.Getenv("OUT"),
		Begin:     func(h suites.Header) { o.header = h },
	}
	if o.session, err = suites.Declare(o.config); err != nil {
		var usage *suites.UsageError
		t.Fatal(errors.As(err, &usage), err)
	}
	o.specs, o.plans = o.session.Specs(), o.session.Plans()
	o.target, o.cases, o.row = o.plans[0].Target, o.plans[0].Cases, o.specs[0].Scenario
	RunSpecs(t, "our gateway")

	results, err := o.session.Results()
	if errors.Is(err, suites.ErrNotBegun) {
		t.Log("another process has the specs")
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	o.judged = results.Cases
	o.outcome, o.reason = o.judged[0].Outcome, o.judged[0].Reason
	if results.ExitCode != reports.ExitConforms || o.header.Selection.Selected != len(o.cases) || len(o.judged) < len(o.cases) {
		t.Errorf("expected %d cases and exit 0, got %d and exit %d", len(o.cases), len(o.judged), results.ExitCode)
	}
}

var _ = Describe("a spec of our own", func() {
	It("runs beside them", func() { Expect(1 + 1).To(Equal(2)) })
	It("and so does another", func() { Expect(reports.Pass).To(BeNumerically("<", reports.Fail)) })
})
