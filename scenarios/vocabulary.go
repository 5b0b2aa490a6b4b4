package scenarios

import "slices"

// Word is one entry of a closed list of the row vocabulary: what a row writes
// and what it means.
type Word struct{ Name, Says string }

// Kind is what does a row's work.
type Kind string

// The kinds: Data rows say themselves what to send; of a Flow and of an
// Observe row a Go value of the same id does.
const (
	Data    Kind = "data"
	Flow    Kind = "flow"
	Observe Kind = "observe"
)

// Kinds are the words for Kind.
func Kinds() []Word {
	return []Word{
		{string(Data), "the row says what to send; this is meant where kind is left out"},
		{string(Flow), "a sequence in which the world changes, a Go value of the same id"},
		{string(Observe), "looks at the answers of other rows, a Go value of the same id"},
	}
}

// Source is what is needed to make a row's token.
type Source string

// The sources.
const (
	Real   Source = "real"
	Extra  Source = "real+"
	Forged Source = "forged"
	Mock   Source = "mock"
)

// Keyless reports whether the row needs no signing key of the issuer, so that
// it can run against a gateway which trusts the real Entra.
func (s Source) Keyless() bool { return s != Mock }

// Sources are the words for Source.
func Sources() []Word {
	return []Word{
		{string(Real), "ordinary accounts of the tenant, or byte surgery on a token that they gave"},
		{string(Extra), "the same and one more object in the tenant, or a wait"},
		{string(Forged), "only keys of our own, or of a mock that is trusted no more, and the issuer's public one"},
		{string(Mock), "the gateway must trust the mock issuer"},
	}
}

// Severity is the damage if the verdict is wrong.
type Severity string

// The severities, worst first.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
	Info     Severity = "info"
)

// Severities are the words for Severity, worst first.
func Severities() []Word {
	return []Word{
		{string(Critical), "an attacker gets in"},
		{string(High), "an attacker gets further, or genuine callers are locked out; this is meant where severity is left out"},
		{string(Medium), "a weakness that needs another one"},
		{string(Low), "a deviation"},
		{string(Info), "worth knowing"},
	}
}

// Guards are the checks that a row can be about.
func Guards() []Word {
	return []Word{
		{"signature", "the signature is the issuer's, over these bytes"},
		{"algorithm", "the algorithm is the expected one, not the token's choice"},
		{"key", "the key is one that the issuer publishes for this"},
		{"format", "the token is one well-formed JWT"},
		{"time", "the token is valid now"},
		{"issuer", "the expected issuer made the token"},
		{"tenant", "the token belongs to the expected tenant"},
		{"audience", "the token is for this API in this environment"},
		{"client", "the calling application has a contract here"},
		{"scope", "the user has granted what the route asks for"},
		{"role", "the application holds what the route asks for"},
		{"token-kind", "the token is an access token of a kind that is meant"},
		{"placement", "the token counts in one place of the request only"},
		{"route", "the checks cannot be walked around"},
		{"upstream-identity", "the upstream is told who really calls"},
		{"state", "the verdict does not depend on what came before"},
		{"response", "the refusal itself is sound"},
		{"cost", "a request cannot be made dear"},
	}
}

// Marks are the words that a row can be marked with.
func Marks() []Word {
	return []Word{
		{"PC", "positive control"},
		{"F1-cli", "proves fix 1, the client id claim"},
		{"F1-aud", "proves fix 1, the audience"},
		{"F2", "proves fix 2, the scope criteria"},
		{"FP", "exposes the false positive"},
		{"slow", "takes minutes"},
		{"echo", "sharper with an upstream that tells what it saw"},
		{"oob", "sharper with a listener for call-outs"},
		{"opt-in", "not for shared systems"},
	}
}

// Group is a chapter of the catalogue.
type Group struct {
	// Code is the group's short name, such as AUD.
	Code string
	// Title is its heading.
	Title string
	// File is the name, without .yaml, of the file that holds its rows. A row
	// in another file belongs to OWN unless it says otherwise.
	File string
}

// Groups are the chapters in the order of the catalogue.
func Groups() []Group {
	return []Group{
		{"CTL", "Positive controls", "controls"},
		{"AUD", "Audience", "audience"},
		{"CLI", "Calling application", "client"},
		{"SCP", "Scope and role criteria", "scope"},
		{"ISS", "Issuer, tenant and key ownership", "issuer"},
		{"SIG", "Signature", "signature"},
		{"ALG", "Algorithm", "algorithm"},
		{"KID", "Key selection headers", "key"},
		{"FMT", "Serialization and parsing", "format"},
		{"TIM", "Time", "time"},
		{"HTP", "Presence, scheme and placement", "placement"},
		{"KND", "Tokens of the wrong kind", "kind"},
		{"BYP", "Ways around the check", "bypass"},
		{"JWK", "JWKS and key life cycle", "jwks"},
		{"STA", "State, caching, replicas", "state"},
		{"DOS", "Cost and robustness", "cost"},
		{"RSP", "The refusal itself", "response"},
		{"OWN", "Rows beside the catalogue", "own"},
	}
}

// groupOfFile is the code of the group whose file has that name.
func groupOfFile(name string) string {
	all := Groups()
	i := slices.IndexFunc(all, func(g Group) bool { return g.File == name })
	if i < 0 {
		i = len(all) - 1
	}
	return all[i].Code
}

func groupCodes() []string {
	var codes []string
	for _, g := range Groups() {
		codes = append(codes, g.Code)
	}
	return codes
}

func namesOf(words []Word) []string {
	names := make([]string, len(words))
	for i, w := range words {
		names[i] = w.Name
	}
	return names
}
