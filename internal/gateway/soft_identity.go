package gateway

import (
	"net/http"
	"slices"
	"strings"
)

// softIdentity are mistakes in what the upstream is told about the caller.
func softIdentity() []softening {
	return []softening{
		{
			Softening{"hop-by-hop", "upstream-identity", "what Connection names is removed after the gateway has set its own fields"},
			func(s *strict) { s.finish = append(s.finish, dropHopByHop) },
		},
		{
			Softening{"identity-spelling", "upstream-identity", "identity headers are dropped by their usual spelling only"},
			func(s *strict) {
				s.keeps = func(name string) bool { return strings.ContainsRune(name, '_') && !slices.Contains(ownFields(), name) }
			},
		},
	}
}

// dropHopByHop does what a proxy must do with the fields that Connection names
// (RFC 9110 7.6.1), but to the request that it forwards.
func dropHopByHop(received, forwarded *http.Request) {
	for _, list := range received.Header.Values("Connection") {
		for name := range strings.SplitSeq(list, ",") {
			forwarded.Header.Del(strings.TrimSpace(name))
		}
	}
}
