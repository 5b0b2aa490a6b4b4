package mockidp

import (
	"strings"
)

// resume goes on with the flow of a page; nil: it has shown why not.
func (i *Issuer) resume(q *request) (*authorization, flow, map[string]string) {
	var f flow
	form, p := readForm(q)
	if p == nil && (!i.sealer.open(flowPurpose, form.Get("ctx"), &f) || i.cfg.Now().Sub(f.Shown) >= flowLife) {
		p = new(expiredFlow())
	}
	if p == nil && q.tenant.path != f.Request.Tenant {
		p = new(malformedRequest())
	}
	a := i.authorization(q, f.Request)
	if p == nil {
		a.client, p = a.known.clientFor(f.Request.Client, q.tenant)
	}
	if p != nil {
		i.showProblem(q, *p)
		return nil, f, nil
	}
	fields := map[string]string{}
	for name := range form {
		fields[name] = form.Get(name)
	}
	return a, f, fields
}

// serveSignIn takes who somebody says they are, and their password if they have
// one.
func serveSignIn(i *Issuer, q *request) {
	a, _, fields := i.resume(q)
	if a == nil {
		return
	}
	user, p := a.signIn(fields["username"], fields["password"])
	if p != nil {
		a.showSignIn(p)
		return
	}
	a.session = a.session.with(user.Username, i.cfg.Now())
	i.keepSession(q, a.session)
	a.seen, a.Hint = true, ""
	a.advance()
}

// signIn finds the account and checks the password.
func (a *authorization) signIn(username, given string) (account, *problem) {
	user, p := a.known.visitor(username, a.tenant)
	if p != nil {
		return user, p
	}
	if user.entry.Password != "" && !sameSecret(given, user.entry.Password) {
		return user, new(wrongPassword())
	}
	return user, user.admitted(true)
}

// serveConsent takes what a user says to the consent page that was shown to
// them, in their own session.
func serveConsent(i *Issuer, q *request) {
	a, f, fields := i.resume(q)
	if a == nil {
		return
	}
	here := a.session.accounts(a.known, a.tenant)
	at := indexOf(here, f.User)
	if f.User == "" || f.Session != a.session.ID || at < 0 {
		i.showProblem(q, expiredFlow())
		return
	}
	if fields["answer"] != "accept" {
		a.refuse(declinedConsent(a.client))
		return
	}
	a.accept(here[at])
}

func indexOf(people []account, username string) int {
	for n, u := range people {
		if strings.EqualFold(u.Username, username) {
			return n
		}
	}
	return -1
}

// accept notes that the user agrees to what was asked, as far as that is theirs
// to give.
func (a *authorization) accept(user account) {
	d := delegation{known: a.known, book: &a.issuer.consents, tenant: a.known.named(user.tenant), client: a.client, user: user}
	all, p := d.permitAll(a.Asked)
	if p != nil {
		a.refuse(wayBack(*p))
		return
	}
	for _, got := range all {
		if got.byAdmin {
			a.refuse(administratorNeeded(a.client))
			return
		}
		if len(got.missing) > 0 {
			a.issuer.consents.agree(d.agreement(got.resource), got.missing)
		}
	}
	a.conceded = true
	a.settle(user)
}
