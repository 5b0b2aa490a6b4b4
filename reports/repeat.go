package reports

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// MissedOf is the chance that a critical refusal was never sent to the one bad
// replica of n, where a balancer picks one of them at random for each of the
// repeats: (1 − 1/n)^repeats. It is of one row; several rows about one hole miss
// it less often.
func (s Selection) MissedOf(n int) float64 {
	return math.Pow(1-1/float64(n), float64(max(1, s.Repeat)))
}

// RepeatText says what the repeats of a run can miss; empty where nothing was
// repeated.
func (r *Results) RepeatText() string {
	if r.Selection.Repeat < 2 {
		return ""
	}
	var chances []string
	for _, n := range []int{2, 3, 4, 8} {
		chances = append(chances, fmt.Sprintf("1 of %d %s", n, percent(r.Selection.MissedOf(n))))
	}
	return fmt.Sprintf("critical refusals fired %d times each; the chance that one misses a bad replica behind a balancer: %s",
		r.Selection.Repeat, strings.Join(chances, ", "))
}

// percent is a chance with two digits that count.
func percent(chance float64) string {
	switch p := chance * 100; {
	case p >= 10:
		return fmt.Sprintf("%.0f %%", p)
	case p >= 0.1:
		return fmt.Sprintf("%.2g %%", p)
	}
	return "under 0.1 %"
}

// OneByOne are the environments whose gateways or replicas were addressed one
// by one, so that none of them can be missed, with their number: "dev (2)".
func (r *Results) OneByOne() []string {
	var all []string
	for i := range r.Cases {
		c := &r.Cases[i]
		if _, of, found := strings.Cut(c.Replica, "/"); found && !c.Extra {
			all = append(all, fmt.Sprintf("%s (%s)", c.Environment, of))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
