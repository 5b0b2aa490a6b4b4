package gateway

import (
	"reflect"
	"slices"
	"testing"
)

// TestSwitchTable: each field of Switches has one row, its default first among
// its values; what Set sets is what Value says, and nothing else changes.
func TestSwitchTable(t *testing.T) {
	t.Parallel()
	table := SwitchTable()
	if got, want := len(table), reflect.TypeFor[Switches]().NumField(); got != want {
		t.Errorf("expected a row a field, %d, got %d", want, got)
	}
	var names []string
	for _, row := range table {
		if slices.Contains(names, row.Name) || row.Sentence == "" || row.Source == "" || row.Decides == "" {
			t.Errorf("%s: expected a name of its own, a sentence and a source, got %+v", row.Name, row)
		}
		names = append(names, row.Name)
		values := row.Values
		switch {
		case len(values) > 0 && values[0] != row.Default:
			t.Errorf("%s: expected the default %s first, got %v", row.Name, row.Default, values)
		case row.Default == "0s":
			values = []string{"0s", "1m30s"}
		case len(values) == 0:
			values = []string{row.Default, "other words"}
		}
		for _, v := range values {
			var s Switches
			if err := s.Set(row.Name, v); err != nil {
				t.Errorf("%s: %v", row.Name, err)
			}
			for _, also := range table {
				want := also.Default
				if also.Name == row.Name {
					want = v
				}
				if got := s.Value(also.Name); got != want {
					t.Errorf("%s=%s: expected %s to be %s, got %s", row.Name, v, also.Name, want, got)
				}
			}
			if err := s.filled().check(); err != nil {
				t.Errorf("%s=%s: %v", row.Name, v, err)
			}
		}
	}
}

// TestSwitchesRefuse: what is no value of a switch, or no switch.
func TestSwitchesRefuse(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"oidc-model": "guess", "scope-arrays": "true", "jwt-client-status": "500", "skew": "-1s", "contract-refresh": "soon", "no-such-switch": "x", "profile": "",
	} {
		var s Switches
		if err := s.Set(name, value); err == nil {
			t.Errorf("%s=%s: expected an error", name, value)
		}
		if s != (Switches{}) {
			t.Errorf("%s=%s: it was set", name, value)
		}
	}
}
