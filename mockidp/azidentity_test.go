package mockidp

import (
	"crypto/tls"
	"net/http"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/entraproof/entraproof/mockidp/mint"
)

func trust(c *http.Client, i *Issuer) {
	c.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: i.RootCAs(), MinVersion: tls.VersionTLS12}
}

// TestRealClient gets a token with Microsoft's own library, which checks the
// discovery document, the issuer and the answer in its own way.
func TestRealClient(t *testing.T) {
	cfg := testConfig(t)
	cfg.Now = time.Now
	i := Start(t, cfg)
	c := client(t)
	trust(c, i)
	credential, err := azidentity.NewClientSecretCredential(tenantA, worker, secret, &azidentity.ClientSecretCredentialOptions{
		ClientOptions: azcore.ClientOptions{
			Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: i.TLSURL() + "/"}, Transport: c,
		},
		DisableInstanceDiscovery: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"api://orders.dev/.default"}})
	if err != nil {
		t.Fatal(err)
	}
	_, payload, err := mint.Decode(got.Token)
	if err != nil || payload.GetText("azp") != worker || time.Until(got.ExpiresOn) < 50*time.Minute {
		t.Errorf("payload %s, until %s, %v", payload.JSON(), got.ExpiresOn, err)
	}
	if err := verify(t, i, got.Token); err != nil {
		t.Error(err)
	}
}
