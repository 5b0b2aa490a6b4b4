package mockidp

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

const tokenMember = "token_endpoint"

func tokenRoutes() []route {
	methods := []string{http.MethodPost, http.MethodOptions}
	return []route{
		{methods: methods, path: "/{tenant}/oauth2/v2.0/token", member: tokenMember, version: mint.V2, serve: serveToken(mint.V2)},
		{methods: methods, path: "/{tenant}/oauth2/token", member: tokenMember, version: mint.V1, serve: serveToken(mint.V1)},
	}
}

// maxForm bounds the body of a request; what is beyond it is read away up to
// maxDrained, so that the client gets to see the answer.
const (
	maxForm    = 64 << 10
	maxDrained = 4 << 20
)

// grantHandler gives what one grant is redeemed for.
type grantHandler func(*tokenRequest) (*issuance, *problem)

// tokenGrants are the grants of the token endpoint, by grant_type.
func tokenGrants() map[string]grantHandler {
	return map[string]grantHandler{
		"authorization_code": redeemCode,
		grantOnBehalfOf:      redeemOnBehalfOf,
		grantDevice:          redeemDeviceCode,
		grantDeviceOld:       redeemDeviceCode,
		"client_credentials": redeemClientCredentials,
		"password":           redeemPassword,
		"refresh_token":      redeemRefresh,
	}
}

// tokenRequest is one request to the token endpoint, and what has been found
// out about it.
type tokenRequest struct {
	*request
	issuer   *Issuer
	endpoint mint.Version
	form     url.Values
	known    *snapshot
	now      time.Time
	client   registered[ClientRegistration]
	// authentication is how the client has proven who it is: mint.Client.
	authentication string
}

func serveToken(v mint.Version) func(*Issuer, *request) {
	return func(i *Issuer, q *request) {
		if q.Method == http.MethodOptions {
			allowScripts(q)
			q.write(http.StatusOK, nil)
			return
		}
		t := &tokenRequest{request: q, issuer: i, endpoint: v, known: i.directory.Load(), now: i.cfg.Now(), authentication: "0"}
		given, p := t.redeem()
		if p != nil {
			i.refuse(q, *p)
			return
		}
		i.answerToken(t, given)
	}
}

// allowScripts lets a script of another origin read the answer.
func allowScripts(q *request) {
	h := q.w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "POST, OPTIONS")
	if asked := q.Header.Get("Access-Control-Request-Headers"); asked != "" {
		h.Set("Access-Control-Allow-Headers", asked)
	}
}

// redeem checks a request in the order in which Entra does.
func (t *tokenRequest) redeem() (*issuance, *problem) {
	var p *problem
	if t.form, p = readForm(t.request); p != nil {
		return nil, p
	}
	name := t.form.Get("grant_type")
	redeem, known := t.issuer.grants[name]
	switch {
	case name == "":
		return nil, new(missingParameter("grant_type"))
	case !known:
		return nil, new(unknownGrant(name))
	}
	if p := t.findClient(); p != nil {
		return nil, p
	}
	return redeem(t)
}

// readForm reads the body of a request. A body of another type has no
// parameters; a parameter that stands twice is malformed (RFC 6749 3.2). The
// request keeps the form: Requests names its client.
func readForm(q *request) (url.Values, *problem) {
	body, err := io.ReadAll(io.LimitReader(q.Body, maxForm+1))
	if err != nil || len(body) > maxForm {
		_, _ = io.Copy(io.Discard, io.LimitReader(q.Body, maxDrained)) // whatever it is, it is too much
		return nil, new(malformedRequest())
	}
	if kind, _, _ := mime.ParseMediaType(q.Header.Get("Content-Type")); kind != "application/x-www-form-urlencoded" {
		return url.Values{}, nil
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || repeats(form) {
		return nil, new(malformedRequest())
	}
	q.PostForm = form
	return form, nil
}

// repeats reports whether a parameter stands there twice.
func repeats(form url.Values) bool {
	for _, values := range form {
		if len(values) > 1 {
			return true
		}
	}
	return false
}
