package main

import (
	"fmt"
	"slices"
	"strings"
)

// figure is a stated value and what was measured.
type figure struct {
	name string
	// atLeast: more is better.
	atLeast          bool
	stated, measured float64
	unit             string
}

// tolerance is how far beyond the stated value a busy machine may be: only what
// is further off fails (design 9).
const tolerance = 1.3

// fails reports whether the figure is beyond what is tolerated.
func (f figure) fails() bool {
	if f.atLeast {
		return f.measured < f.stated/tolerance
	}
	return f.measured > f.stated*tolerance
}

// holds reports whether the figure is as stated.
func (f figure) holds() bool {
	if f.atLeast {
		return f.measured >= f.stated
	}
	return f.measured <= f.stated
}

func (f figure) row() []string {
	sign := "≤"
	if f.atLeast {
		sign = "≥"
	}
	return []string{f.name, sign + " " + number(f.stated) + f.unit, number(f.measured) + f.unit}
}

// remark stands behind a figure that is not as stated.
func (f figure) remark() string {
	switch {
	case f.fails():
		return "FAILS"
	case !f.holds():
		return "beyond, tolerated"
	}
	return ""
}

// number has as many digits as mean something.
func number(n float64) string {
	digits := 2
	if n >= 100 {
		digits = 0
	}
	text := fmt.Sprintf("%.*f", digits, n)
	if strings.Contains(text, ".") {
		text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// median of no values is zero.
func median(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	all = slices.Sorted(slices.Values(all))
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}
