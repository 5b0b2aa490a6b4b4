package selftest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/reports/format"
	"github.com/entraproof/entraproof/scenarios"
)

// CheckProof is a check of the harness itself: a gateway, a site or a selection
// that is wrong in a known way, and what the harness must say of it.
type CheckProof struct {
	// ID is its name in the catalogue, such as self-deny-all-gateway.
	ID string `json:"id"`
	// Says is what must happen.
	Says string `json:"says"`
	// Holds: it happened.
	Holds bool `json:"holds"`
}

// selfCheck is one of them: trials, and what each must come to.
type selfCheck struct {
	id, says string
	trials   []trial
	// wrong says what contradicts it in the results of a trial.
	wrong func(trial, *reports.Results) []string
}

// selfChecks are those of the catalogue that need more than the oracle, which
// proves the article's set-ups, and the mutants.
func (p *prover) selfChecks() []selfCheck {
	return []selfCheck{
		{
			"self-accept-all-gateway", "a gateway that lets everything in fails every critical refusal, and the run",
			[]trial{{setup: "accept-all", rows: critical(), code: reports.ExitDoesNotConform}},
			everyRefusal("fail", failed),
		},
		{
			"self-backend-refusal", "a refusal that the backend wrote is not the gateway's merit",
			[]trial{{setup: "accept-all", rows: expired(), tampers: refuseBehind, code: reports.ExitDoesNotConform}},
			everyRefusal("fail", failed),
		},
		{
			"self-clock-skewed", "with our clock ten minutes off rows about time prove nothing, and say why",
			[]trial{{setup: "strict", rows: expired(), ahead: 10 * time.Minute, code: reports.ExitUnproven}},
			everyRefusal("clock-skewed", because(verdict.ClockSkewed)),
		},
		{
			"self-deny-all-gateway", "a gateway that refuses everything passes no refusal row",
			[]trial{{setup: "deny-all", rows: critical(), code: reports.ExitDoesNotConform}},
			everyRefusal("no pass", noPass),
		},
		{
			"self-no-secret-in-reports", "no written file holds the signature of a token",
			[]trial{{setup: "accept-all", rows: critical(), reads: true, code: reports.ExitDoesNotConform}},
			p.leaks,
		},
		{
			"self-rate-limited", "a refusal by a rate limiter proves nothing",
			[]trial{{setup: "strict", rows: expired(), tampers: limit, code: reports.ExitUnproven}},
			everyRefusal("rate-limited", because(verdict.RateLimited)),
		},
		{
			"self-turns-deny-mid-run", "refusals after the gateway broke down do not pass",
			[]trial{{setup: "turns-deny", rows: scenarios.Selection{Profile: "core"}, code: reports.ExitDoesNotConform}},
			breaksDown,
		},
		{
			"self-unused-waiver", "a waiver that covers nothing is wrong usage",
			[]trial{{setup: "strict", rows: expired(), waives: "exp-past-genuine", code: reports.ExitWrongUsage}},
			everyRefusal("pass", because(verdict.RefusedAsRequired)),
		},
		{
			"self-wrong-host", "a gateway that cannot be reached is an error, and the results are written all the same",
			[]trial{ // nobody listens on port 1; .invalid never has an address (RFC 6761 6.4)
				{setup: "strict", rows: expired(), address: "http://127.0.0.1:1/orders", reads: true, code: reports.ExitCouldNotRun},
				{setup: "strict", rows: expired(), address: "http://gateway.invalid:8080/orders", reads: true, code: reports.ExitCouldNotRun},
			},
			unreachable,
		},
		{
			"self-wrong-path", "a route that is not there is an error, never a refusal",
			[]trial{{setup: "wrong-path", rows: critical(), code: reports.ExitCouldNotRun}},
			everyRefusal("no pass", noPass),
		},
	}
}

// proveSelf runs the checks of the harness itself.
func (p *prover) proveSelf(ctx context.Context) error {
	if p.proof.Part {
		return nil
	}
	p.checked("self-catalogue-lint", "no two rows send the same and expect something else", lint(p.options.Catalogue))
	p.checked("self-empty-selection", "a filter that matches nothing is an error", selectNothing(p.options.Catalogue))
	for _, c := range p.selfChecks() {
		p.say(c.id)
		var wrong []string
		for _, t := range c.trials {
			r, err := p.try(ctx, &t)
			if err != nil {
				return fmt.Errorf("selftest: %s: %w", c.id, err)
			}
			wrong = append(wrong, c.contradicts(t, r)...)
		}
		p.checked(c.id, c.says, wrong)
	}
	return nil
}

func (p *prover) checked(id, says string, wrong []string) {
	p.proof.Checks = append(p.proof.Checks, CheckProof{ID: id, Says: says, Holds: len(wrong) == 0})
	for _, text := range wrong {
		p.proof.problem("%s: %s", id, text)
	}
}

// contradicts is what is wrong with a trial's results and exit code.
func (c selfCheck) contradicts(t trial, r *reports.Results) []string {
	wrong := c.wrong(t, r)
	if r.ExitCode != t.code {
		wrong = append(wrong, fmt.Sprintf("expected exit code %d, got %d", t.code, r.ExitCode))
	}
	return wrong
}

// critical are the rows that cost most, without those that wait.
func critical() scenarios.Selection {
	return scenarios.Selection{Profile: "core", Severities: []string{string(scenarios.Critical)}}
}

// refusalsOf are the cases that one request must have refused, and that were
// to be fired.
func refusalsOf(r *reports.Results) []reports.Case {
	return slices.DeleteFunc(slices.Clone(r.Cases), func(c reports.Case) bool {
		return !refusalRow(c) || c.Outcome == reports.Skipped || c.Outcome == reports.Unsupported
	})
}

// everyRefusal wants it of every refusal that was asked for; none at all is as
// wrong as one that is otherwise.
func everyRefusal(must string, holds func(reports.Case) bool) func(trial, *reports.Results) []string {
	return func(_ trial, r *reports.Results) []string {
		var wrong []string
		cases := refusalsOf(r)
		if len(cases) == 0 {
			wrong = append(wrong, "no refusal to look at")
		}
		for _, c := range cases {
			if !holds(c) {
				wrong = append(wrong, fmt.Sprintf("%s: expected %s, got %s (%s) %s", c.ID, must, c.Outcome, c.Reason, c.Detail))
			}
		}
		return wrong
	}
}

func failed(c reports.Case) bool { return c.Outcome == reports.Fail }

func noPass(c reports.Case) bool { return c.Outcome != reports.Pass && c.Outcome != reports.Warn }

func because(reason verdict.Reason) func(reports.Case) bool {
	return func(c reports.Case) bool { return c.Reason == reason }
}

func unreachable(t trial, r *reports.Results) []string {
	want := verdict.ConnectionRefused
	if strings.Contains(t.address, ".invalid") {
		want = verdict.NameNotResolved
	}
	wrong := everyRefusal(string(want), because(want))(t, r)
	if t.texts[reports.ResultsFile] == "" {
		wrong = append(wrong, "no results were written")
	}
	return wrong
}

// expired is a row that every gateway refuses by itself.
func expired() scenarios.Selection { return scenarios.Selection{IDs: []string{"exp-past-genuine"}} }

// isCase reports whether an id is that of a case of expired, not a control's.
func isCase(id string) bool { return strings.HasPrefix(id, "exp-past-genuine") }

// limit answers for a rate limiter.
func limit(id string, answer *http.Response) {
	if isCase(id) {
		answer.StatusCode = http.StatusTooManyRequests
	}
}

// refuseBehind has the backend refuse what a gateway has let in.
func refuseBehind(id string, answer *http.Response) {
	if isCase(id) && answer.Header.Get(probe.EchoHeader) != "" {
		answer.StatusCode = http.StatusUnauthorized
	}
}

// breaksDownAfter is the request after which turns-deny refuses (catalogue 0).
const breaksDownAfter = 150

// breaksDown wants passes for no more requests than were answered before, and a
// control that was lost.
func breaksDown(_ trial, r *reports.Results) []string {
	refused := refusalsOf(r)
	passed := slices.DeleteFunc(slices.Clone(refused), noPass)
	var wrong []string
	if len(refused) <= breaksDownAfter || len(passed) > breaksDownAfter {
		wrong = append(wrong, fmt.Sprintf("expected more than %d refusals and at most so many passes, got %d and %d", breaksDownAfter, len(refused), len(passed)))
	}
	if !slices.ContainsFunc(refused, because(verdict.ControlLost)) {
		wrong = append(wrong, "expected a control that was lost")
	}
	return wrong
}

func selectNothing(all scenarios.Catalogue) []string {
	var nothing *scenarios.NothingSelectedError
	if _, err := all.Select(scenarios.Selection{IDs: []string{"no-row-has-this-id"}}); !errors.As(err, &nothing) {
		return []string{fmt.Sprintf("expected an error that names the filter, got %v", err)}
	}
	return nil
}

func lint(all scenarios.Catalogue) []string {
	if err := all.Lint(); err != nil {
		return []string{err.Error()}
	}
	return nil
}

// leaks searches what a run has left, and every report of it. Everything was let
// in, so that every exchange is kept.
func (p *prover) leaks(t trial, _ *reports.Results) []string {
	var wrong []string
	secrets := byBeginning(p.benches[0].still.issuer.Secrets())
	for _, name := range sortedKeys(t.texts) {
		if secrets.in(t.texts[name]) {
			wrong = append(wrong, name+" holds the signature of a token")
		}
	}
	if len(t.texts) < 2+len(format.Formats()) || len(secrets) == 0 {
		wrong = append(wrong, "nothing to search, or nothing to search for")
	}
	return wrong
}

// beginnings are texts by their first bytes, so that one pass finds any of them.
type beginnings map[[12]byte][]string

func byBeginning(texts []string) beginnings {
	all := beginnings{}
	for _, text := range texts {
		if len(text) < 12 {
			continue // no signature is so short
		}
		first := [12]byte([]byte(text))
		all[first] = append(all[first], text)
	}
	return all
}

// in reports whether the text holds one of them.
func (b beginnings) in(text string) bool {
	for at := range max(0, len(text)-11) {
		for _, one := range b[[12]byte([]byte(text[at:at+12]))] {
			if strings.HasPrefix(text[at:], one) {
				return true
			}
		}
	}
	return false
}

// everyText is the files of a run and its reports in every format.
func everyText(dir string, r *reports.Results) (map[string]string, error) {
	texts := map[string]string{}
	for _, name := range []string{reports.JournalFile, reports.ResultsFile} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		texts[name] = string(text)
	}
	for _, f := range format.Formats() {
		var b strings.Builder
		if err := f.Render(&b, r); err != nil {
			return nil, err
		}
		texts["the report "+f.Name] = b.String()
	}
	return texts, nil
}
