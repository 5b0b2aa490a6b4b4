package gateway

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/policy"
)

// openIDConnect is the policy OpenID Connect OAuth 2.0 Access Token Enforcement
// (mulesoft-policies.md section 1), in the model local-claims: what a provider
// would be asked for is read from the token, whose signature and exp are checked.
type openIDConnect struct {
	policyRefusals
	config  policy.OpenIDConnect
	options Options
	keys    *keyring
	provide provider
}

// provider turns the claims of a good token into the answer that the policy
// reads, and names the member that holds its scopes.
type provider func(claims object) (answer object, scopes string)

// claimsAsTheyAre is the article's model: the policy looks for client_id, and
// for the scopes in scp.
func claimsAsTheyAre(claims object) (object, string) { return claims, "scp" }

// claimsThroughShim is what a shim of one's own would answer: scope made of scp
// and roles, client_id of azp or appid.
func claimsThroughShim(claims object) (object, string) {
	var words []string
	if text, ok := claims.lastText("scp"); ok {
		words = append(words, text)
	}
	if items, _ := claims.last("roles"); items != nil {
		list, _ := items.([]any)
		roles, _ := texts(list)
		words = append(words, roles...)
	}
	answer := append(slices.Clone(claims), member{"scope", strings.Join(words, " ")})
	for _, name := range []string{"azp", "appid"} {
		if id, ok := claims.lastText(name); ok {
			return append(answer, member{"client_id", id}), "scope"
		}
	}
	return answer, "scope"
}

func newOpenIDConnect(config policy.OpenIDConnect, provide provider, o Options) (func(http.Handler) http.Handler, error) {
	if o.Switches.Profile == FlexLocal {
		return nil, fmt.Errorf("gateway: profile %s: the OIDC policy is not supported in local mode", FlexLocal)
	}
	p := &openIDConnect{
		policyRefusals: policyRefusals{o.Report}, config: config, options: o, provide: provide,
		keys: mulesoftKeys(o, o.Environment.JWKSURL, time.Hour, time.Duration(config.AuthenticationTimeout)*time.Millisecond),
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

// judge extracts, verifies, and checks scopes before the client id (1.2).
func (p *openIDConnect) judge(r *http.Request) (object, *refusal) {
	compact, refused := p.extract(r)
	if refused != nil {
		return nil, refused
	}
	claims, refused := p.verify(r, compact)
	if refused != nil {
		return nil, refused
	}
	answer, scopes := p.provide(claims)
	switch {
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
	r := &refusal{Check: c, body: `{"error":"` + text + `"}`}
	if c.Status == unauthorized {
		r.challenge = realm
	}
	return r
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

func (p *openIDConnect) verify(r *http.Request, compact string) (object, *refusal) {
	t := readToken(compact)
	verified, err := p.options.verified(r, p.keys, t)
	switch {
	case err != nil:
		return nil, oidcRefusal(Check{"oidc-provider", "key", unauthorized, "the provider answers"}, "Unauthorized")
	case !verified:
		return nil, oidcRefusal(Check{"oidc-signature", "signature", unauthorized, "the token is good"}, "Token has been revoked.")
	}
	now, skew := seconds(p.options.Now()), p.options.Switches.Skew.Seconds()
	if !holdsTime(t.payload, "exp", false, func(at float64) bool { return at+skew >= now }) {
		return nil, oidcRefusal(Check{"oidc-time", "time", unauthorized, "the token is not expired"}, "Token has expired.")
	}
	return t.payload, nil
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
