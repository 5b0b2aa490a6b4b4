package gateway

import (
	"cmp"
	"slices"
	"strings"
)

// tenantChecks judge who issued the token and for whom.
func tenantChecks() []check {
	return []check{
		{
			// RFC 8725 3.8: keys are shared by all tenants, so only iss tells them apart.
			Check{"issuer", "issuer", unauthorized, "iss is one of the tenant's two issuers, exactly"},
			func(c *call) bool {
				issuer, ok := c.claims().soleText("iss")
				return c.claims() != nil && (!ok || !c.env.Issuers.own(issuer))
			},
		},
		{
			Check{"issuer-version", "issuer", unauthorized, "iss has the form that ver says"},
			refusesIssuerVersion,
		},
		{
			Check{"tenant", "tenant", unauthorized, "tid is the configured tenant"},
			func(c *call) bool {
				tenant, ok := c.claims().soleText("tid")
				return c.claims() != nil && (!ok || tenant != c.env.Tenant)
			},
		},
		{
			Check{"tenant-in-issuer", "tenant", unauthorized, "tid is the tenant that iss names"},
			refusesTenantInIssuer,
		},
		{
			// RFC 7519 4.1.3. Compared exactly: a URI and a GUID are two audiences.
			Check{"audience", "audience", unauthorized, "aud is, or lists, an audience of this environment"},
			func(c *call) bool { return c.claims() != nil && !audienceFits(c) },
		},
	}
}

// refusesIssuerVersion judges tokens whose iss is one of ours: any other is the
// business of the check of the issuer.
func refusesIssuerVersion(c *call) bool {
	issuer, _ := c.claims().soleText("iss")
	if !c.env.Issuers.own(issuer) {
		return false
	}
	switch version, _ := c.claims().soleText("ver"); version {
	case "1.0":
		return issuer != c.env.Issuers.V1
	case "2.0":
		return issuer != c.env.Issuers.V2
	}
	return true
}

func refusesTenantInIssuer(c *call) bool {
	issuer, known := c.claims().soleText("iss")
	tenant, ok := c.claims().soleText("tid")
	// An issuer that does not name its tenant says nothing about tid.
	if !known || !ok || !strings.Contains(cmp.Or(c.env.Issuers.V2, c.env.Issuers.V1), c.env.Tenant) {
		return false
	}
	return !slices.Contains(strings.Split(issuer, "/"), tenant)
}

func audienceFits(c *call) bool {
	v, _ := c.claims().sole("aud")
	switch v := v.(type) {
	case string:
		return slices.Contains(c.env.audiences(), v)
	case []any:
		names, ok := texts(v)
		return ok && slices.ContainsFunc(names, func(name string) bool { return slices.Contains(c.env.audiences(), name) })
	}
	return false
}

// texts returns the strings of an array that holds nothing else.
func texts(items []any) ([]string, bool) {
	all := make([]string, 0, len(items))
	for _, item := range items {
		text, ok := item.(string)
		if !ok {
			return nil, false
		}
		all = append(all, text)
	}
	return all, true
}
