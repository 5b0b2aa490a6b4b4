package mockidp_test

import (
	"testing"

	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// presented is a token for a library that validates, with what it is to be
// validated against.
type presented struct {
	Check    string `json:"check"`
	Token    string `json:"token"`
	Version  string `json:"version"`
	Audience string `json:"audience"`
}

// genuineGrant is a token of the worker for an API, as the token endpoint makes it.
func genuineGrant(v mint.Version, subject mint.Subject) mint.Grant {
	g := mint.Grant{
		Tenant: tenant, Kind: mint.Kind{Version: v, Subject: subject}, Audience: ordersDev, Resource: ordersDev, Client: mint.Client{ID: worker},
	}
	if v == mint.V1 {
		g.Audience, g.Resource = "api://orders-uat", ordersUAT
	}
	if subject == mint.SubjectUser {
		g.Scopes = []string{"DEV.Access"}
	}
	return g
}

// presentation is every token that a library must tell right from wrong, in the
// order of validation. Each wrong one is wrong in one thing.
func presentation(t *testing.T, i *mockidp.Issuer) []presented {
	t.Helper()
	app, user := genuineGrant(mint.V2, mint.SubjectApp), genuineGrant(mint.V2, mint.SubjectUser)
	id, old := user, app
	id.Token, id.Audience, old.Age = mint.ID, worker, mint.Expired
	elsewhere := app
	elsewhere.Tenant = "8c2e0000-0000-4000-8000-000000000002"
	rows := []struct {
		presented
		recipe mockidp.Recipe
	}{
		{presented{Check: "v2 app"}, mockidp.Recipe{Grant: app}},
		{presented{Check: "v2 user"}, mockidp.Recipe{Grant: user}},
		{presented{Check: "v1 app", Version: "v1", Audience: "api://orders-uat"}, mockidp.Recipe{Grant: genuineGrant(mint.V1, mint.SubjectApp)}},
		{presented{Check: "v1 user", Version: "v1", Audience: "api://orders-uat"}, mockidp.Recipe{Grant: genuineGrant(mint.V1, mint.SubjectUser)}},
		{presented{Check: "id token", Audience: worker}, mockidp.Recipe{Grant: id}},
		{presented{Check: "another issuer's key"}, mockidp.Recipe{Grant: app, Forged: true}},
		{presented{Check: "an unknown kid"}, mockidp.Recipe{Grant: app, Steps: []byte(`[{"set": {"in": "header", "kid": "unknown"}}]`)}},
		{presented{Check: "another tenant"}, mockidp.Recipe{Grant: elsewhere}},
		{presented{Check: "another audience", Audience: ordersUAT}, mockidp.Recipe{Grant: app}},
		{presented{Check: "v1 for v2", Audience: "api://orders-uat"}, mockidp.Recipe{Grant: genuineGrant(mint.V1, mint.SubjectApp)}},
		{presented{Check: "expired"}, mockidp.Recipe{Grant: old}},
		{presented{Check: "unsigned"}, mockidp.Recipe{Grant: app, Steps: []byte(`[{"sign": {"alg": "none"}}]`)}},
		{presented{Check: "signed with the public key"}, mockidp.Recipe{Grant: app, Steps: []byte(`[{"sign": {"alg": "HS256", "secret": "${tenant.key.pem}"}}]`)}},
	}
	recipes := make([]mockidp.Recipe, len(rows))
	for n, row := range rows {
		recipes[n] = row.recipe
	}
	tokens, err := i.Mint(t.Context(), recipes)
	if err != nil {
		t.Fatal(err)
	}
	all := make([]presented, len(rows))
	for n, row := range rows {
		all[n] = row.presented
		all[n].Token = tokens[n]
		if all[n].Version == "" {
			all[n].Version = "v2"
		}
		if all[n].Audience == "" {
			all[n].Audience = ordersDev
		}
	}
	return all
}

// refusal is a library's own type of error, and a part of what it says where the
// type does not say it all.
type refusal struct{ failure, says string }

// refusals are those of the wrong tokens.
type refusals struct{ key, kid, issuer, audience, expired, alg refusal }

// validation is what a library must show that validates tokens.
func validation(r refusals) []check {
	return []check{
		{name: "over HTTP", accepted: map[string]string{"ver": "2.0", "azp": worker, "roles": "[DEV.Access]"}},
		{name: "v2 app", accepted: map[string]string{"ver": "2.0", "azp": worker}},
		{name: "v2 user", accepted: map[string]string{"ver": "2.0", "azp": worker, "scp": "DEV.Access"}},
		{name: "v1 app", accepted: map[string]string{"ver": "1.0", "appid": worker}},
		{name: "v1 user", accepted: map[string]string{"ver": "1.0", "appid": worker, "scp": "DEV.Access"}},
		{name: "id token", accepted: map[string]string{"ver": "2.0", "aud": worker}},
		{name: "another issuer's key", failure: r.key.failure, code: r.key.says},
		{name: "an unknown kid", failure: r.kid.failure, code: r.kid.says},
		{name: "another tenant", failure: r.issuer.failure, code: r.issuer.says},
		{name: "another audience", failure: r.audience.failure, code: r.audience.says},
		{name: "v1 for v2", failure: r.issuer.failure, code: r.issuer.says},
		{name: "expired", failure: r.expired.failure, code: r.expired.says},
		{name: "unsigned", failure: r.alg.failure, code: r.alg.says},
		{name: "signed with the public key", failure: r.alg.failure, code: r.alg.says},
	}
}
