package mint_test

import (
	"context"
	"fmt"
	"time"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

const tenant = "11111111-2222-4333-8444-555555555555"

// A grant becomes a draft with Entra's claims; a key signs it.
func Example() {
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	key, err := mint.NewKey(nil, now)
	if err != nil {
		panic(err)
	}
	grant := mint.Grant{
		Tenant: tenant, Kind: mint.Kind{Version: mint.V1, Subject: mint.SubjectApp},
		Audience: "api://orders.dev", Client: mint.Client{ID: "0d2c1111-0000-4000-8000-0000000000c1"}, Roles: []string{"DEV.Access"},
	}
	draft := grant.Draft(mint.Stamp{Now: now, Issuers: mint.EntraIssuers(tenant), KeyID: key.KeyID()})
	input := draft.SigningInput()
	signature, err := key.Sign(draft.Alg, input, nil)
	if err != nil {
		panic(err)
	}
	_, payload, err := mint.Decode(draft.Compact(input, signature))
	if err != nil {
		panic(err)
	}
	for _, name := range []string{"aud", "iss", "appid", "ver"} {
		fmt.Println(name, payload.GetText(name))
	}
	// Output:
	// aud api://orders.dev
	// iss https://sts.windows.net/11111111-2222-4333-8444-555555555555/
	// appid 0d2c1111-0000-4000-8000-0000000000c1
	// ver 1.0
}

// A row's token list is read with positions and baked into a token.
func ExampleSteps_Bake() {
	row, err := document.Parse("rows.yaml", []byte(`[{edit: {in: header, set: {alg: none}}}, {edit: {in: signature, bytes: ""}}]`))
	if err != nil {
		panic(err)
	}
	steps := mint.DecodeSteps(row)
	if err := row.Err(); err != nil {
		panic(err)
	}
	baked, err := steps.Bake(context.Background(), "eyJhbGciOiJSUzI1NiJ9.e30.AQID", mint.Bench{Scope: value.Map{}})
	if err != nil {
		panic(err)
	}
	fmt.Println(baked.Token, baked.Changed)
	// Output: eyJhbGciOiJub25lIn0.e30. true
}
