package mockidp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
)

const tenant = "11111111-2222-4333-8444-555555555555"

// An issuer for one test is one line.
func ExampleStart() {
	testOrders := func(t *testing.T) {
		t.Helper()
		issuer := mockidp.Start(t, mockidp.Config{}, mockidp.WithEnvironment("dev", mockidp.API{Version: mint.V2}))
		dev := issuer.Environment("dev")
		configureGateway(issuer.JWKSURL(dev.Tenant, mint.V2), issuer.Issuers(dev.Tenant).V2)
	}
	_ = testOrders
}

func configureGateway(_, _ string) {}

// Outside tests an issuer is made, started and closed.
func Example() {
	issuer, err := mockidp.New(mockidp.Config{})
	if err != nil {
		panic(err)
	}
	if err := issuer.Start(context.Background()); err != nil {
		panic(err)
	}
	defer issuer.Close()
	grant := mint.Grant{
		Tenant: tenant, Kind: mint.Kind{Version: mint.V2, Subject: mint.SubjectApp},
		Audience: "6e74172b-0000-4000-8000-0000000000d1", Client: mint.Client{ID: "0d2c1111-0000-4000-8000-0000000000c1"},
	}
	// A genuine token, and the same one without its audience.
	tokens, err := issuer.Mint(context.Background(), []mockidp.Recipe{{Grant: grant}, {Grant: grant, Steps: []byte(`[{"remove": ["aud"]}]`)}})
	if err != nil {
		panic(err)
	}
	for _, token := range tokens {
		_, payload, err := mint.Decode(token)
		if err != nil {
			panic(err)
		}
		fmt.Printf("aud %q iss %s\n", payload.GetText("aud"), payload.GetText("iss"))
	}
	// Output:
	// aud "6e74172b-0000-4000-8000-0000000000d1" iss https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/v2.0
	// aud "" iss https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/v2.0
}

// An issuer with environments knows an API and a contracted client for each:
// the client gets tokens at the token endpoint, and a test mints any other.
func ExampleWithEnvironment() {
	issuer, err := mockidp.New(mockidp.Config{},
		mockidp.WithEnvironment("dev", mockidp.API{URIs: []string{"api://orders.dev"}, Version: mint.V2, Roles: []string{"DEV.Access"}}),
		mockidp.WithEnvironment("uat", mockidp.API{URIs: []string{"api://orders.uat"}, Version: mint.V1, Roles: []string{"UAT.Access"}}))
	if err != nil {
		panic(err)
	}
	if err := issuer.Start(context.Background()); err != nil {
		panic(err)
	}
	defer issuer.Close()

	dev := issuer.Environment("dev")
	response, err := http.PostForm(issuer.URL()+"/"+dev.Tenant+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {dev.Client.ID}, "client_secret": {dev.Client.Secrets[0].Value}, "scope": {dev.Resource + "/.default"},
	})
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	fmt.Println("the client's own:", response.Status)

	uat := issuer.Environment("uat")
	tokens, err := issuer.Mint(context.Background(), []mockidp.Recipe{
		{Grant: dev.Grant(mint.SubjectApp)},
		{Grant: uat.Grant(mint.SubjectApp)},
		{Grant: dev.Grant(mint.SubjectApp), Steps: []byte(`[{"set": {"aud": "api://orders.uat"}}]`)}, // DEV's token, dressed up for UAT
	})
	if err != nil {
		panic(err)
	}
	for _, token := range tokens {
		_, payload, err := mint.Decode(token)
		if err != nil {
			panic(err)
		}
		roles, _ := payload.Get("roles")
		fmt.Printf("ver %s for %s with %s\n", payload.GetText("ver"), payload.GetText("aud"), roles.JSON())
	}
	// Output:
	// the client's own: 200 OK
	// ver 2.0 for 88698a67-b02e-4b3d-a727-794ebb2541d8 with ["DEV.Access"]
	// ver 1.0 for api://orders.uat with ["UAT.Access"]
	// ver 2.0 for api://orders.uat with ["DEV.Access"]
}

// A client of the management listener does what the issuer itself does.
func ExampleClient() {
	issuer, err := mockidp.New(mockidp.Config{ManagementToken: "chosen by the operator"})
	if err != nil {
		panic(err)
	}
	if err := issuer.Start(context.Background()); err != nil {
		panic(err)
	}
	defer issuer.Close()
	client := mockidp.NewClient(issuer.ManagementURL(), "chosen by the operator", nil)
	keys, err := client.Keys(context.Background(), tenant)
	if err != nil {
		panic(err)
	}
	for _, k := range keys {
		fmt.Println(k.Name, len(k.KeyID))
	}
	// Output:
	// tenant 27
	// next 27
}

// A gateway that introspects asks the issuer about each token.
func ExampleIntrospection() {
	issuer, err := mockidp.New(mockidp.Config{Introspection: mockidp.IntrospectNormalised})
	if err != nil {
		panic(err)
	}
	if err := issuer.Start(context.Background()); err != nil {
		panic(err)
	}
	defer issuer.Close()
	token, err := issuer.Token(context.Background(), mint.Grant{
		Tenant: tenant, Kind: mint.Kind{Version: mint.V2, Subject: mint.SubjectApp}, Roles: []string{"DEV.Access"},
		Audience: "6e74172b-0000-4000-8000-0000000000d1", Client: mint.Client{ID: "0d2c1111-0000-4000-8000-0000000000c1"},
	})
	if err != nil {
		panic(err)
	}
	form := url.Values{"token": {token}, "client_id": {"the gateway"}, "client_secret": {"any, as no client is registered"}}
	answer, err := http.PostForm(issuer.URL()+"/"+tenant+"/introspect", form)
	if err != nil {
		panic(err)
	}
	defer answer.Body.Close()
	var told struct {
		Active   bool   `json:"active"`
		ClientID string `json:"client_id"`
		Scope    string `json:"scope"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&told); err != nil {
		panic(err)
	}
	fmt.Println(told.Active, told.ClientID, told.Scope)
	// Output: true 0d2c1111-0000-4000-8000-0000000000c1 DEV.Access
}

// Whatever is done under a lease is undone when it ends, by itself if need be.
func ExampleIssuer_Misbehave() {
	issuer, err := mockidp.New(mockidp.Config{})
	if err != nil {
		panic(err)
	}
	if err := issuer.Start(context.Background()); err != nil {
		panic(err)
	}
	defer issuer.Close()
	status := func() int {
		res, err := http.Get(issuer.JWKSURL(tenant, mint.V2))
		if err != nil {
			panic(err)
		}
		defer res.Body.Close()
		return res.StatusCode
	}
	lease, err := issuer.Lease(context.Background(), time.Minute)
	if err != nil {
		panic(err)
	}
	// Every second request for keys fails.
	err = issuer.Misbehave(context.Background(), lease.ID, []mockidp.Misbehaviour{{Name: "status", Path: mockidp.KeySetPaths, Every: 2}})
	if err != nil {
		panic(err)
	}
	fmt.Println(status(), status(), status())
	if err := issuer.Release(context.Background(), lease.ID); err != nil {
		panic(err)
	}
	fmt.Println(status(), status())
	// Output:
	// 200 503 200
	// 200 200
}
