package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp/mint"
	"github.com/entraproof/entraproof/scenarios"
)

// rowOrder is the token that a row presents to an environment.
func (o mintOptions) rowOrder(file *targets.File) (*order, error) {
	row, err := o.folders.row(o.scenario)
	if err != nil {
		return nil, err
	}
	if row.Kind != scenarios.Data {
		return nil, misused("run fires it", "row %q is of kind %s and has no token of its own", row.ID, row.Kind)
	}
	x := scenarios.Expansion{Target: file, Slow: true}
	c, err := o.caseOf(x, row)
	if err != nil {
		return nil, err
	}
	choice, err := o.choose(c)
	if err != nil {
		return nil, err
	}
	if choice.Grant == nil && c.Scenario.Token.Len() == 0 {
		return nil, misused("", "row %q presents no token", row.ID)
	}
	out := &order{
		target: file, grant: choice.Grant, steps: c.Scenario.Token, forged: c.Scenario.Base.Forged,
		former:  c.Scenario.Base.Issuer == scenarios.IssuerFormer,
		setting: scenarios.Setting{Target: file, Home: c.Home, Other: c.Other, Gateway: c.Gateway, Kind: choice.Kind},
		notes:   []string{fmt.Sprintf("case %s, %s; expected: %s", c.ID, choice.Kind, c.Expected())},
	}
	if g, ok := x.ControlGrant(choice.Control); ok {
		out.control = &g
	}
	if slices.ContainsFunc(row.Refs(), func(ref string) bool { return strings.HasSuffix(ref, ".user.sub") }) {
		user := choice.Control
		user.Kind.Subject = mint.SubjectUser
		if g, ok := x.ControlGrant(user); ok {
			out.user = &g
		}
	}
	if !c.Scenario.Request.IsZero() {
		out.notes = append(out.notes, "the row also changes the request; the token alone is not all of it")
	}
	return out, nil
}

// caseOf is the case of the row that the flags name, else the first.
func (o mintOptions) caseOf(x scenarios.Expansion, row scenarios.Scenario) (*scenarios.Case, error) {
	cases := x.Expand([]scenarios.Scenario{row})
	cases = slices.DeleteFunc(cases, func(c scenarios.Case) bool {
		return (o.environment != "" && c.Home.Name != o.environment) || (o.variant != "" && c.Variant != o.variant) ||
			(o.from != "" && (c.Other == nil || c.Other.Name != o.from))
	})
	if len(cases) == 0 {
		return nil, misused("entraproof scenarios show "+row.ID, "row %q has no case with these flags", row.ID)
	}
	i := slices.IndexFunc(cases, func(c scenarios.Case) bool { return c.Decided == nil })
	if i < 0 {
		return nil, misused("", "row %q: %s", row.ID, whyNot(*cases[0].Decided, &cases[0]))
	}
	return &cases[i], nil
}

// choose is the choice of the kind that the flags ask for, else the first.
func (o mintOptions) choose(c *scenarios.Case) (scenarios.Choice, error) {
	var kinds []string
	for _, choice := range c.Choices {
		if (o.version == "" || string(choice.Kind.Version) == o.version) && (o.kind == "" || string(choice.Kind.Subject) == o.kind) {
			return choice, nil
		}
		kinds = append(kinds, choice.Kind.String())
	}
	return scenarios.Choice{}, misused("kinds that there are: "+strings.Join(kinds, ", "), "case %s has no token of that kind", c.ID)
}
