package suites

import (
	"regexp"
	"slices"
	"strings"

	"github.com/onsi/ginkgo/v2/types"
)

// chosenBy are the specs that Ginkgo will run after the first of them, as far
// as its configuration tells. Ginkgo itself does not say; a spec that is missing
// here and runs nevertheless is started when it waits, and one that is here in
// vain is fired in vain.
func chosenBy(suite types.SuiteConfig, specs []Spec, first types.SpecReport) []Spec {
	if len(suite.FocusFiles) > 0 || len(suite.SkipFiles) > 0 || suite.SemVerFilter != "" {
		return slices.DeleteFunc(specs, func(s Spec) bool { return s.Text() != first.LeafNodeText })
	}
	f := newFilter(suite, first)
	return slices.DeleteFunc(specs, func(s Spec) bool { return !f.keeps(s) })
}

// filter is Ginkgo's, for specs that stand in the same containers but for the
// target's own.
type filter struct {
	above       string
	labels      []string
	byLabel     types.LabelFilter
	focus, skip *regexp.Regexp
}

// newFilter reads filters that Ginkgo has accepted.
func newFilter(suite types.SuiteConfig, first types.SpecReport) filter {
	f := filter{byLabel: func([]string) bool { return true }}
	for i, text := range first.ContainerHierarchyTexts[:len(first.ContainerHierarchyTexts)-1] {
		f.above += text + " "
		f.labels = append(f.labels, first.ContainerHierarchyLabels[i]...)
	}
	if by, err := types.ParseLabelFilter(suite.LabelFilter); err == nil && suite.LabelFilter != "" {
		f.byLabel = by
	}
	f.focus, f.skip = pattern(suite.FocusStrings), pattern(suite.SkipStrings)
	return f
}

// pattern is what Ginkgo makes of several -focus or -skip; nil for none.
func pattern(all []string) *regexp.Regexp {
	if len(all) == 0 {
		return nil
	}
	re, err := regexp.Compile(strings.Join(all, "|"))
	if err != nil {
		return nil
	}
	return re
}

func (f filter) keeps(s Spec) bool {
	text := f.above + s.Target + " " + s.Text()
	switch {
	case !f.byLabel(slices.Concat(f.labels, s.Labels())):
		return false
	case f.focus != nil && !f.focus.MatchString(text):
		return false
	}
	return f.skip == nil || !f.skip.MatchString(text)
}
