package gateway

import (
	"net/http"
	"strings"

	"github.com/entraproof/entraproof/internal/policy"
)

// jwtValidation is the policy JWT Validation (mulesoft-policies.md section 2).
type jwtValidation struct {
	config   policy.JWTValidation
	options  Options
	token    func(*exchange) (string, bool)
	key      signatureRule
	clientID *expression
	// audiences are the values that aud may have.
	audiences []string
	// mandatory and optional are the custom claims; none of them where they are
	// switched off.
	mandatory, optional []customClaim
}

func newJWTValidation(config policy.JWTValidation, at site) (judge, error) {
	p := &jwtValidation{config: config, options: at.options, audiences: config.ListedAudiences()}
	var problems problems
	var err error
	p.token, err = at.tokenOrigin(config)
	problems.add(err)
	p.key, err = at.signatureRule(config)
	problems.add(err)
	if config.ValidateCustomClaim {
		p.mandatory, err = at.customClaims("mandatoryCustomClaims", config.MandatoryCustomClaims)
		problems.add(err)
		p.optional, err = at.customClaims("nonMandatoryCustomClaims", config.NonMandatoryCustomClaims)
		problems.add(err)
	}
	switch {
	case config.SkipClientIDValidation:
	case at.options.Switches.Profile == FlexLocal:
		problems.add(at.localSkip())
	default:
		p.clientID, err = at.expression("clientIdExpression", config.ClientIDExpression)
		problems.add(err)
	}
	return p.judge, problems.err()
}

// localSkip is what is demanded of every policy in local mode, which has no
// contracts (section 0 fact 11).
func (s site) localSkip() error {
	return s.unsupported("skipClientIdValidation", "profile %s: skipClientIdValidation must be true", FlexLocal)
}

// tokenOrigin is where the policy finds the token.
func (s site) tokenOrigin(config policy.JWTValidation) (func(*exchange) (string, bool), error) {
	switch config.JWTOrigin {
	case "httpBearerAuthenticationHeader":
		return func(x *exchange) (string, bool) { return bearer(x.request) }, nil
	case originExpression:
		e, err := s.expression("jwtExpression", config.JWTExpression)
		return e.text, err
	}
	return nil, s.unsupported("jwtOrigin", "expected httpBearerAuthenticationHeader or %s, got %q", originExpression, config.JWTOrigin)
}

// bearer returns what follows the scheme in the first Authorization line.
func bearer(r *http.Request) (string, bool) {
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	compact := strings.TrimSpace(rest)
	return compact, strings.EqualFold(scheme, "Bearer") && compact != ""
}

// judge lets pass what has a token with the right signature, times, audience and
// custom claims, from a client with a contract, and looks in this order (2.3).
func (p *jwtValidation) judge(x *exchange) *refusal {
	compact, ok := p.token(x)
	if !ok {
		r := &refusal{Check: Check{"jwt-token", "placement", badRequest, "a token is there"}, body: `{"error":"JWT Token is required."}`}
		return r.hangs(p.tokenKeys()...)
	}
	t := p.options.seen.read(compact)
	verified, err := p.key.verified(x, t)
	switch {
	case err != nil:
		r := &refusal{
			Check: Check{"jwt-key-set", "key", http.StatusServiceUnavailable, "the key set could be had"},
			body:  p.options.Switches.NoKeySetBody,
		}
		return r.hangs("jwksUrl", "jwksServiceConnectionTimeout")
	case !verified:
		r := p.invalid("jwt-signature", "signature", "the token is signed as configured")
		r.body = p.options.Switches.InvalidTokenBody
		return r.hangs(p.key.keys()...)
	}
	x.claims = t.payload
	if refused := p.judgeClaims(x, t.payload); refused != nil {
		return refused
	}
	p.propagate(x, t)
	return nil
}

func (p *jwtValidation) tokenKeys() []string {
	if p.config.JWTOrigin == originExpression {
		return []string{"jwtExpression", "jwtOrigin"}
	}
	return []string{"jwtOrigin"}
}

func (p *jwtValidation) judgeClaims(x *exchange, claims object) *refusal {
	if refused := p.times(x, claims); refused != nil {
		return refused
	}
	if refused := p.audience(x, claims); refused != nil {
		return refused
	}
	if refused := p.custom(x, claims); refused != nil {
		return refused
	}
	if p.config.SkipClientIDValidation {
		return nil
	}
	id, found := p.clientID.text(x)
	if found && p.options.contracts.has(x, id) {
		x.authentication.ClientID, x.authentication.Principal = id, id
		return nil
	}
	x.mattered("jwt-client-status")
	r := &refusal{
		Check: Check{"jwt-client", "client", p.options.Switches.JWTClientStatus, "the client has a contract"},
		body:  p.options.Switches.InvalidClientBody,
	}
	return r.hangs("clientIdExpression", "skipClientIdValidation")
}

// invalid is the refusal of a token for its claims.
func (p *jwtValidation) invalid(name, guards, sentence string) *refusal {
	return &refusal{Check: Check{name, guards, unauthorized, sentence}, body: p.options.Switches.ClaimFailureBody}
}

// propagate hands the token to later policies, and claims to the upstream: those
// that are one text each (2.1, 2.2).
func (p *jwtValidation) propagate(x *exchange, t *token) {
	x.property("claims", t.payload.plain())
	x.property("jwt", t.compact)
	for _, c := range p.config.ClaimsToHeaders {
		if text, ok := claimText(t.payload, c.ClaimName); ok {
			x.add(c.HeaderName, text)
		}
	}
}
