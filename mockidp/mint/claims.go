package mint

import (
	"crypto/sha256"
	"encoding/base64"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/value"
)

// Entra backdates iat and nbf by five minutes (entra-tokens 0, line 6), and
// gives tokens of applications an hour from now, tokens of users 60 to 90
// minutes (entra-tokens 1.5).
const (
	backdate    = 5 * time.Minute
	appLifetime = time.Hour
	userJitter  = 30 * time.Minute
	// Microsoft's own resources give applications a day (entra-tokens 1.5).
	azureLifetime = 24 * time.Hour
	// Tokens of continuous access evaluation live 20 to 28 hours (entra-tokens 1.5).
	caeLifetime  = 20 * time.Hour
	caeJitter    = 8 * time.Hour
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
	lifetime := c.lifetime()
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

// lifetime is how long a fresh token lives from now on.
func (c *claims) lifetime() time.Duration {
	upTo := func(jitter time.Duration) time.Duration {
		return time.Duration(rand.New(c.random).Int64N(int64(jitter/time.Second))) * time.Second
	}
	switch {
	case c.g.Token != Access:
		return appLifetime
	case slices.ContainsFunc(c.g.Capabilities, func(name string) bool { return strings.EqualFold(name, "cp1") }): // azidentity writes CP1
		return caeLifetime + upTo(caeJitter)
	case c.g.Kind.Subject == SubjectUser:
		return appLifetime + upTo(userJitter)
	case c.g.WellKnown == ARM, c.g.ManagedIdentity != "":
		return azureLifetime
	}
	return appLifetime
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

// claim is the value of one claim, and whether the token has it.
func (c *claims) claim(name string) (value.Value, bool) {
	switch name {
	case "iat", "nbf":
		return value.Int(c.iat.Unix()), true
	case "exp":
		return value.Int(c.exp.Unix()), true
	case "roles":
		roles := c.roles()
		return value.Strings(roles...), len(roles) > 0
	case "groups":
		return value.Strings(c.g.Groups...), c.listsGroups() && !c.groupsAsRoles()
	case "_claim_names":
		return value.Dict(member("groups", "src1")), c.linksGroups()
	case "_claim_sources":
		if !c.linksGroups() {
			return value.Value{}, false
		}
		return c.groupSource(), true
	case "xms_cc":
		return value.Strings(c.g.Capabilities...), len(c.g.Capabilities) > 0
	case "acrs":
		return value.Strings(AuthenticationContext), true
	case "auth_time":
		return value.Int(c.iat.Unix()), true
	case "amr":
		return value.Strings("pwd", "mfa"), true
	case "acct":
		return value.Int(c.account()), true
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
	case "xms_mirid":
		return c.g.ManagedIdentity
	case "nonce":
		return c.g.Nonce
	case "at_hash":
		return c.g.TokenHash
	case "c_hash":
		return c.g.CodeHash
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
func (c *claims) rh() string { return handle(c.g.Tenant, c.g.Resource, c.bytes(1)[0]) }

func handle(tenant, resource string, last byte) string {
	body := []byte{0x01, 0x74, 0x00}
	body = append(body, guidOf(tenant).dotNet()...)
	body = append(body, guidOf(resource).dotNet()...)
	body = append(body, last, 0, 0)
	return "1." + base64.RawURLEncoding.EncodeToString(body) + "."
}

// RefreshPrefix is how refresh tokens and codes begin: as rh does, with the
// tenant and the client.
func RefreshPrefix(tenant, client string) string { return handle(tenant, client, 0) }

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
