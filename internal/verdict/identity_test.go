package verdict

import (
	"testing"

	"github.com/entraproof/entraproof/internal/probe"
)

// TestIdentity asks whom the gateway told the upstream about.
func TestIdentity(t *testing.T) {
	fields := []string{"X-Client", "X-User"}
	for _, row := range []struct {
		name     string
		declared []string
		header   []probe.Pair
		token    bool
		want     Reason
	}{
		{"told in its field, the other tells something else", fields, []probe.Pair{{Name: "X-Client", Value: "me"}, {Name: "X-User", Value: "sub"}}, true, ConditionsHold},
		{"not told", fields, []probe.Pair{{Name: "X-User", Value: "sub"}}, true, IdentityNotForwarded},
		{"another beside it in the same field", fields, []probe.Pair{{Name: "X-Client", Value: "me"}, {Name: "X-Client", Value: "victim"}}, true, IdentityNotForwarded},
		{"told in a field that is not declared", fields, []probe.Pair{{Name: "X-Other", Value: "me"}}, true, IdentityNotForwarded},
		{"nothing declared, the token itself is forwarded", nil, nil, true, ConditionsHold},
		{"nothing declared and nothing told", nil, nil, false, IdentityNotShown},
		{"nothing declared, some field tells it", nil, []probe.Pair{{Name: "X-Any", Value: "me"}}, false, ConditionsHold},
	} {
		t.Run(row.name, func(t *testing.T) {
			e := probe.Echo{Header: row.header}
			if row.token {
				e.Authorization = []probe.Seen{probe.See("Bearer x")}
			}
			if got := (Wanted{Identity: []string{"me"}}).judge(e, row.declared); got.Reason != row.want {
				t.Errorf("expected %s, got %s", row.want, got.Reason)
			}
		})
	}
}
