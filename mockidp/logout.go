package mockidp

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"github.com/entraproof/entraproof/mockidp/mint"
)

func logoutRoutes() []route {
	methods := []string{http.MethodGet, http.MethodPost}
	const member = "end_session_endpoint"
	return []route{
		{methods: methods, path: "/{tenant}/oauth2/v2.0/logout", member: member, version: mint.V2, page: true, serve: serveLogout},
		{methods: methods, path: "/{tenant}/oauth2/logout", member: member, version: mint.V1, page: true, serve: serveLogout},
	}
}

// serveLogout ends the session of the browser and sends it on, to a redirect URI
// that a client has registered and to nowhere else (OIDC RP-Initiated Logout 3).
func serveLogout(i *Issuer, q *request) {
	params, p := authorizeParameters(q)
	if p != nil {
		i.showProblem(q, *p)
		return
	}
	i.endSession(q)
	to := params.Get("post_logout_redirect_uri")
	if !i.directory.Load().leadsBack(to, clientOfHint(params)) {
		i.show(q, "message", page{Title: "You signed out of your account", Text: "It’s a good idea to close all browser windows."}, "")
		return
	}
	if state := params.Get("state"); state != "" {
		sign := "?"
		if strings.Contains(to, "?") {
			sign = "&"
		}
		to += sign + "state=" + url.QueryEscape(state)
	}
	uncached(q)
	q.w.Header().Set("Location", to)
	q.write(http.StatusFound, nil)
}

// clientOfHint is the client that signs out, if the request names one: itself,
// or by an id token. Nothing depends on the token's being genuine.
func clientOfHint(params url.Values) string {
	_, claims, err := mint.Decode(params.Get("id_token_hint"))
	if err != nil {
		return params.Get("client_id")
	}
	return cmp.Or(params.Get("client_id"), claims.GetText("aud"))
}

// leadsBack reports whether a URI is a redirect URI of the client; of no client
// in particular, where none is named.
func (s *snapshot) leadsBack(uri, client string) bool {
	for id, c := range s.clients {
		if client != "" && !strings.EqualFold(id, client) {
			continue
		}
		if _, ok := c.entry.RedirectURIs.kind(uri); ok {
			return true
		}
	}
	return false
}
