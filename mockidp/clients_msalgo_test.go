package mockidp_test

import (
	"context"
	"crypto/x509"
	"errors"
	"testing"

	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
)

// msalGo gets tokens with MSAL Go, which checks that the issuer in discovery is
// on the authority's own host or one of Microsoft's (entra-tokens 6.1).
func msalGo(t *testing.T, s *stage) []report {
	t.Helper()
	var all reports
	ask := func(name string, c confidential.Client, scope string) {
		got, err := c.AcquireTokenByCredential(t.Context(), []string{scope})
		all.add(name, got.AccessToken, err, msalGoType(err))
	}
	bySecret := s.msalGo(t)(confidential.NewCredFromSecret(secret))
	ask("secret", bySecret, devScope)
	ask("cached", bySecret, devScope)
	ask("v1 API", bySecret, uatScope)
	ask("certificate", s.msalGo(t)(confidential.NewCredFromCert([]*x509.Certificate{s.certificate.parsed(t)}, s.certificate.key)), devScope)
	assertion := func(context.Context, confidential.AssertionRequestOptions) (string, error) { return s.assertion, nil }
	ask("federated", s.msalGo(t)(confidential.NewCredFromAssertionCallback(assertion), nil), devScope)
	ask("wrong secret", s.msalGo(t)(confidential.NewCredFromSecret("wrong")), devScope)
	ask("unknown resource", bySecret, "api://nowhere/.default")
	return all
}

// msalGo makes an application of what a credential's constructor returns.
func (s *stage) msalGo(t *testing.T) func(confidential.Credential, error) confidential.Client {
	t.Helper()
	return func(credential confidential.Credential, err error) confidential.Client {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		c, err := confidential.New(s.url()+"/"+tenant, worker, credential, confidential.WithHTTPClient(s.http), confidential.WithInstanceDiscovery(false))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
}

// msalGoType names the library's own error.
func msalGoType(err error) string {
	var call msalerrors.CallErr
	if errors.As(err, &call) {
		return "CallErr"
	}
	return ""
}
