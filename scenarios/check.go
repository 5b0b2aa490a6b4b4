package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// check holds what one form of a row must keep beyond its vocabulary. n is the
// row.
func (p parts) check(s Scenario, n *document.Node) {
	if s.Kind == Data && p.expect == nil {
		n.Problemf("expect: accept, or expect: refuse 401", `"expect" is missing`)
	}
	if s.Token.NeedsKey() && s.Source != "" && s.Source != Mock && s.Base.Genuine() {
		p.token.Problemf("source: mock, or base: forged", "the steps change what is signed, which source %s cannot sign again", s.Source)
	}
	p.checkNone(s.Base)
	p.checkSteps()
	p.checkKeys(s)
	if s.Kind == Data && p.expect != nil {
		p.checkExpectation(s)
	}
	for _, t := range p.touched() {
		t.checkBound(s.Base)
	}
}

// checkNone refuses steps that have nothing to work on.
func (p parts) checkNone(b Base) {
	if !b.None || p.token.Kind() != document.Sequence || len(p.token.Items()) == 0 {
		return
	}
	first := p.token.Items()[0]
	if first.Kind() != document.Mapping || len(first.Members()) != 1 {
		return
	}
	if step := first.Members()[0].Key; slices.Contains(mint.StepNames(), step) && step != "compose" && step != "encrypt" {
		first.Problemf("begin with compose or encrypt, or choose another base", "the base is none, so %s has no token to work on", step)
	}
}

// touch is one of the four claims that kinds of token differ in, where a row
// writes or reads it.
type touch struct {
	claim string
	node  *document.Node
}

// The claims that only some kinds of token have: azp names the client in v2
// tokens and appid in v1, users have scp; roles of daemons are their only
// permission.
func versionClaims() []string { return []string{"azp", "appid"} }
func kindClaims() []string    { return []string{"scp", "roles"} }

// checkBound refuses a row that touches such a claim and could run with a kind
// of token for which it means something else.
func (t touch) checkBound(b Base) {
	switch {
	case b.Forged || b.None:
	case slices.Contains(versionClaims(), t.claim) && (!b.Exactly || b.Version == ""):
		t.node.Problemf("write base: exactly v2 …, or exactly: true and version: v2", "the row touches %s and does not bind the version", t.claim)
	case slices.Contains(kindClaims(), t.claim) && (!b.Exactly || b.Kind == ""):
		t.node.Problemf("write base: exactly user …, or exactly: true and kind: user", "the row touches %s and does not bind user or app", t.claim)
	}
}

// touched finds the four claims in the base and the token steps.
func (p parts) touched() []touch {
	var all []touch
	if p.base.Kind() == document.Mapping {
		for _, m := range p.base.Members() {
			switch m.Key {
			case "scopes":
				all = append(all, touch{"scp", m.Value})
			case "roles":
				all = append(all, touch{"roles", m.Value})
			}
		}
	}
	if p.token.Kind() != document.Sequence {
		return all
	}
	for _, item := range p.token.Items() {
		if item.Kind() != document.Mapping {
			continue
		}
		for _, m := range item.Members() {
			all = append(all, touchedBy(m.Key, m.Value)...)
		}
	}
	return all
}

// touchedBy finds the four claims in one step: as names of members of the
// payload, between quotes in its text, and in placeholders.
func touchedBy(step string, n *document.Node) []touch {
	named := mentioned(n)
	if where(n) == "payload" {
		named = append(named, namesIn(step, n)...)
	}
	claims := slices.Concat(versionClaims(), kindClaims())
	var all []touch
	for _, t := range named {
		if slices.Contains(claims, t.claim) {
			all = append(all, t)
		}
	}
	return all
}

// where is the part of the token that a step works on.
func where(n *document.Node) string {
	if n.Kind() == document.Mapping {
		for _, m := range n.Members() {
			if m.Key == "in" {
				return m.Value.Text()
			}
		}
	}
	return "payload"
}

// namesIn are the names of members that a step, or a part of the step edit,
// works on.
func namesIn(step string, n *document.Node) []touch {
	var all []touch
	switch {
	case step == "remove" || step == "order" || step == "names":
		if n.Kind() == document.Mapping {
			return membersOf(n, func(m document.Member) []touch { return namesIn(m.Key, m.Value) })
		}
		if n.Kind() == document.String {
			return []touch{{n.Text(), n}}
		}
		if n.Kind() == document.Sequence {
			for _, item := range n.Items() {
				all = append(all, touch{item.Text(), item})
			}
		}
	case step == "set" || step == "add":
		return membersOf(n, func(m document.Member) []touch { return []touch{{m.Key, m.Value}} })
	case step == "rename":
		return membersOf(n, func(m document.Member) []touch { return []touch{{m.Key, m.Value}, {m.Value.Text(), m.Value}} })
	case step == "edit":
		return membersOf(n, func(m document.Member) []touch { return namesIn(m.Key, m.Value) })
	}
	return all
}

func membersOf(n *document.Node, f func(document.Member) []touch) []touch {
	var all []touch
	if n.Kind() == document.Mapping {
		for _, m := range n.Members() {
			all = append(all, f(m)...)
		}
	}
	return all
}

// mentioned are the claims that the texts below n read by placeholder or write
// between quotes.
func mentioned(n *document.Node) []touch {
	var all []touch
	switch n.Kind() {
	case document.Mapping:
		for _, m := range n.Members() {
			for _, claim := range slices.Concat(versionClaims(), kindClaims()) {
				if mentions(m.Key, claim) {
					all = append(all, touch{claim, m.Value})
				}
			}
			all = append(all, mentioned(m.Value)...)
		}
	case document.Sequence:
		for _, item := range n.Items() {
			all = append(all, mentioned(item)...)
		}
	case document.String:
		for _, claim := range slices.Concat(versionClaims(), kindClaims()) {
			if mentions(n.Text(), claim) {
				all = append(all, touch{claim, n})
			}
		}
	}
	return all
}

// mentions finds a claim in a placeholder or, quoted, in raw text.
func mentions(text, claim string) bool {
	if e, err := value.Parse(text); err == nil {
		for _, ref := range e.Refs() {
			if claimed, found := strings.CutSuffix(ref, ".payload."+claim); found && !strings.Contains(claimed, ".") {
				return true // of token, sibling or control
			}
		}
	}
	return strings.Contains(text, `"`+claim+`"`)
}

// canonical is a text of a node that does not depend on layout or on the style
// of quotes.
func canonical(n *document.Node) string {
	var b strings.Builder
	writeCanonical(&b, n)
	return b.String()
}

func writeCanonical(b *strings.Builder, n *document.Node) {
	switch n.Kind() {
	case document.Mapping:
		b.WriteByte('{')
		for _, m := range n.Members() {
			fmt.Fprintf(b, "%q:", m.Key)
			writeCanonical(b, m.Value)
			b.WriteByte(',')
		}
		b.WriteByte('}')
	case document.Sequence:
		b.WriteByte('[')
		for _, item := range n.Items() {
			writeCanonical(b, item)
			b.WriteByte(',')
		}
		b.WriteByte(']')
	default:
		fmt.Fprintf(b, "%d%s%q", n.Kind(), n.Tag(), n.Text())
	}
}

// sends is the text of what the form sends, but for the version and kind of
// token that it wants.
func (p parts) sends(b Base) string {
	base := []any{b.Forged, b.None, b.API, b.Tenant, b.Issuer, b.Client, b.Audience, b.User, b.Authentication, b.Capabilities, b.Age, b.Token, b.AppKeys}
	if p.base.Kind() == document.Mapping {
		for _, m := range p.base.Members() {
			if m.Key == "scopes" || m.Key == "roles" {
				base = append(base, m.Key, canonical(m.Value))
			}
		}
	}
	return fmt.Sprintf("%q %s %s %s", base, canonical(p.token), canonical(p.request), canonical(p.issuer))
}
