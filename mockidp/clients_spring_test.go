package mockidp_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// springSecurity presents tokens to Spring Security's resource server, the
// gateway of the lab, which fetches the keys itself. That it accepts is what the
// upstream says; that it refuses is its own WWW-Authenticate (RFC 6750 3).
func springSecurity(t *testing.T, s *stage) []report {
	t.Helper()
	upstream := httptest.NewServer(http.HandlerFunc(echoClaims))
	t.Cleanup(upstream.Close)
	recipe, err := lab.Lookup("spring")
	if err != nil {
		t.Fatal(err)
	}
	names := s.issuer.Issuers(tenant)
	gateway, err := lab.Start(t.Context(), lab.Options{Recipe: recipe, Mode: lab.FixedAudience, Dir: t.TempDir(), Site: lab.Site{
		Tenant: tenant, Issuers: lab.Issuers{V1: names.V1, V2: names.V2}, IssuerURL: s.issuer.URL(),
		Upstream: upstream.Listener.Addr().String(), Audiences: []string{ordersDev}, Contracts: []string{worker},
	}})
	var absent *lab.MissingError
	if errors.As(err, &absent) {
		missing(t, "spring", err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := gateway.Stop(); err != nil {
			t.Error(err)
		}
	})
	all := []report{presentTo(t, gateway.URL, "over HTTP", s.post(t))}
	for _, p := range s.presented {
		if p.Audience == ordersDev || p.Check == "v1 app" {
			all = append(all, presentTo(t, gateway.URL, p.Check, p.Token))
		}
	}
	return all
}

// echoClaims answers with the claims of the token that has come through.
func echoClaims(w http.ResponseWriter, r *http.Request) {
	_, payload, err := mint.Decode(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(payload.JSON()) // the gateway reports what it does not get
}

func presentTo(t *testing.T, gateway, name, token string) report {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, gateway+"/v1/ping", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	one := report{Check: name}
	if res.StatusCode != http.StatusOK {
		one.Error, one.Text = res.Status, res.Header.Get("WWW-Authenticate")
		return one
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &one.Claims); err != nil {
		t.Fatalf("%s: %v: %s", name, err, text)
	}
	return one
}

// resourceServer is what Spring Security must show.
func resourceServer() []check {
	refused := func(name, says string) check { return check{name: name, failure: "401 Unauthorized", code: says} }
	app := map[string]string{"ver": "2.0", "azp": worker}
	return []check{
		{name: "over HTTP", accepted: app},
		{name: "v2 app", accepted: app},
		{name: "v2 user", accepted: map[string]string{"azp": worker, "scp": "DEV.Access"}},
		refused("v1 app", "aud claim"),
		refused("another issuer's key", "Failed to validate the token"),
		refused("an unknown kid", "Failed to validate the token"),
		refused("another tenant", "Invalid issuer"),
		refused("expired", "expired"),
		refused("unsigned", "Unsupported algorithm"),
		refused("signed with the public key", "Unsupported algorithm"),
	}
}

// post gets the worker's token with nothing but HTTP.
func (s *stage) post(t *testing.T) string {
	t.Helper()
	return s.ask(t, url.Values{"grant_type": {"client_credentials"}, "client_id": {worker}, "client_secret": {secret}, "scope": {devScope}})
}

// userToken is a token of alice for the DEV API.
func (s *stage) userToken(t *testing.T) string {
	t.Helper()
	return s.ask(t, url.Values{"grant_type": {"password"}, "client_id": {desktop}, "username": {aliceName}, "password": {alicePassword}, "scope": {devUserScope}})
}

func (s *stage) ask(t *testing.T, form url.Values) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url()+"/"+tenant+"/oauth2/v2.0/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := s.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var body struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil || body.Token == "" {
		t.Fatalf("expected a token, got %s, %v", res.Status, err)
	}
	return body.Token
}
