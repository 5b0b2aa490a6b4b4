package mockidp

import (
	"net/http"
	"strings"

	"github.com/entraproof/entraproof/internal/value"
)

// userRealmRoutes stand under both spellings that the libraries ask for: MSAL Go
// writes UserRealm, MSAL Python and MSAL Java write userrealm.
func userRealmRoutes() []route {
	return []route{
		{methods: get(), path: "/common/UserRealm/{username}", serve: serveUserRealm},
		{methods: get(), path: "/common/userrealm/{username}", serve: serveUserRealm},
	}
}

// serveUserRealm says who signs a user in, which the libraries ask before they
// send a password: the mock itself, whatever the user's name (entra-tokens 3.5).
// That a domain nobody knows is Unknown is inferred.
func serveUserRealm(i *Issuer, q *request) {
	if q.URL.Query().Get("api-version") == "" { // as MSAL Go notes of Entra
		i.refuse(q, missingField("api-version"))
		return
	}
	username := q.PathValue("username")
	_, domain, _ := strings.Cut(username, "@")
	kind := "Unknown"
	if i.directory.Load().hasDomain(domain) {
		kind = "Managed"
	}
	q.w.Header().Set("Content-Disposition", "inline; filename=userrealm.json")
	uncached(q)
	body := value.Dict(
		value.Member{Name: "ver", Value: value.String("1.0")},
		value.Member{Name: "account_type", Value: value.String(kind)},
		value.Member{Name: "domain_name", Value: value.String(domain)},
		value.Member{Name: "cloud_instance_name", Value: value.String("microsoftonline.com")},
		value.Member{Name: "cloud_audience_urn", Value: value.String("urn:federation:MicrosoftOnline")},
	)
	q.write(http.StatusOK, body.JSON())
}

// hasDomain reports whether a tenant or a user has the domain.
func (s *snapshot) hasDomain(domain string) bool {
	domain = strings.ToLower(domain)
	if _, ok := s.tenants[domain]; ok && domain != "" {
		return true
	}
	for _, u := range s.users {
		if u.entry.domain() == domain {
			return true
		}
	}
	return false
}
