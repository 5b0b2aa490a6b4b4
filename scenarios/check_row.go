package scenarios

import (
	"regexp"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// checkRow holds what the row must keep as a whole.
func (r *row) checkRow() {
	r.checkNeeds()
	r.checkCallout()
	for _, item := range itemsOf(r.fields.Take("refs")) {
		checkReference(item)
	}
}

// checkNeeds refuses needs that no target can meet, so that the row would never
// be fired and its expectation never fail.
func (r *row) checkNeeds() {
	all := r.s.AllNeeds()
	for _, item := range itemsOf(r.fields.Take("unless")) {
		n, ok := targets.NeedOf(item.Text())
		switch {
		case !ok:
		case slices.Contains(r.s.Needs, n):
			item.Problemf("take one of them out", "needs and unless both name %s, so no target ever runs the row", n)
		case n.Key == "app-tokens" && slices.ContainsFunc(r.s.Unless, func(o Need) bool { return o.Key == "user-tokens" }):
			item.Problemf("take one of them out", "unless rules out users and daemons: the row has no control")
		}
	}
	for _, item := range itemsOf(r.fields.Take("needs")) {
		n, ok := targets.NeedOf(item.Text())
		if !ok {
			continue
		}
		for _, other := range all[:slices.Index(all, n)] {
			if other.Excludes(n) {
				item.Problemf("two rows, one for each", "no target is both %s and %s, so none ever runs the row", other, n)
			}
		}
	}
}

// checkCallout refuses a condition on call-outs where no form of the row names
// the listener: none could be seen.
func (r *row) checkCallout() {
	if slices.ContainsFunc(r.s.Refs(), func(ref string) bool { return strings.HasPrefix(ref, "callout") }) {
		return
	}
	for _, v := range r.s.Effective() {
		if v.Scenario.Expect.NoCallout {
			r.partsOf(v.Name).expect.Problemf("name ${callout.host} in the token or the request",
				"no call-out can be seen: nothing that the row sends names the listener, so callout: false cannot fail")
		}
	}
}

// itemsOf are the entries of a list, or the one that stands without brackets.
func itemsOf(n *document.Node) []*document.Node {
	switch {
	case n == nil:
		return nil
	case n.Kind() == document.Sequence:
		return n.Items()
	}
	return []*document.Node{n}
}

// reference is the shape of a family of references that readers look up; what
// follows it, such as a section, is free.
type reference struct {
	begins  string
	shape   *regexp.Regexp
	example string
}

// referenceShapes are the families. Any other text, such as a ticket, is taken
// as it stands.
func referenceShapes() []reference {
	return []reference{
		{"CWE", regexp.MustCompile(`^CWE-[0-9]+( |$)`), "CWE-290"},
		{"CVE", regexp.MustCompile(`^CVE-[0-9]{4}-[0-9]{4,}( |$)`), "CVE-2022-21449"},
		{"ASVS", regexp.MustCompile(`^ASVS [0-9]+\.[0-9]+\.[0-9]+( |$)`), "ASVS 9.2.3"},
		{"RFC", regexp.MustCompile(`^RFC [0-9]+( |$|,)`), "RFC 8725 3.9"},
	}
}

func checkReference(n *document.Node) {
	for _, f := range referenceShapes() {
		if strings.HasPrefix(n.Text(), f.begins) && !f.shape.MatchString(n.Text()) {
			n.Problemf("write it as "+f.example, "cannot read the reference %q", n.Text())
		}
	}
}

// checkExpectation refuses an expectation that no answer can fail, and a
// refusal that no control can vouch for. A refusal of what the control itself
// sends is Lint's to find: the built-in controls ask for its acceptance.
func (p parts) checkExpectation(s Scenario) {
	e := s.Expect
	if e.Within >= probe.DefaultTimeout {
		p.expect.Problemf("a shorter time", "a request is given up after %s, so within %s cannot fail", probe.DefaultTimeout, e.Within)
	}
	if e.Refuses() && s.Request.To == "other" {
		p.request.Problemf("present the token at home: base: {api: other}", "a refusal at the other environment's gateway has no control: controls are fired at home")
	}
}

// checkKeys refuses the name of a key that nobody makes. A kid may be that of
// any published key.
func (p parts) checkKeys(s Scenario) {
	known := []string{mint.KeyTenant, mint.KeyNext, mint.KeyOwn, mint.KeyOtherIssuer, mint.KeyClient}
	for _, k := range s.Issuer.Keys {
		known = append(known, k.Name)
	}
	for _, item := range itemsOf(p.token) {
		if item.Kind() == document.Mapping {
			if key := item.Fields().Take("sign").Fields().Take("key"); key != nil {
				checkKey(key, known)
			}
		}
	}
	if p.issuer != nil && p.issuer.Kind() == document.Mapping {
		for _, item := range itemsOf(p.issuer.Fields().Take("hide")) {
			checkKey(item, []string{mint.KeyTenant, mint.KeyNext})
		}
	}
}

// kidLength is the length of Entra's kids: a SHA-1 in base64url (entra-tokens 0, row 5).
const kidLength = 27

func checkKey(n *document.Node, known []string) {
	if n.Kind() == document.String && len(n.Text()) != kidLength {
		n.OneOf("signing key", known)
	}
}
