package gateway

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/policy"
)

// openIDConnect is the policy OpenID Connect OAuth 2.0 Access Token Enforcement
// (mulesoft-policies.md section 1).
type openIDConnect struct {
	config  policy.OpenIDConnect
	options Options
	model   model
}

// model is how the policy learns what a token says: from the token itself
// (local-claims), or from a provider that it asks (documented). answer has what
// the policy reads, and scopes names the member that holds the scopes.
type model interface {
	read(x *exchange, compact string) (answer object, scopes string, refused *refusal)
}

func newOpenIDConnect(config policy.OpenIDConnect, at site) (judge, error) {
	o := at.options
	p := &openIDConnect{config: config, options: o}
	provide, url := provider(claimsAsTheyAre), o.Environment.Introspection.URL
	if at.shim {
		provide, url = claimsThroughShim, o.Environment.Introspection.ShimURL
	}
	timeout := time.Duration(config.AuthenticationTimeout) * time.Millisecond
	switch {
	case o.Switches.Profile == FlexLocal:
		return nil, at.unsupported("", "profile %s: the OIDC policy is not supported in local mode", FlexLocal)
	case o.Switches.OIDCModel != Documented:
		p.model = &localClaims{options: o, provide: provide, keys: mulesoftKeys(o, o.Environment.JWKSURL, time.Hour, timeout)}
	case url == "":
		return nil, fmt.Errorf("gateway: oidc model %s: expected an introspection endpoint, got none", Documented)
	default:
		p.model = &introspection{options: o, url: url, timeout: timeout, answers: newAnswers(config)}
	}
	return p.judge, nil
}

// judge extracts, reads, and checks scopes before the client id (1.2).
func (p *openIDConnect) judge(x *exchange) *refusal {
	compact, refused := p.extract(x)
	if refused != nil {
		return refused
	}
	x.mattered("oidc-model")
	answer, scopes, refused := p.model.read(x, compact)
	switch {
	case refused != nil:
		return refused
	case !p.scoped(x, answer, scopes):
		check := Check{"oidc-scopes", "scope", forbidden, "the required scopes are there"}
		return oidcRefusal(check, "The required scopes are not authorized").hangs("scopes", "scopeValidationCriteria")
	case !p.config.SkipClientIDValidation && !p.contracted(x, answer):
		r := &refusal{Check: Check{"oidc-client", "client", forbidden, "client_id has a contract"}, body: p.options.Switches.InvalidClientBody}
		return r.hangs("skipClientIdValidation")
	}
	if p.config.ExposeHeaders {
		expose(x, answer)
	}
	return nil
}

// realm is the challenge of the policy's 401 answers (1.3).
const realm = `Bearer realm="OpenId Client Realm"`

func oidcRefusal(c Check, text string) *refusal {
	r := &refusal{Check: c, body: `{"error":` + quoted(text) + `}`}
	if c.Status == unauthorized {
		r.challenge = realm
	}
	return r
}

// quoted is a text as JSON, with no more escapes than it needs.
func quoted(text string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a strings.Builder takes all
	return strings.TrimSuffix(b.String(), "\n")
}

// extract finds the token: Authorization with exactly two words, else the query.
func (p *openIDConnect) extract(x *exchange) (string, *refusal) {
	r := x.request
	placement := Check{"oidc-token", "placement", badRequest, "one Bearer token is there"}
	line, inQuery := r.Header.Get("Authorization"), queryTokens(r)
	words := strings.Fields(line)
	if line != "" && len(inQuery) > 0 {
		x.mattered("two-tokens")
	}
	switch {
	case line == "" && len(inQuery) > 0:
		return inQuery[0], nil
	case line == "":
		return "", oidcRefusal(placement, "Access token was not provided")
	case len(words) != 2 || !strings.EqualFold(words[0], "Bearer"), len(inQuery) > 0 && !p.options.Switches.HeaderWins:
		return "", oidcRefusal(placement, "Authorization header is invalid")
	}
	return words[1], nil
}

// scoped compares by whole words and by case; no required scope is fulfilled by
// anything, and anything but AND means any (1.1, 1.2).
func (p *openIDConnect) scoped(x *exchange, answer object, name string) bool {
	required := strings.Fields(p.config.Scopes)
	if len(required) == 0 {
		return true
	}
	held := p.held(x, answer, name)
	missing := func(scope string) bool { return !slices.Contains(held, scope) }
	if strings.EqualFold(string(p.config.ScopeValidationCriteria), string(policy.All)) {
		return !slices.ContainsFunc(required, missing)
	}
	return slices.ContainsFunc(required, func(scope string) bool { return !missing(scope) })
}

func (p *openIDConnect) held(x *exchange, answer object, name string) []string {
	v, _ := answer.last(name)
	switch v := v.(type) {
	case string:
		return strings.Fields(v)
	case []any:
		x.mattered("scope-arrays")
		if p.options.Switches.ScopeArrays {
			names, _ := texts(v)
			return names
		}
	}
	return nil
}

func (p *openIDConnect) contracted(x *exchange, answer object) bool {
	id, ok := answer.lastText("client_id")
	return ok && p.options.contracts.has(x, id)
}

// expose adds the members of the answer as X-AGW-* fields, without objects,
// arrays, scope and exp (1.5).
func expose(x *exchange, answer object) {
	for _, m := range answer {
		text, ok := claimText(answer, m.name)
		if !ok || slices.Contains([]string{"scope", "exp"}, m.name) {
			continue
		}
		x.add("X-AGW-"+strings.ReplaceAll(m.name, " ", "-"), text)
	}
}
