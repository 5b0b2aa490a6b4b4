package format

import (
	"html/template"
	"strings"

	"github.com/entraproof/entraproof/reports"
)

// findingView is a finding with the bodies of its cases.
type findingView struct {
	reports.Finding
	Anchor string
	Causes []causeGroup
	Cases  []caseView
	// Folded is how many of the cases are packed.
	Folded int
}

// Outcome is what the finding counts as.
func (f findingView) Outcome() reports.Outcome {
	if f.Waived {
		return reports.Warn
	}
	return reports.Fail
}

// Environments are those at which it was made, each once.
func (f findingView) Environments() []string {
	var all []string
	seen := map[string]bool{}
	for _, c := range f.Finding.Cases {
		if !seen[c.Environment] {
			seen[c.Environment] = true
			all = append(all, c.Environment)
		}
	}
	return all
}

// caseView is a case with what the results know around it. The templates name
// the case where they want something of it: to find a promoted field takes them
// ten times as long.
type caseView struct {
	*reports.Case
	// Graded is the outcome that counts.
	Graded reports.Outcome
	Tone   Tone
	// Demand is what its row demands, and why.
	Demand template.HTML
	Body   body
	// Around are the controls that it leans on, where the results hold them.
	Around *controlAround
}

// controlAround is a control as one case sees it.
type controlAround struct {
	*reports.Control
	Anchor string
	// Shots sums them up.
	Shots string
	// genuine is the exchange of a genuine token at the same gateway.
	genuine *reports.Exchange
}

// Exchange is what went out and came back, compared with the control's.
func (c caseView) Exchange() *exchangeView { return c.compared(c.Case.Exchange, c.Reached) }

// Steps are a flow's steps, their exchanges compared as well.
func (c caseView) Steps() []stepView {
	var all []stepView
	for _, s := range c.Case.Steps {
		all = append(all, stepView{s.Title, s.Outcome, s.Reason, s.Detail, s.Status, c.compared(s.Exchange, s.Reached)})
	}
	for _, s := range c.Repeats {
		all = append(all, stepView{s.When, s.Outcome, s.Reason, s.Detail, s.Status, c.compared(s.Exchange, s.Reached)})
	}
	return all
}

func (c caseView) compared(x *reports.Exchange, reached reports.Reach) *exchangeView {
	if x == nil {
		return nil
	}
	var control *reports.Exchange
	if c.Around != nil {
		control = c.Around.genuine
	}
	v := newExchange(x, control, c.Guards)
	v.Unseen = unseen(reached)
	return v
}

// stepView is one step of a flow, or one of several equal shots.
type stepView struct {
	Title    string
	Outcome  reports.Outcome
	Reason   reports.Reason
	Detail   string
	Status   int
	Exchange *exchangeView
}

// view finds what stands around a case.
func (b *bodies) view(c *reports.Case) caseView {
	v := caseView{Case: c, Graded: c.Effective(), Demand: b.demand(c)}
	v.Tone = toneOf(v.Graded)
	if c.Control != nil {
		v.Around = b.around[[2]string{c.Target, c.Control.ID}]
	}
	return v
}

// demand renders what the case's row demands, once for all cases that demand the
// same.
func (b *bodies) demand(c *reports.Case) template.HTML {
	key := strings.Join(append([]string{c.Expected, c.Guards}, c.Refs...), "\x00")
	if known, ok := b.demands.Load(key); ok {
		return known.(template.HTML)
	}
	demand := template.HTML(b.render("demand", struct { //nolint:gosec // written by html/template
		Expected, Guards string
		Clauses          []clause
	}{c.Expected, c.Guards, clauses(c.Refs)}))
	b.demands.Store(key, demand)
	return demand
}

// genuine is the exchange of one of the control's shots, of an accepted one if
// there is any: whatever the answer was, the token is genuine.
func genuine(c *reports.Control) *reports.Exchange {
	var found *reports.Exchange
	for i := range c.Shots {
		s := &c.Shots[i]
		if s.Exchange != nil && (found == nil || s.State == reports.ControlAccepted) {
			found = s.Exchange
			if s.State == reports.ControlAccepted {
				break
			}
		}
	}
	return found
}

// findings renders all failures. They stand in the page as long as there is
// room, so that they can be read without script.
func (b *bodies) findings() []findingView {
	var all []findingView
	for _, f := range b.Findings() {
		v := findingView{Finding: f, Causes: causeGroupsOf(b.Results, b.CausesOf(f))}
		for _, c := range f.Cases {
			view := b.view(c)
			view.Body = b.failed(c, b.render("case", view))
			if view.Body.HTML == "" {
				v.Folded++
			}
			v.Cases = append(v.Cases, view)
		}
		v.Anchor = "finding/" + v.Cases[0].Body.Anchor
		all = append(all, v)
	}
	return all
}

// failed puts a body into the page, or packs it where the page is full.
func (b *bodies) failed(c *reports.Case, text string) body {
	anchor := b.anchor(c.Target, c.ID)
	if b.static+len(text) > staticLimit {
		return b.fold(anchor, text)
	}
	b.static += len(text)
	return body{Anchor: anchor, HTML: template.HTML(text)} //nolint:gosec // written by html/template
}
