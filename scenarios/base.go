package scenarios

import (
	"cmp"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// API names the registration that a token is for.
type API string

// The registrations: of the environment under test, of another one, of no
// environment, the client itself, and two of Microsoft's.
const (
	APIHome   API = "home"
	APIOther  API = "other"
	APISecond API = "second"
	APISelf   API = "self"
	APIARM    API = "arm"
	APIGraph  API = "graph"
)

// TenantRole names the tenant that a token is from.
type TenantRole string

// The tenants: the one that the gateway trusts, a second one, and that of
// personal accounts.
const (
	TenantHome     TenantRole = "home"
	TenantOther    TenantRole = "other"
	TenantConsumer TenantRole = "consumer"
)

// IssuerRole names who issues a token.
type IssuerRole string

// The issuers: whoever the gateway is to trust, and a mock that it trusted
// once.
const (
	IssuerHome   IssuerRole = "home"
	IssuerFormer IssuerRole = "former"
)

// Base is the token that a row starts from. Decoding fills in the defaults, so
// that what is empty was left out, and its own comment says what that means.
type Base struct {
	// Forged: header and claims of the genuine token, signed with our own key.
	Forged bool
	// None: there is no token.
	None bool
	// Exactly binds the version and kind that are written; otherwise they are
	// a preference.
	Exactly bool
	// Version is empty for each version at hand.
	Version mint.Version
	// Kind is empty for any. EachKind: for each kind at hand, version and
	// subject, and not for the nearest.
	Kind     mint.Subject
	EachKind bool
	API      API
	Tenant   TenantRole
	Issuer   IssuerRole
	Client   Role
	// Scopes and Roles are what to ask for; nil: what the API grants for the
	// environment; empty: nothing.
	Scopes, Roles []Expr
	// Audience is uri, uri-slash or app-id, the form to ask for; empty: the usual
	// one.
	Audience string
	// User is what the user is; empty: any member of the tenant.
	User targets.UserRole
	// Authentication is how the client proves who it is: public (it does not),
	// secret or certificate; empty: as it can.
	Authentication string
	// Capabilities are what the client says that it can handle, such as cp1.
	Capabilities []string
	Age          mint.Age
	Token        mint.TokenType
	// AppKeys: the registration's own signing key signs (?appid=), not the
	// tenant's.
	AppKeys bool
}

// Genuine reports whether the row starts from a token of the issuer that the
// gateway is to trust.
func (b Base) Genuine() bool { return b.issued() && b.Issuer == IssuerHome }

// issued reports whether the row starts from what an issuer signed.
func (b Base) issued() bool { return !b.Forged && !b.None }

// Allows reports whether the base leaves the kind open or names it.
func (b Base) Allows(k mint.Kind) bool {
	return !b.Exactly || ((b.Version == "" || b.Version == k.Version) && (b.Kind == "" || b.Kind == k.Subject))
}

// Plain reports whether the token is what its client gets when it asks: no
// scopes or roles chosen, an access token, not aged.
func (b Base) Plain() bool {
	return b.Genuine() && b.Scopes == nil && b.Roles == nil && b.Token == mint.Access && b.Age == mint.Fresh && !b.AppKeys
}

func (b Base) refs() []string {
	var refs []string
	for _, e := range slices.Concat(b.Scopes, b.Roles) {
		refs = append(refs, e.Refs()...)
	}
	return refs
}

// needs are what the base implies.
func (b Base) needs() []Need {
	var all []Need
	implied := func(key string, when bool) {
		if when {
			all = append(all, Need{Key: key, Value: "true"})
		}
	}
	implied("second-api", b.API == APISecond)
	implied("other-tenant", b.Tenant == TenantOther)
	implied("user-tokens", b.Exactly && b.Kind == mint.SubjectUser || b.Token == mint.ID)
	implied("app-tokens", b.Exactly && b.Kind == mint.SubjectApp)
	return all
}

// anyHome is the base of a row that says nothing.
func anyHome() Base {
	return Base{API: APIHome, Tenant: TenantHome, Issuer: IssuerHome, Client: targets.Contracted, Age: mint.Fresh, Token: mint.Access}
}

// The words of a base. The first word of versions and subjects means the same
// as leaving it out.
func versionWords() []string { return []string{"any", string(mint.V1), string(mint.V2)} }

func subjectWords() []string {
	return []string{"any", string(mint.SubjectUser), string(mint.SubjectApp)}
}

// eachKind is for the long form only.
const eachKind = "each"

func kindWords() []string { return append(subjectWords(), eachKind) }

func apiWords() []string {
	return []string{string(APIHome), string(APIOther), string(APISecond), string(APISelf), string(APIARM), string(APIGraph)}
}

func tenantWords() []string {
	return []string{string(TenantHome), string(TenantOther), string(TenantConsumer)}
}
func keyWords() []string { return []string{"tenant", "app"} }

func issuerWords() []string { return []string{string(IssuerHome), string(IssuerFormer)} }

func audienceWords() []string { return []string{formURI, formSlash, formAppID} }

// The forms of a v1 token's audience (entra-tokens 2.2).
const (
	formURI   = "uri"
	formSlash = "uri-slash"
	formAppID = "app-id"
)

// authenticationWords are how a client proves who it is, in the order of the
// values of appidacr and azpacr.
func authenticationWords() []string { return []string{"public", "secret", "certificate"} }

func userWords() []string {
	var all []string
	for _, r := range targets.UserRoles() {
		all = append(all, string(r))
	}
	return all
}

func ageWords() []string {
	return []string{string(mint.Fresh), string(mint.AlmostExpired), string(mint.Expired)}
}

func tokenWords() []string {
	return []string{string(mint.Access), string(mint.ID), string(mint.Refresh), string(mint.Assertion)}
}

func clientWords() []string {
	var all []string
	for _, r := range targets.Roles() {
		all = append(all, string(r))
	}
	return all
}

// shortForm is how a base is written in one line.
const shortForm = "[exactly] [v1|v2|any] [user|app] [home|other|second], or forged, or none"

// decodeBase reads a base in its short form or as a mapping.
func decodeBase(n *document.Node) Base {
	switch {
	case n == nil:
		return anyHome()
	case n.Kind() == document.Mapping:
		return decodeLongBase(n)
	}
	return decodeShortBase(n)
}

func decodeShortBase(n *document.Node) Base {
	b := anyHome()
	words := strings.Fields(n.Str())
	if n.Kind() != document.String {
		return b
	}
	if len(words) == 1 && (words[0] == "forged" || words[0] == "none") {
		b.Forged, b.None = words[0] == "forged", words[0] == "none"
		return b
	}
	rest := b.takeShort(words)
	switch {
	case len(words) == 0 || len(rest) == len(words):
		n.Problemf(shortHint(n.Text()), "cannot read the base %q", n.Text())
	case len(rest) > 0:
		n.Problemf(shortHint(rest[0]), "cannot read %q in the base %q", rest[0], n.Text())
	case b.Exactly && b.Version == "" && b.Kind == "":
		n.Problemf("exactly v2, exactly user", "exactly binds the version or the kind, and the base names neither")
	}
	return b
}

// takeShort reads the words of the short form in their order and gives back
// those that it cannot read.
func (b *Base) takeShort(words []string) []string {
	take := func(known []string, set func(string)) {
		if len(words) > 0 && slices.Contains(known, words[0]) {
			set(words[0])
			words = words[1:]
		}
	}
	take([]string{"exactly"}, func(string) { b.Exactly = true })
	take(versionWords(), func(w string) { b.Version = mint.Version(leftOut(w)) })
	take(subjectWords()[1:], func(w string) { b.Kind = mint.Subject(w) })
	take(apiWords()[:3], func(w string) { b.API = API(w) })
	return words
}

func leftOut(word string) string {
	if word == "any" {
		return ""
	}
	return word
}

func shortHint(word string) string {
	known := slices.Concat([]string{"exactly", "forged", "none"}, versionWords(), subjectWords()[1:], apiWords()[:3])
	if near := document.Nearest(word, known); near != "" && near != word {
		return `did you mean "` + near + `"?`
	}
	return "write " + shortForm
}

func decodeLongBase(n *document.Node) Base {
	f := n.Fields()
	b := anyHome()
	b.Exactly = f.Take("exactly").Bool()
	b.Version = mint.Version(leftOut(f.Take("version").OneOf("version", versionWords())))
	if word := f.Take("kind").OneOf("kind", kindWords()); word == eachKind {
		b.EachKind = true
	} else {
		b.Kind = mint.Subject(leftOut(word))
	}
	choose(f.Take("api"), "api", apiWords(), &b.API)
	choose(f.Take("tenant"), "tenant", tenantWords(), &b.Tenant)
	choose(f.Take("issuer"), "issuer", issuerWords(), &b.Issuer)
	choose(f.Take("client"), "client", clientWords(), &b.Client)
	choose(f.Take("age"), "age", ageWords(), &b.Age)
	choose(f.Take("token"), "token", tokenWords(), &b.Token)
	choose(f.Take("audience"), "audience", audienceWords(), &b.Audience)
	choose(f.Take("user"), "user", userWords(), &b.User)
	choose(f.Take("authentication"), "authentication", authenticationWords(), &b.Authentication)
	b.Capabilities = f.Take("capabilities").Strings()
	b.AppKeys = f.Take("keys").OneOf("keys", keyWords()) == "app"
	b.Scopes = decodeExprs(f.Take("scopes"))
	b.Roles = decodeExprs(f.Take("roles"))
	f.Rest()
	b.check(n)
	b.givenShape()
	return b
}

// givenShape fills in what follows from the kind of token: those of Microsoft's
// APIs are v1, id tokens v2, and it takes a user to get either.
func (b *Base) givenShape() {
	switch {
	case b.API == APIARM || b.API == APIGraph:
		b.Version, b.Kind = mint.V1, cmp.Or(b.Kind, mint.SubjectUser)
	case b.Token == mint.ID:
		b.Version, b.Kind = mint.V2, mint.SubjectUser
	}
}

// choose reads one word of a closed list; an absent one leaves the default.
func choose[T ~string](n *document.Node, what string, known []string, to *T) {
	if word := n.OneOf(what, known); word != "" {
		*to = T(word)
	}
}

// decodeExprs reads a list of values, or one. Absent is nil, which is not the
// same as empty.
func decodeExprs(n *document.Node) []Expr {
	if n == nil {
		return nil
	}
	if n.Kind() != document.Sequence {
		n.Str()
		return []Expr{value.Decode(n)}
	}
	all := []Expr{}
	for _, item := range n.Items() {
		item.Str()
		all = append(all, value.Decode(item))
	}
	return all
}

// check refuses what no issuer can give.
func (b Base) check(n *document.Node) {
	switch {
	case b.Exactly && b.Version == "" && b.Kind == "":
		n.Problemf("version: v2, kind: user", "exactly binds the version or the kind, and the base names neither")
	case (b.API == APIARM || b.API == APIGraph) && b.Version == mint.V2:
		n.Problemf("leave the version out", "tokens for %s are v1", b.API)
	case b.EachKind && (b.API != APIHome || b.Token != mint.Access):
		n.Problemf("leave api and token out", "each kind at hand is one of access tokens for api home")
	case b.Token == mint.ID && (b.Version == mint.V1 || b.Kind == mint.SubjectApp):
		n.Problemf("leave version and kind out", "id tokens are v2 and of a user")
	case b.Scopes != nil && b.Kind == mint.SubjectApp:
		n.Problemf("kind: user", "tokens of applications have no scopes")
	case (b.User != "" || b.Authentication == "public") && !(b.Exactly && b.Kind == mint.SubjectUser):
		n.Problemf("exactly: true and kind: user", "a base with a user or a public client does not bind user")
	}
}

// meets reports whether both bases can give a token of one kind.
func (b Base) meets(o Base) bool {
	return (b.Version == "" || o.Version == "" || b.Version == o.Version) && (b.Kind == "" || o.Kind == "" || b.Kind == o.Kind)
}
