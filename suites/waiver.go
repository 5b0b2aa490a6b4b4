package suites

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// waiver is one entry of a file of waivers, with its place for errors.
type waiver struct {
	reports.Waiver
	at *document.Node
}

// loadWaivers reads a file of waivers: a list of
//
//   - id: aud-suffix-extended            # exactly a row, or one case of it
//     reason: the gateway is replaced in March
//     by: Ada
//     expires: 2026-03-31                # the last day on which it holds
//     target: orders-staging             # left out: every target
//
// An id that the catalogue does not know is a problem, as is everything that
// the reviewer left out.
func loadWaivers(path string, all scenarios.Catalogue, plans []*Plan) ([]waiver, error) {
	if path == "" {
		return nil, nil
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("suites: cannot read the file of waivers: %w", err)
	}
	root, err := document.Parse(path, src)
	if err != nil {
		return nil, err
	}
	var waivers []waiver
	for _, item := range root.Items() {
		waivers = append(waivers, readWaiver(item))
	}
	if len(waivers) == 0 {
		root.Problemf("a file of waivers is a list of entries with id, reason, by and expires", "no waivers")
	}
	checkWaivers(waivers, all, plans)
	return waivers, root.Err()
}

func readWaiver(item *document.Node) waiver {
	f := item.Fields()
	id := f.Need("id")
	w := waiver{at: id, Waiver: reports.Waiver{
		ID: id.Str(), Reason: text(f.Need("reason")), By: text(f.Need("by")), Target: f.Take("target").Str(),
	}}
	expires := f.Need("expires")
	w.Expires = expires.Text()
	if _, err := time.Parse(time.DateOnly, w.Expires); err != nil && expires != nil {
		expires.Problemf("", "expected a date such as 2026-03-31, got %q", w.Expires)
	}
	f.Rest()
	return w
}

// text reads a string that must say something.
func text(n *document.Node) string {
	s := strings.TrimSpace(n.Str())
	if n != nil && s == "" {
		n.Problemf("a waiver is reviewed: say why, and who says so", "expected a text")
	}
	return s
}

// checkWaivers records a problem for every id that stands twice or that no case
// of any target can have, selected or not.
func checkWaivers(waivers []waiver, all scenarios.Catalogue, plans []*Plan) {
	cases := map[string]bool{}
	for _, p := range plans {
		for _, c := range p.expansion.Expand(all.All()) {
			cases[c.ID] = true
		}
	}
	seen := map[[2]string]document.Position{}
	for _, w := range waivers {
		key := [2]string{w.ID, w.Target}
		if first, ok := seen[key]; ok && w.at != nil {
			w.at.Problemf("the first is at "+first.String(), "%q is waived twice", w.ID)
		}
		seen[key] = w.at.Pos()
		if _, ok := all.ByID(w.ID); ok || cases[w.ID] || w.at == nil {
			continue
		}
		hint := "ids are exact: no patterns"
		if near := document.Nearest(w.ID, all.IDs()); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		w.at.Problemf(hint, "no scenario or case has the id %q", w.ID)
	}
}

// settled says of each waiver whether it has expired and whether a planned case
// is meant by it.
func settled(waivers []waiver, now time.Time, planned func(reports.Waiver) bool) []reports.Waiver {
	today := now.UTC().Format(time.DateOnly)
	var all []reports.Waiver
	for _, w := range waivers {
		w.Expired, w.Reached = w.Expires < today, planned(w.Waiver)
		all = append(all, w.Waiver)
	}
	return all
}

// means reports whether the waiver names the case, by its own id or its row's.
func means(w reports.Waiver, target, scenario, id string) bool {
	return (w.ID == id || w.ID == scenario) && (w.Target == "" || w.Target == target)
}

// waive notes the waiver that covers what the case lacks; the one that names
// the case itself comes first. One that has expired covers nothing.
func waive(c *reports.Case, waivers []reports.Waiver) {
	switch c.Grade() {
	case reports.Pass, reports.Warn, reports.Unsupported:
		return
	case reports.Recorded, reports.Skipped, reports.Inconclusive, reports.Fail, reports.Error:
	}
	i := slices.IndexFunc(waivers, func(w reports.Waiver) bool { return !w.Expired && w.ID == c.ID && means(w, c.Target, c.Scenario, c.ID) })
	if i < 0 {
		i = slices.IndexFunc(waivers, func(w reports.Waiver) bool { return !w.Expired && means(w, c.Target, c.Scenario, c.ID) })
	}
	if i >= 0 {
		w := waivers[i]
		c.Waived = &reports.Waived{ID: w.ID, Reason: w.Reason, By: w.By, Expires: w.Expires}
	}
}
