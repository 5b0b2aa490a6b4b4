package gateway

import (
	"net/http"
	"strings"
)

// softIdentity are mistakes in what the upstream, or a browser, is told about the
// caller.
func softIdentity() []softening {
	return []softening{
		{
			Softening{"hop-by-hop", "upstream-identity", "what Connection names is removed after the gateway has set its own fields"},
			func(s *strict) { s.finish = append(s.finish, dropHopByHop) },
		},
		{
			Softening{"identity-spelling", "upstream-identity", "identity headers are dropped by their usual spelling only"},
			func(s *strict) {
				s.keeps = func(name string) bool { return strings.ContainsRune(name, '_') && name != "X-Agw-Client_id" }
			},
		},
		{
			Softening{"origin-from-claim", "response", "the origin that may read the answer is taken from a claim before anybody verified it"},
			func(s *strict) { s.answers = allowClaimedOrigin },
		},
	}
}

// allowClaimedOrigin takes the client's id for the origin that it is to be.
func allowClaimedOrigin(w http.ResponseWriter, c *call) {
	own, _ := c.clientClaim()
	if id, ok := c.claims().lastText(own); ok {
		w.Header().Set("Access-Control-Allow-Origin", id)
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
