package policy

import (
	"fmt"
	"slices"
	"strings"
)

// bystanders are the vendor's policies that look at no token and leave a request
// as it is: they forward it, refuse it or answer it. Those that write headers or
// cache are among them where they stand in nobody's way (Meddlers). CORS comes
// first, and its answers to OPTIONS do not reach the API
// (policies-included-cors of docs.mulesoft.com /gateway/1.8).
var bystanders = [...]string{
	"cors", headerInjection, headerRemoval, httpCaching, "ip-allowlist", "ip-blocklist", "json-threat-protection", "message-logging",
	"rate-limiting", "spike-control", "tracing", "xml-threat-protection",
}

// Bystanders are the policies of an instance that are not emulated, and need not
// be: whoever gets past them has met the policies that look at the token all the
// same. They can only let in less.
func (in Instance) Bystanders() []Applied {
	meddlers := in.Meddlers()
	var all []Applied
	for _, a := range in.Policies {
		meddles := slices.ContainsFunc(meddlers, func(m Meddler) bool { return m.Applied.At == a.At })
		if a.Config == nil && !meddles && slices.Contains(bystanders[:], a.Asset) {
			all = append(all, a)
		}
	}
	return all
}

// BystanderText says which policies of some instances were passed over, and why
// that changes no verdict; empty where there are none.
func BystanderText(all []Instance) string {
	var names []string
	for _, in := range all {
		for _, a := range in.Bystanders() {
			if !slices.Contains(names, a.Asset) {
				names = append(names, a.Asset)
			}
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return fmt.Sprintf("passed over: %s: they read no token and leave it as it is, so they may let in less, and never more", strings.Join(names, ", "))
}
