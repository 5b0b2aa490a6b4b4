package mockidp_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// check is what a client must show. Exactly one of token, cached, failure and
// claims says what kind of thing that is.
type check struct {
	name string
	// token: an access token that is signed by a published key, with these claims.
	token map[string]string
	// cached names an earlier check: the library gives the same token again, and
	// the token endpoint is not asked.
	cached string
	// unlike names an earlier check whose token it is not.
	unlike string
	// failure is the library's own type of error, and code what it carries.
	failure, code string
	// accepted: the library validated a token with this claim set.
	accepted map[string]string
}

// report is a line that a client prints for a check that it has passed.
type report struct {
	Check string
	// Token is an access token that it got.
	Token string
	// Error is the type of the library's error, Text what it says.
	Error, Text string
	// Claims are those of a token that the library took for valid.
	Claims map[string]any
	// Ask is what a user is to do, instead of a check: "sign in" at URL, whose answer
	// is where they came out, or "enter a code" there.
	Ask, URL, Code string
}

// reports are what a client in this process has seen.
type reports []report

// add notes what came of asking for a token: kind is the library's type of err.
func (r *reports) add(name, token string, err error, kind string) {
	one := report{Check: name, Token: token, Error: kind}
	if err != nil {
		one.Text = err.Error()
	}
	*r = append(*r, one)
}

// client is a library that meets the issuer over TLS by its documented options.
type client struct {
	name string
	run  func(*testing.T, *stage) []report
	want []check
}

// TestClients has each library get tokens over TLS, use or validate them, and be
// refused. What a client says that it has seen is looked at here once more, and
// a check that it left out is an error.
func TestClients(t *testing.T) {
	t.Parallel()
	for _, c := range clients() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			for _, problem := range judge(c.want, c.run(t, s), s.verifier(t)) {
				t.Error(problem)
			}
		})
	}
}

func clients() []client {
	return []client{
		{"msal-go", msalGo, slices.Concat(clientCredentials("CallErr", "CallErr"), entraNamed(), delegated("CallErr"))},
		{"azidentity", azIdentity, slices.Concat(clientCredentials("AuthenticationFailedError", "AuthenticationFailedError"), []check{
			{name: "another certificate", failure: "AuthenticationFailedError", code: "AADSTS700027"},
			{name: "another branch", failure: "AuthenticationFailedError", code: "AADSTS700213"},
		}, delegated("", "password", "cached user", "refreshed", "wrong password", "code"))},
		{"msal-node", node("msal-node"), slices.Concat(clientCredentials("ServerError", "ServerError"), managed(), delegated("ServerError"))},
		{"msal-python", python("msal-python"), slices.Concat(clientCredentials("invalid_client", "invalid_resource"), managed(), delegated("invalid_grant"))},
		{"azure-identity", python("azure-identity"), slices.Concat(clientCredentials("ClientAuthenticationError", "ClientAuthenticationError"),
			managed(), delegated("", "password", "cached user", "refreshed", "wrong password"))},
		{"msal4j", java("msal4j"), slices.Concat(clientCredentials("MsalServiceException", "MsalServiceException"), entraNamed(), managed(), delegated("MsalInteractionRequiredException"))},
		{"go-oidc", goOIDC, append(validation(refusals{
			key: refusal{"error", "failed to verify signature"}, kid: refusal{"error", "failed to verify signature"},
			issuer: refusal{"error", "issued by a different provider"}, audience: refusal{"error", "expected audience"},
			expired: refusal{"TokenExpiredError", ""}, alg: refusal{"error", "unexpected signature algorithm"},
		}), check{name: "wrong secret", failure: "RetrieveError", code: "AADSTS7000215"})},
		{"jose", node("jose"), validation(refusals{
			key: refusal{"JWSSignatureVerificationFailed", ""}, kid: refusal{"JWKSNoMatchingKey", ""},
			issuer: refusal{"JWTClaimValidationFailed", "iss"}, audience: refusal{"JWTClaimValidationFailed", "aud"},
			expired: refusal{"JWTExpired", ""}, alg: refusal{"JOSEAlgNotAllowed", ""},
		})},
		{"chromium", signInWithChromium, signInChecks()},
		{"msal-browser", singlePage, singlePageChecks()},
		{"spring", springSecurity, resourceServer()},
		{"pyjwt", python("pyjwt"), validation(refusals{
			key: refusal{"InvalidSignatureError", ""}, kid: refusal{"PyJWKClientError", "signing key"},
			issuer: refusal{"InvalidIssuerError", ""}, audience: refusal{"InvalidAudienceError", ""},
			expired: refusal{"ExpiredSignatureError", ""}, alg: refusal{"InvalidAlgorithmError", ""},
		})},
	}
}

// clientCredentials is what a library for confidential clients must show, with
// its own types of error for a wrong secret and for a resource that does not
// exist.
func clientCredentials(wrongSecret, unknownResource string) []check {
	v2 := map[string]string{"ver": "2.0", "aud": ordersDev, "azp": worker, "azpacr": "1", "tid": tenant, "roles": "[DEV.Access]"}
	assertion := map[string]string{"ver": "2.0", "aud": ordersDev, "azp": worker, "azpacr": "2"}
	return []check{
		{name: "secret", token: v2},
		{name: "cached", cached: "secret"},
		{name: "v1 API", token: map[string]string{"ver": "1.0", "aud": "api://orders-uat", "appid": worker, "appidacr": "1"}},
		{name: "certificate", token: assertion},
		{name: "federated", token: assertion},
		{name: "wrong secret", failure: wrongSecret, code: "AADSTS7000215"},
		{name: "unknown resource", failure: unknownResource, code: "AADSTS500011"},
	}
}

// entraNamed is what a library must show that is told nothing of another
// authority: with instance discovery, as it comes.
func entraNamed() []check {
	return []check{{name: "under Entra's name", token: map[string]string{"ver": "2.0", "azp": worker, "azpacr": "1"}}}
}

// managed is what a library must show that asks where the program runs.
func managed() []check {
	return []check{{name: "managed identity", token: map[string]string{"ver": "2.0", "aud": ordersDev, "azp": machine, "azpacr": "2", "xms_mirid": machineResource, "roles": "[DEV.Access]"}}}
}

// delegated is what a library must show that gets tokens for a user, with its own
// type of error for a wrong password. A library without a way leaves it out.
func delegated(wrongPassword string, without ...string) []check {
	user := map[string]string{"ver": "2.0", "aud": ordersDev, "azp": desktop, "azpacr": "0", "scp": "DEV.Access", "preferred_username": aliceName}
	web := map[string]string{"ver": "2.0", "aud": ordersDev, "azp": worker, "azpacr": "1", "scp": "DEV.Access", "preferred_username": aliceName}
	all := []check{
		{name: "password", token: user},
		{name: "cached user", cached: "password"},
		{name: "refreshed", token: user, unlike: "password"},
		{name: "wrong password", failure: wrongPassword, code: "AADSTS50126"},
		{name: "code", token: web},
		{name: "on behalf of", token: map[string]string{"ver": "1.0", "aud": "api://orders-uat", "appid": ordersDev, "appidacr": "1", "scp": "UAT.Access", "upn": aliceName}},
		{name: "device code", token: user},
	}
	return slices.DeleteFunc(all, func(c check) bool { return slices.Contains(without, c.name) })
}

// judge says where what a client has shown is not what it must show, in order.
func judge(want []check, got []report, verify verifier) []string {
	var names, shown []string
	tokens := map[string]string{}
	for _, c := range want {
		names = append(names, c.name)
	}
	for _, r := range got {
		shown = append(shown, r.Check)
		tokens[r.Check] = r.Token
	}
	if len(want) == 0 || !slices.Equal(names, shown) {
		return []string{fmt.Sprintf("expected the checks\n%q, got\n%q", names, shown)}
	}
	var problems []string
	for i, c := range want {
		if problem := c.differs(got[i], tokens, verify); problem != "" {
			problems = append(problems, c.name+": "+problem)
		}
	}
	return problems
}

// verifier gives the claims of a token that a published key has signed.
type verifier func(token string) (map[string]any, error)

// differs says what is wrong with one report.
func (c check) differs(r report, tokens map[string]string, verify verifier) string {
	switch {
	case c.cached != "":
		if r.Token == "" || r.Token != tokens[c.cached] {
			return fmt.Sprintf("expected the token of %s, got another, or %s: %s", c.cached, r.Error, r.Text)
		}
		return ""
	case c.failure != "":
		if r.Error != c.failure || !strings.Contains(r.Text, c.code) {
			return fmt.Sprintf("expected %s with %q, got %q: %s", c.failure, c.code, r.Error, r.Text)
		}
		return ""
	case c.accepted != nil:
		if r.Claims == nil {
			return fmt.Sprintf("expected it to be accepted, got %q: %s", r.Error, r.Text)
		}
		return lacking(c.accepted, r.Claims)
	}
	if c.unlike != "" && r.Token == tokens[c.unlike] {
		return "expected another token than that of " + c.unlike
	}
	claims, err := verify(r.Token)
	if err != nil {
		return fmt.Sprintf("expected a token, got %v, or %s: %s", err, r.Error, r.Text)
	}
	return lacking(c.token, claims)
}

// lacking says which claims are not as wanted; a list is written [A B].
func lacking(want map[string]string, got map[string]any) string {
	var all []string
	for name, text := range want {
		if found := fmt.Sprint(got[name]); found != text {
			all = append(all, fmt.Sprintf("%s: expected %s, got %s", name, text, found))
		}
	}
	slices.Sort(all)
	return strings.Join(all, "; ")
}

// TestClientsJudge plants what a client must not get away with.
func TestClientsJudge(t *testing.T) {
	want := []check{
		{name: "secret", token: map[string]string{"azp": worker}},
		{name: "cached", cached: "secret"},
		{name: "wrong secret", failure: "ServerError", code: "AADSTS7000215"},
		{name: "id token", accepted: map[string]string{"aud": worker}},
		{name: "refreshed", unlike: "secret", token: map[string]string{"azp": worker}},
	}
	sound := []report{
		{Check: "secret", Token: "a"},
		{Check: "cached", Token: "a"},
		{Check: "wrong secret", Error: "ServerError", Text: "AADSTS7000215: Invalid client secret"},
		{Check: "id token", Claims: map[string]any{"aud": worker}},
		{Check: "refreshed", Token: "c"},
	}
	verify := func(token string) (map[string]any, error) {
		client, known := map[string]string{"a": worker, "b": "another", "c": worker}[token]
		if !known {
			return nil, errors.New("no token")
		}
		return map[string]any{"azp": client}, nil
	}
	for _, row := range []struct {
		name     string
		change   func([]report) []report
		problems int
	}{
		{"sound", func(r []report) []report { return r }, 0},
		{"nothing was checked", func([]report) []report { return nil }, 1},
		{"the last was left out", func(r []report) []report { return r[:4] }, 1},
		{"not refreshed", func(r []report) []report { r[4].Token = "a"; return r }, 1},
		{"one more", func(r []report) []report { return append(r, report{Check: "more"}) }, 1},
		{"no token", func(r []report) []report { r[0].Token, r[1].Token = "", ""; return r }, 2},
		{"a token of another", func(r []report) []report { r[0].Token, r[1].Token = "b", "b"; return r }, 1},
		{"asked again", func(r []report) []report { r[1].Token = "b"; return r }, 1},
		{"another type of error", func(r []report) []report { r[2].Error = "Error"; return r }, 1},
		{"another code", func(r []report) []report { r[2].Text = "AADSTS700016"; return r }, 1},
		{"refused", func(r []report) []report { r[3] = report{Check: "id token", Error: "x"}; return r }, 1},
		{"another audience", func(r []report) []report { r[3].Claims = map[string]any{"aud": "x"}; return r }, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			if problems := judge(want, row.change(slices.Clone(sound)), verify); len(problems) != row.problems {
				t.Errorf("expected %d problems, got %q", row.problems, problems)
			}
		})
	}
	if problems := judge(nil, nil, verify); len(problems) != 1 {
		t.Errorf("a client without checks: %q", problems)
	}
}
