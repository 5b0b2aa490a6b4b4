package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/policy"
)

// openIDConnect is the policy OpenID Connect OAuth 2.0 Access Token Enforcement
// (mulesoft-policies.md section 1).
type openIDConnect struct {
	policyRefusals
	config  policy.OpenIDConnect
	options Options
	model   model
}

// model is how the policy learns what a token says: from the token itself
// (local-claims), or from a provider that it asks (documented). answer has what
// the policy reads, and scopes names the member that holds the scopes.
type model interface {
	read(r *http.Request, compact string) (answer object, scopes string, refused *refusal)
}

// newOpenIDConnect is the policy; provide and url are what it meets in either
// model.
func newOpenIDConnect(config policy.OpenIDConnect, provide provider, url string, o Options) (func(http.Handler) http.Handler, error) {
	p := &openIDConnect{policyRefusals: policyRefusals{o.Report}, config: config, options: o}
	timeout := time.Duration(config.AuthenticationTimeout) * time.Millisecond
	switch {
	case o.Switches.Profile == FlexLocal:
		return nil, fmt.Errorf("gateway: profile %s: the OIDC policy is not supported in local mode", FlexLocal)
	case o.Switches.OIDCModel != Documented:
		p.model = &localClaims{options: o, provide: provide, keys: mulesoftKeys(o, o.Environment.JWKSURL, time.Hour, timeout)}
	case url == "":
		return nil, fmt.Errorf("gateway: oidc model %s: expected an introspection endpoint, got none", Documented)
	default:
		p.model = &introspection{options: o, url: url, timeout: timeout, answers: newAnswers(config)}
	}
	return p.before, nil
}

func (p *openIDConnect) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, refused := p.judge(r)
		if refused != nil {
			p.write(w, r, *refused)
			return
		}
		if p.config.ExposeHeaders {
			r = exposed(r, answer)
		}
		next.ServeHTTP(w, r)
	})
}

// judge extracts, reads, and checks scopes before the client id (1.2).
func (p *openIDConnect) judge(r *http.Request) (object, *refusal) {
	compact, refused := p.extract(r)
	if refused != nil {
		return nil, refused
	}
	answer, scopes, refused := p.model.read(r, compact)
	switch {
	case refused != nil:
		return nil, refused
	case !p.scoped(answer, scopes):
		return nil, oidcRefusal(Check{"oidc-scopes", "scope", forbidden, "the required scopes are there"}, "The required scopes are not authorized")
	case !p.config.SkipClientIDValidation && !p.contracted(answer):
		return nil, &refusal{Check{"oidc-client", "client", forbidden, "client_id has a contract"}, p.options.Switches.InvalidClientBody, ""}
	}
	return answer, nil
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
func (p *openIDConnect) extract(r *http.Request) (string, *refusal) {
	placement := Check{"oidc-token", "placement", badRequest, "one Bearer token is there"}
	line, inQuery := r.Header.Get("Authorization"), queryTokens(r)
	words := strings.Fields(line)
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
func (p *openIDConnect) scoped(answer object, name string) bool {
	required := strings.Fields(p.config.Scopes)
	if len(required) == 0 {
		return true
	}
	held := p.held(answer, name)
	missing := func(scope string) bool { return !slices.Contains(held, scope) }
	if strings.EqualFold(string(p.config.ScopeValidationCriteria), string(policy.All)) {
		return !slices.ContainsFunc(required, missing)
	}
	return slices.ContainsFunc(required, func(scope string) bool { return !missing(scope) })
}

func (p *openIDConnect) held(answer object, name string) []string {
	v, _ := answer.last(name)
	switch v := v.(type) {
	case string:
		return strings.Fields(v)
	case []any:
		if p.options.Switches.ScopeArrays {
			names, _ := texts(v)
			return names
		}
	}
	return nil
}

func (p *openIDConnect) contracted(answer object) bool {
	id, ok := answer.lastText("client_id")
	return ok && slices.Contains(p.options.Environment.Contracts, id)
}

// exposed adds the members of the answer as X-AGW-* fields, without objects,
// arrays, scope and exp (1.5).
func exposed(r *http.Request, answer object) *http.Request {
	r = r.Clone(r.Context())
	for _, m := range answer {
		text, ok := claimText(answer, m.name)
		if !ok || slices.Contains([]string{"scope", "exp"}, m.name) {
			continue
		}
		r.Header.Set("X-AGW-"+strings.ReplaceAll(m.name, " ", "-"), text)
	}
	return r
}
