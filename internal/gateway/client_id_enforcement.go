package gateway

import (
	"crypto/subtle"

	"github.com/entraproof/entraproof/internal/policy"
)

// clientIDEnforcement is the policy Client ID Enforcement (mulesoft-policies.md
// section 3): the caller names a client application, which must have a contract.
type clientIDEnforcement struct {
	options Options
	basic   bool
	// id and secret find the credentials where they are not HTTP Basic; secret is
	// nil where none is asked for.
	id, secret *expression
}

// The origins of the credentials.
const (
	originExpression = "customExpression"
	originBasic      = "httpBasicAuthenticationHeader"
)

func newClientIDEnforcement(config policy.ClientIDEnforcement, at site) (judge, error) {
	p := &clientIDEnforcement{options: at.options, basic: config.CredentialsOrigin == originBasic}
	var problems problems
	if profile := at.options.Switches.Profile; profile == FlexLocal {
		problems.add(at.unsupported("", "profile %s: Client ID Enforcement is not supported in local mode", profile))
	}
	if !p.basic && config.CredentialsOrigin != originExpression {
		problems.add(at.unsupported(credentialsKey, "expected %s or %s, got %q", originExpression, originBasic, config.CredentialsOrigin))
	}
	if p.basic {
		return p.judge, problems.err()
	}
	var err error
	p.id, err = at.expression("clientIdExpression", config.ClientIDExpression)
	problems.add(err)
	if config.ClientSecretExpression != "" {
		p.secret, err = at.expression("clientSecretExpression", config.ClientSecretExpression)
		problems.add(err)
	}
	return p.judge, problems.err()
}

const credentialsKey = "credentialsOriginHasHttpBasicAuthenticationHeader"

func (p *clientIDEnforcement) judge(x *exchange) *refusal {
	id, secret, ok := p.credentials(x)
	switch {
	case !ok:
		return p.refuses(x, "client-id", "credentials are there", p.keys()...)
	case !p.options.contracts.has(x, id):
		return p.refuses(x, "client-id-contract", "the client has a contract", p.keys()...)
	case !p.proves(id, secret):
		return p.refuses(x, "client-id-secret", "the secret is the client application's", p.keys()[1:]...)
	}
	x.authenticated(object{{"client_id", id}}, "client_id")
	return nil
}

// credentials are those of the caller; ok is false where there are none.
func (p *clientIDEnforcement) credentials(x *exchange) (id, secret string, ok bool) {
	if p.basic {
		return x.request.BasicAuth()
	}
	id, ok = p.id.text(x)
	if p.secret != nil {
		secret, _ = p.secret.text(x) // none is a wrong one
	}
	return id, secret, ok
}

// proves reports whether the secret is that of the client application, where one
// is asked for. HTTP Basic always has one (RFC 7617 2).
func (p *clientIDEnforcement) proves(id, secret string) bool {
	if !p.basic && p.secret == nil {
		return true
	}
	known, ok := p.options.Environment.ClientSecrets[id]
	return ok && subtle.ConstantTimeCompare([]byte(known), []byte(secret)) == 1
}

func (p *clientIDEnforcement) keys() []string {
	if p.basic {
		return []string{credentialsKey, credentialsKey}
	}
	return []string{"clientIdExpression", "clientSecretExpression", credentialsKey}
}

// refuses answers with 401 and a challenge, or with 403 as the migrated template
// does; what the text is has not been seen.
func (p *clientIDEnforcement) refuses(x *exchange, name, sentence string, keys ...string) *refusal {
	x.mattered("client-id-status")
	status := p.options.Switches.ClientIDStatus
	r := &refusal{Check: Check{name, "client", status, sentence}, body: p.options.Switches.InvalidClientBody}
	switch {
	case status != unauthorized:
	case p.basic:
		r.challenge = `Basic realm="mule-realm"`
	default:
		r.challenge = "Client-ID-Enforcement"
	}
	return r.hangs(keys...)
}
