package mockidp

import (
	"context"
	"testing"
)

// Start runs an issuer for one test: on loopback, on ports that the system
// chooses, gone when the test ends.
func Start(t testing.TB, cfg Config, opts ...Option) *Issuer {
	t.Helper()
	i, err := New(cfg, opts...)
	if err != nil {
		t.Fatal(err)
	}
	// The test's own context ends before its clean-up, which closes the issuer.
	if err := i.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(i.Close)
	return i
}
