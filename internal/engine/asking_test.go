package engine_test

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/verdict"
)

// TestAskingIsNoted: of several askings the last one stands, and any that was not
// as it must be; how often a flow had to ask is chance.
func TestAskingIsNoted(t *testing.T) {
	for _, row := range []struct {
		name     string
		statuses []int // of each asking
		expect   verdict.Expectation
		want     []int
	}{
		{"refused until it is time", []int{401, 401, 401}, engine.Refuse(401), []int{401}},
		{"one refused otherwise", []int{401, 500, 401}, engine.Refuse(401), []int{500, 401}},
		{"measured", []int{401, 500, 401}, verdict.Expectation{Measure: "new-key"}, []int{401}},
		{"asked once", []int{401}, engine.Refuse(401), []int{401}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, func(v visit) {
				if v.control() {
					careful(v)
					return
				}
				_, number, _ := strings.Cut(v.Case, "/step-")
				n, _ := strconv.Atoi(number)
				v.refuse(row.statuses[n-1])
			}, devOnly()...)
			w.plan.Flows = []engine.Flow{{ID: "my-flow", Run: func(ctx context.Context, s *engine.Stage) error {
				for range row.statuses {
					if _, err := s.Do(ctx, "is it time yet", row.expect, engine.Send{Token: s.Token, Asking: true}); err != nil {
						return err
					}
				}
				return nil
			}}}
			w.run(flowRow)
			var got []int
			for _, step := range w.cases["my-flow/dev"].Steps {
				got = append(got, step.Status)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
