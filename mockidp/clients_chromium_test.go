package mockidp_test

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/entraproof/entraproof/internal/chromium"
)

// site is a web application that people sign in to, as the documentation of
// go-oidc and golang.org/x/oauth2 shows one: code, PKCE, state, nonce, and the
// id token verified.
type site struct {
	oauth    oauth2.Config
	verifier *oidc.IDTokenVerifier
	http     *http.Client

	mu      sync.Mutex
	pending map[string]attempt // by state
	reports reports
}

// attempt is a sign-in that was begun.
type attempt struct{ nonce, challenge string }

// signInWithChromium signs in at a web application through a real browser: wrong
// password, right one, consent, and back. Then the application refreshes.
func signInWithChromium(t *testing.T, s *stage) []report {
	t.Helper()
	browser := chromium.Start(t, chromium.Trusting(s.authority(t)))
	app := newSite(t, s)
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	home := "http://localhost:" + port
	app.oauth.RedirectURL = home + "/signed-in" // the port of a loopback address is free (RFC 8252 7.3)
	p := browser.Open(t, home+"/", chromium.View{})
	signInAs(p, "wrong")
	p.Do(chromedp.WaitVisible(`[role="alert"]`))
	app.note(report{Check: "wrong password", Error: "alert", Text: chromium.Value[string](p, `document.querySelector('[role="alert"]').textContent`)})
	signInAs(p, alicePassword)
	p.Do(chromedp.WaitVisible(`button[value="accept"]`), chromedp.Click(`button[value="accept"]`), chromedp.WaitVisible("#done"))
	if text := chromium.Value[string](p, `document.querySelector("#done").textContent`); text != "Welcome, alice" {
		t.Errorf("the page says %q", text)
	}
	app.mu.Lock()
	defer app.mu.Unlock()
	return app.reports
}

// signInChecks is what must come of it.
func signInChecks() []check {
	user := map[string]string{"ver": "2.0", "aud": ordersDev, "azp": worker, "azpacr": "1", "scp": "DEV.Access", "preferred_username": aliceName}
	return []check{
		{name: "wrong password", failure: "alert", code: "password"},
		{name: "id token", accepted: map[string]string{"ver": "2.0", "aud": worker, "tid": tenant, "preferred_username": aliceName}},
		{name: "code", token: user},
		{name: "refreshed", token: user, unlike: "code"},
	}
}

func newSite(t *testing.T, s *stage) *site {
	t.Helper()
	provider := s.provider(oidc.ClientContext(t.Context(), s.http), t, "/"+tenant+"/v2.0", s.issuer.Issuers(tenant).V2)
	return &site{
		oauth: oauth2.Config{
			ClientID: worker, ClientSecret: secret, Endpoint: provider.Endpoint(), Scopes: []string{oidc.ScopeOpenID, "profile", oidc.ScopeOfflineAccess, devUserScope},
		},
		verifier: provider.VerifierContext(oidc.ClientContext(t.Context(), s.http), &oidc.Config{ClientID: worker}),
		http:     s.http, pending: map[string]attempt{},
	}
}

func (a *site) note(r report) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reports = append(a.reports, r)
}

// ServeHTTP sends people to sign in, and greets them when they are back.
func (a *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/":
		state, begun := rand.Text(), attempt{rand.Text(), oauth2.GenerateVerifier()}
		a.mu.Lock()
		a.pending[state] = begun
		a.mu.Unlock()
		http.Redirect(w, r, a.oauth.AuthCodeURL(state, oidc.Nonce(begun.nonce), oauth2.S256ChallengeOption(begun.challenge)), http.StatusFound)
	case "/signed-in":
		name, err := a.redeem(oidc.ClientContext(r.Context(), a.http), r)
		if err != nil {
			name = err.Error()
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Site</title><link rel="icon" href="data:,"><p id="done">Welcome, %s</p></html>`, strings.ReplaceAll(name, "<", "&lt;"))
	default:
		http.NotFound(w, r)
	}
}

// redeem turns the code into tokens and verifies the id token: the user's name.
func (a *site) redeem(ctx context.Context, r *http.Request) (string, error) {
	a.mu.Lock()
	begun, known := a.pending[r.FormValue("state")]
	a.mu.Unlock()
	if !known {
		return "", fmt.Errorf("expected a state of ours, got %s", r.URL.RawQuery)
	}
	tokens, err := a.oauth.Exchange(ctx, r.FormValue("code"), oauth2.VerifierOption(begun.challenge))
	if err != nil {
		return "", err
	}
	text, _ := tokens.Extra("id_token").(string)
	id, err := a.verifier.Verify(ctx, text)
	if err != nil {
		return "", err
	}
	one := report{Check: "id token"}
	if err := id.Claims(&one.Claims); err != nil || id.Nonce != begun.nonce {
		return "", fmt.Errorf("expected the nonce, got %q, %w", id.Nonce, err)
	}
	a.note(one)
	a.note(report{Check: "code", Token: tokens.AccessToken})
	tokens.AccessToken = "" // so that another one is got
	again, err := a.oauth.TokenSource(ctx, tokens).Token()
	if err != nil {
		return "", err
	}
	a.note(report{Check: "refreshed", Token: again.AccessToken})
	return fmt.Sprint(one.Claims["name"]), nil
}

// authority is the certificate to trust.
func (s *stage) authority(t *testing.T) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode([]byte(s.issuer.AuthorityPEM()))
	if block == nil {
		t.Fatal("the authority is no PEM")
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
