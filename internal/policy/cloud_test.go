package policy_test

import (
	"testing"

	"github.com/entraproof/entraproof/internal/policy"
)

// TestCustomerIssuer: an issuer is taken for that of a tenant for customers only
// where the keys are of the same party, and neither is of one of Entra's clouds.
func TestCustomerIssuer(t *testing.T) {
	const (
		tenant = "7f1c0a52-3b7e-4f0a-9d2c-5e8b1a6c4d90"
		shop   = "https://shop.ciamlogin.com/" + tenant + "/discovery/v2.0/keys"
		entra  = "https://login.microsoftonline.com/" + tenant + "/v2.0"
	)
	for _, row := range []struct {
		name, issuer, keys string
		want               bool
	}{
		{"External ID", "https://" + tenant + ".ciamlogin.com/" + tenant + "/v2.0", shop, true},
		{"B2C", "https://shop.b2clogin.com/" + tenant + "/v2.0/", "https://shop.b2clogin.com/shop.onmicrosoft.com/B2C_1_in/discovery/v2.0/keys", true},
		{"a domain of its own", "https://login.shop.example/" + tenant + "/v2.0", "https://login.shop.example/" + tenant + "/discovery/v2.0/keys", true},
		{"keys of somebody else", "https://login.shop.example/" + tenant + "/v2.0", shop, false},
		{"keys of Entra", "https://login.microsoftonlin.com/" + tenant + "/v2.0", "https://login.microsoftonline.com/" + tenant + "/discovery/v2.0/keys", false},
		{"both of Entra", entra, "https://login.microsoftonline.com/" + tenant + "/discovery/v2.0/keys", false},
		{"no address", "api://orders", shop, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := policy.CustomerIssuer(row.issuer, row.keys); got != row.want {
				t.Errorf("expected %t, got %t", row.want, got)
			}
		})
	}
}
