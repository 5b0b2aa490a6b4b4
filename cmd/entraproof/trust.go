package main

import (
	"fmt"
	"strings"

	"github.com/entraproof/entraproof/suites"
)

// warnOfMocks says which gateways that others can reach trust a mock as if it
// were Entra. It stands before the run: what happens to them meanwhile is part
// of the price.
func (p *program) warnOfMocks(all []*suites.Target) {
	warned := false
	for _, t := range all {
		var trusting []string
		for _, e := range t.Environments {
			if t.TrustsMock(e) {
				trusting = append(trusting, e.Name)
			}
		}
		if len(trusting) == 0 {
			continue
		}
		warned = true
		fmt.Fprintf(p.err, "warning: %s: beyond loopback, a mock is trusted under Entra's issuer names at %s: "+
			"whoever can have the mock sign enters there as anybody\n", t.Name, strings.Join(trusting, ", "))
	}
	if warned {
		fmt.Fprintln(p.err, "hint: let the gateways trust Entra's keys alone again once it is over, and see that they do with --profile aftercare: docs/mock-in-staging.md")
	}
}
