package mint

import (
	"crypto/sha256"
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/value"
)

// Entra backdates iat and nbf by five minutes (entra-tokens 0, line 6), and
// gives tokens of applications an hour from now, tokens of users 60 to 90
// minutes (entra-tokens 1.5).
const (
	backdate     = 5 * time.Minute
	appLifetime  = time.Hour
	userJitter   = 30 * time.Minute
	almost       = 90 * time.Second
	expiredSince = time.Hour
)

// claims collects the claims of one token.
type claims struct {
	g        Grant
	s        Stamp
	random   *rand.ChaCha8
	iat, exp time.Time
}

func (c *claims) clock() {
	lifetime := appLifetime
	if c.g.Kind.Subject == SubjectUser && c.g.Token == Access {
		lifetime += time.Duration(rand.New(c.random).Int64N(int64(userJitter/time.Second))) * time.Second
	}
	c.exp = c.s.Now.Add(lifetime)
	switch c.g.Age {
	case Fresh:
	case AlmostExpired:
		c.exp = c.s.Now.Add(almost)
	case Expired:
		c.exp = c.s.Now.Add(-expiredSince)
	}
	c.iat = c.exp.Add(-lifetime - backdate)
}

// header is typ, alg and kid; only v1 tokens repeat the kid as x5t, and only
// Graph's carry a nonce (entra-tokens 1.1).
func (c *claims) header() value.Value {
	members := []value.Member{member("typ", "JWT")}
	if c.g.WellKnown == Graph {
		members = append(members, member("nonce", c.opaque(32)))
	}
	members = append(members, member("alg", "RS256"))
	if c.g.Kind.Version == V1 {
		members = append(members, member("x5t", c.s.KeyID))
	}
	return value.Dict(append(members, member("kid", c.s.KeyID))...)
}

// payload lists the claims in the order observed (entra-tokens 1.2); those
// without a value fall away.
func (c *claims) payload() value.Value {
	var names string
	switch {
	case c.g.Token == ID:
		names = "aud iss iat nbf exp aio name oid preferred_username rh sub tid uti ver"
	case c.g.WellKnown == Graph && c.g.Kind.Subject == SubjectApp:
		names = "aud iss iat nbf exp aio app_displayname appid appidacr idp idtyp oid rh roles sub tenant_region_scope tid uti ver wids " +
			"xms_acd xms_act_fct xms_ftd xms_idrel xms_rd xms_sub_fct xms_tcdt xms_tdbr xms_tnt_fct"
	case c.g.WellKnown == Graph:
		names = "aud iss iat nbf exp acct acr aio amr app_displayname appid appidacr family_name given_name idp idtyp ipaddr name oid platf puid rh scp roles sub " +
			"tenant_region_scope tid unique_name upn uti ver wids xms_ftd xms_idrel xms_st xms_tcdt xms_tdbr"
	case c.g.Kind == Kind{V1, SubjectUser}:
		names = "aud iss iat nbf exp acr aio amr appid appidacr email family_name given_name idp ipaddr name oid rh scp roles sub tid unique_name upn uti ver"
	case c.g.Kind == Kind{V2, SubjectUser}:
		names = "aud iss iat nbf exp aio azp azpacr name oid preferred_username rh roles scp sid sub tid uti ver xms_ftd"
	case c.g.Kind == Kind{V1, SubjectApp}:
		names = "aud iss iat nbf exp aio appid appidacr idp oid rh roles sub tid uti ver"
	default:
		names = "aud iss iat nbf exp aio azp azpacr oid rh roles sub tid uti ver xms_ftd"
	}
	payload := value.Dict()
	for _, name := range strings.Fields(names) {
		if v, ok := c.claim(name); ok {
			payload.Members = append(payload.Members, value.Member{Name: name, Value: v})
		}
	}
	return payload
}

// claim is the value of one claim, and whether the token has it.
func (c *claims) claim(name string) (value.Value, bool) {
	switch name {
	case "iat", "nbf":
		return value.Int(c.iat.Unix()), true
	case "exp":
		return value.Int(c.exp.Unix()), true
	case "roles":
		return value.Strings(c.g.Roles...), len(c.g.Roles) > 0
	case "amr":
		return value.Strings("pwd", "mfa"), true
	case "acct":
		return value.Int(0), true
	case "wids":
		// The template id of the generic role that every principal has.
		return value.Strings("b79fbf4d-3ef9-4689-8143-76b194e85509"), true
	case "xms_acd", "xms_tcdt":
		return value.Int(c.s.Now.Add(-400 * 24 * time.Hour).Unix()), true
	case "xms_st":
		return value.Dict(member("sub", pairwise(c.user().ObjectID, c.g.Client.ID))), true
	}
	text := c.text(name)
	return value.String(text), text != ""
}

// text is the value of a claim that is a string; empty where there is none.
func (c *claims) text(name string) string {
	switch name {
	case "aud":
		return c.g.Audience
	case "iss":
		return c.s.Issuers.Of(c.g.Kind.Version)
	case "tid":
		return c.g.Tenant
	case "ver":
		return string(c.g.Kind.Version[1:]) + ".0"
	case "appid", "azp":
		return c.g.Client.ID
	case "appidacr", "azpacr":
		return c.g.Client.Authentication
	case "scp":
		return strings.Join(c.g.Scopes, " ")
	case "oid":
		return c.objectID()
	case "sub":
		return c.subject()
	case "aio":
		return c.opaque(36)
	case "rh":
		return c.rh()
	case "uti":
		return base64.RawURLEncoding.EncodeToString(guidOf(c.s.RequestID).dotNet())
	case "idp":
		return c.identityProvider()
	case "xms_ftd":
		return c.region()
	}
	if text, ok := graphTexts()[name]; ok {
		return text
	}
	return c.userText(name)
}

// graphTexts are claims of Graph's tokens that say nothing here but belong to
// the shape.
func graphTexts() map[string]string {
	return map[string]string{
		"app_displayname": "entraproof", "platf": "3", "puid": "1003200000000001",
		"tenant_region_scope": "EU", "xms_tdbr": "EU", "xms_idrel": "7 10", "xms_rd": "0.42LjYBRi",
		"xms_act_fct": "3 9", "xms_sub_fct": "3 9", "xms_tnt_fct": "3 8",
	}
}

func (c *claims) userText(name string) string {
	u := c.user()
	given, family, _ := strings.Cut(u.Name, " ")
	switch name {
	case "idtyp":
		return string(c.g.Kind.Subject)
	case "acr":
		return "1"
	case "name":
		return u.Name
	case "given_name":
		return given
	case "family_name":
		return family
	case "preferred_username", "unique_name":
		return u.Username
	case "upn":
		if u.HomeTenant == "" { // Entra gives guests no upn by default
			return u.Username
		}
	case "email":
		if u.HomeTenant != "" {
			return u.Username
		}
	case "ipaddr":
		return "203.0.113.7" // RFC 5737: an address of no one
	case "sid":
		return derived("sid", c.g.Tenant, u.ObjectID).String()
	}
	return ""
}

// identityProvider is iss for v1 tokens of applications, the home tenant for
// guests, and absent for the tenant's own users (entra-tokens 1.3).
func (c *claims) identityProvider() string {
	switch {
	case c.g.Kind.Subject == SubjectApp:
		return c.s.Issuers.V1
	case c.g.User.HomeTenant != "":
		return EntraIssuers(c.g.User.HomeTenant).V1
	}
	return ""
}

// user is the grant's user with the empty fields filled in.
func (c *claims) user() User { return c.g.User.In(c.g.Tenant) }

// In is the user with the empty fields filled in as the mock's own user of a
// tenant has them.
func (u User) In(tenant string) User {
	if u.Name == "" {
		u.Name = "Robin Mock"
	}
	if u.ObjectID == "" {
		u.ObjectID = derived("user", tenant, u.Name).String()
	}
	if u.Username == "" {
		u.Username = strings.ReplaceAll(strings.ToLower(u.Name), " ", ".") + "@" + tenant + ".example"
	}
	return u
}

// ServicePrincipal is the object id of a client in a tenant: what oid and sub
// of its own tokens hold.
func (c Client) ServicePrincipal(tenant string) string {
	if c.ObjectID != "" {
		return c.ObjectID
	}
	return derived("service-principal", tenant, c.ID).String()
}

func (c *claims) objectID() string {
	if c.g.Kind.Subject == SubjectApp {
		return c.g.Client.ServicePrincipal(c.g.Tenant)
	}
	return c.user().ObjectID
}

// subject is the object id for an application, and pairwise per user and
// resource for a person (entra-tokens 1.3).
func (c *claims) subject() string {
	if c.g.Kind.Subject == SubjectApp {
		return c.objectID()
	}
	return pairwise(c.user().ObjectID, c.g.Resource)
}

// Subject is the sub claim that the user has in access tokens of a resource.
func (u User) Subject(tenant, resource string) string {
	return pairwise(u.In(tenant).ObjectID, strings.TrimPrefix(resource, "api://"))
}

func pairwise(objectID, resource string) string {
	sum := sha256.Sum256([]byte(objectID + "\x00" + resource))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// rh embeds tenant and resource behind three bytes (entra-tokens 1.3).
func (c *claims) rh() string {
	body := []byte{0x01, 0x74, 0x00}
	body = append(body, guidOf(c.g.Tenant).dotNet()...)
	body = append(body, guidOf(c.g.Resource).dotNet()...)
	body = append(body, c.bytes(1)[0], 0, 0)
	return "1." + base64.RawURLEncoding.EncodeToString(body) + "."
}

// region is xms_ftd: 32 opaque bytes, 0x01 and the name of a region.
func (c *claims) region() string {
	return base64.RawURLEncoding.EncodeToString(append(append(c.bytes(32), 1), "swedenc-dsms"...))
}

func (c *claims) opaque(n int) string { return base64.RawURLEncoding.EncodeToString(c.bytes(n)) }

func (c *claims) bytes(n int) []byte {
	b := make([]byte, n)
	_, _ = c.random.Read(b) // never fails
	return b
}

// refreshToken is opaque: the version prefix and layout of rh, then bytes that
// only the issuer could read.
func (c *claims) refreshToken() string {
	return c.rh() + c.opaque(600)
}

// assertion is what a client signs to prove who it is (entra-tokens 4.2).
func (c *claims) assertion() value.Value {
	iat := c.s.Now
	exp := c.s.Now.Add(10 * time.Minute)
	switch c.g.Age {
	case Fresh:
	case AlmostExpired:
		exp = c.exp
	case Expired:
		iat, exp = c.iat, c.exp
	}
	return value.Dict(
		member("aud", c.s.Issuers.tokenEndpoint()), member("iss", c.g.Client.ID), member("sub", c.g.Client.ID),
		member("jti", c.s.RequestID),
		value.Member{Name: "nbf", Value: value.Int(iat.Unix())},
		value.Member{Name: "exp", Value: value.Int(exp.Unix())},
	)
}
