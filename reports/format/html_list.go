package format

import (
	"cmp"
	"maps"
	"slices"

	"github.com/entraproof/entraproof/reports"
)

// groupView is one group of the catalogue at one target with its cases.
type groupView struct {
	Target, Name string
	// Extra are cases that nobody selected, fired to find a cause.
	Extra  bool
	Cases  []caseView
	Counts reports.Counts
	Bar    []barPart
}

// groups lists all cases. Those that failed are told among the findings; the
// bodies of the others are packed.
func (b *bodies) groups() []groupView {
	type key struct{ target, name, extra string }
	byKey := map[key]*groupView{}
	for i := range b.Cases {
		c := &b.Cases[i]
		k := key{target: c.Target, name: cmp.Or(c.Group, "other")}
		if c.Extra {
			k.extra = "extra"
		}
		if byKey[k] == nil {
			byKey[k] = &groupView{Target: k.target, Name: k.name, Extra: c.Extra}
		}
		byKey[k].add(b.listed(c))
	}
	keys := slices.SortedFunc(maps.Keys(byKey), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.target, b.target), cmp.Compare(a.extra, b.extra), cmp.Compare(a.name, b.name))
	})
	var all []groupView
	for _, k := range keys {
		byKey[k].Bar = bar(byKey[k].Counts)
		all = append(all, *byKey[k])
	}
	return all
}

func (g *groupView) add(c caseView) {
	g.Cases = append(g.Cases, c)
	g.Counts.Add(c.Effective())
}

// listed renders the body of a case that did not fail.
func (b *bodies) listed(c *reports.Case) caseView {
	v := b.view(c)
	if v.Told() {
		v.Body.Anchor = b.anchor(c.Target, c.ID)
		return v
	}
	v.Body = b.fold(b.anchor(c.Target, c.ID), b.render("case", v))
	return v
}

// Told reports whether the case is told among the findings.
func (c caseView) Told() bool { return !c.Extra && c.Grade() == reports.Fail }

// controlView is a control with its packed body.
type controlView struct {
	*reports.Control
	Body body
}

// Exchange is that of a shot that was not accepted, else of an accepted one.
func (c controlView) Exchange() *exchangeView {
	x, reached := genuine(c.Control), reports.Reached
	if shot := c.Refused(); shot != nil && shot.Exchange != nil {
		x, reached = shot.Exchange, shot.Reached
	}
	if x == nil {
		return nil
	}
	v := newExchange(x, nil, "")
	v.Unseen = unseen(reached)
	return v
}

func (b *bodies) controls() []controlView {
	var all []controlView
	for i := range b.Controls {
		v := controlView{Control: &b.Controls[i]}
		v.Body = b.fold(b.anchor(v.Target, v.ID), b.render("control", v))
		all = append(all, v)
	}
	return all
}
