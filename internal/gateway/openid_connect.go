package gateway

import (
	"crypto/tls"
	"net/http"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/policy"
)

// newOpenIDConnect is the policy OpenID Connect OAuth 2.0 Access Token
// Enforcement (mulesoft-policies.md section 1), in either model.
func newOpenIDConnect(config policy.OpenIDConnect, at site) (judge, error) {
	o := at.options
	e := &enforcement{
		voice: voice{"oidc", o.Switches.OIDCRealm}, options: o,
		consumer: "client_id", skips: config.SkipClientIDValidation, exposes: config.ExposeHeaders,
	}
	e.requires(config.Scopes, config.ScopeValidationCriteria)
	e.reads = []string{"oidc-model"}
	var problems problems
	problems.add(supportedOIDC(config, at))
	timeout := time.Duration(config.AuthenticationTimeout) * time.Millisecond
	if o.Switches.OIDCModel == Documented {
		e.model = &introspection{
			voice: e.voice, options: o, timeout: timeout, client: at.providerClient(config.SecureTrustStore),
			endpoint: at.provider(), answers: newAnswers(config.MaxCacheSize, config.MaxFederationExpirationTime),
		}
		e.reads = append(e.reads, "provider")
		if at.provider().url == "" {
			problems.add(at.unevaluated("", "oidc model %s: expected an introspection endpoint, got none", Documented))
		}
	} else {
		provide := claimsAsTheyAre
		if at.shim {
			provide = claimsThroughShim
		}
		ring := mulesoftKeys(o, o.Environment.JWKSURL, time.Hour, timeout)
		e.model = &localClaims{voice: e.voice, options: o, provide: provide, keys: keyServers{algorithm{"rsa", 256}, o, []*keyring{ring}}}
	}
	return e.judge, problems.err()
}

// supportedOIDC: what local mode does not do (section 0 fact 11).
func supportedOIDC(config policy.OpenIDConnect, at site) error {
	switch s := at.options.Switches; {
	case s.Profile != FlexLocal:
	case s.FlexVersion != FlexFormer:
		return at.unsupported("", "profile %s: the OIDC policy is not supported in local mode", FlexLocal)
	case !config.SkipClientIDValidation:
		return at.localSkip()
	}
	return nil
}

// provider is the endpoint that the platform injects.
func (s site) provider() endpoint {
	i := s.options.Environment.Introspection
	url := i.URL
	if s.shim {
		url = i.ShimURL
	}
	return endpoint{url: url, clientID: i.ClientID, clientSecret: i.ClientSecret, inBody: true}
}

// providerClient asks the provider. Mule verifies its certificate only where
// secureTrustStore says so (1.1); Flex always does.
func (s site) providerClient(verifies bool) *http.Client {
	direct := *s.options.Client
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if s.options.Switches.Profile == Mule4 && !verifies && strings.HasPrefix(s.provider().url, "https:") {
		direct.Transport = credulous(direct.Transport)
	}
	return &direct
}

// credulous takes any certificate; a transport that is not net/http's verifies as
// it will.
func credulous(t http.RoundTripper) http.RoundTripper {
	if t == nil {
		t = http.DefaultTransport
	}
	own, ok := t.(*http.Transport)
	if !ok {
		return t
	}
	own = own.Clone()
	if own.TLSClientConfig == nil {
		own.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	own.TLSClientConfig.InsecureSkipVerify = true // what the product does by default
	return own
}
