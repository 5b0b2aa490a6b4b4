package gateway

import (
	"slices"
	"strings"
)

// localClaims is the article's model: what a provider would be asked for is read
// from the token, whose signature and exp are checked.
type localClaims struct {
	voice
	options Options
	keys    keyServers
	provide provider
}

// provider turns the claims of a good token into the answer that the policy
// reads, and names the member that holds its scopes.
type provider func(claims object) (answer object, scopes string)

// claimsAsTheyAre is what the article says: the policy looks for client_id, and
// for the scopes in scp.
func claimsAsTheyAre(claims object) (object, string) { return claims, "scp" }

// claimsThroughShim is what a shim of one's own would answer: scope made of scp
// and roles, client_id of azp or appid.
func claimsThroughShim(claims object) (object, string) {
	var words []string
	if text, ok := claims.lastText("scp"); ok {
		words = append(words, text)
	}
	if items, _ := claims.last("roles"); items != nil {
		list, _ := items.([]any)
		roles, _ := texts(list)
		words = append(words, roles...)
	}
	answer := append(slices.Clone(claims), member{"scope", strings.Join(words, " ")})
	for _, name := range []string{"azp", "appid"} {
		if id, ok := claims.lastText(name); ok {
			return append(answer, member{"client_id", id}), "scope"
		}
	}
	return answer, "scope"
}

func (m *localClaims) read(x *exchange, compact string) (object, string, *refusal) {
	t := m.options.seen.read(compact)
	verified, err := m.keys.verified(x, t)
	switch {
	case err != nil:
		return nil, "", m.unreachable()
	case !verified:
		return nil, "", m.refuses(Check{"signature", "signature", unauthorized, "the token is good"}, revokedText)
	case !m.options.unexpired(x, t.payload):
		return nil, "", m.expired()
	}
	answer, scopes := m.provide(t.payload)
	return answer, scopes, nil
}

// unexpired reports whether exp, where there is one, has not passed.
func (o Options) unexpired(x *exchange, claims object) bool {
	now, skew := seconds(o.Now()), o.Switches.Skew.Seconds()
	return holdsTime(claims, "exp", false, func(at float64) bool {
		x.clockMatters(now - at)
		return at+skew >= now
	})
}
