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
	// Reach is whether a request reached the upstream.
	Reach = verdict.Reach
	// ControlState is what a control proves.
	ControlState = verdict.ControlState
	// Exchange is one redacted request with its answer.
	Exchange = probe.Exchange
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

// What a control proves.
const (
	ControlNone     = verdict.StateNone
	ControlAccepted = verdict.StateAccepted
	ControlRefused  = verdict.StateRefused
	ControlUnproven = verdict.StateUnproven
)
