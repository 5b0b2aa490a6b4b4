package scenarios

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// kebab is what ids and names of variants look like.
var kebab = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// row is one entry of a file while it is read.
type row struct {
	node   *document.Node
	fields *document.Fields
	// parts are the row's own; a variant's override them.
	parts parts
	s     Scenario
}

// parts are the members that a variant can override.
type parts struct{ base, token, request, expect, issuer *document.Node }

// decodeRow reads one row. group is the code of the file's group.
func decodeRow(n *document.Node, group string) Scenario {
	r := row{node: n, fields: n.Fields(), s: Scenario{Pos: n.Pos(), canonical: canonical(n)}}
	if n.Kind() != document.Mapping {
		return r.s // reading its fields has recorded the problem
	}
	r.columns(group)
	r.parts = takeParts(r.fields)
	r.parts.fill(&r.s)
	r.variants()
	r.fields.Rest()
	r.checkKind()
	r.checkRow()
	for _, v := range r.s.Effective() {
		form := r.partsOf(v.Name)
		form.check(v.Scenario, n)
		r.s.uses = append(r.s.uses, form.wordsOf()...)
	}
	return r.s
}

// columns reads what describes the row.
func (r *row) columns(group string) {
	f, s := r.fields, &r.s
	s.ID = name(f.Need("id"), "id")
	s.Title, s.Group, s.Severity, s.Kind = cmp.Or(f.Take("title").Str(), s.ID), group, High, Data
	choose(f.Take("group"), "group", groupCodes(), &s.Group)
	choose(f.Take("kind"), "kind", namesOf(Kinds()), &s.Kind)
	choose(f.Need("guards"), "guard", namesOf(Guards()), &s.Guards)
	choose(f.Need("source"), "source", namesOf(Sources()), &s.Source)
	choose(f.Take("severity"), "severity", namesOf(Severities()), &s.Severity)
	s.Marks = words(f.Take("marks"), "mark", namesOf(Marks()))
	s.Profiles = words(f.Take("profiles"), "listed profile", listedProfiles())
	s.References = texts(f.Take("refs"))
	s.Mutation, s.Place, s.Demands = f.Take("mutation").Str(), f.Take("place").Str(), f.Take("demands").Str()
	s.Needs = decodeNeeds(f.Take("needs"))
	s.Unless = decodeNeeds(f.Take("unless"))
	s.Serial = f.Take("serial").Bool()
	s.Waits = f.Take("waits").Duration()
}

func takeParts(f *document.Fields) parts {
	return parts{f.Take("base"), f.Take("token"), f.Take("request"), f.Take("expect"), f.Take("issuer")}
}

// over is p with the members of other in place of its own.
func (p parts) over(other parts) parts {
	for _, m := range []struct{ to, from **document.Node }{
		{&p.base, &other.base}, {&p.token, &other.token}, {&p.request, &other.request}, {&p.expect, &other.expect}, {&p.issuer, &other.issuer},
	} {
		if *m.from != nil {
			*m.to = *m.from
		}
	}
	return p
}

// fill decodes the members into a row.
func (p parts) fill(s *Scenario) {
	s.Base = decodeBase(p.base)
	s.Token = mint.DecodeSteps(p.token)
	s.Request = probe.DecodeRequest(p.request)
	s.Expect = Expectation{}
	if p.expect != nil {
		s.Expect = verdict.DecodeExpectation(p.expect)
		checkEither(p.expect)
	}
	s.Issuer = mint.DecodeKeySet(p.issuer)
	s.sends = p.sends(s.Base)
}

// variants reads the named forms.
func (r *row) variants() {
	n := r.fields.Take("variants")
	if n == nil {
		return
	}
	members := n.Members()
	if len(members) == 0 && n.Kind() == document.Mapping {
		n.Problemf("leave the key out", "no variants")
	}
	for _, m := range members {
		f := m.Value.Fields()
		own := takeParts(f)
		v := Variant{Name: m.Key, Scenario: r.s}
		choose(f.Take("guards"), "guard", namesOf(Guards()), &v.Scenario.Guards)
		f.Rest()
		if !kebab.MatchString(m.Key) {
			m.Value.Problemf("lower case letters and digits, joined by hyphens", "cannot take %q as the name of a variant", m.Key)
		}
		r.parts.over(own).fill(&v.Scenario)
		v.Scenario.Variants = nil
		r.s.Variants = append(r.s.Variants, v)
	}
}

// partsOf are the members that count for a variant, by name.
func (r *row) partsOf(variant string) parts {
	if variant == "" {
		return r.parts
	}
	for _, m := range r.fields.Take("variants").Members() {
		if m.Key == variant {
			return r.parts.over(takeParts(m.Value.Fields()))
		}
	}
	return r.parts
}

// checkKind refuses members that the row's kind has no use for.
func (r *row) checkKind() {
	refuse := func(key, why string) {
		if n := r.fields.Take(key); n != nil {
			n.Problemf("a Go value of the same id does it", "a row of kind %s %s", r.s.Kind, why)
		}
	}
	if r.s.Kind != Data {
		refuse("token", "has no token steps")
		refuse("request", "has no request")
		refuse("variants", "has no variants")
	}
	if r.s.Kind == Observe {
		refuse("base", "has no base")
		refuse("expect", "has no expectation")
	}
}

// decodeNeeds reads needs or unless; one alone may stand without brackets.
func decodeNeeds(n *document.Node) []Need {
	if n == nil {
		return nil
	}
	items := []*document.Node{n}
	if n.Kind() == document.Sequence {
		items = n.Items()
	}
	var all []Need
	for _, item := range items {
		need, ok := targets.NeedOf(item.OneOf("need", targets.NeedNames()))
		if ok {
			all = append(all, need)
		}
	}
	return all
}

// checkEither holds the capability that decides against the closed list.
func checkEither(n *document.Node) {
	if n.Kind() == document.Mapping {
		n.Fields().Take("either").OneOf("capability that decides", targets.DecidingKeys())
	}
}

// words reads a list of words of a closed list.
func words(n *document.Node, what string, known []string) []string {
	if n == nil {
		return nil
	}
	var all []string
	for _, item := range n.Items() {
		word := item.OneOf(what, known)
		if slices.Contains(all, word) && word != "" {
			item.Problemf("", "%s %q stands twice", what, word)
		}
		all = append(all, word)
	}
	return all
}

// texts reads a list of texts that are not empty.
func texts(n *document.Node) []string {
	if n == nil {
		return nil
	}
	var all []string
	for _, item := range n.Items() {
		text := item.Str()
		if item.Kind() == document.String && strings.TrimSpace(text) == "" {
			item.Problemf("", "an empty entry")
		}
		all = append(all, text)
	}
	return all
}

// name reads an id.
func name(n *document.Node, what string) string {
	text := n.Str()
	if n != nil && n.Kind() == document.String && !kebab.MatchString(text) {
		n.Problemf("lower case letters and digits, joined by hyphens", "cannot take %q as the %s", text, what)
	}
	return text
}
