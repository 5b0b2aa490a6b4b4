package policy

import (
	"slices"
	"strings"
)

// Cloud is one of Entra's, by the hosts in its tokens' iss and those that serve
// keys (entra-tokens.md 2.4, 4).
type Cloud struct {
	Name string
	// V1 and V2 are the hosts of iss.
	V1, V2 string
	hosts  []string
}

// clouds are those that are known; the first is the public one.
func clouds() []Cloud {
	return []Cloud{
		{"public", "sts.windows.net", "login.microsoftonline.com", entraHosts()},
		{"US government", "sts.windows.net", "login.microsoftonline.us", []string{"login.microsoftonline.us", "login.usgovcloudapi.net"}},
		{"China", "sts.chinacloudapi.cn", "login.partner.microsoftonline.cn", []string{"sts.chinacloudapi.cn", "login.partner.microsoftonline.cn", "login.chinacloudapi.cn"}},
	}
}

// CloudOf is the cloud that serves an address; ok is false for an address of
// somebody else, or of a tenant for customers.
func CloudOf(address string) (c Cloud, ok bool) {
	host, _, _ := tenantOf(address)
	all := clouds()
	i := slices.IndexFunc(all, func(c Cloud) bool { return slices.Contains(c.hosts, host) })
	if i < 0 {
		return Cloud{}, false
	}
	return all[i], true
}

// Issuers are the two forms of iss of a tenant.
func (c Cloud) Issuers(tenant string) (v1, v2 string) {
	return "https://" + c.V1 + "/" + tenant + "/", "https://" + c.V2 + "/" + tenant + "/v2.0"
}

// issues reports whether tokens of the cloud may have an issuer at a host.
func (c Cloud) issues(host string) bool { return host == c.V1 || host == c.V2 }

// CustomerIssuer reports whether an issuer and an address of keys are both of one
// tenant for customers (External ID, Azure AD B2C) or of a domain of its own: what
// such tokens look like beyond iss is not known here.
func CustomerIssuer(issuer, keys string) bool {
	_, entra := CloudOf(issuer)
	_, served := CloudOf(keys)
	from, _, ok := tenantOf(issuer)
	at, _, both := tenantOf(keys)
	return ok && both && !entra && !served && site(from) == site(at)
}

// site is the part of a host that one party has: its last two labels.
func site(host string) string {
	labels := strings.Split(host, ".")
	return strings.Join(labels[max(len(labels)-2, 0):], ".")
}

// forCustomers reports a host of Microsoft's that serves tenants for customers.
func forCustomers(host string) bool {
	return strings.HasSuffix(host, ".ciamlogin.com") || strings.HasSuffix(host, ".b2clogin.com")
}
