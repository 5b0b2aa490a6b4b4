package mockidp

import (
	"net/http"
	"slices"
	"testing"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// TestEnvironments: what the token endpoint gives the client of an environment
// is what its grant says, for every kind of token.
func TestEnvironments(t *testing.T) {
	cfg := testConfig(t)
	before := len(cfg.Directory.APIs)
	i := Start(t, cfg,
		WithEnvironment("dev", API{AppID: "de500000-0000-4000-8000-0000000000e1", Version: mint.V2, Roles: []string{"DEV.Access"}, Scopes: map[string]ConsentNeed{"DEV.Access": AdminConsent}}),
		WithEnvironment("uat", API{URIs: []string{"api://made.up"}, Roles: []string{"UAT.Access"}, OptionalClaims: []string{"idtyp"}}))
	if len(cfg.Directory.APIs) != before {
		t.Error("an option changed the maps of the caller")
	}
	for _, name := range []string{"dev", "uat"} {
		e := i.Environment(name)
		a := post(t, i.URL()+"/"+e.Tenant+"/oauth2/v2.0/token", form("grant_type", "client_credentials", "client_id", e.Client.ID, "client_secret", e.Client.Secrets[0].Value, "scope", e.Resource+"/.default"), nil)
		if a.status != http.StatusOK {
			t.Fatalf("%s: %d %s", name, a.status, a.text)
		}
		minted, err := i.Token(t.Context(), e.Grant(mint.SubjectApp))
		if err != nil {
			t.Fatal(err)
		}
		_, want, err := mint.Decode(minted)
		if err != nil {
			t.Fatal(err)
		}
		got := payload(t, a, "access_token")
		for _, m := range want.Members {
			v, _ := got.Get(m.Name)
			if !slices.Contains([]string{"aio", "uti", "rh", "xms_ftd"}, m.Name) && !v.Equal(m.Value) {
				t.Errorf("%s, %s: by client %s, by grant %s", name, m.Name, v.JSON(), m.Value.JSON())
			}
		}
		if len(got.Members) != len(want.Members) {
			t.Errorf("%s: %s and %s", name, got.JSON(), want.JSON())
		}
	}
	user, err := i.Token(t.Context(), i.Environment("dev").Grant(mint.SubjectUser))
	if _, p, wrong := mint.Decode(user); err != nil || wrong != nil || p.GetText("scp") != "DEV.Access" {
		t.Errorf("a user's: %s %v", p.JSON(), err)
	}
	if _, err := i.Token(t.Context(), i.Environment("nowhere").Grant(mint.SubjectApp)); err == nil {
		t.Error("a token of an environment that is not there")
	}
}
