package engine

import (
	"fmt"
	"net/http"
	"time"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp"
)

// managementTimeout bounds one call to an issuer's management listener; a call
// may make 500 tokens.
const managementTimeout = 30 * time.Second

// keptToIssuer is how many connections to a mock are kept: more than cases are
// prepared at once.
const keptToIssuer = 64

// SourceOf is whoever gives the target's tokens: the management listener of a
// mock. The embedded mock is not found here: whoever started it has it.
func SourceOf(f *targets.File) (Source, error) {
	switch {
	case f.Tokens.Mock != nil:
		return mockClient(f.Tokens.Mock), nil
	case f.Tokens.Entra != nil:
		return NewEntra(f), nil
	}
	return nil, fmt.Errorf("engine: target %s: no source of tokens", f.Name)
}

// FormerOf is the mock that the target's gateways trusted once; nil where the
// target names none, or one in this process.
func FormerOf(f *targets.File) Source {
	if f.Tokens.Former == nil || f.Tokens.Embedded {
		return nil
	}
	return mockClient(f.Tokens.Former)
}

func mockClient(m *targets.Mock) *mockidp.Client {
	return mockidp.NewClient(m.Management, m.Token, &http.Client{
		Timeout:   managementTimeout,
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: keptToIssuer},
	})
}
