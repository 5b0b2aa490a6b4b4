package targets

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// cast is a file with clients of every sort at the judged environments dev and
// uat, and lab, which only supplies tokens.
func cast(mock bool) *File {
	f := &File{
		Tokens: Tokens{Entra: &Entra{}},
		Environments: []*Environment{
			{Name: "dev", Gateways: []Gateway{{}}, APIs: []*API{{AppID: "dev-v1", Version: mint.V1}, {AppID: "dev-v2", Version: mint.V2}}}, {Name: "uat", Gateways: []Gateway{{}}}, {Name: "lab"},
		},
		Clients: []*Client{
			{Name: "both", ID: "both", Contracts: []string{"dev", "uat"}, Granted: []string{"dev", "uat"}},
			{Name: "rich", ID: "rich", Contracts: []string{"dev"}, Granted: []string{"dev", "lab"}},
			{Name: "worker", ID: "worker", DisplayName: "Orders", Contracts: []string{"dev"}, Granted: []string{"dev"}},
			{Name: "uat-only", ID: "uat-only", Contracts: []string{"uat"}, Granted: []string{"uat"}},
			{Name: "cross", ID: "cross", Contracts: []string{"uat"}, Granted: []string{"dev"}},
			{Name: "bare", ID: "bare", Contracts: []string{"dev", "uat"}},
			{Name: "nobody", ID: "nobody", Granted: []string{"dev", "uat"}},
			{Name: "double", ID: "double", DisplayName: "Orders", Contracts: []string{"far"}, Granted: []string{"dev"}},
			{Name: "own", ID: "dev-v2", Contracts: []string{"far"}},
		},
	}
	if mock {
		f.Tokens = Tokens{Embedded: true}
	}
	return f
}

// without is the file without some clients.
func without(f *File, names ...string) *File {
	var kept []*Client
	for _, c := range f.Clients {
		drop := false
		for _, n := range names {
			drop = drop || c.Name == n
		}
		if !drop {
			kept = append(kept, c)
		}
	}
	f.Clients = kept
	return f
}

func nameOf(c *Client) string {
	switch {
	case c == nil:
		return "none"
	case c.MadeUp:
		return "made up " + c.ID
	}
	return c.Name
}

// TestClient finds the client of every role by what it has, never by name
// (design 12): with a mock, which can make some up, and with the real tenant,
// which cannot.
func TestClient(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name       string
		role       Role
		home       string
		other      string
		drop       []string
		mock, real string
	}{
		{"contracted has fewest others", Contracted, "dev", "", nil, "worker", "worker"},
		{"contracted, then fewest grants", Contracted, "dev", "", []string{"worker"}, "rich", "rich"},
		{"contracted in both, if alone", Contracted, "dev", "", []string{"worker", "rich"}, "both", "both"},
		{"contracted needs the grant too", Contracted, "uat", "", []string{"uat-only", "both"}, "none", "none"},
		{"second is another one", Second, "dev", "", nil, "rich", "rich"},
		{"no second", Second, "dev", "", []string{"rich", "both"}, "none", "none"},
		{"stranger has no contract anywhere", Stranger, "dev", "", nil, "nobody", "nobody"},
		{"no stranger", Stranger, "dev", "", []string{"nobody"}, "made up " + madeUpStranger, "none"},
		{"other's contract, our grant", OtherOnly, "dev", "uat", []string{"uat-only"}, "cross", "cross"},
		{"other's contract, any grant with a mock", OtherOnly, "dev", "uat", []string{"cross"}, "uat-only", "none"},
		{"no other's contract", OtherOnly, "dev", "uat", []string{"cross", "uat-only"}, "none", "none"},
		{"other has no gateway", OtherOnly, "dev", "lab", nil, "made up " + madeUpOther, "none"},
		{"no other at all", OtherOnly, "dev", "", nil, "none", "none"},
		{"ungranted", Ungranted, "dev", "", nil, "bare", "bare"},
		{"no ungranted", Ungranted, "dev", "", []string{"bare"}, "worker", "none"},
		{"first party", FirstParty, "dev", "", nil, "made up " + azureCLI, "none"},
		{"managed", Managed, "dev", "", nil, "made up " + madeUpManaged, "none"},
		{"the same name, no contract", Namesake, "dev", "", nil, "double", "double"},
		{"no name, nobody of the same", Namesake, "dev", "", []string{"worker"}, "made up " + madeUpNamesake, "none"},
		{"the API itself", APIItself, "dev", "", nil, "own", "own"},
		{"the API itself is no client", APIItself, "dev", "", []string{"own"}, "made up dev-v2", "none"},
		{"no API", APIItself, "lab", "", nil, "none", "none"},
		{"unknown role", "nobody", "dev", "", nil, "none", "none"},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, mock := range []bool{true, false} {
				f := without(cast(mock), tt.drop...)
				want := tt.real
				if mock {
					want = tt.mock
				}
				if got := nameOf(f.Client(tt.role, f.Environment(tt.home), f.Environment(tt.other))); got != want {
					t.Errorf("mock %t: expected %s, got %s", mock, want, got)
				}
			}
		})
	}
	if diff := cmp.Diff([]Role{APIItself, Contracted, FirstParty, Managed, Namesake, OtherOnly, Second, Stranger, Ungranted}, Roles()); diff != "" {
		t.Error(diff)
	}
}

// TestAuthentication: what the harness makes up proves itself as its kind does.
func TestAuthentication(t *testing.T) {
	t.Parallel()
	f := without(cast(true), "nobody")
	for role, want := range map[Role]string{FirstParty: "0", Stranger: "1", Managed: "2"} {
		if c := f.Client(role, f.Environments[0], nil); c == nil || c.Authentication != want {
			t.Errorf("%s: expected %s, got %+v", role, want, c)
		}
	}
	if c := f.Client(Managed, f.Environments[0], nil); c.ManagedIdentity == "" {
		t.Error("expected a managed identity to say which one it is")
	}
}

// TestProving finds a client by how it proves who it is.
func TestProving(t *testing.T) {
	t.Parallel()
	f := cast(false)
	f.Clients[0].Authentication = "2"
	for authentication, want := range map[string]string{"2": "both", "0": "none"} {
		if got := nameOf(f.Proving(f.Environments[0], authentication)); got != want {
			t.Errorf("%s: expected %s, got %s", authentication, want, got)
		}
	}
}

// TestBearer: other's token is asked for by a client contracted in both, so
// that not the contract refuses it (design 5.7).
func TestBearer(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name, other, home string
		drop              []string
		want              string
	}{
		{"contracted in both", "uat", "dev", nil, "both"},
		{"and back", "dev", "uat", nil, "both"},
		{"a contract at home will do", "lab", "dev", nil, "rich"},
		{"else whoever has the grant", "uat", "dev", []string{"both"}, "nobody"},
		{"else with a contract there", "uat", "dev", []string{"both", "nobody"}, "uat-only"},
		{"nobody", "lab", "dev", []string{"rich"}, "none"},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := without(cast(false), tt.drop...)
			if got := nameOf(f.Bearer(f.Environment(tt.other), f.Environment(tt.home))); got != tt.want {
				t.Errorf("expected %s, got %s", tt.want, got)
			}
		})
	}
}
