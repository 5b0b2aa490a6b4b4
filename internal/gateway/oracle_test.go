package gateway

import (
	"encoding/csv"
	"os"
	"testing"
	"time"
)

// TestOracle builds the nineteen rows of the oracle by hand, as its README
// words them, and compares every cell.
func TestOracle(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	file, err := os.Open("../../scenarios/testdata/article.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	table, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	tokens := b.oracleTokens()
	if len(table)-1 != len(tokens) {
		t.Fatalf("expected %d rows in the oracle, got %d", len(tokens), len(table)-1)
	}
	for column, setup := range table[0][2:] {
		t.Run(setup, func(t *testing.T) {
			h := b.gateway(b.options(setup))
			for _, row := range table[1:] {
				id, kind, want := row[0], row[1], row[2+column]
				compact, ok := tokens[id]
				if !ok {
					t.Fatalf("%s: no token for this row", id)
				}
				control := fire(t, h, ask("Bearer "+b.genuine(kind))).forwarded
				forwarded := fire(t, h, ask("Bearer "+compact)).forwarded
				if got := cell(id, control, forwarded); got != want {
					t.Errorf("%s at %s: expected %s, got %s (control forwarded %t, row forwarded %t)", id, setup, want, got, control, forwarded)
				}
			}
		})
	}
}

func cell(id string, control, forwarded bool) string {
	switch {
	case id[:4] == "ctl-" && forwarded, id[:4] != "ctl-" && control && !forwarded:
		return "pass"
	case id[:4] == "ctl-", forwarded:
		return "fail"
	}
	return "inconclusive"
}

func (b *bench) oracleTokens() map[string]string {
	token := func(kind string, g grant) string { return b.sign(b.claims(kind, g)) }
	idToken := b.claims(v2User, grant{})
	delete(idToken, "azp")
	delete(idToken, "scp")
	idToken["aud"] = worker
	arm := b.claims(v1User, grant{scopes: "user_impersonation"})
	arm["aud"] = "https://management.azure.com/"
	past := b.claims(v1User, grant{})
	past["iat"], past["nbf"], past["exp"] = b.now.Add(-3*time.Hour).Unix(), b.now.Add(-3*time.Hour).Unix(), b.now.Add(-time.Hour).Unix()
	spoofed := b.claims(v2App, grant{client: stranger})
	spoofed["client_id"] = worker
	return map[string]string{
		"ctl-v2-delegated":                      token(v2User, grant{}),
		"ctl-v2-app-only":                       token(v2App, grant{}),
		"ctl-v1-delegated":                      token(v1User, grant{}),
		"ctl-v1-app-only":                       token(v1App, grant{}),
		"aud-other-env-genuine":                 token(v2App, grant{api: other, client: both}),
		"aud-other-env-genuine-delegated":       token(v2User, grant{api: other, client: both}),
		"aud-other-env-genuine-v1":              token(v1App, grant{api: other, client: both}),
		"aud-shared-registration":               token(v2App, grant{client: elsewhere, roles: []string{other.access}}),
		"aud-arm-genuine":                       b.sign(arm),
		"aud-id-token":                          b.sign(idToken),
		"client-unregistered-genuine":           token(v2App, grant{client: stranger}),
		"client-unregistered-genuine-delegated": token(v2User, grant{client: stranger}),
		"client-contract-only-other-env":        token(v2App, grant{client: elsewhere}),
		"client-multi-tenant-twin":              token(v2App, grant{tenant: tenantB}),
		"scope-missing-genuine":                 token(v2User, grant{scopes: "DEV.Admin"}),
		"scope-or-shared-across-envs":           token(v2User, grant{api: other, client: both, scopes: "OTHER.Access Shared.Access"}),
		"role-app-only-no-roles":                token(v2App, grant{roles: []string{}}),
		"exp-past-genuine":                      b.sign(past),
		"client-id-claim-spoofed":               b.sign(spoofed),
	}
}
