package mockidp

import (
	"cmp"
	"strings"

	"github.com/entraproof/entraproof/internal/value"
)

// introspected is the answer about a token. One that is not active gets no
// other word (RFC 7662 2.2): a token that the tenant did not issue, that is not
// in its time, or that is no access token.
func (i *Issuer) introspected(profile Introspection, token string, t tenant) value.Value {
	claims, err := i.readIssued(token)
	switch {
	case err != nil, profile == IntrospectInactive, !i.isOf(claims, t), clientOf(claims) == "":
		return active(false)
	case profile == IntrospectGraph && !isGraph(claims.GetText("aud")):
		return active(false)
	case profile == IntrospectRaw, profile == IntrospectGraph:
		answer := active(true)
		answer.Members = append(answer.Members, claims.Remove("active").Members...)
		return answer
	}
	return normalised(claims)
}

func active(is bool) value.Value {
	return value.Dict(value.Member{Name: "active", Value: value.Boolean(is)})
}

// normalised are the members of RFC 7662 2.2, in its order. Applications hold
// roles where users hold scopes: both are scope.
func normalised(claims value.Value) value.Value {
	answer := active(true)
	text := func(name, content string) {
		if content != "" {
			answer = answer.Append(name, value.String(content))
		}
	}
	text("scope", strings.Join(scopesOf(claims), " "))
	text("client_id", clientOf(claims))
	text("username", cmp.Or(claims.GetText("preferred_username"), claims.GetText("upn"), claims.GetText("unique_name")))
	text("token_type", "Bearer")
	for _, name := range []string{"exp", "iat", "nbf", "sub", "aud", "iss"} {
		if v, ok := claims.Get(name); ok {
			answer = answer.Append(name, v)
		}
	}
	text("jti", claims.GetText("uti"))
	return answer
}

// scopesOf are the words of scp and the roles.
func scopesOf(claims value.Value) []string {
	words := strings.Fields(claims.GetText("scp"))
	roles, _ := claims.Get("roles")
	for _, role := range roles.Items {
		if role.Kind == value.Text {
			words = append(words, role.Text)
		}
	}
	return words
}
