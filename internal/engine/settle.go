package engine

import (
	"net/http"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// settle judges a fired case between its controls and reports it.
func (r *Run) settle(s *shot, before, after verdict.ControlState) {
	evidence := verdict.Evidence{
		Expect: *s.c.Expect, Observed: s.observed, Reach: s.reach, Seen: s.seen,
		Before: before, After: after, Next: s.next, Callout: s.callout, IdentityHeaders: r.identityHeaders(),
	}
	wanted, err := s.c.Expect.Upstream.Eval(s.scope)
	if err != nil {
		r.report(s, verdict.Because(verdict.RequestNotBuilt, err.Error()))
		return
	}
	evidence.Wanted = wanted
	if evidence.Unreflected, err = s.c.Expect.EvalAnswer(s.scope); err != nil {
		r.report(s, verdict.Because(verdict.RequestNotBuilt, err.Error()))
		return
	}
	v := r.timely(s, heard(verdict.Judge(evidence), evidence, s.silent))
	if s.cut && v.Reason == verdict.NoControl {
		v = verdict.Because(verdict.Interrupted, "")
	}
	r.note(s, evidence)
	r.see(s)
	r.reportBetween(s, v, &reports.Around{
		ID: s.lane.control.ID(), Before: reports.ControlStateOf(before), After: reports.ControlStateOf(after),
	})
}

// heard takes back what was taken for a refusal where the echo is to be asked
// and did not answer: the request may have arrived all the same (design 5.3).
func heard(v verdict.Verdict, e verdict.Evidence, silent error) verdict.Verdict {
	unjudged := e.Expect.Measure != "" || e.Expect.Either != ""
	if silent == nil || unjudged || e.Reach.Arrived() || v.Outcome > verdict.Warn {
		return v
	}
	return verdict.Because(verdict.EchoUnreachable, silent.Error())
}

// identityHeaders are the fields by which the gateway is declared to tell the
// upstream who calls.
func (r *Run) identityHeaders() []string {
	text, ok := r.plan.target().Declared("identity-headers")
	if !ok || text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// note keeps what observers look at.
func (r *Run) note(s *shot, e verdict.Evidence) {
	if !r.watched {
		return
	}
	e.Internals = r.private[s.c.Home.Name]
	record := verdict.RecordOf(s.id(), e)
	record.Guards = s.c.Scenario.Guards
	r.mu.Lock()
	defer r.mu.Unlock()
	home := s.c.Home.Name
	if r.records[home] == nil {
		r.records[home] = make([]verdict.Record, 0, len(r.plan.Cases)/len(r.plan.target().Environments)+1)
	}
	r.records[home] = append(r.records[home], record)
}

// internals are what a refusal must not tell: where the gateway has its keys
// from, and what it compares.
func internals(target *targets.File, home *targets.Environment) []verdict.Internal {
	all := []verdict.Internal{
		{Name: "the issuer", Text: target.Tenant.Issuers.V1},
		{Name: "the issuer", Text: target.Tenant.Issuers.V2},
		{Name: "the address of the key set", Text: "/discovery/v2.0/keys"},
		{Name: "the address of the key set", Text: "/discovery/keys"},
	}
	for _, a := range home.APIs {
		all = append(all, verdict.Internal{Name: "the audience", Text: a.AppID})
		for _, uri := range a.URIs {
			all = append(all, verdict.Internal{Name: "the audience", Text: uri})
		}
	}
	return all
}

// report reports a case that has no controls to lean on.
func (r *Run) report(s *shot, v verdict.Verdict) { r.reportBetween(s, v, nil) }

// reportBetween hands a verdict to the sink and to whoever waits for it.
func (r *Run) reportBetween(s *shot, v verdict.Verdict, around *reports.Around) {
	if s.group != nil {
		r.reportRepeated(judged{s, v, around})
		return
	}
	result := r.result(s, v)
	result.Control = around
	if r.keeps(s, v) {
		exchange := s.observed.Record(r.redaction(s.genuine, s.sibling, s.control))
		result.Exchange = &exchange
	}
	r.hand(s, result)
}

// hand gives a result to the sink and to whoever waits for it.
func (r *Run) hand(s *shot, result reports.Case) {
	result.Extra = s.extra
	if err := r.plan.Sink.Case(result); err != nil {
		r.fail(err)
	}
	if r.plan.Progress != nil {
		r.plan.Progress(result)
	}
	if !s.extra && !r.plan.Unwaited {
		r.tell(s.c.Spec(), result)
	}
}

func (r *Run) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed == nil {
		r.failed = err
	}
}

// tell hands a result to the spec that waits for it.
func (r *Run) tell(name string, result reports.Case) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.specs[name]
	if s.cases == nil {
		s.cases = make([]reports.Case, 0, s.left)
	}
	s.cases = append(s.cases, result)
	if s.left--; s.left == 0 {
		slices.SortFunc(s.cases, func(a, b reports.Case) int { return strings.Compare(a.ID, b.ID) })
		close(s.ended)
	}
}

// keeps reports whether the exchange is kept: of everything that is not a
// pass, and of one case a scenario.
func (r *Run) keeps(s *shot, v verdict.Verdict) bool {
	if s.end == 0 || r.plan.Bare {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	first := !r.kept[s.c.Scenario.ID]
	r.kept[s.c.Scenario.ID] = true
	return first || v.Outcome != verdict.Pass
}

// redaction is what must not be recorded: the secrets of the target, and the
// signatures of the tokens that a row may have taken apart.
func (r *Run) redaction(tokens ...string) probe.Redaction {
	target := r.plan.target()
	red := probe.Redaction{RealTenant: !target.Tokens.CanMint()}
	add := func(secret string) {
		if secret != "" {
			red.Secrets = append(red.Secrets, secret)
		}
	}
	for _, c := range target.Clients {
		add(c.Secret)
	}
	for _, u := range target.Users {
		add(u.RefreshToken)
	}
	for _, mock := range []*targets.Mock{target.Tokens.Mock, target.Tokens.Former} {
		if mock != nil {
			add(mock.Token)
		}
	}
	for _, token := range tokens {
		red.Secrets = append(red.Secrets, probe.SecretsOf(token)...)
	}
	return red
}

// told is a verdict's detail. That of an error is somebody else's text, which
// may repeat what it was sent.
func (r *Run) told(v verdict.Verdict) string {
	if v.Outcome != verdict.Error {
		return v.Detail
	}
	text := probe.RedactText(v.Detail)
	for _, secret := range r.redaction().Secrets {
		text = strings.ReplaceAll(text, secret, "<secret redacted>")
	}
	return text
}

// result is a case as the reports know it.
func (r *Run) result(s *shot, v verdict.Verdict) reports.Case {
	c, row := s.c, s.c.Scenario
	out := reports.Case{
		ID: c.ID, Target: r.plan.target().Name, Scenario: row.ID, Form: form(row.Kind), Title: row.Title,
		Group: row.Group, Severity: string(row.Severity), Guards: row.Guards, Source: string(row.Source),
		Marks: row.Marks, Refs: row.References, Pos: row.Pos.String(),
		Environment: c.Home.Name, Cross: c.Cross, Variant: c.Variant, Client: string(row.Base.Client),
		Replica: replicaName(c.Number, c.Of), Expected: c.Expected(),
		Outcome: v.Outcome, Reason: v.Reason, Detail: r.told(v), Best: v.Best,
		Status: s.observed.Status, Fault: s.observed.Fault, Reached: reports.ReachOf(s.reach),
		Needs: c.Needs, Declare: c.Declare, Started: s.observed.Started, ElapsedMS: s.observed.Elapsed.Milliseconds(),
	}
	if s.observed.Fault != probe.NoFault {
		out.Address = s.observed.Address
	}
	if r.plan.Command != "" {
		out.Command = r.plan.Command + " --id " + row.ID
	}
	out.MintedFor, out.Other = nameOf(c.Minted), nameOf(c.Other)
	if s.lane != nil {
		out.Kind = s.choice.Kind.String()
	}
	if s.observed.Status >= http.StatusBadRequest {
		out.RefusedBy = refuser(s.reach)
	}
	if c.Expect.Refuses() && s.end != 0 && c.Other != nil { // only pairs ask who could have refused
		out.By = s.by()
	}
	out.Steps = r.stepResults(s.steps)
	return out
}

func nameOf(e *targets.Environment) string {
	if e == nil {
		return ""
	}
	return e.Name
}

// refuser is who wrote a refusal.
func refuser(reach verdict.Reach) string {
	switch reach {
	case verdict.NotReached, verdict.Forwarded:
		return "gateway"
	case verdict.Reached:
		return "backend"
	default:
		return ""
	}
}

// form is a row's kind in the reports' words.
func form(k scenarios.Kind) string {
	switch k {
	case scenarios.Flow:
		return "flow"
	case scenarios.Observe:
		return "observe"
	}
	return "request"
}
