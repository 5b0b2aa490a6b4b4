package gateway

import (
	"context"
	"net/http"
	"strings"
	"testing"
)

// came is a request that reached the gateway in another way: with what the front
// saw of its head, or by another address.
func came(r *http.Request, h *head, at Ingress) *http.Request {
	ctx := context.WithValue(r.Context(), frontKey{}, &frontConn{heads: []*head{h}})
	return r.WithContext(context.WithValue(ctx, ingressKey{}, at))
}

// again is a request that can be fired once more: its head was taken.
func again(r *http.Request) *http.Request {
	c, ok := r.Context().Value(frontKey{}).(*frontConn)
	if !ok {
		return r
	}
	h := takeHead(r)
	c.heads = []*head{h}
	return came(r, h, ingressOf(r.Context()))
}

func with(r *http.Request, fields ...string) *http.Request {
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	return r
}

// lineRows are credentials in another shape.
func (b *bench) lineRows() []row {
	good := b.genuine(v2App)
	bad := good[:len(good)-4] + "AAAA"
	refuse := func(id string, line string) row { return row{id, "placement", 401, ask(line)} }
	return []row{
		refuse("auth-other-scheme", "JWT "+good),
		refuse("auth-dpop-scheme-without-proof", "DPoP "+good),
		refuse("auth-non-ascii-space", "Bearer\u00a0"+good),
		refuse("auth-percent-encoded", "Bearer%20"+good),
		refuse("auth-zero-width-prefix", "Bearer \ufeff"+good),
		refuse("auth-crlf-encoded", "Bearer "+good+"%0d%0aX-Probe: 1"),
		{"auth-two-headers-good-bad", "placement", 400, ask("Bearer "+good, "Bearer "+bad)},
		{"auth-bad-header-good-query", "placement", 400, askFor("GET", homePath+"?access_token="+good, "Bearer "+bad)},
	}
}

// placeRows are credentials in another place.
func (b *bench) placeRows() []row {
	good := b.genuine(v2App)
	refuse := func(id string, r *http.Request) row { return row{id, "placement", 401, r} }
	body := with(askFor("POST", homePath), "Content-Type", "application/json")
	body.Body = formBody(`{"access_token":"` + good + `"}`)
	trailer := ask()
	trailer.Trailer = http.Header{"Authorization": {"Bearer " + good}}
	return []row{
		refuse("auth-query-other-names", askFor("GET", homePath+"?id_token="+good)),
		refuse("auth-json-body", body),
		refuse("auth-cookie", with(ask(), "Cookie", "access_token="+good)),
		refuse("auth-custom-header", with(ask(), "X-Access-Token", good)),
		refuse("auth-custom-header-scheme", with(ask(), "Proxy-Authorization", "Bearer "+good)),
		refuse("auth-underscore-name", with(ask(), "X_Authorization", "Bearer "+good)),
		refuse("auth-path-segment", askFor("GET", homePath+";access_token="+good)),
		refuse("auth-in-trailer", trailer),
		refuse("auth-websocket-protocol", with(ask(), "Upgrade", "websocket", "Sec-Websocket-Protocol", "bearer, "+good)),
	}
}

// messageRows are what the front or the address tells.
func (b *bench) messageRows() []row {
	good := func() *http.Request { return ask("Bearer " + b.genuine(v2App)) }
	return []row{
		{"auth-space-before-colon", "placement", 400, came(good(), &head{blankBeforeColon: true}, "")},
		{"auth-obs-fold", "placement", 400, came(good(), &head{folded: true}, "")},
		{"auth-nul-byte", "placement", 400, came(good(), &head{control: true}, "")},
		{"auth-on-plain-http", "placement", 403, came(good(), &head{}, IngressPlainHTTP)},
		{"smuggling-te-cl", "route", 400, came(askFor("POST", homePath), &head{codings: 1, lengths: 1, last: true}, "")},
		{"upstream-direct", "route", 401, came(ask(), &head{}, IngressOrigin)},
		{"alternate-listener", "route", 401, came(with(ask(), "Upgrade", "h2c"), &head{}, IngressPlainHTTP)},
	}
}

// detourRows send no token, and say something that could open another way.
func detourRows() []row {
	refuse := func(id, guards string, r *http.Request) row { return row{id, guards, 401, r} }
	all := []row{
		refuse("path-query-decoy", "placement", askFor("GET", homePath+"?x=/public/")),
		refuse("path-unknown-anonymous", "placement", askFor("GET", homePath+"/no-such-path")),
		refuse("conditional-request-anonymous", "placement", with(ask(), "If-None-Match", "*")),
		refuse("health-probe-user-agent", "placement", with(ask(), "User-Agent", "kube-probe/1.31")),
		refuse("internal-ip-headers", "placement", with(ask(), "Forwarded", `for="10.0.0.1"`)),
		refuse("internal-ip-headers-list", "placement", with(ask(), "X-Forwarded-For", "127.0.0.1, 192.0.2.1")),
		refuse("host-authority-mismatch", "route", askFor("GET", "http://gw.example"+homePath)),
		refuse("options-preflight", "route", askFor("OPTIONS", homePath)),
		refuse("upgrade-websocket-anonymous", "route", with(ask(), "Upgrade", "websocket")),
		refuse("method-unknown", "route", askFor("FOO", homePath)),
		refuse("method-unknown", "route", askFor("HEAD", homePath)),
		refuse("method-unknown", "route", with(ask(), "X-Http-Method-Override", "OPTIONS")),
	}
	for id, target := range map[string]string{
		"path-double-slash":          "/" + homePath,
		"path-encoded-dots":          "/public/%2e%2e" + homePath,
		"path-encoded-slash":         "/public%5C.." + homePath,
		"path-double-encoding":       "/public/%252e%252e" + homePath,
		"path-matrix-parameter":      homePath + ";x=.css",
		"path-trailing-slash-or-dot": homePath + ".",
		"path-case-changed":          strings.ToUpper(homePath),
		"path-fragment-decoy":        homePath + "%23/public",
		"path-nul-byte":              homePath + "%00",
	} {
		all = append(all, refuse(id, "route", askFor("GET", target)))
	}
	return all
}

// upstreamRow tells rows that are about what the upstream or a browser is told:
// TestStrictIdentity, TestStrictReflectsNoClaim.
func upstreamRow(id string) bool {
	return id == "cors-reflects-token-claims" || strings.HasPrefix(id, "identity-headers-") || id == "multi-value-policy-header" || id == "auth-connection-names-it"
}

// TestStrictReflectsNoClaim: no claim of a token that nobody verified stands in the
// answer, as it does where the origin is taken from one.
func TestStrictReflectsNoClaim(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.claims(v2App, grant{client: "https://evil.example"})
	forged := sealed(t, mustJSON(t, header(nil)), mustJSON(t, c), "RS256", keysOfTest()[own])
	for soft, want := range map[string]string{"": "", "origin-from-claim": "https://evil.example"} {
		o := b.options("strict")
		if soft != "" {
			o.Softens = []string{soft}
		}
		got := fire(t, b.gateway(o), bearerOf(forged))
		if origin := got.header.Get("Access-Control-Allow-Origin"); got.forwarded || origin != want {
			t.Errorf("%s: expected a refusal with %q, got forwarded %t, %q", soft, want, got.forwarded, origin)
		}
	}
}
