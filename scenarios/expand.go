package scenarios

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// Expansion is how rows become cases.
type Expansion struct {
	Target *targets.File
	// Slow takes the rows marked [slow] that wait in real time.
	Slow bool
	// Pins binds rows to one kind of token, by id, whatever the row prefers.
	Pins map[string]mint.Kind
	// EachKind makes a case for every kind at hand of every row: the measuring
	// rows want it.
	EachKind bool
}

// Expand gives the cases of the rows, sorted by id. It never drops a row: what
// cannot be fired is a case that says why.
func (x Expansion) Expand(rows []Scenario) []Case {
	var all []Case
	for i := range rows {
		row := &rows[i]
		for _, home := range x.Target.Environments {
			if home.Judged() {
				all = append(all, x.pairs(row, home)...)
			}
		}
	}
	slices.SortFunc(all, func(a, b Case) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// pairs makes the cases of one row presented to one environment: one for each
// other environment where the row borrows from another.
func (x Expansion) pairs(row *Scenario, home *targets.Environment) []Case {
	others := []*targets.Environment{nil}
	if row.UsesOther() {
		if others = x.Target.Others(home); len(others) == 0 {
			others = []*targets.Environment{nil}
		}
	}
	var all []Case
	for _, other := range others {
		for _, variant := range row.Effective() {
			addresses := row.addresses(home)
			for n, place := range addresses {
				c := Case{
					Scenario: &variant.Scenario, Variant: variant.Name, Home: home, Other: other,
					Gateway: place.gateway, Replica: place.replica, Number: n + 1, Of: len(addresses),
				}
				all = append(all, x.versions(c)...)
			}
		}
	}
	return all
}

// place is one address of an environment's gateway.
type place struct {
	gateway targets.Gateway
	replica string
}

// addresses are where the row is fired: everywhere. An observer fires nothing
// and looks at the environment as a whole.
func (s *Scenario) addresses(e *targets.Environment) []place {
	all := places(e)
	if s.Kind == Observe {
		return all[:1]
	}
	return all
}

func places(e *targets.Environment) []place {
	var all []place
	for _, g := range e.Gateways {
		if len(g.Replicas) == 0 {
			all = append(all, place{gateway: g})
		}
		for _, r := range g.Replicas {
			all = append(all, place{g, r})
		}
	}
	return all
}

// versions splits a row that leaves its version out into one case a version at
// hand, and completes each.
func (x Expansion) versions(c Case) []Case {
	c.Cross = isCross(&c)
	c.Minted = mintedFor(&c)
	if x.EachKind {
		return x.kinds(c)
	}
	if c.Scenario.Base.EachKind {
		if all := x.kinds(c); len(all) > 0 {
			return all
		}
	}
	var all []Case
	for _, v := range x.splitBy(&c) {
		all = append(all, x.complete(c, v, nil))
	}
	return all
}

// kinds makes one case for every kind at hand.
func (x Expansion) kinds(c Case) []Case {
	var all []Case
	for _, k := range x.Kinds(c.Home) {
		if c.Scenario.Base.Allows(k) {
			all = append(all, x.complete(c, "", &k))
		}
	}
	return all
}

// splitBy is the versions of the sub-results, or one empty version for none.
func (x Expansion) splitBy(c *Case) []mint.Version {
	b := c.Scenario.Base
	_, pinned := x.Pins[c.Scenario.ID]
	owner := x.owner(c)
	if b.Version != "" || pinned || !b.splits() || owner == nil || c.Scenario.Kind == Observe {
		return []mint.Version{""}
	}
	versions := slices.DeleteFunc(owner.Versions(), func(v mint.Version) bool { return !x.Target.Takes(v) })
	if len(versions) > 1 {
		return versions
	}
	return []mint.Version{""}
}

// complete gives a case its id, its choices and what is decided about it.
func (x Expansion) complete(c Case, v mint.Version, kind *mint.Kind) Case {
	c.ID = caseID(&c, v, kind)
	c.Expect = &c.Scenario.Expect
	if x.decide(&c); c.Decided != nil {
		return c
	}
	if pin, ok := x.Pins[c.Scenario.ID]; ok {
		kind = &pin
	}
	why := x.choose(&c, v, kind)
	switch {
	case len(c.Choices) > 0:
	case x.lacksVersion(&c):
		because(&c, verdict.DeclaredUnsupported, why+": the registrations have another version")
	default:
		because(&c, verdict.MissingAccount, why)
	}
	return c
}

// lacksVersion reports whether the row is bound to a version that its
// registrations do not have or the target does not take, which is the file's
// own word (design 5).
func (x Expansion) lacksVersion(c *Case) bool {
	b, owner := c.Scenario.Base, x.owner(c)
	return b.Exactly && b.Version != "" && owner != nil && !(slices.Contains(owner.Versions(), b.Version) && x.Target.Takes(b.Version))
}

func caseID(c *Case, v mint.Version, kind *mint.Kind) string {
	parts := []string{c.Scenario.ID, c.Home.Name}
	if c.Other != nil {
		parts = append(parts, "from-"+c.Other.Name)
	}
	if v != "" {
		parts = append(parts, string(v))
	}
	if kind != nil {
		parts = append(parts, strings.ReplaceAll(kind.String(), " ", "-"))
	}
	if c.Variant != "" {
		parts = append(parts, c.Variant)
	}
	if c.Of > 1 {
		parts = append(parts, gatewayName(c.Number))
	}
	return strings.Join(parts, "/")
}

func gatewayName(n int) string { return "gw" + strconv.Itoa(n) }

// mintedFor is the environment whose gateway is meant to take the token, nil
// where it is nobody's.
func mintedFor(c *Case) *targets.Environment {
	b := c.Scenario.Base
	switch {
	case !b.Genuine() || b.Tenant != TenantHome:
		return nil
	case b.API == APIOther, isCross(c):
		return c.Other
	case b.API == APIHome:
		return c.Home
	}
	return nil
}

// isCross reports whether the row is another environment's token as its client
// gets it (design 5.8), or its stand-in where the two share a registration.
func isCross(c *Case) bool {
	b := c.Scenario.Base
	if c.Other == nil || !b.Genuine() || !c.Scenario.Expect.Refuses() {
		return false
	}
	if c.Scenario.ID == "aud-shared-registration" {
		return c.Home.Shares(c.Other)
	}
	return b.API == APIOther && b.Tenant == TenantHome && b.Plain() && c.Scenario.Token.Len() == 0 && c.Scenario.Request.IsZero()
}

func because(c *Case, reason verdict.Reason, detail string) {
	v := verdict.Because(reason, detail)
	c.Decided = &v
}

// owner is the environment that the row's token is for; the second API belongs
// to none and stands alone.
func (x Expansion) owner(c *Case) *targets.Environment {
	switch second := x.Target.SecondAPI(); {
	case c.Scenario.Base.API == APIOther:
		return c.Other
	case c.Scenario.Base.API == APISecond && second != nil:
		return &targets.Environment{APIs: []*targets.API{second}}
	}
	return c.Home
}

// Kinds are the kinds of genuine token that an environment's registrations can
// have and the target does not declare away: v1 before v2, app before user.
func (x Expansion) Kinds(e *targets.Environment) []mint.Kind {
	return kindsOf(e.Versions(), x.Target.Takes, x.Target.HasTokens)
}

// obtainable are the kinds that a row's token can have: those that the target
// expects and, for a row about the unexpected, those that it declares away and
// that can be had all the same.
func (x Expansion) obtainable(c *Case, owner *targets.Environment) []mint.Kind {
	takes, has := x.Target.Takes, x.Target.HasTokens
	if c.Scenario.unexpectedVersion() {
		takes = func(mint.Version) bool { return true }
	}
	if c.Scenario.unexpectedCaller() {
		has = x.Target.CanHave
	}
	return kindsOf(owner.Versions(), takes, has)
}

func kindsOf(versions []mint.Version, takes func(mint.Version) bool, has func(mint.Subject) bool) []mint.Kind {
	var all []mint.Kind
	for _, v := range versions {
		for _, s := range []mint.Subject{mint.SubjectApp, mint.SubjectUser} {
			if takes(v) && has(s) {
				all = append(all, mint.Kind{Version: v, Subject: s})
			}
		}
	}
	return all
}

// splits reports whether a base without version is run for each version at
// hand: tokens whose version is given, forgeries and no token are not.
func (b Base) splits() bool {
	return b.issued() && b.Token == mint.Access && b.API != APIARM && b.API != APIGraph
}
