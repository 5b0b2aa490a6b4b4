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
	policyRefusals
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

func newJWTValidation(config policy.JWTValidation, o Options) (func(http.Handler) http.Handler, error) {
	if err := supportedJWT(config, o.Switches.Profile); err != nil {
		return nil, err
	}
	clientID, err := clientIDs(config.ClientIDExpression)
	if err != nil {
		return nil, err
	}
	p := &jwtValidation{
		policyRefusals: policyRefusals{o.Report}, config: config, options: o, clientID: clientID,
		keys: mulesoftKeys(o, config.JWKSURL, time.Duration(config.JWKSServiceTimeToLive)*time.Minute,
			time.Duration(config.JWKSServiceConnectionTimeout)*time.Millisecond),
	}
	if p.mandatory, err = customClaims(config.MandatoryCustomClaims); err != nil {
		return nil, err
	}
	if p.optional, err = customClaims(config.NonMandatoryCustomClaims); err != nil {
		return nil, err
	}
	return p.before, nil
}

func supportedJWT(config policy.JWTValidation, profile string) error {
	switch {
	case config.JWTOrigin != "httpBearerAuthenticationHeader":
		return unknownName("jwtOrigin", config.JWTOrigin, []string{"httpBearerAuthenticationHeader"})
	case config.SigningMethod != "rsa" || config.SigningKeyLength != 256:
		return fmt.Errorf("gateway: signing method: expected rsa 256, got %s %d", config.SigningMethod, config.SigningKeyLength)
	case config.JWTKeyOrigin != "jwks":
		return unknownName("jwtKeyOrigin", config.JWTKeyOrigin, []string{"jwks"})
	case profile == FlexLocal && !config.SkipClientIDValidation:
		return fmt.Errorf("gateway: profile %s: skipClientIdValidation must be true", profile)
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

func (p *jwtValidation) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refused := p.judge(r); refused != nil {
			p.write(w, r, *refused)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// judge returns nil for a request that may pass: token, signature, times and
// audience, custom claims, client, in this order (2.3).
func (p *jwtValidation) judge(r *http.Request) *refusal {
	compact, ok := bearer(r)
	if !ok {
		return &refusal{Check{"jwt-token", "placement", badRequest, "a Bearer token is there"}, `{"error":"JWT Token is required."}`, ""}
	}
	t := readToken(compact)
	verified, err := p.options.verified(r, p.keys, t)
	switch {
	case err != nil:
		return &refusal{
			Check{"jwt-key-set", "key", http.StatusServiceUnavailable, "the key set could be had"},
			`{"error":"JWKS service is unavailable."}`, "",
		}
	case !verified:
		return p.invalid("jwt-signature", "signature", "the signature verifies with RS256")
	}
	return p.judgeClaims(t.payload)
}

func (p *jwtValidation) judgeClaims(claims object) *refusal {
	switch {
	case !p.timely(claims):
		return p.invalid("jwt-time", "time", "exp and nbf hold")
	case !p.audience(claims):
		return p.invalid("jwt-audience", "audience", "aud is one of the supported audiences")
	case p.config.ValidateCustomClaim && !p.custom(claims):
		return p.invalid("jwt-custom-claims", "issuer", "the custom claims hold")
	case !p.config.SkipClientIDValidation && !p.contracted(claims):
		status := p.options.Switches.JWTClientStatus
		return &refusal{Check{"jwt-client", "client", status, "the client has a contract"}, p.options.Switches.InvalidClientBody, ""}
	}
	return nil
}

func (p *jwtValidation) invalid(name, guards, sentence string) *refusal {
	return &refusal{Check{name, guards, unauthorized, sentence}, p.options.Switches.InvalidTokenBody, ""}
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

func (p *jwtValidation) contracted(claims object) bool {
	id, ok := p.clientID(claims)
	return ok && slices.Contains(p.options.Environment.Contracts, id)
}

// bearer returns what follows the scheme in the first Authorization line.
func bearer(r *http.Request) (string, bool) {
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	compact := strings.TrimSpace(rest)
	return compact, strings.EqualFold(scheme, "Bearer") && compact != ""
}
