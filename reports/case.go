package reports

import "time"

// Case is one scenario with one pair of environments at one target, judged.
type Case struct {
	// ID is scenario/minted→presented[/kind][/variant]: stable, and unique
	// within its target.
	ID string `json:"id"`
	// Target is the name of the target.
	Target string `json:"target"`
	// Scenario is the id of the catalogue's row.
	Scenario string `json:"scenario"`
	// Form is what the row is: "request", "flow" or "observe".
	Form string `json:"form"`
	// Title is the row's one line for a reader.
	Title string `json:"title"`
	// Group is the row's group, e.g. "AUD".
	Group string `json:"group"`
	// Severity is critical, high, medium, low or info.
	Severity string `json:"severity"`
	// Guards is the one check that a refusal of this row is about.
	Guards string `json:"guards"`
	// Source is what the token needs: real, real+, forged or mock.
	Source string `json:"source"`
	// Marks are the row's marks, e.g. "FP".
	Marks []string `json:"marks,omitempty"`
	// Refs are the controls and clauses that the row rests on.
	Refs []string `json:"refs,omitempty"`
	// Pos is file:line:column of the row.
	Pos string `json:"pos,omitempty"`

	// Environment is the one that the token is presented to.
	Environment string `json:"environment"`
	// MintedFor is the environment that the token was asked for; empty when
	// it belongs to none (forged, no token, another tenant).
	MintedFor string `json:"minted_for,omitempty"`
	// Other is the environment whose values the row borrows, where it does.
	Other string `json:"other,omitempty"`
	// Cross is set for another environment's token just as its client gets it
	// (base `api: other` without scopes, roles or token; aud-shared-registration
	// where the two share one): the rows that answer the second question.
	Cross bool `json:"cross,omitempty"`
	// Kind is the kind of token that was used, e.g. "v2 app".
	Kind string `json:"kind,omitempty"`
	// Variant is the row's variant, if it has some.
	Variant string `json:"variant,omitempty"`
	// Client is the role of the client that asked for the token.
	Client string `json:"client,omitempty"`
	// Replica is "i/n" where an environment has several gateways or replicas.
	Replica string `json:"replica,omitempty"`
	// Extra is set for a case that nobody selected, fired to find a cause: it
	// counts towards nothing.
	Extra bool `json:"extra,omitempty"`

	// Expected is the expectation in words.
	Expected string `json:"expected"`
	// Outcome and Reason are the verdict; a waived failure is still a fail.
	Outcome Outcome `json:"outcome"`
	Reason  Reason  `json:"reason"`
	// Detail is what was seen, beyond the reason's own sentence.
	Detail string `json:"detail,omitempty"`
	// Best is set when the answer was the first one that the row lists.
	Best bool `json:"best,omitempty"`
	// Status is the answer's status; 0 is no answer.
	Status int `json:"status,omitempty"`
	// Fault is why there is no answer.
	Fault Fault `json:"fault,omitempty"`
	// Address is where there was none.
	Address string `json:"address,omitempty" jsonschema_extras:"volatile=true"`
	// Reached is whether the request got to the upstream.
	Reached Reach `json:"reached"`
	// RefusedBy is who wrote the refusal: "gateway", "backend", or empty.
	RefusedBy string `json:"refused_by,omitempty"`
	// By are the checks whose claims differ from the control's: any of them
	// may have refused.
	By []string `json:"by,omitempty"`
	// Control is the pair of controls around the request.
	Control *Around `json:"control,omitempty"`
	// Needs are the capabilities or objects that were missing.
	Needs []string `json:"needs,omitempty"`
	// Declare is the `supports:` line that would declare them away.
	Declare string `json:"declare,omitempty"`
	// Waived is the exception that covers a failure.
	Waived *Waived `json:"waived,omitempty"`
	// Steps are the steps of a flow, in order.
	Steps []Step `json:"steps,omitempty"`
	// Repeats are the single shots, where there was more than one.
	Repeats []Shot `json:"repeats,omitempty"`
	// Exchange is what went out and came back, without secrets. It is kept for
	// all that is not a pass, and once a scenario.
	Exchange *Exchange `json:"exchange,omitempty" jsonschema_extras:"volatile=true"`
	// Command fires this case again.
	Command string `json:"command,omitempty"`

	// Started is when the request was sent.
	Started time.Time `json:"started,omitzero" jsonschema_extras:"volatile=true"`
	// ElapsedMS is how long its answer took, in milliseconds.
	ElapsedMS int64 `json:"elapsed_ms,omitempty" jsonschema_extras:"volatile=true"`
}

// Around is the control that a refusal leans on.
type Around struct {
	// ID is the id of the Control.
	ID string `json:"id"`
	// Before and After are its state at the last shot before and the first
	// one after the request.
	Before ControlState `json:"before"`
	After  ControlState `json:"after"`
}

// Waived is the exception that covers a case.
type Waived struct {
	// ID is the id of the Waiver.
	ID      string `json:"id"`
	Reason  string `json:"reason"`
	By      string `json:"by,omitempty"`
	Expires string `json:"expires"`
}

// Step is one step of a flow.
type Step struct {
	// Title says what was done.
	Title   string  `json:"title"`
	Outcome Outcome `json:"outcome"`
	Reason  Reason  `json:"reason,omitempty"`
	Detail  string  `json:"detail,omitempty"`
	Status  int     `json:"status,omitempty"`
	Reached Reach   `json:"reached"`
	// Exchange is kept for all that is not a pass, but only of the first ten
	// steps that came to the same.
	Exchange *Exchange `json:"exchange,omitempty" jsonschema_extras:"volatile=true"`
}

// Shot is one single request of several equal ones.
type Shot struct {
	// When says which: "start", "after 25 refusals", "end", "repeat 2 of 3".
	When    string  `json:"when"`
	Outcome Outcome `json:"outcome"`
	Reason  Reason  `json:"reason"`
	Detail  string  `json:"detail,omitempty"`
	Status  int     `json:"status,omitempty"`
	Fault   Fault   `json:"fault,omitempty"`
	// Address is where there was no answer.
	Address string `json:"address,omitempty" jsonschema_extras:"volatile=true"`
	Reached Reach  `json:"reached"`
	// State is what a control's shot proves; empty for a case's.
	State    ControlState `json:"state,omitempty"`
	Exchange *Exchange    `json:"exchange,omitempty" jsonschema_extras:"volatile=true"`
}

// Control is a genuine token of one kind at one gateway, and all its shots.
type Control struct {
	// ID is control/environment/kind[/client][/route]: stable, and unique
	// within its target.
	ID     string `json:"id"`
	Target string `json:"target"`
	// Environment is the one under test: minted for it and presented to it.
	Environment string `json:"environment"`
	// Kind is the kind of token, e.g. "v2 app".
	Kind string `json:"kind"`
	// Client is the role of the client, "contracted" for the usual one.
	Client string `json:"client"`
	// Route is the route's name, "home" for the usual one.
	Route string `json:"route"`
	// Replica is "i/n" where an environment has several gateways or replicas.
	Replica string `json:"replica,omitempty"`
	// Scenario is the row whose request the control is, e.g. "ctl-v2-app-only".
	Scenario string `json:"scenario,omitempty"`
	// State is what all shots together prove; derived by Conclude: accepted
	// only if every one was.
	State ControlState `json:"state"`
	// Shots are its requests, in the order of firing.
	Shots []Shot `json:"shots"`
	// Command fires it again.
	Command string `json:"command,omitempty"`
}
