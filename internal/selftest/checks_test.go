package selftest

import (
	"testing"

	"github.com/entraproof/entraproof/reports"
)

// TestChecksCanFail: what a check of the harness wants of a gateway that is
// wrong is not what comes of one that is right, nor of a run that fired nothing.
func TestChecksCanFail(t *testing.T) {
	p, err := newProver(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	for _, c := range p.selfChecks() {
		t.Run(c.id, func(t *testing.T) {
			for _, wrong := range c.trials {
				right := trial{setup: "strict", rows: wrong.rows, code: wrong.code}
				r, err := p.try(t.Context(), &right)
				if err != nil {
					t.Fatal(err)
				}
				if got := c.contradicts(right, r); len(got) == 0 {
					t.Error("expected it to complain of a gateway that is right")
				}
				if got := c.contradicts(wrong, &reports.Results{ExitCode: wrong.code}); len(got) == 0 {
					t.Error("expected it to complain of a run that fired nothing")
				}
			}
		})
	}
}
