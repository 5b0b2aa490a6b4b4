package mockidp_test

import (
	"context"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// azIdentity gets tokens with the credentials of Azure's SDK for Go, which stand
// on MSAL Go.
func azIdentity(t *testing.T, s *stage) []report {
	t.Helper()
	var all reports
	ask := func(name string, c azcore.TokenCredential, scope string) {
		got, err := c.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{scope}})
		if err == nil && time.Until(got.ExpiresOn) < 50*time.Minute {
			t.Errorf("%s: expected an hour, got until %s", name, got.ExpiresOn)
		}
		all.add(name, got.Token, err, azIdentityType(err))
	}
	sdk := azSDK{t, azcore.ClientOptions{
		Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: s.url() + "/"}, Transport: s.http, Retry: policy.RetryOptions{MaxRetries: -1},
	}}
	bySecret := sdk.secret(secret)
	ask("secret", bySecret, devScope)
	ask("cached", bySecret, devScope)
	ask("v1 API", bySecret, uatScope)
	ask("certificate", sdk.certificate(s.certificate), devScope)
	ask("federated", sdk.assertion(s.assertion), devScope)
	ask("wrong secret", sdk.secret("wrong"), devScope)
	ask("unknown resource", bySecret, "api://nowhere/.default")
	ask("another certificate", sdk.certificate(s.outside), devScope)
	ask("another branch", sdk.assertion(s.outside.assertion(t, branch+"-2")), devScope)
	ask("on behalf of", sdk.onBehalfOf(s.userToken(t)), uatUserScope)
	ask("device code", sdk.deviceCode(s.person(t)), devUserScope)
	return all
}

// azSDK makes credentials by the library's documented options.
type azSDK struct {
	t       *testing.T
	options azcore.ClientOptions
}

func (s azSDK) made(c azcore.TokenCredential, err error) azcore.TokenCredential {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (s azSDK) secret(text string) azcore.TokenCredential {
	return s.made(azidentity.NewClientSecretCredential(tenant, worker, text, &azidentity.ClientSecretCredentialOptions{ClientOptions: s.options, DisableInstanceDiscovery: true}))
}

func (s azSDK) certificate(by identity) azcore.TokenCredential {
	options := azidentity.ClientCertificateCredentialOptions{ClientOptions: s.options, DisableInstanceDiscovery: true}
	return s.made(azidentity.NewClientCertificateCredential(tenant, worker, []*x509.Certificate{by.parsed(s.t)}, by.key, &options))
}

func (s azSDK) assertion(text string) azcore.TokenCredential {
	token := func(context.Context) (string, error) { return text, nil }
	options := azidentity.ClientAssertionCredentialOptions{ClientOptions: s.options, DisableInstanceDiscovery: true}
	return s.made(azidentity.NewClientAssertionCredential(tenant, worker, token, &options))
}

func (s azSDK) onBehalfOf(user string) azcore.TokenCredential {
	options := azidentity.OnBehalfOfCredentialOptions{ClientOptions: s.options, DisableInstanceDiscovery: true}
	return s.made(azidentity.NewOnBehalfOfCredentialWithSecret(tenant, ordersDev, user, secret, &options))
}

func (s azSDK) deviceCode(p *person) azcore.TokenCredential {
	return s.made(azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
		ClientOptions: s.options, DisableInstanceDiscovery: true, TenantID: tenant, ClientID: desktop,
		UserPrompt: func(_ context.Context, m azidentity.DeviceCodeMessage) error {
			p.enter(m.VerificationURL, m.UserCode)
			return nil
		},
	}))
}

func azIdentityType(err error) string {
	var failed *azidentity.AuthenticationFailedError
	if errors.As(err, &failed) {
		return "AuthenticationFailedError"
	}
	return ""
}
