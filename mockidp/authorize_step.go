package mockidp

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// mostShown bounds the people on the sign-in page; others write their name.
const mostShown = 100

// flow is what goes from page to page.
type flow struct {
	Request authorizeRequest `json:"r"`
	// User is who is asked for consent, in the session that the page was shown to:
	// nobody else can agree in their name.
	User    string    `json:"u,omitempty"`
	Session string    `json:"s,omitempty"`
	Shown   time.Time `json:"t"`
}

const flowPurpose purpose = "flow"

// flowLife is how long a page can be left alone.
const flowLife = time.Hour

// advance does what comes next: sign-in, consent, or the answer.
func (a *authorization) advance() {
	here := a.session.accounts(a.known, a.tenant)
	if a.Hint != "" {
		here = slices.DeleteFunc(here, func(u account) bool { return !strings.EqualFold(u.Username, a.Hint) })
	}
	again := !a.seen && (a.Prompt == "login" || a.Prompt == "select_account")
	switch {
	case a.seen:
		a.settle(here[0])
	case a.Prompt == "none" && len(here) == 0:
		a.refuse(noSession())
	case len(here) == 0 || again || len(here) > 1 && a.Prompt != "none":
		a.showSignIn(nil)
	default:
		a.settle(here[0])
	}
}

// settle goes on with a user: consent, then the answer.
func (a *authorization) settle(user account) {
	if p := a.enter(user.tenant); p != nil {
		a.issuer.showProblem(a.request, *p)
		return
	}
	if p := user.admitted(true); p != nil {
		a.refuseUser(*p)
		return
	}
	d := delegation{known: a.known, book: &a.issuer.consents, tenant: a.tenant, client: a.client, user: user}
	all, p := d.permitAll(a.Asked)
	if p != nil {
		a.refuse(wayBack(*p))
		return
	}
	for _, got := range all {
		if p := d.assigned(got); p != nil {
			a.refuseUser(*p)
			return
		}
	}
	asks := !a.conceded && (strings.HasSuffix(a.Prompt, "consent") || a.Device != "") || // whoever got a code from a stranger is asked (RFC 8628 5.4)
		slices.ContainsFunc(all, func(p permission) bool { return len(p.missing) > 0 })
	switch {
	case !asks:
		a.answer(d, all[0])
	case a.Prompt == "none":
		a.refuse(consentNeeded(a.client))
	default:
		a.showConsent(d, all)
	}
}

// enter goes into the tenant of the user, where the path names none.
func (a *authorization) enter(id string) (p *problem) {
	a.tenant = a.known.named(id)
	a.client, p = a.known.clientFor(a.Client, a.tenant)
	return p
}

// refuseUser tells whoever can do something about it that a user gets no token:
// the client that asked silently, or else the person at the page.
func (a *authorization) refuseUser(p problem) {
	if a.Prompt == "none" {
		p.oauth = "interaction_required"
		a.refuse(wayBack(p))
		return
	}
	a.showSignIn(&p)
}

// permitAll finds what of a request is agreed to, for each of its APIs.
func (d delegation) permitAll(asked scopeRequest) ([]permission, *problem) {
	resources := asked.Resources
	if len(resources) == 0 {
		resources = []resourceRequest{{}}
	}
	var all []permission
	for _, r := range resources {
		got, p := d.permit(r, asked.OIDC)
		if p != nil {
			return nil, p
		}
		all = append(all, got)
	}
	return all, nil
}

// seal writes the flow for a page.
func (a *authorization) seal(user string) string {
	f := flow{Request: a.authorizeRequest, User: user, Shown: a.issuer.cfg.Now()}
	if user != "" {
		f.Session = a.session.ID
	}
	return a.issuer.sealer.seal(flowPurpose, f)
}

// showSignIn shows who can sign in; p is why that is asked again.
func (a *authorization) showSignIn(p *problem) {
	view := page{Title: "Sign in", Client: a.client.name, Action: a.step("login"), Flow: a.seal("")}
	if p != nil {
		a.issuer.noteRefusal(a.request, *p)
		view.Problem = fmt.Sprintf("AADSTS%d: %s", p.code, p.text)
	}
	people := a.known.accounts(a.tenant)
	slices.SortStableFunc(people, func(x, y account) int { // who was hinted at comes first
		return boolOrder(strings.EqualFold(y.Username, a.Hint)) - boolOrder(strings.EqualFold(x.Username, a.Hint))
	})
	for _, u := range people[:min(len(people), mostShown)] {
		view.People = append(view.People, person{u.User.Name, u.Username, u.entry.Password != ""})
	}
	view.More = len(people) > mostShown
	a.issuer.show(a.request, "signin", view, a.Redirect)
}

func boolOrder(b bool) int {
	if b {
		return 1
	}
	return 0
}

// showConsent asks the user what the client may do.
func (a *authorization) showConsent(d delegation, all []permission) {
	view := page{Title: "Permissions requested", Client: a.client.name, User: d.user.Username, Action: a.step("Consent/Set"), Flow: a.seal(d.user.Username)}
	for _, p := range all {
		for _, scope := range p.scopes {
			view.Scopes = append(view.Scopes, strings.TrimPrefix(p.name+": "+scope, ": "))
		}
		if p.byAdmin {
			needed := administratorNeeded(a.client)
			view.ByAdmin, view.Problem = true, fmt.Sprintf("AADSTS%d: %s", needed.code, needed.text)
		}
	}
	a.issuer.show(a.request, "consent", view, a.Redirect)
}
