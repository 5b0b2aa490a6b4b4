package mockidp

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

func userInfoRoutes() []route {
	const member = "userinfo_endpoint"
	methods := []string{http.MethodGet, http.MethodPost, http.MethodOptions}
	return []route{
		{methods: methods, path: "/{tenant}/openid/userinfo", member: member, version: mint.V1, serve: serveUserInfo},
		// Entra's v2 documents name it at graph.microsoft.com.
		{methods: methods, path: "/oidc/userinfo", member: member, version: mint.V2, serve: serveUserInfo},
	}
}

// serveUserInfo tells who a token of Graph is about (entra-tokens 3.3).
func serveUserInfo(i *Issuer, q *request) { serveGraph(graphUserInfo)(i, q) }

// graphUserInfo has the sub of the id token, as OIDC Core 5.3.2 demands: the
// token of Graph carries it in xms_st.
func graphUserInfo(i *Issuer, _ string, claims value.Value) (value.Value, *graphError) {
	scopes := strings.Fields(claims.GetText("scp"))
	if len(scopes) == 0 {
		return value.Value{}, &graphError{http.StatusBadRequest, "BadRequest", "userinfo is only valid with delegated authentication flow."}
	}
	state, _ := claims.Get("xms_st")
	told := value.Dict(value.Member{Name: "sub", Value: value.String(cmp.Or(state.GetText("sub"), claims.GetText("sub")))})
	tell := func(name, text string) {
		if text != "" {
			told = told.Append(name, value.String(text))
		}
	}
	if slices.Contains(scopes, profile) {
		for _, name := range []string{"name", "family_name", "given_name"} {
			tell(name, claims.GetText(name))
		}
		tell("picture", "https://graph.microsoft.com/v1.0/me/photo/$value")
	}
	if slices.Contains(scopes, email) {
		tell("email", i.directory.Load().personOf(claims, claims.GetText("tid")).Username)
	}
	return told, nil
}
