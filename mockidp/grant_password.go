package mockidp

import "github.com/entraproof/entraproof/mockidp/mint"

// redeemPassword takes name and password from the client itself (RFC 6749 4.3),
// in a tenant or at organizations (entra-tokens 4.1).
func redeemPassword(t *tokenRequest) (*issuance, *problem) {
	if t.tenant.path == "common" || t.tenant.id == mint.ConsumerTenant {
		return nil, new(unsupportedAtCommon())
	}
	if p := t.checkOrigin(redirectPublic); p != nil {
		return nil, p
	}
	if p := t.proveUnlessPublic(); p != nil {
		return nil, p
	}
	for _, name := range []string{"username", "password"} {
		if t.form.Get(name) == "" {
			return nil, new(missingField(name))
		}
	}
	user, p := t.known.visitor(t.form.Get("username"), t.tenant)
	if p == nil {
		p = t.enter(user.tenant)
	}
	if p != nil {
		return nil, p
	}
	if p := user.checkPassword(t.form.Get("password")); p != nil {
		return nil, p
	}
	asked, p := t.askedNow(scopeProblems{manyResourcesOf, noResource})
	if p != nil {
		return nil, p
	}
	return t.deliver(occasion{user: user, kind: redirectPublic}, asked)
}

// checkPassword compares a password with that of the directory.
func (a account) checkPassword(given string) *problem {
	switch {
	case a.entry.Password == "":
		return new(noPassword())
	case !sameSecret(given, a.entry.Password):
		return new(wrongPassword())
	}
	return nil
}

// askedNow is asked of a grant that nothing was asked for before.
func (t *tokenRequest) askedNow(wrongly scopeProblems) (scopeRequest, *problem) {
	switch {
	case t.endpoint == mint.V1 && t.form.Get("resource") == "":
		return scopeRequest{}, new(missingParameter("resource"))
	case t.endpoint == mint.V2 && t.form.Get("scope") == "" && !t.form.Has("resource"):
		return scopeRequest{}, new(missingField("scope"))
	}
	return t.asked(wrongly)
}
