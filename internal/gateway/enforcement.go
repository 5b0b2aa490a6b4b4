package gateway

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/policy"
)

// enforcement is what the policies share that learn from elsewhere what a token
// says: OpenID Connect and OAuth 2.0 Token Introspection (mulesoft-policies.md
// 1.2, 1.7).
type enforcement struct {
	voice
	options Options
	model   model
	// scopes are required, all of them unless any will do.
	scopes []string
	any    bool
	// consumer is the member of the answer that must have a contract; skips: none.
	consumer string
	skips    bool
	exposes  bool
	// reads are the switches that decide what is known of a token.
	reads []string
}

// model is how the policy learns what a token says: from the token itself, or
// from a provider that it asks. answer has what the policy reads, and scopes
// names the member that holds the scopes.
type model interface {
	read(x *exchange, compact string) (answer object, scopes string, refused *refusal)
}

// requires sets the scopes, as they stand in a configuration: whatever is not AND
// counts as any, and no required scope is fulfilled by anything (1.1, 1.2).
func (e *enforcement) requires(scopes string, criteria policy.Criteria) {
	e.scopes = strings.Fields(scopes)
	e.any = !strings.EqualFold(string(criteria), string(policy.All))
}

// judge extracts, reads, and checks scopes before the client id (1.2).
func (e *enforcement) judge(x *exchange) *refusal {
	compact, refused := e.extract(x)
	if refused != nil {
		return refused
	}
	for _, name := range e.reads {
		x.mattered(name)
	}
	answer, member, refused := e.model.read(x, compact)
	switch {
	case refused != nil:
		return refused
	case !e.scoped(x, answer, member):
		return e.refuses(Check{"scopes", "scope", forbidden, "the required scopes are there"}, "The required scopes are not authorized").
			hangs("scopes", "scopeValidationCriteria")
	case !e.skips && !e.contracted(x, answer):
		r := e.refuses(Check{"client", "client", forbidden, "the client has a contract"}, "")
		r.body = e.options.Switches.InvalidClientBody
		return r.hangs("skipClientIdValidation")
	}
	x.authenticated(answer, e.consumer)
	if e.exposes {
		expose(x, answer)
	}
	return nil
}

// extract finds the token: Authorization with exactly two words, else the query.
func (e *enforcement) extract(x *exchange) (string, *refusal) {
	line, inQuery := x.request.Header.Get("Authorization"), queryTokens(x.request)
	words := strings.Fields(line)
	refused := func(text string) (string, *refusal) {
		return "", e.refuses(Check{"token", "placement", badRequest, "one Bearer token is there"}, text)
	}
	switch {
	case line == "" && len(inQuery) > 0:
		return inQuery[0], nil
	case line == "":
		return refused("Access token was not provided")
	case len(words) != 2 || !strings.EqualFold(words[0], "Bearer"):
		return refused("Authorization header is invalid")
	case len(inQuery) > 0:
		x.mattered("two-tokens")
		if !e.options.Switches.HeaderWins {
			return refused("Authorization header is invalid")
		}
	}
	return words[1], nil
}

// scoped compares by whole words and by case.
func (e *enforcement) scoped(x *exchange, answer object, name string) bool {
	if len(e.scopes) == 0 {
		return true
	}
	held := e.held(x, answer, name)
	has := func(scope string) bool { return slices.Contains(held, scope) }
	if e.any {
		return slices.ContainsFunc(e.scopes, has)
	}
	return !slices.ContainsFunc(e.scopes, func(scope string) bool { return !has(scope) })
}

func (e *enforcement) held(x *exchange, answer object, name string) []string {
	v, _ := answer.last(name)
	switch v := v.(type) {
	case string:
		return strings.Fields(v)
	case []any:
		x.mattered("scope-arrays")
		if e.options.Switches.ScopeArrays {
			names, _ := texts(v)
			return names
		}
	}
	return nil
}

func (e *enforcement) contracted(x *exchange, answer object) bool {
	id, ok := answer.lastText(e.consumer)
	return ok && e.options.contracts.has(x, id)
}

// expose adds the members of the answer as X-AGW-* fields, without objects,
// arrays, scope, exp and the provider's rate limits (1.5).
func expose(x *exchange, answer object) {
	for _, m := range answer {
		text, ok := claimText(answer, m.name)
		if !ok || m.name == "scope" || m.name == "exp" || strings.HasPrefix(strings.ToLower(m.name), "x-ratelimit-") {
			continue
		}
		x.add("X-AGW-"+strings.ReplaceAll(m.name, " ", "-"), text)
	}
}

// voice is how one of these policies refuses: prefix begins the names of its
// checks, realm is in the challenge of its 401 answers (1.3).
type voice struct{ prefix, realm string }

func (v voice) refuses(c Check, text string) *refusal {
	c.Name = v.prefix + "-" + c.Name
	r := &refusal{Check: c, body: `{"error":` + quoted(text) + `}`}
	if c.Status == unauthorized {
		r.challenge = `Bearer realm="` + v.realm + `"`
	}
	return r
}

// The refusals that all models have (1.3).
func (v voice) unreachable() *refusal {
	return v.refuses(Check{"provider", "key", unauthorized, "the provider answers"}, "Unauthorized")
}

func (v voice) expired() *refusal {
	return v.refuses(Check{"time", "time", unauthorized, "the token is not expired"}, "Token has expired.")
}

// revokedText is said of every token that is not good, whatever the reason.
const revokedText = "Token has been revoked."

// quoted is a text as JSON, with no more escapes than it needs.
func quoted(text string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a strings.Builder takes all
	return strings.TrimSuffix(b.String(), "\n")
}
