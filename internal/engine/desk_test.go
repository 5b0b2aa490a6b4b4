package engine

import "testing"

// TestLoopback: the issuer is known by its URL, as the target file has it.
func TestLoopback(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"http://127.0.0.1:8080":          true,
		"https://localhost:8443":         true,
		"http://[::1]:8080":              true,
		"http://10.0.0.1:8080":           false,
		"https://issuer.staging.example": false,
		"http://localhost.example:8080":  false,
		"http://%zz":                     false,
		"":                               false,
	} {
		if got := loopback(address); got != want {
			t.Errorf("%q: expected %t, got %t", address, want, got)
		}
	}
}

// TestDesk: a gateway that this program runs is held to no less than one in
// production.
func TestDesk(t *testing.T) {
	t.Parallel()
	here := keyring{callout: "http://127.0.0.1:8080"}
	for _, tt := range []struct {
		name string
		run  *Run
		want bool
	}{
		{"somebody else's, here", &Run{engine: &Engine{}, keys: here}, true},
		{"somebody else's, elsewhere", &Run{engine: &Engine{}, keys: keyring{callout: "http://10.0.0.1:8080"}}, false},
		{"ours, here", &Run{engine: &Engine{Operator: nobody{}}, keys: here}, false},
	} {
		if got := tt.run.desk(); got != tt.want {
			t.Errorf("%s: expected %t, got %t", tt.name, tt.want, got)
		}
	}
}

// nobody is an operator that is never asked.
type nobody struct{ Operator }
