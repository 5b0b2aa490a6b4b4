package policy_test

import (
	"encoding/json"
	"testing"

	"github.com/entraproof/entraproof/internal/policy"
)

// TestDefaults: keys and defaults as mulesoft-policies.md 1.1 and 2.1 list them.
func TestDefaults(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		config any
		want   string
	}{
		"openidconnect-access-token-enforcement": {policy.NewOpenIDConnect(), `{"scopes":"","scopeValidationCriteria":"AND",` +
			`"exposeHeaders":false,"skipClientIdValidation":false,"authenticationTimeout":10000,"secureTrustStore":false,` +
			`"maxFederationExpirationTime":-1,"maxCacheSize":1000}`},
		"jwt-validation": {policy.NewJWTValidation(), `{"jwtOrigin":"httpBearerAuthenticationHeader",` +
			`"jwtExpression":"#[attributes.headers['jwt']]","signingMethod":"rsa","signingKeyLength":256,"jwtKeyOrigin":"text",` +
			`"textKey":"your-256-bit-secret","customKeyExpression":"#[authentication.properties['key_to_your_public_pem_certificate']]","jwksUrl":"http://your-jwks-service.example:80/base/path","jwksServiceTimeToLive":60,` +
			`"jwksServiceConnectionTimeout":10000,"skipClientIdValidation":false,"clientIdExpression":"#[vars.claimSet.client_id]",` +
			`"validateAudClaim":false,"mandatoryAudClaim":false,"supportedAudiences":"","mandatoryExpClaim":false,` +
			`"mandatoryNbfClaim":false,"validateCustomClaim":false}`},
	} {
		got, err := json.Marshal(row.config)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != row.want {
			t.Errorf("%s: expected %s, got %s", name, row.want, got)
		}
	}
}
