package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// choose fills in the ways to fire a case, best first, and otherwise says what
// is missing. v is the version of the sub-result, kind a kind that is bound.
func (x Expansion) choose(c *Case, v mint.Version, kind *mint.Kind) (why string) {
	b := c.Scenario.Base
	tokens := x.tokenKinds(c, v, kind)
	if len(tokens) == 0 {
		return fmt.Sprintf("no %s token can be had", wanted(b, v, kind))
	}
	for _, token := range tokens {
		grant, missing := x.grant(c, token)
		if grant == nil && !b.None {
			why = missing
			continue
		}
		for _, k := range x.controlKinds(c, token, kind) {
			c.Choices = append(c.Choices, Choice{Kind: k, Grant: grant, Control: x.control(c, k, grant)})
		}
	}
	return why
}

func wanted(b Base, v mint.Version, kind *mint.Kind) string {
	if kind != nil {
		return kind.String()
	}
	if v == "" {
		v = b.Version
	}
	return strings.TrimSpace(string(v) + " " + string(b.Kind))
}

// tokenKinds are the kinds that the row's token can have, by preference: the
// row's own, the other version, the other kind, the rest (design 12).
func (x Expansion) tokenKinds(c *Case, v mint.Version, kind *mint.Kind) []mint.Kind {
	b := c.Scenario.Base
	if kind != nil {
		return []mint.Kind{*kind}
	}
	if v == "" {
		v = b.Version
	}
	owner := x.owner(c)
	if owner == nil {
		return nil
	}
	all := x.obtainable(c, owner)
	own := mint.Kind{Version: v, Subject: b.Kind}
	if b.Exactly || (v != "" && b.Version == "") {
		all = slices.DeleteFunc(slices.Clone(all), func(k mint.Kind) bool {
			return (v != "" && k.Version != v) || (b.Exactly && b.Kind != "" && k.Subject != b.Kind)
		})
	}
	return byPreference(all, own)
}

// byPreference sorts kinds by how near they are to the wanted one; a wanted
// kind that leaves something open takes v2 and app first.
func byPreference(all []mint.Kind, own mint.Kind) []mint.Kind {
	if own.Version == "" {
		own.Version = mint.V2
	}
	if own.Subject == "" {
		own.Subject = mint.SubjectApp
	}
	distance := func(k mint.Kind) int {
		d := 0
		if k.Version != own.Version {
			d++
		}
		if k.Subject != own.Subject {
			d += 2
		}
		return d
	}
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b mint.Kind) int { return distance(a) - distance(b) })
	return sorted
}

// controlKinds are the kinds of control that can vouch for a token: its own
// kind where the home environment has it, else the nearest. Tokens whose shape
// is given (ARM, Graph, ID) and forgeries lean on any kind.
func (x Expansion) controlKinds(c *Case, token mint.Kind, kind *mint.Kind) []mint.Kind {
	home := x.Kinds(c.Home)
	if kind != nil || slices.Contains(home, token) {
		return []mint.Kind{token}
	}
	return byPreference(home, token)
}

// control names the control of a kind for the case: the same client where it
// should be admitted, so that a refusal of the client itself is not taken for
// one of the token.
func (x Expansion) control(c *Case, k mint.Kind, grant *mint.Grant) Control {
	control := Control{
		Environment: c.Home.Name, Gateway: c.Gateway.URL, Replica: c.Replica, Number: c.Number,
		Kind: k, Role: targets.Contracted, Route: "home",
	}
	if c.UsesOtherRoute() {
		control.Route = "other"
	}
	holder := x.Target.Holder(c.Home)
	control.Client = holder.ID
	if grant == nil {
		return control
	}
	for _, client := range x.Target.Clients {
		if client.ID == grant.Client.ID && client.ID != holder.ID && client.Has(c.Home) {
			control.Client, control.Role = client.ID, targets.Role(client.Name)
		}
	}
	return control
}

// grant is the genuine token that a choice starts from. It is nil for base
// none, and with a reason where an account is missing.
func (x Expansion) grant(c *Case, k mint.Kind) (*mint.Grant, string) {
	b := c.Scenario.Base
	if b.None && b.Token == mint.Access {
		return nil, ""
	}
	client, missing := x.client(c)
	if client == nil {
		return nil, missing
	}
	g := &mint.Grant{
		Token: b.Token, Tenant: x.tenant(b), Kind: k, Age: b.Age,
		Client:          mint.Client{ID: client.ID, Authentication: client.Authentication},
		ManagedIdentity: client.ManagedIdentity, Capabilities: b.Capabilities,
	}
	if g.Tenant == "" {
		return nil, "no second tenant: add tenant.other"
	}
	if i := slices.Index(authenticationWords(), b.Authentication); i >= 0 {
		g.Client.Authentication = strconv.Itoa(i)
	}
	if missing := x.person(b, g); missing != "" {
		return nil, missing
	}
	if missing := x.resource(c, g); missing != "" {
		return nil, missing
	}
	if missing := x.permissions(c, g); missing != "" {
		return nil, missing
	}
	return g, ""
}

// person fills in the user that the row asks for. A mock has each of them.
func (x Expansion) person(b Base, g *mint.Grant) (missing string) {
	mock := x.Target.Tokens.CanMint()
	found := x.Target.User(b.User)
	switch {
	case b.User == "":
	case !mock && found == nil:
		return "no user in the target file is " + string(b.User)
	case !mock:
		g.User.Name = found.Name
	case b.User == targets.Guest:
		g.User = mint.User{Name: "Gale Guest", HomeTenant: x.Target.TenantB()}
	case b.User == targets.ManyGroups:
		for _, id := range guids(mint.MostGroups + 1).Items {
			g.Groups = append(g.Groups, id.Text)
		}
	}
	return ""
}

func (x Expansion) tenant(b Base) string {
	switch b.Tenant {
	case TenantOther:
		return x.Target.TenantB()
	case TenantConsumer:
		return mint.ConsumerTenant
	default:
		return x.Target.Tenant.ID
	}
}

// client is who asks for the token.
func (x Expansion) client(c *Case) (*targets.Client, string) {
	b := c.Scenario.Base
	if b.API == APIOther && b.Client == targets.Contracted {
		if c.Other == nil {
			return nil, "no other environment in the target file"
		}
		if found := x.Target.Bearer(c.Other, c.Home); found != nil {
			return found, ""
		}
		return nil, "no client is granted in " + c.Other.Name
	}
	if i := slices.Index(authenticationWords(), b.Authentication); i >= 0 && !x.Target.Tokens.CanMint() {
		if found := x.Target.Proving(c.Home, strconv.Itoa(i)); found != nil {
			return found, ""
		}
		return nil, "no client with a contract for " + c.Home.Name + " proves itself by: " + b.Authentication
	}
	if found := x.Target.Client(b.Client, c.Home, c.Other); found != nil {
		return found, ""
	}
	return nil, fmt.Sprintf("no client in the role %s for %s", b.Client, c.Home.Name)
}

// resource fills in what the token is for.
func (x Expansion) resource(c *Case, g *mint.Grant) (missing string) {
	b := c.Scenario.Base
	var a *targets.API
	switch b.API {
	case APIARM:
		g.WellKnown = mint.ARM
		return ""
	case APIGraph:
		g.WellKnown = mint.Graph
		return ""
	case APISelf:
		g.Audience, g.Resource = g.Client.ID, g.Client.ID
		return ""
	case APISecond:
		a = x.Target.SecondAPI()
	case APIOther:
		a = c.Other.API(g.Kind.Version)
	default:
		a = c.Home.API(g.Kind.Version)
	}
	if a == nil {
		return "no registration for it in the target file"
	}
	g.Audience, g.Resource = Audience(a, b.Audience), a.AppID
	if b.AppKeys && !a.OwnKeys && !x.Target.Tokens.CanMint() {
		return "no registration with keys: app"
	}
	if a.OwnKeys || b.AppKeys {
		g.AppKey = a.AppID
	}
	return ""
}

// permissions fills in scopes and roles: what the row says, else what the api
// grants for its environment.
func (x Expansion) permissions(c *Case, g *mint.Grant) (missing string) {
	b := c.Scenario.Base
	if g.WellKnown != "" || b.API == APISelf || g.Token != mint.Access {
		return ""
	}
	x.meetContext(g, b.User)
	scope := Setting{Target: x.Target, Home: c.Home, Other: c.Other, Gateway: c.Gateway, Kind: g.Kind}
	requires := x.requirement(c)
	if b.Client == targets.Ungranted {
		requires = targets.Requirement{}
	}
	if g.Kind.Subject == mint.SubjectUser {
		g.Scopes = requires.Scopes
	} else {
		g.Roles = requires.Roles
	}
	var err error
	if b.Scopes != nil {
		if g.Scopes, err = askedFor(b.Scopes, scope); err != nil {
			return err.Error()
		}
	}
	if b.Roles != nil {
		if g.Roles, err = askedFor(b.Roles, scope); err != nil {
			return err.Error()
		}
	}
	return ""
}

// meetContext has a user's token name the authentication context where the
// target declares that it must.
func (x Expansion) meetContext(g *mint.Grant, user targets.UserRole) {
	asked, _ := x.Target.Declared("authentication-context")
	if asked == "true" && g.Kind.Subject == mint.SubjectUser && user != targets.WithoutContext {
		g.Optional = []string{"acrs"}
	}
}

// requirement is what the token's own api grants to its client.
func (x Expansion) requirement(c *Case) targets.Requirement {
	switch c.Scenario.Base.API {
	case APIOther:
		return c.Other.Requires
	case APISecond:
		a := x.Target.SecondAPI()
		return targets.Requirement{Scopes: a.Scopes, Roles: a.Roles}
	default:
		return c.Home.Requires
	}
}

// ControlGrant is the genuine token of a control.
func (x Expansion) ControlGrant(c Control) (mint.Grant, bool) {
	e := x.Target.Environment(c.Environment)
	a := e.API(c.Kind.Version)
	if a == nil {
		return mint.Grant{}, false
	}
	g := mint.Grant{Tenant: x.Target.Tenant.ID, Kind: c.Kind, Audience: Audience(a, ""), Resource: a.AppID, Client: mint.Client{ID: c.Client, Authentication: "1"}}
	for _, client := range x.Target.Clients {
		if client.ID == c.Client {
			g.Client.Authentication = client.Authentication
		}
	}
	if a.OwnKeys {
		g.AppKey = a.AppID
	}
	x.meetContext(&g, "")
	if c.Kind.Subject == mint.SubjectUser {
		g.Scopes = e.Requires.Scopes
		if c.Route == "other" && e.Other != nil && e.Other.Scope != "" {
			g.Scopes = []string{e.Other.Scope}
		}
	} else {
		g.Roles = e.Requires.Roles
	}
	return g, true
}

// askedFor evaluates the scopes or roles that a base asks for, each once: a
// list stands for its entries.
func askedFor(all []Expr, s Setting) ([]string, error) {
	out := make([]string, 0, len(all))
	for _, e := range all {
		v, err := e.Eval(s)
		if err != nil {
			return nil, fmt.Errorf("scenarios: the base: %w", err)
		}
		for _, text := range textsOf(v) {
			if !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	return out, nil
}

func textsOf(v value.Value) []string {
	if v.Kind != value.Array {
		return []string{v.Plain()}
	}
	var out []string
	for _, item := range v.Items {
		out = append(out, item.Plain())
	}
	return out
}
