package mockidp

import (
	"cmp"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// delegation is a user, a client and what has been agreed between them.
type delegation struct {
	known  *snapshot
	book   *consentBook
	tenant tenant
	client registered[ClientRegistration]
	user   account
}

// permission is what a client may do at an API on behalf of a user.
type permission struct {
	resource
	// scopes are the short names: scp.
	scopes []string
	// forms are the scopes as the answer writes them (entra-tokens 4.3).
	forms []string
	// missing is what nobody has agreed to yet; byAdmin: and only an administrator
	// can.
	missing []string
	byAdmin bool
	// itself: the client asks for a token for itself, and gets its id token in the
	// place of an access token (entra-tokens 2.3).
	itself bool
}

// permit finds what of a request is agreed to. What is missing stands in the
// permission: whoever can ask the user does so.
func (d delegation) permit(asked resourceRequest, oidc []string) (permission, *problem) {
	r, p := d.known.find(asked.Name, d.tenant, d.client.entry)
	if p != nil {
		if _, elsewhere := d.known.resources[resourceKey(strings.TrimSuffix(asked.Name, "/"))]; elsewhere {
			p = new(notSubscribed(asked.Name, d.tenant.id))
		}
		return permission{}, p
	}
	got := permission{resource: r}
	switch {
	case r.wellKnown != "":
		got.scopes = microsoftScopes(r.wellKnown, asked)
	case asked.byDefault() && strings.EqualFold(r.entry.AppID, d.client.entry.ID):
		got.itself = true
	case asked.byDefault():
		got.scopes, p = d.defaults(r)
	default:
		got.scopes, p = namedScopes(r, asked)
	}
	if p != nil {
		return permission{}, p
	}
	slices.Sort(got.scopes)
	got.scopes = slices.Compact(got.scopes)
	got.forms = forms(got.scopes, asked)
	d.lack(&got)
	if r.wellKnown == mint.Graph {
		got.mention(oidc)
	}
	return got, nil
}

// microsoftScopes are those of Microsoft's APIs, where every scope exists and
// everybody has agreed to it.
func microsoftScopes(w mint.WellKnown, asked resourceRequest) []string {
	scopes := slices.DeleteFunc(slices.Clone(asked.Scopes), func(s string) bool { return s == defaultScope })
	if asked.byDefault() && w == mint.ARM {
		return append(scopes, "user_impersonation")
	}
	if asked.byDefault() {
		return append(scopes, "User.Read")
	}
	return scopes
}

// namedScopes are the scopes of an API that a request names, in any case.
func namedScopes(r resource, asked resourceRequest) ([]string, *problem) {
	var scopes []string
	for _, word := range asked.Scopes {
		at := slices.IndexFunc(r.entry.scopeNames(), func(s string) bool { return strings.EqualFold(s, word) })
		if at < 0 {
			return nil, new(invalidScope(asked.form(word)))
		}
		scopes = append(scopes, r.entry.scopeNames()[at])
	}
	return scopes, nil
}

// defaults are what .default stands for: the permissions that the registration
// lists, all that was agreed to, and what needs no agreement.
func (d delegation) defaults(r resource) ([]string, *problem) {
	scopes := slices.Clone(d.client.entry.Permissions[r.name])
	for _, name := range r.entry.scopeNames() {
		if r.entry.Scopes[name] == NoConsent || d.agreed(r, name) {
			scopes = append(scopes, name)
		}
	}
	switch listed := d.client.entry.Permissions; {
	case len(scopes) > 0:
		return scopes, nil
	case len(listed) > 0:
		var ids []string
		for name := range sorted(listed) {
			ids = append(ids, d.known.APIs[name].AppID)
		}
		return nil, new(notListed(d.client.entry.ID, r, ids))
	}
	return nil, new(nothingListed(d.client.entry.ID, r))
}

// lack notes the scopes that nobody has agreed to.
func (d delegation) lack(p *permission) {
	if p.wellKnown != "" {
		return
	}
	for _, name := range p.scopes {
		need := cmp.Or(p.entry.Scopes[name], UserConsent)
		if need != NoConsent && !d.agreed(p.resource, name) {
			p.missing = append(p.missing, name)
			p.byAdmin = p.byAdmin || need == AdminConsent
		}
	}
}

// agreed reports whether the user or an administrator has agreed to a scope.
func (d delegation) agreed(r resource, scope string) bool {
	return slices.ContainsFunc(d.known.Consents, func(c Consent) bool {
		return c.Client == d.client.name && c.API == r.name && (c.User == "" || c.User == d.user.name && d.user.name != "") && slices.Contains(c.Scopes, scope)
	}) || d.book.agreed(d.agreement(r), scope)
}

// form is a scope as it is written out in full.
func (r resourceRequest) form(scope string) string {
	if r.Name == "" {
		return scope
	}
	return r.Name + "/" + scope
}

// forms are scopes as the answer writes them; .default is repeated where it was
// asked for (entra-tokens 4.3).
func forms(scopes []string, asked resourceRequest) []string {
	var all []string
	for _, s := range scopes {
		all = append(all, asked.form(s))
	}
	if asked.byDefault() {
		all = append(all, asked.form(defaultScope))
	}
	return all
}

// mention names the scopes of OpenID Connect in a token for Graph, whose they
// are; offline_access is never told (entra-tokens 4.3).
func (p *permission) mention(oidc []string) {
	var told []string
	for _, s := range []string{email, openid, profile} {
		if slices.Contains(oidc, s) {
			told = append(told, s)
		}
	}
	p.forms = append(told, p.forms...)
	p.scopes = append(p.scopes, told...)
}
