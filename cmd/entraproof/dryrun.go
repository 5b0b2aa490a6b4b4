package main

import (
	"fmt"
	"net/url"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
	"github.com/entraproof/entraproof/suites"
)

// plannedView is one case that a run would judge, as --dry-run prints it.
type plannedView struct {
	Target string `json:"target"`
	Case   string `json:"case"`
	// Fires says whether a request would be sent; Why says why not.
	Fires bool   `json:"fires"`
	Why   string `json:"why,omitempty"`
	// Kind and Client are those of the first choice; the run takes another
	// where its control is refused.
	Kind   string `json:"kind,omitempty"`
	Client string `json:"client,omitempty"`
	// MintedFor is what the token is for, MintedBy the mock that issues it where
	// that is the former one, Sends where it goes.
	MintedFor string `json:"minted_for,omitempty"`
	MintedBy  string `json:"minted_by,omitempty"`
	Sends     string `json:"sends,omitempty"`
	Expect    string `json:"expect,omitempty"`
}

// dryRun prints what a run would fire and sends nothing.
func (p *program) dryRun(cfg suites.Config, format string) error {
	session, err := suites.NewSession(cfg)
	if err != nil {
		return runFailed(err)
	}
	var all []plannedView
	fired := 0
	for _, plan := range session.Plans() {
		for i := range plan.Cases {
			v := plannedViewOf(plan.Target, &plan.Cases[i])
			if v.Fires {
				fired++
			}
			all = append(all, v)
		}
	}
	if format == asJSON {
		return printJSON(p.out, all)
	}
	if err := printTable(p.out, plannedTable(all)); err != nil {
		return err
	}
	fmt.Fprintf(p.err, "%s, of which %d would be fired; nothing was sent\n", reports.Plural(len(all), "case"), fired)
	return nil
}

func plannedViewOf(target *suites.Target, c *suites.PlannedCase) plannedView {
	v := plannedView{Target: target.Name, Case: c.ID, Fires: c.Decided == nil, Expect: c.Expected()}
	if c.Decided != nil {
		v.Why = whyNot(*c.Decided, c)
		return v
	}
	if len(c.Choices) > 0 {
		first := c.Choices[0]
		v.Kind = first.Kind.String()
		v.Client = clientName(target, first.Control.Client)
		if first.Grant != nil {
			v.Client, v.MintedFor = clientName(target, first.Grant.Client.ID), first.Grant.Audience
		}
		if former := target.Tokens.Former; c.Scenario.Base.Issuer == scenarios.IssuerFormer && former != nil {
			v.MintedBy = former.URL
		}
	}
	if endpoint, ok := c.Endpoint(); ok {
		v.Sends = requestText(endpoint)
	}
	return v
}

// requestText is the route of an endpoint with its whole address.
func requestText(e probe.Endpoint) string {
	u, err := url.Parse(e.URL)
	if err != nil {
		return e.Method + " " + e.RoutePath
	}
	return e.Method + " " + u.Scheme + "://" + u.Host + e.RoutePath
}

// whyNot is the verdict on a case that is not fired, and what would change it.
func whyNot(decided verdict.Verdict, c *suites.PlannedCase) string {
	text := fmt.Sprintf("%s, %s", decided.Outcome, decided.Reason)
	if decided.Detail != "" {
		text += ": " + decided.Detail
	}
	if c.Declare != "" {
		text += " (declare: " + c.Declare + ")"
	}
	return text
}

// clientName is a client's name in the target file, or its id.
func clientName(target *suites.Target, id string) string {
	for _, c := range target.Clients {
		if c.ID == id {
			return c.Name
		}
	}
	return id
}

func plannedTable(all []plannedView) [][]string {
	table := [][]string{{"case", "kind", "client", "minted for", "request", "expected"}}
	for _, v := range all {
		if !v.Fires {
			table = append(table, []string{v.Case, "-", "-", "-", "not fired: " + v.Why, ""})
			continue
		}
		minted := v.MintedFor
		if v.MintedBy != "" {
			minted += " by " + v.MintedBy
		}
		table = append(table, []string{v.Case, v.Kind, v.Client, minted, v.Sends, v.Expect})
	}
	return table
}
