package mockidp

import (
	"net/url"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// choice is what somebody chose in the console's form: all texts as they were
// sent, so that a form with a mistake comes back as it was.
type choice struct {
	Tenant, API, Client string
	// Subject is app or user, Age as mint.Age.
	Subject, Age string
	// Asked is how the API is asked for: by its app id, or by an App ID URI. Only
	// v1 tokens tell (entra-tokens 2.2).
	Asked string
	// Version and Audience stand for an API where none is registered.
	Version, Audience string
	// User is whose token it is, empty: the mock's own user.
	User string
	// Roles and Scopes are other ones than those granted, between blanks.
	Roles, Scopes string

	// Forged signs with a key that nobody published; Common are the names of
	// common mutations.
	Forged bool
	Common []string
	// OtherAudience, SetName and SetValue, and Remove change claims.
	OtherAudience, SetName, SetValue, Remove string
	// Steps is the whole list as JSON or YAML, in place of the mutations above.
	Steps string
	// URL is what the curl command calls.
	URL string
}

// readChoice reads a form.
func readChoice(form url.Values) choice {
	text := func(name string) string { return strings.TrimSpace(form.Get(name)) }
	return choice{
		Tenant: text("tenant"), API: text("api"), Client: text("client"), Subject: text("subject"), Age: text("age"),
		Asked: text("asked"), Version: text("version"), Audience: text("audience"), User: text("user"), Roles: text("roles"), Scopes: text("scopes"),
		Forged: form.Has("forged"), Common: form["common"],
		OtherAudience: text("other-audience"), SetName: text("set-name"), SetValue: form.Get("set-value"), Remove: text("remove"),
		Steps: text("steps"), URL: text("url"),
	}
}

// firstChoice is the form as it opens: a daemon's token for an API, by a client
// that has a role there.
func (s *snapshot) firstChoice(api string) choice {
	c := choice{API: api, Subject: string(mint.SubjectApp), Age: string(mint.Fresh), Asked: askedByURI, Version: string(mint.V2)}
	names := s.apiNames()
	if !slices.Contains(names, api) && len(names) > 0 {
		c.API = names[0]
	}
	for name, r := range sorted(s.Clients) {
		if c.Client == "" || len(r.Roles[c.API]) > len(s.Clients[c.Client].Roles[c.API]) {
			c.Client = name
		}
	}
	for id := range sorted(s.Directory.Tenants) {
		if c.Tenant == "" && isIn(id, s.APIs[c.API].Tenants) {
			c.Tenant = id
		}
	}
	return c
}

// How an API can be asked for.
const (
	askedByURI   = "uri"
	askedByAppID = "app-id"
)

// formProblem is what is wrong with one field of a form.
type formProblem struct{ Field, Text string }

// grant is what the choice asks the issuer for, as the token endpoint would
// fill it in; or what is wrong with the choice.
func (s *snapshot) grant(c choice) (mint.Grant, []formProblem) {
	g := mint.Grant{
		Tenant: strings.ToLower(c.Tenant), Age: mint.Age(c.Age), Roles: strings.Fields(c.Roles), Scopes: strings.Fields(c.Scopes),
		Kind: mint.Kind{Version: mint.Version(c.Version), Subject: mint.Subject(c.Subject)}, Audience: c.Audience,
	}
	var problems []formProblem
	problem := func(field, text string) { problems = append(problems, formProblem{field, text}) }
	if _, ok := s.tenantID(g.Tenant); !ok {
		problem("tenant", "Expected one of the tenants, or a GUID where none is registered.")
	}
	a, known := s.APIs[c.API]
	switch {
	case known:
		c.askedFor(a).fill(&g)
	case len(s.APIs) > 0:
		problem("api", "Expected one of the registrations.")
	case c.Audience == "":
		problem("audience", "Expected an audience: no API is registered here.")
	}
	r, known := s.Clients[c.Client]
	switch {
	case known:
		g.Client = r.minted(g.Kind.Subject)
		g.ManagedIdentity = r.ManagedIdentity
	case mint.IsGUID(c.Client):
		g.Client.ID = strings.ToLower(c.Client)
	default:
		problem("client", "Expected one of the clients, or a GUID where none is registered.")
	}
	if u, err := url.Parse(c.URL); c.URL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || !isPrintable(c.URL)) {
		problem("url", "Expected http:// or https:// and a host.")
	}
	if g.Kind.Subject != mint.SubjectUser {
		g.Roles = orElse(g.Roles, r.Roles[c.API])
		return g, problems
	}
	g.Scopes = orElse(g.Scopes, orElse(r.Permissions[c.API], a.scopeNames()))
	u, known := s.account(s.Users[c.User].Username, g.Tenant)
	switch {
	case known:
		g.Roles, g.User = orElse(g.Roles, u.entry.Roles[c.API]), u.User
		u.belonging(&g, a.GroupMembershipClaims, s.Groups)
	case c.User != "":
		problem("user", "Expected one of the users of the tenant.")
	}
	return g, problems
}

// orElse is the first list that holds something.
func orElse(list, other []string) []string {
	if len(list) > 0 {
		return list
	}
	return other
}

// askedFor is the API as the choice asks for it.
func (c choice) askedFor(a API) resource {
	r := resource{registered: registered[API]{c.API, a}, written: a.AppID}
	if c.Asked != askedByAppID {
		r.written = slices.Concat(a.URIs, []string{"api://" + a.AppID})[0]
	}
	return r
}

// minted is the client as tokens tell of it: by the first proof that it has. A
// public client gets tokens of users only, so one that asks by itself is taken
// for one with a secret.
func (c ClientRegistration) minted(subject mint.Subject) mint.Client {
	m := mint.Client{ID: c.ID, ObjectID: c.ObjectID}
	switch {
	case len(c.Secrets) > 0:
		m.Authentication = "1"
	case len(c.Certificates)+len(c.Federated) > 0:
		m.Authentication = "2"
	case subject == mint.SubjectUser:
		m.Authentication = "0"
	}
	return m
}
