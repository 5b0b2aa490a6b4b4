package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/entraproof/entraproof/mockidp/mint"
	"github.com/entraproof/entraproof/scenarios"
)

// rowView is one row of the catalogue as it is shown.
type rowView struct {
	ID         string   `json:"id"`
	Title      string   `json:"title"`
	Group      string   `json:"group"`
	Kind       string   `json:"kind"`
	Guards     string   `json:"guards"`
	Severity   string   `json:"severity"`
	Source     string   `json:"source"`
	Marks      []string `json:"marks,omitempty"`
	Profiles   []string `json:"profiles,omitempty"`
	References []string `json:"refs,omitempty"`
	Base       string   `json:"base,omitempty"`
	Mutation   string   `json:"mutation,omitempty"`
	Place      string   `json:"place,omitempty"`
	Demands    string   `json:"demands,omitempty"`
	Expect     string   `json:"expect,omitempty"`
	Needs      []string `json:"needs,omitempty"`
	Unless     []string `json:"unless,omitempty"`
	Values     []string `json:"values,omitempty"`
	Variants   []string `json:"variants,omitempty"`
	Pos        string   `json:"pos"`
}

func viewOf(s scenarios.Scenario) rowView {
	v := rowView{
		ID: s.ID, Title: s.Title, Group: s.Group, Kind: string(s.Kind), Guards: s.Guards, Severity: string(s.Severity),
		Source: string(s.Source), Marks: s.Marks, Profiles: s.Profiles, References: s.References,
		Mutation: s.Mutation, Place: s.Place, Demands: s.Demands, Values: s.Refs(), Pos: s.Pos.String(),
	}
	if s.Kind == scenarios.Data {
		v.Base, v.Expect = baseText(s.Base), s.Expect.Text()
	}
	for _, n := range s.Needs {
		v.Needs = append(v.Needs, n.String())
	}
	for _, n := range s.Unless {
		v.Unless = append(v.Unless, n.String())
	}
	for _, variant := range s.Variants {
		v.Variants = append(v.Variants, variant.Name)
	}
	return v
}

// baseText is the token that a row starts from, in words.
func baseText(b scenarios.Base) string {
	switch {
	case b.None:
		return "no token"
	case b.Forged:
		return "a genuine token's header and claims, signed with a key of our own"
	}
	words := []string{"a genuine"}
	if b.Issuer == scenarios.IssuerFormer {
		words = []string{"the former mock's"}
	}
	if b.EachKind {
		words = append(words, "(each kind at hand)")
	}
	for _, w := range []string{string(b.Version), string(b.Kind)} {
		if w != "" {
			words = append(words, w)
		}
	}
	if b.Token != mint.Access {
		words = append(words, string(b.Token))
	}
	words = append(words, fmt.Sprintf("token for api %s, client %s", b.API, b.Client))
	if b.Tenant != scenarios.TenantHome {
		words = append(words, "of the "+string(b.Tenant)+" tenant")
	}
	if b.Age != mint.Fresh {
		words = append(words, string(b.Age))
	}
	return strings.Join(words, " ")
}

// print writes the row for a reader; what it does not say is left out.
func (v rowView) print(w io.Writer) error {
	fmt.Fprintf(w, "%s\n%s\n\n", v.ID, v.Title)
	rows := [][]string{}
	for _, line := range [][2]string{
		{"group", v.Group},
		{"kind", v.Kind},
		{"guards", v.Guards},
		{"severity", v.Severity},
		{"source", v.Source},
		{"base", v.Base},
		{"mutation", v.Mutation},
		{"place", v.Place},
		{"demands", v.Demands},
		{"expect", v.Expect},
		{"variants", joined(v.Variants)},
		{"values", joined(v.Values)},
		{"needs", joined(v.Needs)},
		{"unless", joined(v.Unless)},
		{"marks", joined(v.Marks)},
		{"profiles", joined(v.Profiles)},
		{"refs", joined(v.References)},
		{"stands at", v.Pos},
	} {
		if line[1] != "" {
			rows = append(rows, line[:])
		}
	}
	return printTable(w, rows)
}
