package format

import (
	"cmp"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

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
	texts := b.listedTexts()
	for i := range b.Cases {
		c := &b.Cases[i]
		k := key{target: c.Target, name: cmp.Or(c.Group, "other")}
		if c.Extra {
			k.extra = "extra"
		}
		if byKey[k] == nil {
			byKey[k] = &groupView{Target: k.target, Name: k.name, Extra: c.Extra}
		}
		byKey[k].add(b.listed(c, texts[i]))
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

// listedTexts renders the bodies of the cases that did not fail, on all cores.
func (b *bodies) listedTexts() []string {
	texts := make([]string, len(b.Cases))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(texts)); i = next.Add(1) - 1 {
				if v := b.view(&b.Cases[i]); !v.Told() {
					texts[i] = b.render("case", v)
				}
			}
		})
	}
	workers.Wait()
	return texts
}

// listed is a case in its group; the body of one that did not fail is packed.
func (b *bodies) listed(c *reports.Case, text string) caseView {
	v := b.view(c)
	if v.Told() {
		v.Body.Anchor = b.anchor(c.Target, c.ID)
		return v
	}
	v.Body = b.fold(b.anchor(c.Target, c.ID), text)
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
