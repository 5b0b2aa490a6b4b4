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

// jwtValidation is the policy JWT Validation (mulesoft-policies.md section 2).
type jwtValidation struct {
	config    policy.JWTValidation
	options   Options
	keys      *keyring
	clientID  func(object) (string, bool)
	mandatory []customClaim
	optional  []customClaim
}

type customClaim struct {
	key   string
	holds func(string) bool
}

func newJWTValidation(config policy.JWTValidation, at site) (judge, error) {
	o := at.options
	var problems problems
	problems.add(supportedJWT(config, at))
	p := &jwtValidation{
		config: config, options: o,
		keys: mulesoftKeys(o, config.JWKSURL, time.Duration(config.JWKSServiceTimeToLive)*time.Minute,
			time.Duration(config.JWKSServiceConnectionTimeout)*time.Millisecond),
	}
	var err error
	if p.clientID, err = clientIDs(config.ClientIDExpression); err != nil && !config.SkipClientIDValidation {
		problems.add(at.unevaluated("clientIdExpression", "%w", err))
	}
	if p.mandatory, err = customClaims(config.MandatoryCustomClaims); err != nil {
		problems.add(at.unevaluated("mandatoryCustomClaims", "%w", err))
	}
	if p.optional, err = customClaims(config.NonMandatoryCustomClaims); err != nil {
		problems.add(at.unevaluated("nonMandatoryCustomClaims", "%w", err))
	}
	return p.judge, problems.err()
}

func supportedJWT(config policy.JWTValidation, at site) error {
	switch profile := at.options.Switches.Profile; {
	case config.JWTOrigin != "httpBearerAuthenticationHeader":
		return at.unevaluated("jwtOrigin", "expected httpBearerAuthenticationHeader, got %q", config.JWTOrigin)
	case config.SigningMethod != "rsa" || config.SigningKeyLength != 256:
		return at.unevaluated("signingMethod", "expected rsa 256, got %s %d", config.SigningMethod, config.SigningKeyLength)
	case config.JWTKeyOrigin != "jwks":
		return at.unevaluated("jwtKeyOrigin", "expected jwks, got %q", config.JWTKeyOrigin)
	case profile == FlexLocal && !config.SkipClientIDValidation:
		return at.unsupported("skipClientIdValidation", "profile %s: skipClientIdValidation must be true", profile)
	}
	return nil
}

func customClaims(rules []policy.CustomClaim) ([]customClaim, error) {
	var all []customClaim
	for _, rule := range rules {
		holds, err := claimRule(rule.Key, rule.Value)
		if err != nil {
			return nil, err
		}
		all = append(all, customClaim{rule.Key, holds})
	}
	return all, nil
}

// judge lets pass what has a token with the right signature, times, audience and
// custom claims, from a client with a contract, and looks in this order (2.3).
func (p *jwtValidation) judge(x *exchange) *refusal {
	compact, ok := bearer(x.request)
	if !ok {
		r := &refusal{Check: Check{"jwt-token", "placement", badRequest, "a Bearer token is there"}, body: `{"error":"JWT Token is required."}`}
		return r.hangs("jwtOrigin")
	}
	t := readToken(compact)
	verified, err := p.options.verified(x, p.keys, t)
	switch {
	case err != nil:
		r := &refusal{
			Check: Check{"jwt-key-set", "key", http.StatusServiceUnavailable, "the key set could be had"},
			body:  `{"error":"JWKS service is unavailable."}`,
		}
		return r.hangs("jwksUrl", "jwksServiceConnectionTimeout")
	case !verified:
		return p.invalid("jwt-signature", "signature", "the signature verifies with RS256").hangs("jwksUrl", "signingMethod", "signingKeyLength")
	}
	return p.judgeClaims(x, t.payload)
}

func (p *jwtValidation) judgeClaims(x *exchange, claims object) *refusal {
	switch {
	case !p.timely(claims):
		return p.invalid("jwt-time", "time", "exp and nbf hold").hangs(p.timeKeys(claims)...)
	case !p.audience(claims):
		return p.invalid("jwt-audience", "audience", "aud is one of the supported audiences").hangs(p.audienceKeys(claims)...)
	case p.config.ValidateCustomClaim && !p.custom(claims):
		return p.invalid("jwt-custom-claims", "issuer", "the custom claims hold").hangs("mandatoryCustomClaims", "validateCustomClaim")
	case !p.config.SkipClientIDValidation && !p.contracted(x, claims):
		x.mattered("jwt-client-status")
		check := Check{"jwt-client", "client", p.options.Switches.JWTClientStatus, "the client has a contract"}
		r := &refusal{Check: check, body: p.options.Switches.InvalidClientBody}
		return r.hangs("clientIdExpression", "skipClientIdValidation")
	}
	return nil
}

func (p *jwtValidation) invalid(name, guards, sentence string) *refusal {
	return &refusal{Check: Check{name, guards, unauthorized, sentence}, body: p.options.Switches.InvalidTokenBody}
}

// timeKeys: only the absence of a time hangs on parameters.
func (p *jwtValidation) timeKeys(claims object) []string {
	var keys []string
	for name, key := range map[string]string{"exp": "mandatoryExpClaim", "nbf": "mandatoryNbfClaim"} {
		if _, there := claims.last(name); !there {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func (p *jwtValidation) audienceKeys(claims object) []string {
	if _, there := claims.last("aud"); !there {
		return []string{"mandatoryAudClaim", "validateAudClaim"}
	}
	return []string{"supportedAudiences", "validateAudClaim"}
}

// timely: exp and nbf are checked where they are; absence counts only if they
// are mandatory. The vendor's sample compares exp < now (2.2).
func (p *jwtValidation) timely(claims object) bool {
	now, skew := seconds(p.options.Now()), p.options.Switches.Skew.Seconds()
	return holdsTime(claims, "exp", p.config.MandatoryExpClaim, func(at float64) bool { return at+skew >= now }) &&
		holdsTime(claims, "nbf", p.config.MandatoryNbfClaim, func(at float64) bool { return at <= now+skew })
}

func holdsTime(claims object, name string, mandatory bool, holds func(float64) bool) bool {
	v, ok := claims.last(name)
	if !ok {
		return !mandatory
	}
	at, ok := numericDate(v)
	return ok && holds(at)
}

func (p *jwtValidation) audience(claims object) bool {
	if !p.config.ValidateAudClaim {
		return true
	}
	v, ok := claims.last("aud")
	if !ok {
		return !p.config.MandatoryAudClaim
	}
	items, ok := v.([]any)
	if !ok {
		items = []any{v}
	}
	names, ok := texts(items)
	return ok && slices.ContainsFunc(names, func(name string) bool {
		return slices.ContainsFunc(strings.Split(p.config.SupportedAudiences, ","), func(ours string) bool {
			return strings.TrimSpace(ours) == name
		})
	})
}

func (p *jwtValidation) custom(claims object) bool {
	for _, rule := range p.mandatory {
		if got, ok := claimText(claims, rule.key); !ok || !rule.holds(got) {
			return false
		}
	}
	for _, rule := range p.optional {
		if _, there := claims.last(rule.key); !there {
			continue
		}
		if got, ok := claimText(claims, rule.key); !ok || !rule.holds(got) {
			return false
		}
	}
	return true
}

// claimText is a claim as a literal is compared with it; arrays and objects
// have no such text.
func claimText(claims object, name string) (string, bool) {
	v, _ := claims.last(name)
	switch v := v.(type) {
	case string:
		return v, true
	case bool, json.Number:
		return fmt.Sprint(v), true
	}
	return "", false
}

func (p *jwtValidation) contracted(x *exchange, claims object) bool {
	id, ok := p.clientID(claims)
	return ok && p.options.contracts.has(x, id)
}

// bearer returns what follows the scheme in the first Authorization line.
func bearer(r *http.Request) (string, bool) {
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	compact := strings.TrimSpace(rest)
	return compact, strings.EqualFold(scheme, "Bearer") && compact != ""
}
