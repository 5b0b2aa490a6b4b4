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

// SourceOf is whoever gives the target's tokens: the management listener of a
// mock. The embedded mock is not found here: whoever started it has it.
func SourceOf(f *targets.File) (Source, error) {
	switch {
	case f.Tokens.Mock != nil:
		client := &http.Client{
			Timeout:   managementTimeout,
			Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 16},
		}
		return mockidp.NewClient(f.Tokens.Mock.Management, f.Tokens.Mock.Token, client), nil
	case f.Tokens.Entra != nil:
		return NewEntra(f), nil
	}
	return nil, fmt.Errorf("engine: target %s: no source of tokens", f.Name)
}
