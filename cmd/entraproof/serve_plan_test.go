package main

import (
	"os"
	"testing"

	"github.com/entraproof/entraproof/mockidp"
)

// TestBuiltInDirectoryIsForLoopback: its secrets are known to everybody, so
// nobody but this machine may reach an issuer that has it.
func TestBuiltInDirectoryIsForLoopback(t *testing.T) {
	for _, row := range []struct {
		name    string
		options serveOptions
		builtIn bool
	}{
		{"no address", serveOptions{}, true},
		{"loopback", serveOptions{issuerAddr: "127.0.0.1:8080", issuerTLSAddr: mockidp.Off}, true},
		{"localhost", serveOptions{issuerAddr: "localhost:8080", issuerTLSAddr: "[::1]:8443"}, true},
		{"every address", serveOptions{issuerAddr: ":8080"}, false},
		{"every address, TLS", serveOptions{issuerAddr: "127.0.0.1:8080", issuerTLSAddr: "0.0.0.0:8443"}, false},
		{"behind a proxy", serveOptions{publicURL: "https://issuer.staging.example"}, false},
		{"a target", serveOptions{target: "target.yaml"}, false},
	} {
		s := servePlan{serveOptions: row.options}
		if err := s.readDirectory(os.LookupEnv); err != nil || (s.known != nil) != row.builtIn {
			t.Errorf("%s: expected the built-in directory: %t, got %v, %v", row.name, row.builtIn, s.known != nil, err)
		}
	}
}
