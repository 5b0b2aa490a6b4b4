package reports

// Target is one gateway product under test, with its environments.
type Target struct {
	// Name is the target file's `name`.
	Name string `json:"name"`
	// File is the base name of the target file.
	File string `json:"file,omitempty"`
	// Digest is the SHA-256 of the target file before ${ENV} is filled in, hex.
	Digest string `json:"digest,omitempty"`
	// Stated is product and version as the operator states them.
	Stated string `json:"stated,omitempty"`
	// Tokens is where tokens come from: "mock" or "entra".
	Tokens string `json:"tokens"`
	// Former is the URL of a mock that the gateways trusted once and must refuse
	// now; empty where the target names none.
	Former string `json:"former,omitempty" jsonschema_extras:"volatile=true"`
	// Accepted is how an acceptance is proven: "echo", "header" or "body".
	Accepted string `json:"accepted"`
	// Supports are the declared capabilities, sorted by key.
	Supports []Capability `json:"supports,omitempty"`
	// Environments are sorted by name.
	Environments []Environment `json:"environments"`
}

// Capability is one declared property of a gateway.
type Capability struct {
	// Key is the capability's name, e.g. "kid-required".
	Key string `json:"key"`
	// Value is its declared value as text, e.g. "false".
	Value string `json:"value"`
}

// Environment is what one gateway instance should admit.
type Environment struct {
	// Name is the environment's name in the target file.
	Name string `json:"name"`
	// Gateways are the base URLs under test; none means that the environment
	// only supplies tokens.
	Gateways []string `json:"gateways,omitempty" jsonschema_extras:"volatile=true"`
	// HasGateway is set when there is a gateway to present tokens to.
	HasGateway bool `json:"has_gateway"`
	// Mintable is set when genuine tokens for this environment can be had.
	Mintable bool `json:"mintable"`
	// TrustsMock is set when a gateway beyond loopback is to take a mock's tokens
	// under Entra's issuer names: whoever can have the mock sign enters there.
	TrustsMock bool `json:"trusts_mock,omitempty"`
	// MadeUp is set for an OTHER that the harness made up in the mock.
	MadeUp bool `json:"made_up,omitempty"`
	// Registrations are the names of its API registrations, sorted.
	Registrations []string `json:"registrations,omitempty"`
	// Kinds are the kinds of token whose genuine form it should admit, e.g.
	// "v2 app"; what the target declares away is not among them.
	Kinds []string `json:"kinds"`
	// Enforces are the checks that the gateway is declared to make.
	Enforces []string `json:"enforces"`
}

// Learnt is a property that measuring rows found.
type Learnt struct {
	Target      string `json:"target"`
	Environment string `json:"environment"`
	// Key and Value are in the words of `supports`.
	Key   string `json:"key"`
	Value string `json:"value"`
	// From are the ids of the cases that show it.
	From []string `json:"from"`
}

// Cause is why genuine tokens of one kind are refused.
type Cause struct {
	Target      string `json:"target"`
	Environment string `json:"environment"`
	// Kind is the kind of token that is refused, e.g. "v2 app".
	Kind string `json:"kind"`
	// Reads is the claim that the gateway looks for and does not find.
	Reads string `json:"reads,omitempty"`
	// Certainty is "proven" by a probe row, or "likely" from status and body.
	Certainty string `json:"certainty"`
	// Sentence says it to a reader.
	Sentence string `json:"sentence"`
	// Remedy says what to change, in the gateway's own words.
	Remedy string `json:"remedy,omitempty"`
	// From are the ids of the cases and controls that show it.
	From []string `json:"from,omitempty"`
}

// Certainties of a Cause.
const (
	// Proven is a cause that a probe row showed.
	Proven = "proven"
	// Likely is a cause that was read from status and body.
	Likely = "likely"
)

// Waiver is one reviewed exception.
type Waiver struct {
	// ID is the exact id of a scenario or case.
	ID string `json:"id"`
	// Target is the target that it is for; empty for all.
	Target string `json:"target,omitempty"`
	// Reason, By and Expires are what its reviewer wrote; Expires is a date.
	Reason  string `json:"reason"`
	By      string `json:"by,omitempty"`
	Expires string `json:"expires"`
	// Expired is set when the date lay before the run: it then waives nothing.
	Expired bool `json:"expired,omitempty"`
	// Reached is set when the selection holds a case that it names; only then
	// can it be unused.
	Reached bool `json:"reached"`
	// Used is the number of failed cases that it covers; derived by Conclude
	// from the cases' own `waived`.
	Used int `json:"used"`
}
