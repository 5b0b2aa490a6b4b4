package mockidp

import (
	"bytes"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

func discoveryRoutes() []route {
	return []route{
		{methods: get(), path: discoveryV2, readable: true, serve: serveDiscovery(mint.V2)},
		{methods: get(), path: discoveryV1, readable: true, serve: serveDiscovery(mint.V1)},
	}
}

// Where the documents are.
const (
	discoveryV1 = "/{tenant}/.well-known/openid-configuration"
	discoveryV2 = "/{tenant}/v2.0/.well-known/openid-configuration"
)

func get() []string { return []string{http.MethodGet, http.MethodHead, http.MethodOptions} }

// discoveryDocument is a discovery document with the places that differ from
// tenant to tenant left open; it is made once.
type discoveryDocument []byte

// The open places. A NUL cannot occur in the JSON around them.
const (
	openBase   = "\x00base"
	openTenant = "\x00tenant"
	openIssuer = "\x00issuer"
	openRegion = "\x00region"
	openKeys   = "\x00keys"
)

// cloudInstance is cloud_instance_name of the public cloud.
const cloudInstance = "microsoftonline.com"

// discoveryDocuments are the documents of both versions.
func discoveryDocuments(vary Variations) map[mint.Version]discoveryDocument {
	docs := map[mint.Version]discoveryDocument{}
	for _, v := range []mint.Version{mint.V1, mint.V2} {
		members := map[string]value.Value{}
		for _, r := range routes() {
			if r.member != "" && r.version == v {
				members[r.member] = value.String(openBase + strings.ReplaceAll(r.path, "{tenant}", openTenant))
			}
		}
		if v == mint.V1 && vary.CommonKeysInV1 {
			members["jwks_uri"] = value.String(openBase + "/common/discovery/keys")
		}
		members["jwks_uri"] = value.String(members["jwks_uri"].Text + openKeys)
		for name, v := range fixedMembers(v) {
			members[name] = v
		}
		if v == mint.V2 && !vary.DiscoveryOf2024 {
			maps.Copy(members, mutualTLSMembers())
		}
		doc := value.Dict()
		for _, name := range memberOrder(v) {
			if v, ok := members[name]; ok {
				doc = doc.Append(name, v)
			}
		}
		// The open places stand in strings, where JSON writes NUL as \u0000.
		docs[v] = bytes.ReplaceAll(doc.JSON(), []byte(`\u0000`), []byte{0})
	}
	return docs
}

// memberOrder is the order in which Entra writes the documents (entra-tokens
// 3.1 and 3.2).
func memberOrder(v mint.Version) []string {
	if v == mint.V1 {
		return strings.Fields("token_endpoint token_endpoint_auth_methods_supported jwks_uri response_modes_supported subject_types_supported " +
			"id_token_signing_alg_values_supported response_types_supported scopes_supported issuer microsoft_multi_refresh_token authorization_endpoint " +
			"device_authorization_endpoint http_logout_supported frontchannel_logout_supported end_session_endpoint claims_supported check_session_iframe " +
			"userinfo_endpoint kerberos_endpoint tenant_region_scope cloud_instance_name cloud_graph_host_name msgraph_host rbac_url")
	}
	return strings.Fields("token_endpoint token_endpoint_auth_methods_supported jwks_uri response_modes_supported subject_types_supported " +
		"id_token_signing_alg_values_supported response_types_supported scopes_supported issuer request_uri_parameter_supported userinfo_endpoint " +
		"authorization_endpoint device_authorization_endpoint http_logout_supported frontchannel_logout_supported end_session_endpoint claims_supported " +
		"kerberos_endpoint mtls_endpoint_aliases tls_client_certificate_bound_access_tokens " +
		"tenant_region_scope cloud_instance_name cloud_graph_host_name msgraph_host rbac_url")
}

// mutualTLSMembers are those that were added to the v2 document between
// February 2024 and July 2026: see Variations.DiscoveryOf2024.
func mutualTLSMembers() map[string]value.Value {
	alias := value.String("https://mtlsauth.microsoft.com/" + openTenant + "/oauth2/v2.0/token")
	return map[string]value.Value{
		"mtls_endpoint_aliases":                      value.Dict(value.Member{Name: tokenMember, Value: alias}),
		"tls_client_certificate_bound_access_tokens": value.Boolean(true),
		"token_endpoint_auth_methods_supported":      value.Strings("client_secret_post", "private_key_jwt", "client_secret_basic", "self_signed_tls_client_auth"),
	}
}

// fixedMembers are the members that no route stands behind. Endpoints that the
// mock does not have are named all the same: clients insist on finding them.
func fixedMembers(v mint.Version) map[string]value.Value {
	at := func(path string) value.Value { return value.String(openBase + "/" + openTenant + path) }
	words := func(s string) value.Value { return value.Strings(strings.Fields(s)...) }
	all := map[string]value.Value{
		"token_endpoint_auth_methods_supported": words("client_secret_post private_key_jwt client_secret_basic"),
		"response_modes_supported":              words("query fragment form_post"),
		"subject_types_supported":               words("pairwise"),
		"id_token_signing_alg_values_supported": words("RS256"),
		"issuer":                                value.String(openIssuer),
		"http_logout_supported":                 value.Boolean(true),
		"frontchannel_logout_supported":         value.Boolean(true),
		"kerberos_endpoint":                     at("/kerberos"),
		"tenant_region_scope":                   value.RawText(openRegion),
		"cloud_instance_name":                   value.String(cloudInstance),
		"cloud_graph_host_name":                 value.String("graph.windows.net"),
		"msgraph_host":                          value.String("graph.microsoft.com"),
		"rbac_url":                              value.String("https://pas.windows.net"),
	}
	if v == mint.V1 {
		all["microsoft_multi_refresh_token"] = value.Boolean(true)
		all["check_session_iframe"] = at("/oauth2/checksession")
		all["scopes_supported"] = words("openid")
		all["response_types_supported"] = value.Strings("code", "id_token", "code id_token", "token id_token", "token")
		all["claims_supported"] = words("sub iss cloud_instance_name cloud_instance_host_name cloud_graph_host_name msgraph_host aud exp iat auth_time acr amr nonce email given_name family_name nickname")
	} else {
		all["request_uri_parameter_supported"] = value.Boolean(false)
		all["scopes_supported"] = words("openid profile email offline_access")
		all["response_types_supported"] = value.Strings("code", "id_token", "code id_token", "id_token token")
		all["claims_supported"] = words("sub iss cloud_instance_name cloud_instance_host_name cloud_graph_host_name msgraph_host aud exp iat auth_time acr nonce preferred_username name tid ver at_hash c_hash email")
	}
	return all
}

func serveDiscovery(v mint.Version) func(*Issuer, *request) {
	return func(i *Issuer, q *request) {
		base, ok := i.reachedAs(q.Request)
		if !ok {
			i.refuse(q, malformedHost(q.Host))
			return
		}
		cacheable(q)
		q.write(http.StatusOK, i.docs[v].filled(q.tenant, base, i.Issuers(q.tenant.id).Of(v), q.URL.Query().Get("appid")))
	}
}

// filled is the document of one tenant. With ?appid= the key set's URL has it
// too (entra-tokens 3.3).
func (d discoveryDocument) filled(t tenant, base, issuer, appID string) []byte {
	region, keys := strconv.Quote(t.region), ""
	if t.template() {
		region = "null"
	}
	if mint.IsGUID(appID) {
		keys = "?appid=" + appID
	}
	text := strings.NewReplacer(openBase, base, openTenant, t.path, openIssuer, issuer, openRegion, region, openKeys, keys)
	return []byte(text.Replace(string(d)))
}
