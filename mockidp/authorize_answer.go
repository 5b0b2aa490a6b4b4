package mockidp

import (
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// answer sends the browser back with what the client asked for.
func (a *authorization) answer(d delegation, got permission) {
	if a.Device != "" {
		a.answerDevice(d)
		return
	}
	fields, err := a.fields(d, got)
	if err != nil {
		a.issuer.cfg.Log.Error("cannot answer", "id", a.id, "error", err)
		a.refuse(wayBack(ownFailure()))
		return
	}
	a.send(fields)
}

// fields are the parameters of the answer, in Entra's order.
func (a *authorization) fields(d delegation, got permission) ([]field, error) {
	var all []field
	add := func(name, text string) { all = append(all, field{name, text}) }
	by := mint.Client{ID: a.client.entry.ID, ObjectID: a.client.entry.ObjectID, Authentication: "0"}
	id := d.idGrant(a.Endpoint, by, a.Asked.OIDC)
	id.Nonce = a.Nonce
	if a.Answer.Code {
		code := a.issueCode(d)
		add("code", code)
		id.CodeHash = halfHash(code)
	}
	if a.Answer.Token {
		token, lifetime, err := a.accessToken(d, got, by)
		if err != nil {
			return nil, err
		}
		add("access_token", token)
		add("token_type", "Bearer")
		add("expires_in", strconv.FormatInt(lifetime, 10))
		add("scope", strings.Join(got.forms, " "))
		id.TokenHash = halfHash(token)
	}
	if a.Answer.ID {
		token, _, err := a.issuer.issueFor(a.request, id)
		if err != nil {
			return nil, err
		}
		add("id_token", token)
	}
	if a.ClientInfo {
		add("client_info", clientInfo(d.user.User, a.tenant.id))
	}
	if a.State != "" {
		add("state", a.State)
	}
	add("session_state", a.session.ID)
	return all, nil
}

// accessToken is the token of the implicit grant, and its life in seconds.
func (a *authorization) accessToken(d delegation, got permission, by mint.Client) (string, int64, error) {
	g := d.grant(got, by)
	capabilities, _ := readCapabilities(a.Claims) // looked at when the request came
	g.Capabilities = got.narrowed(capabilities)
	token, draft, err := a.issuer.issueFor(a.request, g)
	return token, int64(draft.Lifetime.Seconds()) - 1, err
}

// refuse sends an error to the client; one about a device stays on the page.
func (a *authorization) refuse(p problem) {
	if a.Device != "" {
		a.refuseDevice(p)
		return
	}
	a.issuer.noteRefusal(a.request, p)
	all := []field{{"error", p.oauth}, {"error_description", a.issuer.describe(a.request, p)}}
	if more := p.moreAbout(); more != "" {
		all = append(all, field{"error_uri", more})
	}
	if p.suberror != "" {
		all = append(all, field{"error_subcode", p.suberror})
	}
	if p.claims != "" {
		all = append(all, field{"claims", p.claims})
	}
	if a.State != "" {
		all = append(all, field{"state", a.State})
	}
	a.send(all)
}

// send brings parameters to the redirect URI in the response mode.
func (a *authorization) send(fields []field) {
	if a.Answer.Mode == modeFormPost {
		a.issuer.show(a.request, "formpost", page{
			Title: "Working…", Target: template.URL(a.Redirect), Fields: fields, //nolint:gosec // one of the client's registered redirect URIs
		}, a.Redirect)
		return
	}
	var text strings.Builder
	for n, f := range fields {
		if n > 0 {
			text.WriteByte('&')
		}
		text.WriteString(url.QueryEscape(f.Name) + "=" + url.QueryEscape(f.Text))
	}
	sign := "#"
	if a.Answer.Mode == modeQuery {
		sign = "?"
		if strings.Contains(a.Redirect, "?") {
			sign = "&"
		}
	}
	uncached(a.request)
	h := a.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Location", a.Redirect+sign+text.String())
	h.Set("Referrer-Policy", "no-referrer")
	a.write(http.StatusFound, nil)
}
