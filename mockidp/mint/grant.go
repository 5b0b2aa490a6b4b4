package mint

import (
	"fmt"
	"strconv"
	"strings"
)

// Version is the version of an access token; the resource's registration
// decides it, never the endpoint that was called.
type Version string

// The versions of Entra's access tokens.
const (
	V1 Version = "v1"
	V2 Version = "v2"
)

// UnmarshalText reads v1 and v2, and 1 and 2, as registrations write them.
func (v *Version) UnmarshalText(text []byte) error {
	switch string(text) {
	case "", "v1", "v2":
		*v = Version(text)
	case "1", "2":
		*v = Version("v" + string(text))
	default:
		return fmt.Errorf("mint: version: expected 1 or 2, got %q", text)
	}
	return nil
}

// Subject is on whose behalf a token speaks.
type Subject string

// The subjects: a signed-in user (delegated) or the application itself.
const (
	SubjectUser Subject = "user"
	SubjectApp  Subject = "app"
)

// Kind is one of the four kinds of access token.
type Kind struct {
	Version Version `json:"version"`
	Subject Subject `json:"subject"`
}

// String is the kind in words, such as "v2 app".
func (k Kind) String() string { return string(k.Version) + " " + string(k.Subject) }

// TokenType is what a token is for. The zero TokenType is an access token.
type TokenType string

// The types of token that a client can hold and present.
const (
	Access    TokenType = "access"
	ID        TokenType = "id"
	IDV1      TokenType = "id-v1" // of the v1 endpoints
	Refresh   TokenType = "refresh"
	Assertion TokenType = "assertion"
)

// Age is how much of its life a token has behind it. The zero Age is fresh.
type Age string

// The ages: just issued; 90 seconds left; expired an hour ago, as a genuine
// token does, with nbf < exp < now.
const (
	Fresh         Age = "fresh"
	AlmostExpired Age = "almost-expired"
	Expired       Age = "expired"
)

// WellKnown names a Microsoft API whose tokens have a shape of their own.
type WellKnown string

// The Microsoft APIs that the catalogue knows. Their tokens are v1.
const (
	ARM   WellKnown = "arm"
	Graph WellKnown = "graph"
)

// ConsumerTenant is the tenant of personal Microsoft accounts.
const ConsumerTenant = "9188040d-6c67-4c5b-b112-36a304b66dad"

// Issuers are the two iss values of one tenant.
type Issuers struct {
	V1 string `json:"v1"`
	V2 string `json:"v2"`
}

// EntraIssuers are the issuers of a tenant in Microsoft's public cloud. The v1
// issuer ends in a slash and the v2 issuer does not.
func EntraIssuers(tenant string) Issuers {
	return Issuers{
		V1: "https://sts.windows.net/" + tenant + "/",
		V2: "https://login.microsoftonline.com/" + tenant + "/v2.0",
	}
}

// Of is the iss value of a version.
func (i Issuers) Of(v Version) string {
	if v == V1 {
		return i.V1
	}
	return i.V2
}

// Client is the application that asks for a token.
type Client struct {
	ID string `json:"id"`
	// ObjectID is the object id of its service principal in the tenant; empty:
	// one derived from tenant and id.
	ObjectID string `json:"objectId,omitempty"`
	// Authentication becomes appidacr or azpacr: "0" public client, "1" secret,
	// "2" certificate. Empty means "1".
	Authentication string `json:"authentication,omitempty"`
}

// User is the person on whose behalf a delegated token speaks. The zero User
// is the mock's own user of the tenant; empty fields are derived from the name.
type User struct {
	Name     string `json:"name,omitempty"`
	ObjectID string `json:"objectId,omitempty"`
	Username string `json:"username,omitempty"`
	// HomeTenant is set for a guest.
	HomeTenant string `json:"homeTenant,omitempty"`
}

// Grant is everything that decides a genuine token but keys, clock and chance.
// Whoever fills it has decided the audience (App ID URI or GUID) and the
// version (the registration's).
type Grant struct {
	Token  TokenType `json:"token,omitempty"`
	Tenant string    `json:"tenant"`
	Kind   Kind      `json:"kind"`
	// Audience is the aud claim as it goes out; Resource is the app id of the
	// API, which rh and the pairwise sub are made of (empty: the audience).
	Audience string `json:"audience,omitempty"`
	Resource string `json:"resource,omitempty"`
	Client   Client `json:"client"`
	// Scopes are those of the API. Of an id token they are openid and what comes
	// with it: without profile it tells no names.
	Scopes []string `json:"scopes,omitempty"`
	Roles  []string `json:"roles,omitempty"`
	User   User     `json:"user,omitzero"`
	Age    Age      `json:"age,omitempty"`
	// WellKnown, where set, fills audience, resource and version in.
	WellKnown WellKnown `json:"wellKnown,omitempty"`
	// AppKey is the app id whose own signing key signs (`?appid=`).
	AppKey string `json:"appKey,omitempty"`
	// Groups are the object ids of the user's groups, where the registration asks
	// for them. More than MostGroups become a link to them (overage).
	Groups []string `json:"groups,omitempty"`
	// Optional are the optional claims of the registration and their additional
	// properties, by Entra's names, such as idtyp and include_user_token.
	Optional []string `json:"optional,omitempty"`
	// Capabilities are what the client says that it can handle; with cp1 the
	// token is one of continuous access evaluation and lives 20 to 28 hours.
	Capabilities []string `json:"capabilities,omitempty"`
	// ManagedIdentity is the resource id of the managed identity that asks.
	ManagedIdentity string `json:"managedIdentity,omitempty"`
	// Nonce is what an id token repeats of the request.
	Nonce string `json:"nonce,omitempty"`
	// CodeHash and TokenHash are c_hash and at_hash: what an id token of the
	// authorize endpoint says of the code and the access token beside it.
	CodeHash  string `json:"codeHash,omitempty"`
	TokenHash string `json:"tokenHash,omitempty"`
}

// MostGroups is how many groups a JWT lists before it links to them
// (entra-tokens 1.3).
const MostGroups = 200

// Key is a text that is the same for equal grants and for no others.
func (g Grant) Key() string {
	g = g.complete()
	b := make([]byte, 0, 512)
	for _, text := range []string{
		string(g.Token), g.Tenant, string(g.Kind.Version), string(g.Kind.Subject), g.Audience, g.Resource,
		g.Client.ID, g.Client.ObjectID, g.Client.Authentication,
		g.User.Name, g.User.ObjectID, g.User.Username, g.User.HomeTenant,
		string(g.Age), string(g.WellKnown), g.AppKey, g.ManagedIdentity, g.Nonce, g.CodeHash, g.TokenHash,
	} {
		b = appendSized(b, text)
	}
	for _, list := range [][]string{g.Scopes, g.Roles, g.Groups, g.Optional, g.Capabilities} {
		b = append(strconv.AppendInt(b, int64(len(list)), 10), ';')
		for _, text := range list {
			b = appendSized(b, text)
		}
	}
	return string(b)
}

// appendSized writes a text behind its length, so that no text runs into the
// next one.
func appendSized(b []byte, text string) []byte {
	b = append(strconv.AppendInt(b, int64(len(text)), 10), ':')
	return append(b, text...)
}

// Validate says what the grant lacks to become a token.
func (g Grant) Validate() error {
	g = g.complete()
	switch {
	case g.Tenant == "":
		return fmt.Errorf("mint: grant: expected a tenant, got none")
	case g.Client.ID == "":
		return fmt.Errorf("mint: grant: expected a client id, got none")
	case !oneOf(g.Token, Access, ID, IDV1, Refresh, Assertion):
		return fmt.Errorf("mint: grant: expected access, id, id-v1, refresh or assertion, got token %q", g.Token)
	case !oneOf(g.Age, Fresh, AlmostExpired, Expired):
		return fmt.Errorf("mint: grant: expected fresh, almost-expired or expired, got age %q", g.Age)
	case !oneOf(g.WellKnown, "", ARM, Graph):
		return fmt.Errorf("mint: grant: expected arm or graph, got well-known API %q", g.WellKnown)
	case !oneOf(g.Kind.Version, V1, V2) || !oneOf(g.Kind.Subject, SubjectUser, SubjectApp):
		return fmt.Errorf("mint: grant: expected v1 or v2 and user or app, got kind %q", g.Kind)
	case g.Audience == "":
		return fmt.Errorf("mint: grant: expected an audience, got none")
	}
	return nil
}

func oneOf[T comparable](got T, known ...T) bool {
	for _, k := range known {
		if got == k {
			return true
		}
	}
	return false
}

// complete fills in what follows from the rest: id tokens are of a user, for
// the client; tokens of Microsoft's APIs are v1 (entra-tokens 2.1).
func (g Grant) complete() Grant {
	if g.Token == "" {
		g.Token = Access
	}
	if g.Age == "" {
		g.Age = Fresh
	}
	if g.Client.Authentication == "" {
		g.Client.Authentication = "1"
		if g.ManagedIdentity != "" { // proves itself by certificate
			g.Client.Authentication = "2"
		}
	}
	switch {
	case g.WellKnown != "":
		g = g.completeWellKnown()
	case g.Token == ID, g.Token == IDV1:
		g.Kind = Kind{V2, SubjectUser}
		if g.Token == IDV1 {
			g.Kind.Version = V1
		}
		g.Audience, g.Resource = g.Client.ID, g.Client.ID
	case g.Token != Access && g.Kind == Kind{}:
		g.Kind = Kind{V2, SubjectApp}
	}
	if g.Token != Access && g.Audience == "" {
		g.Audience = g.Client.ID
	}
	if g.Resource == "" {
		g.Resource = strings.TrimPrefix(g.Audience, "api://")
	}
	return g
}

func (g Grant) completeWellKnown() Grant {
	api := map[WellKnown]struct{ audience, resource, scopes string }{
		ARM:   {"https://management.azure.com", "797f4846-ba00-4fd7-ba43-dac1f8f63013", "user_impersonation"},
		Graph: {"https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000", "User.Read profile openid email"},
	}[g.WellKnown]
	g.Kind.Version = V1
	if g.Kind.Subject == "" {
		g.Kind.Subject = SubjectUser
	}
	if g.Audience == "" {
		g.Audience = api.audience
	}
	g.Resource = api.resource
	if len(g.Scopes) == 0 {
		g.Scopes = strings.Fields(api.scopes)
	}
	return g
}
