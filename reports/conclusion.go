package reports

// Obligation is one thing that a green run owes.
type Obligation struct {
	// Name is control/ENVIRONMENT/KIND, pair/MINTED→PRESENTED or
	// critical/SCENARIO/ENVIRONMENT.
	Name string `json:"name"`
	// Target is the target that it is about.
	Target string `json:"target"`
	// What is ControlOwed, PairOwed or CriticalOwed.
	What string `json:"what"`
	// MintedFor is the pair's first environment.
	MintedFor string `json:"minted_for,omitempty"`
	// Environment is the one that tokens are presented to.
	Environment string `json:"environment"`
	// Kind is the control's kind of token.
	Kind string `json:"kind,omitempty"`
	// Scenario is the critical row.
	Scenario string `json:"scenario,omitempty"`
	// State is Met, Unmet, Unproven or NotTested.
	State string `json:"state"`
	// Owed is set when the selection reaches it: only then does it count
	// towards the exit code.
	Owed bool `json:"owed"`
	// Waived is set when every failure that makes it Unmet is waived, or the
	// row that was not judged is: it then no longer counts.
	Waived bool `json:"waived,omitempty"`
	// Why says what is missing, for a reader.
	Why string `json:"why,omitempty"`
	// By are the checks that refused, for a pair that is met; several are
	// joined by "or" and not isolated.
	By []string `json:"by,omitempty"`
	// Isolated is set when it is proven which check refused.
	Isolated bool `json:"isolated,omitempty"`
}

// What an Obligation can be about.
const (
	// ControlOwed is an accepted control of one kind at one gateway.
	ControlOwed = "control"
	// PairOwed is the refusal of one environment's token at another's gateway.
	PairOwed = "pair"
	// CriticalOwed is a judgement of one critical row at one gateway.
	CriticalOwed = "critical"
)

// States of an Obligation.
const (
	// Met is proven as wanted.
	Met = "met"
	// Unmet is proven otherwise: the gateway does not do it.
	Unmet = "unmet"
	// Unproven was tried, and shows nothing.
	Unproven = "unproven"
	// NotTested was not tried.
	NotTested = "not-tested"
)

// LeftOpen is a check that a target declares it does not enforce.
type LeftOpen struct {
	// Guard is the check, e.g. "scope".
	Guard string `json:"guard"`
	// Rows are the ids of the scenarios that were therefore not judged.
	Rows []string `json:"rows"`
	// Environments are those that leave it open, as target/environment when
	// there are several targets.
	Environments []string `json:"environments"`
	// Everywhere is set when these are all that have a gateway.
	Everywhere bool `json:"everywhere"`
}

// Answers are the two questions that people come with.
type Answers struct {
	// InvalidClient says whether genuine tokens are accepted.
	InvalidClient Answer `json:"invalid_client"`
	// CrossEnvironment says whether other environments' tokens are refused.
	CrossEnvironment Answer `json:"cross_environment"`
}

// Answer is one question's answer.
type Answer struct {
	// State is one word: Fixed or NotFixed, Closed or Open, else
	// AnswerUnproven or AnswerNotTested.
	State string `json:"state"`
	// Text is the rest of the line.
	Text string `json:"text"`
	// Notes are further lines: what is missing, and why.
	Notes []string `json:"notes,omitempty"`
}

// States of an Answer.
const (
	Fixed           = "fixed"
	NotFixed        = "not fixed"
	Closed          = "closed"
	Open            = "open"
	AnswerUnproven  = "unproven"
	AnswerNotTested = "not tested"
)
