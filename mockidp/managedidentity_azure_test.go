package mockidp

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// metadataAt brings requests for the address of the metadata service, which the
// library has no option for, to the mock: a policy.Transporter, as the library
// documents it.
type metadataAt struct {
	host   string
	client *http.Client
}

func (m metadataAt) Do(r *http.Request) (*http.Response, error) {
	if r.URL.Host == "169.254.169.254" {
		r = r.Clone(r.Context())
		r.URL.Host, r.Host = m.host, m.host
	}
	return m.client.Do(r)
}

// TestManagedIdentityCredential gets tokens with Microsoft's own library at both
// hosts, which it finds by its environment. It keeps tokens by resource and
// identity for as long as the process lives, so that no row asks for what another
// one has asked for.
func TestManagedIdentityCredential(t *testing.T) {
	cfg := testConfig(t)
	withIdentities(&cfg)
	cfg.Now = time.Now
	i := Start(t, cfg)
	at, err := url.Parse(i.URL())
	if err != nil {
		t.Fatal(err)
	}
	options := azcore.ClientOptions{Transport: metadataAt{at.Host, client(t)}, Retry: policy.RetryOptions{MaxRetries: -1}}
	type environment map[string]string
	appService, vm := environment{"IDENTITY_ENDPOINT": i.URL() + appServicePath, "IDENTITY_HEADER": hostHeader}, environment{"IDENTITY_ENDPOINT": "", "IDENTITY_HEADER": ""}
	for _, row := range []struct {
		name     string
		at       environment
		id       azidentity.ManagedIDKind
		resource string
		mine     string
		refused  string
	}{
		{"App Service, its own identity", appService, nil, "api://orders.dev", machineID, ""},
		{"App Service, by client id", appService, azidentity.ClientID(pipeline), "api://orders.dev", pipelineID, ""},
		{"App Service, by object id", appService, azidentity.ObjectID(pipelineOID), "api://orders-uat", pipelineID, ""},
		{"App Service, by resource id", appService, azidentity.ResourceID(nightlyID), "api://orders.dev", nightlyID, ""},
		{"App Service, wrong header", environment{"IDENTITY_ENDPOINT": i.URL() + appServicePath, "IDENTITY_HEADER": "guessed"}, nil, "api://" + apiV2, "", "X-IDENTITY-HEADER"},
		{"VM, its own identity", vm, nil, "https://management.azure.com", machineID, ""},
		{"VM, by client id", vm, azidentity.ClientID(nightly), "https://management.azure.com", nightlyID, ""},
		{"VM, by object id", vm, azidentity.ObjectID(pipelineOID), "https://management.azure.com", pipelineID, ""},
		{"VM, by resource id", vm, azidentity.ResourceID(pipelineID), "https://graph.microsoft.com", pipelineID, ""},
		{"VM, unknown identity", vm, azidentity.ClientID(worker), "https://graph.microsoft.com", "", "the requested identity isn't assigned to this resource"},
		{"VM, unknown API", vm, nil, "api://nowhere", "", "AADSTS500011"},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, name := range []string{"IDENTITY_SERVER_THUMBPRINT", "MSI_ENDPOINT", "MSI_SECRET", "IMDS_ENDPOINT"} {
				t.Setenv(name, "")
			}
			for name, text := range row.at {
				t.Setenv(name, text)
			}
			c, err := azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{ClientOptions: options, ID: row.id})
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{row.resource + "/.default"}})
			if row.refused != "" {
				var response *azidentity.AuthenticationFailedError
				if err == nil || !strings.Contains(err.Error(), row.refused) || row.id != nil && !errors.As(err, &response) {
					t.Errorf("expected %s, got %v", row.refused, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			_, payload, err := mint.Decode(got.Token)
			if err != nil || payload.GetText("xms_mirid") != row.mine || time.Until(got.ExpiresOn) < 23*time.Hour {
				t.Errorf("payload %s, until %s, %v", payload.JSON(), got.ExpiresOn, err)
			}
			if _, err := i.readIssued(got.Token); err != nil {
				t.Error(err)
			}
		})
	}
}
