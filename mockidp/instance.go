package mockidp

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/value"
)

// instanceRoutes are at common only: a tenant's own path has no instance
// discovery.
func instanceRoutes() []route {
	return []route{{methods: get(), path: "/common/discovery/instance", readable: true, serve: serveInstance}}
}

// instance is one cloud: the hosts that are one and the same.
type instance struct {
	network, cache string
	aliases        []string
}

// instances are Microsoft's clouds, in the order observed (entra-tokens 3.5).
func instances() []instance {
	return []instance{
		{"login.microsoftonline.com", "login.windows.net", []string{"login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"}},
		{"login.partner.microsoftonline.cn", "login.partner.microsoftonline.cn", []string{"login.partner.microsoftonline.cn", "login.chinacloudapi.cn"}},
		{"login.microsoftonline.de", "login.microsoftonline.de", []string{"login.microsoftonline.de"}},
		{"login.microsoftonline.us", "login.microsoftonline.us", []string{"login.microsoftonline.us", "login.usgovcloudapi.net"}},
		{"login-us.microsoftonline.com", "login-us.microsoftonline.com", []string{"login-us.microsoftonline.com"}},
	}
}

// serveInstance tells a client whether an authority is one of Entra's, and which
// hosts are the same: those of Microsoft's clouds are known, and the one under
// which the issuer was reached. Its order and the errors of malformed requests
// are reported of Entra, not in entra-tokens.
func serveInstance(i *Issuer, q *request) {
	own, ok := i.reachedAs(q.Request)
	if !ok {
		i.refuse(q, malformedHost(q.Host))
		return
	}
	version := q.URL.Query().Get("api-version")
	if version != "1.0" && version != "1.1" {
		i.refuse(q, wrongInstanceVersion())
		return
	}
	asked, problem := readAuthority(q.URL.Query())
	if problem != nil {
		i.refuse(q, *problem)
		return
	}
	base, known := instanceBase(asked.Host, own)
	if !known {
		i.refuse(q, unknownInstance())
		return
	}
	cacheable(q)
	q.write(http.StatusOK, instanceDocument(version, base+tenantDiscovery(asked.EscapedPath())).JSON())
}

// readAuthority reads what a client asks about: exactly one of two parameters,
// an https URL.
func readAuthority(q url.Values) (*url.URL, *problem) {
	name := "authorization_endpoint"
	if q.Has("issuer") {
		name = "issuer"
	}
	if q.Has("issuer") == q.Has("authorization_endpoint") {
		p := oneAuthority()
		return nil, &p
	}
	u, err := url.Parse(q.Get(name))
	if err != nil || u.Scheme != "https" || u.Host == "" {
		p := malformedAuthority(name)
		return nil, &p
	}
	return u, nil
}

// instanceBase is where the documents of a known host are: at that host; own is
// the URL under which the issuer was reached, which may be without TLS.
func instanceBase(host, own string) (string, bool) {
	_, ownHost, _ := strings.Cut(own, "://")
	if strings.EqualFold(host, ownHost) {
		return own, true
	}
	known := slices.ContainsFunc(instances(), func(c instance) bool { return slices.Contains(c.aliases, strings.ToLower(host)) })
	return "https://" + host, known
}

// tenantDiscovery is the path of a tenant's document: v2 for the v2 authorize
// endpoint, v1 for everything else.
func tenantDiscovery(path string) string {
	tenant, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	pattern := discoveryV1
	if rest == "oauth2/v2.0/authorize" {
		pattern = discoveryV2
	}
	return strings.Replace(pattern, "{tenant}", tenant, 1)
}

// instanceDocument has the clouds from version 1.1 on.
func instanceDocument(version, discovery string) value.Value {
	doc := value.Dict(value.Member{Name: "tenant_discovery_endpoint", Value: value.String(discovery)})
	if version == "1.0" {
		return doc
	}
	var clouds []value.Value
	for _, c := range instances() {
		clouds = append(clouds, value.Dict(
			value.Member{Name: "preferred_network", Value: value.String(c.network)},
			value.Member{Name: "preferred_cache", Value: value.String(c.cache)},
			value.Member{Name: "aliases", Value: value.Strings(c.aliases...)},
		))
	}
	return doc.Append("api-version", value.String(version)).Append("metadata", value.List(clouds...))
}
