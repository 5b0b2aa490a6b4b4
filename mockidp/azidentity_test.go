package mockidp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/go-jose/go-jose/v4"

	"github.com/entraproof/entraproof/mockidp/mint"
)

func trust(c *http.Client, i *Issuer) {
	c.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: i.RootCAs(), MinVersion: tls.VersionTLS12}
}

// sdk makes credentials by the library's documented options.
type sdk struct {
	t       *testing.T
	options azcore.ClientOptions
}

func (s sdk) made(c azcore.TokenCredential, err error) azcore.TokenCredential {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (s sdk) secret(text string) azcore.TokenCredential {
	return s.made(azidentity.NewClientSecretCredential(tenantA, worker, text, &azidentity.ClientSecretCredentialOptions{ClientOptions: s.options, DisableInstanceDiscovery: true}))
}

func (s sdk) certificate(by identity) azcore.TokenCredential {
	certificate, err := x509.ParseCertificate(by.der)
	if err != nil {
		s.t.Fatal(err)
	}
	options := azidentity.ClientCertificateCredentialOptions{ClientOptions: s.options, DisableInstanceDiscovery: true}
	return s.made(azidentity.NewClientCertificateCredential(tenantA, certified, []*x509.Certificate{certificate}, by.key, &options))
}

func (s sdk) assertion(by identity, subject string) azcore.TokenCredential {
	token := func(context.Context) (string, error) {
		return by.sign(s.t, jose.RS256, nil, map[string]any{"aud": exchangeAudience, "iss": outside, "sub": subject, "exp": time.Now().Add(time.Minute).Unix()}), nil
	}
	options := azidentity.ClientAssertionCredentialOptions{ClientOptions: s.options, DisableInstanceDiscovery: true}
	return s.made(azidentity.NewClientAssertionCredential(tenantA, federated, token, &options))
}

// TestRealClient gets tokens with Microsoft's own library, which checks the
// discovery document, the issuer and the answer in its own way: with a secret, a
// certificate and a token of somebody else's.
func TestRealClient(t *testing.T) {
	own, other := newIdentity(t), newIdentity(t)
	cfg := testConfig(t)
	cfg.Now = time.Now
	cfg.Directory.Clients["certified"] = ClientRegistration{ID: certified, Certificates: []string{own.pem()}}
	cfg.Directory.Clients["federated"] = ClientRegistration{ID: federated, Federated: []FederatedCredential{{Issuer: outside, Subject: branch, JWKS: other.jwks(t)}}}
	i := Start(t, cfg)
	c := client(t)
	trust(c, i)
	sdk := sdk{t, azcore.ClientOptions{Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: i.TLSURL() + "/"}, Transport: c}}
	for _, row := range []struct {
		name, client, proof string
		credential          azcore.TokenCredential
		refused             string
	}{
		{"secret", worker, "1", sdk.secret(secret), ""},
		{"wrong secret", "", "", sdk.secret("wrong"), "AADSTS7000215"},
		{"certificate", certified, "2", sdk.certificate(own), ""},
		{"a certificate that is not registered", "", "", sdk.certificate(other), "AADSTS700027"},
		{"federated", federated, "2", sdk.assertion(other, branch), ""},
		{"federated, of another branch", "", "", sdk.assertion(other, "repo:Orders/api:pull_request"), "AADSTS700213"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := row.credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"api://orders.dev/.default"}})
			var failed *azidentity.AuthenticationFailedError
			if row.refused != "" {
				if !errors.As(err, &failed) || !strings.Contains(err.Error(), row.refused) {
					t.Errorf("expected %s, got %v", row.refused, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			_, payload, err := mint.Decode(got.Token)
			if err != nil || payload.GetText("azp") != row.client || payload.GetText("azpacr") != row.proof || time.Until(got.ExpiresOn) < 50*time.Minute {
				t.Errorf("payload %s, until %s, %v", payload.JSON(), got.ExpiresOn, err)
			}
			if err := verify(t, i, got.Token); err != nil {
				t.Error(err)
			}
		})
	}
}
