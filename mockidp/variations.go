package mockidp

import "net/http"

// Variations are what no source states, and what Entra has changed or two
// sources state differently. Without any of them the issuer does what was
// observed last, or, where nothing was, what entra-tokens infers.
type Variations struct {
	// DescriptionsInLines joins the parts of error_description by CRLF, as until
	// mid-2023. Without: by single blanks, as since 2024 (entra-tokens 4.4).
	DescriptionsInLines bool
	// InvalidTenantAtToken names an unknown tenant invalid_tenant at the token
	// endpoint too. Without: invalid_request, by one sample of 2022 (entra-tokens
	// 4.5 and 7).
	InvalidTenantAtToken bool
	// UnassignedInvalidClient answers 501051 with invalid_client and 401, as an
	// article says. Without: invalid_grant and 400, as in a public sample
	// (entra-tokens 4.5 and 7).
	UnassignedInvalidClient bool
	// FreshCorrelation gives each error a correlation_id of its own. Without: the
	// request's client-request-id, where it has one (entra-tokens 4.4, inferred).
	FreshCorrelation bool
	// EchoUnasked returns client-request-id whether or not the request says
	// return-client-request-id. Without: only then (entra-tokens 3.6, inferred).
	EchoUnasked bool

	// DiscoveryOf2024 leaves mutual TLS out of v2 discovery, as until February
	// 2024. Without: mtls_endpoint_aliases and its two companions, as in July 2026
	// (entra-tokens 3.1). No capture has the aliases' content; public notes name
	// the host mtlsauth.microsoft.com.
	DiscoveryOf2024 bool
	// OrganizationsInV1 serves v1 discovery of organizations. Without: 90002, as
	// in 2019 (entra-tokens 2.5).
	OrganizationsInV1 bool
	// ConsumersByName leaves consumers in the URLs of its documents. Without: they
	// have the id of its tenant (entra-tokens 3.3, inferred).
	ConsumersByName bool
	// CommonKeysInV1 has v1 documents of one tenant point to the keys of common.
	// Without: to the tenant's own path (entra-tokens 3.2, inferred).
	CommonKeysInV1 bool
	// KeysNameCloud gives the keys of the v2 set a cloud_instance_name. Without:
	// none, as in every capture (entra-tokens 3.4, code only).
	KeysNameCloud bool
}

// vary is a problem as the variations word it.
func (v Variations) vary(p problem, endpoint route) problem {
	switch {
	case p.code == unassigned && v.UnassignedInvalidClient:
		p.oauth, p.status = "invalid_client", http.StatusUnauthorized
	case p.code == tenantUnknown && endpoint.member == tokenMember && !v.InvalidTenantAtToken:
		p.oauth = "invalid_request"
	}
	return p
}

// separator stands between the parts of a description.
func (v Variations) separator() string {
	if v.DescriptionsInLines {
		return "\r\n"
	}
	return " "
}
