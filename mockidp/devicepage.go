package mockidp

import (
	"fmt"
	"net/http"
	"strings"
)

// devicePage is where people enter the code that a device shows them, as at
// Entra behind microsoft.com/devicelogin.
const devicePage = "/{tenant}/oauth2/deviceauth"

// serveDevicePage asks for the code, then for who signs in.
func serveDevicePage(i *Issuer, q *request) {
	if q.Method == http.MethodGet {
		i.askUserCode(q, q.URL.Query().Get("user_code"), nil)
		return
	}
	form, p := readForm(q)
	if p != nil {
		i.showProblem(q, *p)
		return
	}
	typed := form.Get("user_code")
	code, g, p := i.deviceOf(typed)
	if p != nil {
		i.askUserCode(q, typed, p)
		return
	}
	q.tenant = g.tenant
	a := i.authorization(q, authorizeRequest{Endpoint: g.endpoint, Tenant: g.tenant.path, Client: g.client, Asked: g.asked, Device: code})
	if a.client, p = a.known.clientFor(g.client, g.tenant); p != nil {
		i.showProblem(q, *p)
		return
	}
	a.advance()
}

// askUserCode shows the page for the code; p is why that is asked again.
func (i *Issuer) askUserCode(q *request, typed string, p *problem) {
	view := page{Title: "Enter code", Text: typed}
	if p != nil {
		i.noteRefusal(q, *p)
		view.Problem = fmt.Sprintf("AADSTS%d: %s", p.code, p.text)
	}
	i.show(q, "device", view, "")
}

// deviceOf is the device that shows a code; people may write it in small
// letters and with blanks.
func (i *Issuer) deviceOf(typed string) (string, deviceGrant, *problem) {
	now := i.cfg.Now()
	code, ok := i.userCodes.get(strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(typed)), now)
	g, still := i.devices.get(code, now)
	switch {
	case !ok || !still:
		return "", g, new(wrongUserCode())
	case !now.Before(g.ends):
		return "", g, new(expiredUserCode())
	case g.state != devicePending:
		return "", g, new(decidedUserCode())
	}
	return code, g, nil
}

// answerDevice lets the device have its tokens.
func (a *authorization) answerDevice(d delegation) {
	done := a.issuer.decideDevice(a.Device, devicePending, func(g *deviceGrant) {
		g.state, g.user, g.tenant = deviceApproved, d.user.User, d.tenant
	})
	if !done {
		a.issuer.showProblem(a.request, decidedUserCode())
		return
	}
	a.issuer.show(a.request, "message", page{
		Title: "You have signed in", Text: fmt.Sprintf("%s is signed in as %s on your device. You may now close this window.", a.client.name, d.user.Username),
	}, "")
}

// refuseDevice tells the person; that they said no the device gets to know.
func (a *authorization) refuseDevice(p problem) {
	if p.code == declinedCode {
		a.issuer.decideDevice(a.Device, devicePending, func(g *deviceGrant) { g.state = deviceDeclined })
	}
	a.issuer.showProblem(a.request, p)
}
