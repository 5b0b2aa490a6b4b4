package mockidp

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/entraproof/entraproof/mockidp/mint"
)

func authorizeRoutes() []route {
	methods := []string{http.MethodGet, http.MethodPost}
	return []route{
		{methods: methods, path: "/{tenant}/oauth2/v2.0/authorize", member: "authorization_endpoint", version: mint.V2, page: true, serve: serveAuthorize(mint.V2)},
		{methods: methods, path: "/{tenant}/oauth2/authorize", member: "authorization_endpoint", version: mint.V1, page: true, serve: serveAuthorize(mint.V1)},
		{methods: []string{http.MethodPost}, path: "/{tenant}/login", page: true, serve: serveSignIn},
		{methods: []string{http.MethodPost}, path: "/{tenant}/Consent/Set", page: true, serve: serveConsent},
	}
}

// authorizeRequest is what a client sends a browser to the issuer with. It
// travels from page to page, sealed.
type authorizeRequest struct {
	Endpoint mint.Version `json:"v"`
	// Tenant is the tenant as the path names it.
	Tenant   string       `json:"t"`
	Client   string       `json:"c"`
	Redirect string       `json:"u,omitempty"`
	Kind     redirectKind `json:"k,omitempty"`
	Answer   answerForm   `json:"a"`
	Asked    scopeRequest `json:"s"`
	State    string       `json:"st,omitempty"`
	Nonce    string       `json:"n,omitempty"`
	Prompt   string       `json:"p,omitempty"`
	Hint     string       `json:"h,omitempty"`
	// Claims is the parameter claims as it stands.
	Claims     string    `json:"cl,omitempty"`
	ClientInfo bool      `json:"ci,omitempty"`
	Challenge  challenge `json:"pk,omitzero"`
	// Device is the device code that the answer goes to, instead of a redirect URI.
	Device string `json:"d,omitempty"`
}

// answerForm is what the browser brings back, and how.
type answerForm struct {
	Code  bool   `json:"c,omitempty"`
	ID    bool   `json:"i,omitempty"`
	Token bool   `json:"t,omitempty"`
	Mode  string `json:"m"`
}

// The response modes (entra-tokens 3.1).
const (
	modeQuery    = "query"
	modeFragment = "fragment"
	modeFormPost = "form_post"
)

// authorization is an authorize request in the hands of the issuer.
type authorization struct {
	*request
	authorizeRequest
	issuer  *Issuer
	known   *snapshot
	client  registered[ClientRegistration]
	session ssoSession
	// seen: a person has just signed in at the page; conceded: they have just
	// agreed.
	seen, conceded bool
}

func serveAuthorize(v mint.Version) func(*Issuer, *request) {
	return func(i *Issuer, q *request) {
		params, p := authorizeParameters(q)
		if p != nil {
			i.showProblem(q, *p)
			return
		}
		a := i.authorization(q, authorizeRequest{Endpoint: v, Tenant: q.tenant.path})
		if p := a.identify(params); p != nil { // where to send an error is not known yet
			i.showProblem(q, *p)
			return
		}
		if p := a.read(params); p != nil {
			a.refuse(*p)
			return
		}
		a.advance()
	}
}

// authorizeParameters are those of the query, or of a posted form (OIDC Core
// 3.1.2.1).
func authorizeParameters(q *request) (url.Values, *problem) {
	params, err := url.ParseQuery(q.URL.RawQuery)
	if err != nil {
		return nil, new(malformedRequest())
	}
	if q.Method == http.MethodPost {
		form, p := readForm(q)
		if p != nil {
			return nil, p
		}
		for name, values := range form {
			params[name] = append(params[name], values...)
		}
	}
	if repeats(params) {
		return nil, new(malformedRequest())
	}
	return params, nil
}

func (i *Issuer) authorization(q *request, r authorizeRequest) *authorization {
	return &authorization{request: q, authorizeRequest: r, issuer: i, known: i.directory.Load(), session: i.session(q)}
}

// identify finds the client and where its answer goes. Until both are known an
// error stays on the page (entra-tokens 4.5, 50011).
func (a *authorization) identify(params url.Values) *problem {
	id := params.Get("client_id")
	if id == "" {
		return new(missingParameter("client_id"))
	}
	client, p := a.known.clientFor(id, a.tenant)
	if p != nil {
		return p
	}
	a.client, a.Client = client, client.entry.ID
	if a.tenant.template() && len(client.entry.Tenants) > 0 {
		return new(notMultitenant(client))
	}
	a.Redirect = params.Get("redirect_uri")
	registered := client.entry.RedirectURIs.all()
	if a.Redirect == "" && len(registered) == 1 {
		a.Redirect = registered[0]
	}
	var ok bool
	a.Kind, ok = client.entry.RedirectURIs.kind(a.Redirect)
	switch {
	case len(registered) == 0 || a.Redirect == "":
		return new(noRedirect())
	case !ok:
		return new(wrongRedirect(a.Redirect, a.Client))
	}
	return nil
}

// read reads the rest. The answer's form comes first: errors are sent in it too.
func (a *authorization) read(params url.Values) *problem {
	a.State, a.Nonce, a.Hint = params.Get("state"), params.Get("nonce"), params.Get("login_hint")
	a.Claims, a.ClientInfo = params.Get("claims"), params.Get("client_info") == "1"
	if p := a.readAnswerForm(params.Get("response_type"), params.Get("response_mode")); p != nil {
		return p
	}
	if p := a.readAsked(params); p != nil {
		return p
	}
	var p *problem
	if a.Challenge, p = readChallenge(params.Get("code_challenge"), params.Get("code_challenge_method")); p != nil {
		return p
	}
	switch a.Prompt = params.Get("prompt"); {
	case a.Kind == redirectSPA && a.Answer.Code && a.Challenge.Text == "":
		return new(noChallengeInSPA())
	case a.Answer.ID && a.Nonce == "":
		return new(missingNonce())
	case !strings.Contains("| none login select_account consent admin_consent ", " "+a.Prompt+" ") && a.Prompt != "":
		return new(unsupportedPrompt(a.Prompt))
	}
	_, p = readCapabilities(a.Claims)
	return p
}

// readAnswerForm reads response_type and response_mode. Codes come in the query,
// tokens never do (OAuth 2.0 Multiple Response Types 3, 5).
func (a *authorization) readAnswerForm(types, mode string) *problem {
	a.Answer.Mode = modeQuery
	if types == "" {
		return new(missingOnTheWay("response_type"))
	}
	unknown := false
	for _, word := range strings.Fields(types) {
		switch word {
		case "code":
			a.Answer.Code = true
		case "id_token":
			a.Answer.ID = true
		case "token":
			a.Answer.Token = true
		default:
			unknown = true
		}
	}
	tokens := a.Answer.ID || a.Answer.Token
	if tokens {
		a.Answer.Mode = modeFragment
	}
	switch {
	case unknown:
		return new(unsupportedResponseType(types))
	case mode == modeQuery && tokens, mode != "" && mode != modeQuery && mode != modeFragment && mode != modeFormPost:
		return new(unsupportedResponseMode(mode))
	case mode != "":
		a.Answer.Mode = mode
	}
	return a.enabled()
}

// enabled wants the client's registration to allow the tokens that come by way
// of the browser.
func (a *authorization) enabled() *problem {
	allowed := map[ImplicitToken]bool{}
	for _, token := range a.client.entry.Implicit {
		allowed[token] = true
	}
	switch {
	case a.Answer.ID && !allowed[ImplicitID]:
		return new(implicitDisabled(700054, "id_token"))
	case a.Answer.Token && !allowed[ImplicitAccess]:
		return new(implicitDisabled(700051, "token"))
	}
	return nil
}

// readAsked reads scope, or resource at the v1 endpoint. People may agree to
// several APIs at once; tokens are for the first (entra-tokens 2.3).
func (a *authorization) readAsked(params url.Values) *problem {
	if a.Endpoint == mint.V1 {
		a.Asked = v1Scope(params.Get("resource"))
		return nil
	}
	text := params.Get("scope")
	asked, wrong := a.known.readScope(text)
	a.Asked = asked
	switch {
	case text == "":
		return new(missingOnTheWay("scope"))
	case params.Has("resource"):
		return new(wayBack(resourceOnV2()))
	case wrong != "":
		return new(wayBack(invalidScope(wrong)))
	case a.Answer.ID && !asked.has(openid):
		return new(unsupportedResponseType("id_token"))
	}
	for _, r := range asked.Resources {
		if r.mixes() {
			return new(wayBack(invalidScope(text)))
		}
	}
	return nil
}

// wayBack is a problem of the token endpoint as the authorize endpoint sends it.
func wayBack(p problem) problem {
	p.status = http.StatusFound
	return p
}
