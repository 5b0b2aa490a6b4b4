package predict

import (
	"context"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/scenarios"
)

// TestTokensAreSignedOncePerRegistration counts what the issuer signs for two
// exports of one registration, and for one of another. What is about the time is
// signed anew, for it is another token.
func TestTokensAreSignedOncePerRegistration(t *testing.T) {
	first := signaturesFor(t, "00000000aaaa", func(*policy.JWTValidation) {})
	same := signaturesFor(t, "00000000aaaa", func(p *policy.JWTValidation) { p.MandatoryNbfClaim = !p.MandatoryNbfClaim })
	other := signaturesFor(t, "00000000bbbb", func(*policy.JWTValidation) {})
	if first < 50 || same*5 > first || other*2 < first {
		t.Errorf("expected many signatures, a fifth of them at most for the same registration, and as many for another; got %d, %d and %d", first, same, other)
	}
}

// signaturesFor predicts an export, of a registration whose id ends so, and counts
// the signatures that were made for it.
func signaturesFor(t *testing.T, registration string, change func(*policy.JWTValidation)) int {
	t.Helper()
	instance := exported("good-v2-orders-uat.json")[0]
	for i, a := range instance.Policies {
		if config, is := a.Config.(*policy.JWTValidation); is {
			own := *config
			own.SupportedAudiences = strings.ReplaceAll(own.SupportedAudiences, "0123456789f2", registration)
			change(&own)
			instance.Policies[i].Config = &own
		}
	}
	p, err := newPredictor(Options{Instances: []policy.Instance{instance}, Selection: scenarios.Selection{Profile: "core"}})
	if err != nil {
		t.Fatal(err)
	}
	signed := shared.engines(p.subjects[0].target)[0].Tokens.(*lab.Remembering).Signed
	before := signed.Made()
	if _, err := p.predict(context.Background(), shared, p.subjects[0]); err != nil {
		t.Fatal(err)
	}
	return signed.Made() - before
}
