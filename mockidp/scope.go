package mockidp

import (
	"slices"
	"strings"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// defaultScope stands for what the client's registration asks for.
const defaultScope = ".default"

// The scopes of OpenID Connect, which belong to no API.
const (
	openid  = "openid"
	profile = "profile"
	email   = "email"
	offline = "offline_access"
)

// scopeRequest is what a request asks for (entra-tokens 2.3).
type scopeRequest struct {
	// OIDC are the scopes of OpenID Connect.
	OIDC []string `json:"o,omitempty"`
	// Resources are the APIs in the order in which they were named, each once.
	Resources []resourceRequest `json:"r,omitempty"`
}

// resourceRequest is what a request asks for at one API.
type resourceRequest struct {
	// Name is what the API was called. Empty: Graph, by scopes without a resource.
	Name   string   `json:"n,omitempty"`
	Scopes []string `json:"s"`
}

// readScope reads the parameter scope. The last slash ends the resource; what
// has none means Graph. The text of a scope that cannot be one comes back.
func (s *snapshot) readScope(text string) (asked scopeRequest, wrong string) {
	for _, word := range strings.Fields(text) {
		if word == openid || word == profile || word == email || word == offline {
			if !asked.has(word) {
				asked.OIDC = append(asked.OIDC, word)
			}
			continue
		}
		name, scope := "", word
		if slash := strings.LastIndexByte(word, '/'); slash >= 0 {
			name, scope = word[:slash], word[slash+1:]
		}
		if scope != defaultScope && !isScopeName(scope) || strings.HasPrefix(word, "/") || strings.HasSuffix(name, ":/") {
			return asked, word
		}
		asked.add(name, scope, s)
	}
	return asked, ""
}

func (q *scopeRequest) has(oidc string) bool { return slices.Contains(q.OIDC, oidc) }

// add adds a scope to those of its API, whatever name the API is called by.
func (q *scopeRequest) add(name, scope string, known *snapshot) {
	for i := range q.Resources {
		if known.identity(q.Resources[i].Name) == known.identity(name) {
			q.Resources[i].Scopes = append(q.Resources[i].Scopes, scope)
			return
		}
	}
	q.Resources = append(q.Resources, resourceRequest{name, []string{scope}})
}

// mixes reports whether .default stands beside other scopes.
func (r resourceRequest) mixes() bool {
	return len(r.Scopes) > 1 && slices.Contains(r.Scopes, defaultScope)
}

// byDefault reports whether the client asks for what its registration says.
func (r resourceRequest) byDefault() bool { return slices.Contains(r.Scopes, defaultScope) }

// scopeProblems are what a grant answers where a scope names more APIs than one,
// or none: the numbers differ from grant to grant (entra-tokens 4.5).
type scopeProblems struct{ many, none func(string) problem }

// asked reads what a request of a user's client asks for: scope at the v2
// endpoints, resource at the v1 endpoints.
func (t *tokenRequest) asked(wrongly scopeProblems) (scopeRequest, *problem) {
	if t.endpoint == mint.V1 {
		return v1Scope(t.form.Get("resource")), nil
	}
	text := t.form.Get("scope")
	q, wrong := t.known.readScope(text)
	switch {
	case t.form.Has("resource"):
		return q, new(resourceOnV2())
	case strings.HasPrefix(wrong, "/"):
		return q, new(wrongly.none(wrong))
	case wrong != "":
		return q, new(invalidScope(wrong))
	case len(q.Resources) > 1:
		return q, new(wrongly.many(text))
	case len(q.Resources) == 1 && q.Resources[0].mixes():
		return q, new(invalidScope(text))
	}
	return q, nil
}

// v1Scope is what a v1 request asks for: all that the client may have at the
// API, an id token and a refresh token.
func v1Scope(resource string) scopeRequest {
	q := scopeRequest{OIDC: []string{openid, profile, offline}}
	if resource != "" {
		q.Resources = []resourceRequest{{resource, []string{defaultScope}}}
	}
	return q
}
