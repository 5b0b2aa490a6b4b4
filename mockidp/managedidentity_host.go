package mockidp

import (
	"net/http"

	"github.com/entraproof/entraproof/internal/value"
)

// identityHost is one of the two services: what it wants to see of a request,
// and its way to answer.
type identityHost struct {
	trusts func(*Issuer, *request) *identityProblem
	answer func(identityToken) value.Value
	refuse func(*request, identityProblem) value.Value
}

// metadataService answers with strings only, and refuses what may have come
// through a proxy: a program must not be talked into asking for somebody else.
func metadataService() identityHost {
	return identityHost{
		trusts: func(_ *Issuer, q *request) *identityProblem {
			switch {
			case q.Header.Get("X-Forwarded-For") != "":
				return wrongIdentityRequest("X-Forwarded-For is not allowed")
			case q.Header.Get("Metadata") != "true":
				return &identityProblem{http.StatusBadRequest, "bad_request_102", "Required metadata header not specified"}
			}
			return nil
		},
		answer: func(t identityToken) value.Value {
			return value.Dict(
				textMember("access_token", t.token), textMember("client_id", t.client), textMember("expires_in", t.lifetime),
				textMember("expires_on", t.expires), textMember("ext_expires_in", t.lifetime), textMember("not_before", t.from),
				textMember("resource", t.resource), textMember("token_type", "Bearer"),
			)
		},
		refuse: func(_ *request, p identityProblem) value.Value {
			return value.Dict(textMember("error", p.code), textMember("error_description", p.text))
		},
	}
}

// appService is the endpoint of version 2019-08-01.
func appService() identityHost {
	return identityHost{
		trusts: func(i *Issuer, q *request) *identityProblem {
			if !sameSecret(q.Header.Get("X-IDENTITY-HEADER"), i.cfg.ManagedIdentity.Header) {
				return &identityProblem{http.StatusUnauthorized, "unauthorized", "X-IDENTITY-HEADER is not that of this application."}
			}
			return nil
		},
		answer: func(t identityToken) value.Value {
			return value.Dict(
				textMember("access_token", t.token), textMember("expires_on", t.expires), textMember("resource", t.resource),
				textMember("token_type", "Bearer"), textMember("client_id", t.client),
			)
		},
		refuse: func(q *request, p identityProblem) value.Value {
			return value.Dict(
				value.Member{Name: "statusCode", Value: value.Int(int64(p.status))},
				textMember("message", p.text), textMember("correlationId", q.correlation),
			)
		},
	}
}

func textMember(name, text string) value.Member {
	return value.Member{Name: name, Value: value.String(text)}
}
