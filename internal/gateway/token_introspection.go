package gateway

import (
	"time"

	"github.com/entraproof/entraproof/internal/policy"
)

// newTokenIntrospection is the policy OAuth 2.0 Token Introspection, which only
// Flex has (mulesoft-policies.md 1.7). It asks the endpoint of its configuration,
// unless Environment.Introspection names one that stands for it: then what the
// configuration says of Authorization stays here.
func newTokenIntrospection(config policy.Introspection, at site) (judge, error) {
	o := at.options
	e := &enforcement{
		voice: voice{"introspection", "OAuth2 Introspection Client Realm"}, options: o,
		consumer: config.ConsumerBy, skips: config.SkipClientIDValidation, exposes: config.ExposeHeaders,
		reads: []string{"provider"},
	}
	e.requires(config.Scopes, config.ScopeValidationCriteria)
	asked := at.provider()
	asked.inBody = false
	if asked.url == "" || policy.IsEntra(config.IntrospectionURL) { // which has none, whoever else answers
		asked = endpoint{url: config.IntrospectionURL, authorization: config.AuthorizationValue}
	}
	e.model = &introspection{
		voice: e.voice, options: o, timeout: time.Duration(config.AuthenticationTimeout) * time.Millisecond,
		client: at.providerClient(true), endpoint: asked, answers: newAnswers(config.MaxCacheEntries, config.ValidatedTokenTTL),
	}
	return e.judge, supportedIntrospection(config, at)
}

func supportedIntrospection(config policy.Introspection, at site) error {
	var problems problems
	profile := at.options.Switches.Profile
	if profile == Mule4 {
		problems.add(at.unsupported("", "profile %s: only Flex has the policy", profile))
	}
	if profile == FlexLocal && !config.SkipClientIDValidation {
		problems.add(at.localSkip())
	}
	if config.IntrospectionURL == "" {
		problems.add(at.unsupported("introspectionURL", "expected an address, got none"))
	}
	if config.ConsumerBy != "client_id" && config.ConsumerBy != "username" {
		problems.add(at.unsupported("consumerBy", "expected client_id or username, got %q", config.ConsumerBy))
	}
	return problems.err()
}
