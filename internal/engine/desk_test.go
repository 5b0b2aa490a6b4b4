package engine

import (
	"context"
	"testing"
	"time"

	"github.com/entraproof/entraproof/mockidp"
)

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

// TestKeyFetches: those since the gateways were started count, and where they
// were there before, those since the run began.
func TestKeyFetches(t *testing.T) {
	t.Parallel()
	began := time.Unix(1_700_000_000, 0)
	issuer := remembering{now: began, all: []mockidp.Request{
		{Endpoint: "/{tenant}/oauth2/v2.0/token", Time: began.Add(time.Second)},
		{Endpoint: "/{tenant}/discovery/keys", Time: began.Add(-time.Second)},
	}}
	for _, tt := range []struct {
		name    string
		started time.Time
		want    int
	}{
		{"there before", time.Time{}, 0},
		{"fetched when they were started", began.Add(-time.Minute), 1},
		{"fetched by those before them", began.Add(-time.Millisecond), 0},
	} {
		r := &Run{engine: &Engine{Tokens: issuer, Started: tt.started}}
		if err := r.compareClocks(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.engine = &Engine{Tokens: remembering{}} // an issuer forgets
		if got := r.finished(t.Context(), "dev").KeyFetches; len(got) != tt.want {
			t.Errorf("%s: expected %d, got %v", tt.name, tt.want, got)
		}
	}
}

// remembering is an issuer that remembers requests.
type remembering struct {
	Source
	now time.Time
	all []mockidp.Request
}

func (s remembering) Now(context.Context) (time.Time, error) { return s.now, nil }

func (s remembering) Requests(context.Context) ([]mockidp.Request, error) { return s.all, nil }

// nobody is an operator that is never asked.
type nobody struct{ Operator }
