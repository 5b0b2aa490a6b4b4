package predict

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// Closed is a change and the cases that it closes: they were fired again at the
// changed policies and passed, and no genuine token was refused that had been
// accepted.
type Closed struct {
	Change
	// Accepts and Rejects are the false accepts and false rejects among them.
	Accepts, Rejects []reports.Case
	// Opens are the rows that a false reject had hidden: once it is mended, they
	// are let in.
	Opens []string
}

// hunt looks for the changes that close what is open.
type hunt struct {
	stand  *stand
	at     order
	before map[string]reports.Case
	// controls are the genuine tokens that were accepted before: each change is
	// held against them.
	controls map[string]reports.Case
	// left are the failed cases that no change has closed so far.
	left   map[string]reports.Case
	closed []Closed
}

// search tries every change.
func search(ctx context.Context, out *Prediction, s *stand, at order) error {
	x := &hunt{stand: s, at: at, before: map[string]reports.Case{}, controls: map[string]reports.Case{}, left: map[string]reports.Case{}}
	for _, c := range out.Results.Cases {
		x.before[c.ID] = c
		if isControl(c.Scenario) && passes(c) {
			x.controls[c.ID] = c
		}
		if c.FalseAccept() || c.FalseReject() {
			x.left[c.ID] = c
		}
	}
	x.stand.heard = newHeard() // what is heard from here on is of changed policies
	for _, change := range candidates(out.Subject, at.target, s.switches.Profile) {
		if len(x.left) == 0 {
			break
		}
		if err := x.try(ctx, change); err != nil {
			return err
		}
	}
	slices.SortStableFunc(x.closed, worseFirst)
	out.Closed = x.closed
	return x.together(ctx, out)
}

// worseFirst has the changes first that close another environment's tokens, then
// those that mend what is refused, then those that close most; last those that ask
// for what the export says nothing of.
func worseFirst(a, b Closed) int {
	cross := func(c Closed) int {
		return len(slices.DeleteFunc(slices.Clone(c.Accepts), func(k reports.Case) bool { return !k.Cross }))
	}
	return cmp.Or(cmp.Compare(cross(b), cross(a)), cmp.Compare(len(b.Rejects), len(a.Rejects)), byGrants(a, b), cmp.Compare(len(b.Accepts), len(a.Accepts)))
}

func byGrants(a, b Closed) int {
	switch {
	case a.grants == b.grants:
		return 0
	case a.grants:
		return 1
	}
	return -1
}

// together fires all changes at once: what they close alone they must close side
// by side.
func (x *hunt) together(ctx context.Context, out *Prediction) error {
	instances := x.at.instances
	for _, c := range x.closed {
		instances = changed(instances, c.Change)
	}
	for _, id := range sortedIDs(x.left) {
		out.Open = append(out.Open, x.left[id])
	}
	if len(x.closed) < 2 {
		return nil
	}
	wanted := map[string]reports.Case{}
	for _, c := range x.closed {
		for _, k := range slices.Concat(c.Accepts, c.Rejects) {
			wanted[k.ID] = k
		}
	}
	after, err := x.fire(ctx, instances, wanted, x.controls)
	if err != nil {
		return err
	}
	out.Together = &Together{Of: len(wanted), Controls: hold(x.controls, after)}
	for id := range wanted {
		if passes(after[id]) {
			out.Together.Closed++
		}
	}
	return nil
}

// Together is what all changes come to at once.
type Together struct {
	// Closed of Of cases pass; Controls: no genuine token was refused that had
	// been accepted.
	Closed, Of int
	Controls   bool
}

// try fires what a change may turn at the policies with that change.
func (x *hunt) try(ctx context.Context, change Change) error {
	wanted := x.turnable(change)
	if len(wanted) == 0 {
		return nil
	}
	after, err := x.fire(ctx, changed(x.at.instances, change), wanted, x.controls)
	if len(gateway.PolicyErrors(err)) > 0 {
		return nil // a change that the emulator does not know is none that can be verified
	}
	if err != nil {
		return err
	}
	found := Closed{Change: change}
	for id, c := range x.left {
		switch {
		case !passes(after[id]):
		case c.FalseAccept():
			found.Accepts = append(found.Accepts, c)
		default:
			found.Rejects = append(found.Rejects, c)
		}
	}
	if len(found.Accepts)+len(found.Rejects) == 0 || !hold(x.controls, after) {
		return nil
	}
	if change.relaxes {
		worse, err := x.opened(ctx, change, &found)
		if err != nil || worse {
			return err
		}
	}
	for _, c := range slices.Concat(found.Accepts, found.Rejects) {
		delete(x.left, c.ID)
	}
	for _, list := range [][]reports.Case{found.Accepts, found.Rejects} {
		slices.SortFunc(list, func(a, b reports.Case) int { return cmp.Compare(a.ID, b.ID) })
	}
	x.closed = append(x.closed, found)
	return nil
}

// turnable are the cases left that a change may turn. At another environment it
// turns none, and what only refuses more mends no false reject.
func (x *hunt) turnable(change Change) map[string]reports.Case {
	some := map[string]reports.Case{}
	for id, c := range x.left {
		if c.Environment == change.Environment && (change.relaxes || c.FalseAccept()) {
			some[id] = c
		}
	}
	return some
}

// opened fires everything that must be refused at a change that admits more, and
// reports whether it lets in what was refused before. What stood behind a false
// reject may show now.
func (x *hunt) opened(ctx context.Context, change Change, found *Closed) (worse bool, err error) {
	all := map[string]reports.Case{}
	for id, c := range x.before {
		if c.Environment == change.Environment && c.Form == "request" && !c.FalseAccept() && !neverForbidden(c) {
			all[id] = c
		}
	}
	after, err := x.fire(ctx, changed(x.at.instances, change), all)
	if err != nil {
		return false, err
	}
	for id, c := range after {
		if !c.FalseAccept() {
			continue
		}
		if passes(x.before[id]) {
			return true, nil
		}
		found.Opens = append(found.Opens, id)
	}
	slices.Sort(found.Opens)
	return false, nil
}

// neverForbidden tells the cases that no answer makes a false accept: those of
// which nothing is judged.
func neverForbidden(c reports.Case) bool {
	return c.Reason == verdict.Measured || c.Reason == verdict.NotDeclared
}

// fire fires some cases again.
func (x *hunt) fire(ctx context.Context, instances map[string]*policy.Instance, wanted ...map[string]reports.Case) (map[string]reports.Case, error) {
	o := x.at
	o.instances, o.probes, o.bare = instances, nil, true
	ids, named := map[string]bool{}, map[string]bool{}
	for _, some := range wanted {
		for id, c := range some {
			ids[id], named[c.Scenario] = true, true
		}
	}
	o.rows = nil
	for i := range x.at.rows {
		if named[x.at.rows[i].ID] {
			o.rows = append(o.rows, x.at.rows[i])
		}
	}
	o.keep = func(c scenarios.Case) bool { return ids[c.ID] }
	f, err := x.stand.fire(ctx, o)
	if err != nil {
		return nil, err
	}
	after := map[string]reports.Case{}
	for _, c := range f.cases {
		after[c.ID] = c
	}
	return after, nil
}

// isControl tells the rows of genuine tokens that must be let in.
func isControl(row string) bool { return strings.HasPrefix(row, "ctl-") }

// passes reports whether a case is as it must be.
func passes(c reports.Case) bool {
	return c.ID != "" && (c.Outcome == reports.Pass || c.Outcome == reports.Warn)
}

// hold reports whether every control that was accepted before still is.
func hold(controls, after map[string]reports.Case) bool {
	for id := range controls {
		if c, fired := after[id]; fired && !passes(c) {
			return false
		}
	}
	return true
}

// changed are the instances with one of them changed.
func changed(instances map[string]*policy.Instance, c Change) map[string]*policy.Instance {
	all := map[string]*policy.Instance{}
	for name, instance := range instances {
		all[name] = instance
	}
	all[c.Environment] = c.to(instances[c.Environment])
	return all
}

func sortedIDs(cases map[string]reports.Case) []string {
	var ids []string
	for id := range cases {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
