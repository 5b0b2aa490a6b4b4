package mockidp_test

import (
	"context"
	"crypto/x509"
	"errors"
	"net/url"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
	"golang.org/x/oauth2"
)

// msalGo gets tokens with MSAL Go, which checks that the issuer in discovery is
// on the authority's own host or one of Microsoft's (entra-tokens 6.1).
func msalGo(t *testing.T, s *stage) []report {
	t.Helper()
	m := &msalGoClient{t: t, s: s}
	m.daemon()
	m.entraName()
	m.password()
	user := m.code()
	m.onBehalfOf(user)
	m.deviceCode()
	return m.all
}

type msalGoClient struct {
	t   *testing.T
	s   *stage
	all reports
}

func (m *msalGoClient) note(name, token string, err error) {
	var call msalerrors.CallErr
	if errors.As(err, &call) {
		m.all.add(name, token, err, "CallErr")
		return
	}
	m.all.add(name, token, err, "")
}

func (m *msalGoClient) daemon() {
	ask := func(name string, c confidential.Client, scope string) {
		got, err := c.AcquireTokenByCredential(m.t.Context(), []string{scope})
		m.note(name, got.AccessToken, err)
	}
	bySecret := m.application(worker)(confidential.NewCredFromSecret(secret))
	ask("secret", bySecret, devScope)
	ask("cached", bySecret, devScope)
	ask("v1 API", bySecret, uatScope)
	own := m.s.certificate
	ask("certificate", m.application(worker)(confidential.NewCredFromCert([]*x509.Certificate{own.parsed(m.t)}, own.key)), devScope)
	assertion := func(context.Context, confidential.AssertionRequestOptions) (string, error) { return m.s.assertion, nil }
	ask("federated", m.application(worker)(confidential.NewCredFromAssertionCallback(assertion), nil), devScope)
	ask("wrong secret", m.application(worker)(confidential.NewCredFromSecret("wrong")), devScope)
	ask("unknown resource", bySecret, "api://nowhere/.default")
}

// entraName is nothing but the certificate and the way to the issuer.
func (m *msalGoClient) entraName() {
	credential, err := confidential.NewCredFromSecret(secret)
	if err != nil {
		m.t.Fatal(err)
	}
	c, err := confidential.New("https://login.microsoftonline.com/"+tenant, worker, credential, confidential.WithHTTPClient(m.s.behindDoor(m.t)))
	if err != nil {
		m.t.Fatal(err)
	}
	got, err := c.AcquireTokenByCredential(m.t.Context(), []string{devScope})
	m.note("under Entra's name", got.AccessToken, err)
}

func (m *msalGoClient) password() {
	ctx, scopes := m.t.Context(), []string{devUserScope}
	desktop := m.desktop()
	first, err := desktop.AcquireTokenByUsernamePassword(ctx, scopes, aliceName, alicePassword) //nolint:staticcheck // deprecated, and what people still use
	m.note("password", first.AccessToken, err)
	got, err := desktop.AcquireTokenSilent(ctx, scopes, public.WithSilentAccount(first.Account))
	m.note("cached user", got.AccessToken, err)
	// Claims are what a token in the cache cannot be trusted to have.
	claims := public.WithClaims(`{"access_token":{"xms_cc":{"values":["cp1"]}}}`)
	got, err = desktop.AcquireTokenSilent(ctx, scopes, public.WithSilentAccount(first.Account), claims)
	m.note("refreshed", got.AccessToken, err)
	_, err = desktop.AcquireTokenByUsernamePassword(ctx, scopes, aliceName, "wrong") //nolint:staticcheck // see above
	m.note("wrong password", "", err)
}

func (m *msalGoClient) code() string {
	ctx, scopes := m.t.Context(), []string{devUserScope}
	web := m.application(worker)(confidential.NewCredFromSecret(secret))
	address, err := web.AuthCodeURL(ctx, worker, signedIn, scopes)
	if err != nil {
		m.t.Fatal(err)
	}
	verifier := oauth2.GenerateVerifier()
	address += "&code_challenge_method=S256&code_challenge=" + oauth2.S256ChallengeFromVerifier(verifier)
	back, err := url.Parse(m.s.person(m.t).signIn(address))
	if err != nil {
		m.t.Fatal(err)
	}
	got, err := web.AcquireTokenByAuthCode(ctx, back.Query().Get("code"), signedIn, scopes, confidential.WithChallenge(verifier))
	m.note("code", got.AccessToken, err)
	return got.AccessToken
}

func (m *msalGoClient) onBehalfOf(user string) {
	api := m.application(ordersDev)(confidential.NewCredFromSecret(secret))
	got, err := api.AcquireTokenOnBehalfOf(m.t.Context(), user, []string{uatUserScope})
	m.note("on behalf of", got.AccessToken, err)
}

func (m *msalGoClient) deviceCode() {
	pending, err := m.desktop().AcquireTokenByDeviceCode(m.t.Context(), []string{devUserScope})
	if err != nil {
		m.note("device code", "", err)
		return
	}
	m.s.person(m.t).enter(pending.Result.VerificationURL, pending.Result.UserCode)
	got, err := pending.AuthenticationResult(m.t.Context())
	m.note("device code", got.AccessToken, err)
}

// application is a confidential client, made of what a credential's constructor
// returns.
func (m *msalGoClient) application(id string) func(confidential.Credential, error) confidential.Client {
	return func(credential confidential.Credential, err error) confidential.Client {
		if err != nil {
			m.t.Fatal(err)
		}
		c, err := confidential.New(m.s.url()+"/"+tenant, id, credential, confidential.WithHTTPClient(m.s.http), confidential.WithInstanceDiscovery(false))
		if err != nil {
			m.t.Fatal(err)
		}
		return c
	}
}

func (m *msalGoClient) desktop() public.Client {
	c, err := public.New(desktop, public.WithAuthority(m.s.url()+"/"+tenant), public.WithHTTPClient(m.s.http), public.WithInstanceDiscovery(false))
	if err != nil {
		m.t.Fatal(err)
	}
	return c
}
