package reports

import (
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/verdict"
)

// Types of internal packages that stand in the model, so that users of this
// package can name them.
type (
	// Outcome is the grade of a case, worst last.
	Outcome = verdict.Outcome
	// Reason is the code of why a case has its outcome.
	Reason = verdict.Reason
	// Exchange is one redacted request with its answer.
	Exchange = probe.Exchange
	// Token is a token of an exchange, decoded, without its signature.
	Token = probe.Token
	// Fault is why there was no answer.
	Fault = probe.Fault
)

// The ladder of outcomes, worst last.
const (
	Pass         = verdict.Pass
	Recorded     = verdict.Recorded
	Warn         = verdict.Warn
	Unsupported  = verdict.Unsupported
	Skipped      = verdict.Skipped
	Inconclusive = verdict.Inconclusive
	Fail         = verdict.Fail
	Error        = verdict.Error
)

// Reach is the word for whether a request arrived at the upstream.
type Reach string

// What is known of a request's arrival. Forwarded is one that arrived although
// the answer is not the upstream's.
const (
	ReachUnknown Reach = "unknown"
	NotReached   Reach = "not-reached"
	Forwarded    Reach = "forwarded"
	Reached      Reach = "reached"
)

// ReachOf returns the word for r.
func ReachOf(r verdict.Reach) Reach { return Reach(r.String()) }

// ControlState is the word for what a control came to.
type ControlState string

// What a control came to. ControlNone is one that was not fired;
// ControlUnproven has an answer that says nothing about the token, or, of
// several shots, differing ones.
const (
	ControlNone     ControlState = "none"
	ControlAccepted ControlState = "accepted"
	ControlRefused  ControlState = "refused"
	ControlUnproven ControlState = "unproven"
)

// ControlStateOf returns the word for s.
func ControlStateOf(s verdict.ControlState) ControlState { return ControlState(s.String()) }
