package mockidp

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// TestMSALGoForPeople gets tokens of users with Microsoft's own library, in each
// of its ways, unpatched and over TLS.
func TestMSALGoForPeople(t *testing.T) {
	c := converse(t, func(cfg *Config) { cfg.Now = time.Now })
	h := client(t)
	trust(h, c.i)
	authority := c.i.TLSURL() + "/" + tenantA
	program, err := msal.New(native, msal.WithAuthority(authority), msal.WithHTTPClient(h), msal.WithInstanceDiscovery(false))
	if err != nil {
		t.Fatal(err)
	}
	scopes := []string{"api://orders.dev/DEV.Access"}
	check := func(what string, got msal.AuthResult, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		_, p, err := mint.Decode(got.AccessToken)
		if err != nil || p.GetText("scp") != "DEV.Access" || got.Account.PreferredUsername != "alice@contoso.example" || got.IDToken.Oid != p.GetText("oid") || len(got.DeclinedScopes) > 0 {
			t.Errorf("%s: %s, account %+v, declined %v, %v", what, p.JSON(), got.Account, got.DeclinedScopes, err)
		}
	}
	got, err := program.AcquireTokenByUsernamePassword(t.Context(), scopes, "alice@contoso.example", password) //nolint:staticcheck // deprecated, and still in use
	check("by name and password", got, err)
	var call msalerrors.CallErr
	_, err = program.AcquireTokenByUsernamePassword(t.Context(), scopes, "alice@contoso.example", "wrong") //nolint:staticcheck // as above
	if !errors.As(err, &call) || !strings.Contains(err.Error(), "AADSTS50126") {
		t.Errorf("by a wrong password: %v", err)
	}
	silent, err := program.AcquireTokenSilent(t.Context(), []string{"api://orders-uat/UAT.Access"}, msal.WithSilentAccount(got.Account))
	if _, p, wrong := mint.Decode(silent.AccessToken); err != nil || wrong != nil || p.GetText("aud") != "api://orders-uat" {
		t.Errorf("silently, for another API: %v %s", err, p.JSON())
	}

	b := c.browser()
	trust(b.http, c.i)
	check("by device code", deviceWithMSALGo(t, program, b, scopes), nil)

	web, err := confidential.NewCredFromSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	api, err := confidential.New(authority, apiV2, web, confidential.WithHTTPClient(h), confidential.WithInstanceDiscovery(false))
	if err != nil {
		t.Fatal(err)
	}
	behalf, err := api.AcquireTokenOnBehalfOf(t.Context(), got.AccessToken, []string{"api://orders-uat/UAT.Access"})
	if _, p, wrong := mint.Decode(behalf.AccessToken); err != nil || wrong != nil || p.GetText("appid") != apiV2 || p.GetText("name") != "Alice Andersson" {
		t.Errorf("on behalf of: %v %s", err, p.JSON())
	}
	check("by code", codeWithMSALGo(t, program, b, scopes), nil)
}

// deviceWithMSALGo plays the person while the library polls.
func deviceWithMSALGo(t *testing.T, program msal.Client, b *browser, scopes []string) msal.AuthResult {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	device, err := program.AcquireTokenByDeviceCode(ctx, scopes)
	if err != nil {
		t.Fatal(err)
	}
	b.send(http.MethodGet, device.Result.VerificationURL, nil)
	b.submit("", "user_code", device.Result.UserCode)
	b.submit("alice@contoso.example", "password", password)
	b.submit("", "answer", "accept")
	got, err := device.AuthenticationResult(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// codeWithMSALGo goes where the library sends the browser and brings the code
// back.
func codeWithMSALGo(t *testing.T, program msal.Client, b *browser, scopes []string) msal.AuthResult {
	t.Helper()
	const redirect = "http://localhost:49152/in"
	at, err := program.AuthCodeURL(t.Context(), native, redirect, scopes, msal.WithLoginHint("alice@contoso.example"))
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set("code_challenge", challenged())
	query.Set("code_challenge_method", "S256")
	u.RawQuery = query.Encode()
	b.send(http.MethodGet, u.String(), nil)
	params, _, _ := b.arrived()
	got, err := program.AcquireTokenByAuthCode(t.Context(), params.Get("code"), redirect, scopes, msal.WithChallenge(verifier))
	if err != nil {
		t.Fatalf("%v: %v", params, err)
	}
	return got
}
