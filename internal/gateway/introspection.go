package gateway

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// introspection is the documented model (mulesoft-policies.md 1.2): the policy
// asks the provider about each token (RFC 7662) and believes what comes back.
type introspection struct {
	voice
	endpoint
	options Options
	client  *http.Client
	timeout time.Duration
	answers *answers
}

// endpoint is where a provider is asked, and how the policy says who it is.
type endpoint struct {
	url                    string
	clientID, clientSecret string
	// inBody has the credentials stand in the form, the only way of the OIDC policy
	// (1.2); else they are HTTP Basic, unless there is a value for Authorization.
	inBody        bool
	authorization string
}

func (m *introspection) read(x *exchange, compact string) (object, string, *refusal) {
	const scopes = "scope"
	now := m.options.Now()
	if answer, kept := m.answers.of(compact, now); kept {
		return answer, scopes, nil
	}
	answer, refused := m.ask(x.request.Context(), compact)
	if refused != nil {
		return nil, "", refused
	}
	active, known := answer.last("active")
	is, isBool := active.(bool)
	switch {
	case !known || !isBool || !hasReadableTime(answer):
		return nil, "", m.unreadable()
	case !is:
		return nil, "", m.refuses(Check{"active", "signature", unauthorized, "the provider says that the token is active"}, revokedText)
	case !m.options.unexpired(x, answer):
		return nil, "", m.expired()
	}
	m.answers.keep(compact, answer, now)
	return answer, scopes, nil
}

// hasReadableTime reports whether exp is a number or absent.
func hasReadableTime(answer object) bool {
	return holdsTime(answer, "exp", false, func(float64) bool { return true })
}

// maxAnswer bounds what is read of a provider's answer.
const maxAnswer = 1 << 20

// ask posts the token, and reads what the answer comes to (1.3).
func (m *introspection) ask(ctx context.Context, compact string) (object, *refusal) {
	ctx, cancel := context.WithTimeout(ctx, m.timeout)
	defer cancel()
	status, body, err := m.post(ctx, compact)
	if err != nil {
		return nil, m.unreachable().hangs("authenticationTimeout")
	}
	said := func(status int) *refusal {
		return m.refuses(Check{"provider", "key", status, "the provider answers"}, string(body))
	}
	switch status {
	case http.StatusOK:
		answer, clean, err := readObject(body)
		if err != nil || !clean {
			return nil, m.unreadable()
		}
		return answer, nil
	case http.StatusForbidden:
		return nil, said(forbidden)
	case http.StatusBadRequest:
		return nil, said(http.StatusInternalServerError)
	}
	return nil, said(unauthorized)
}

func (m *introspection) post(ctx context.Context, compact string) (status int, body []byte, err error) {
	request, err := m.request(ctx, compact)
	if err != nil {
		return 0, nil, fmt.Errorf("gateway: introspection request: %w", err)
	}
	response, err := m.client.Do(request)
	if err != nil {
		return 0, nil, fmt.Errorf("gateway: introspect: %w", err)
	}
	defer response.Body.Close()
	if body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer)); err != nil {
		return 0, nil, fmt.Errorf("gateway: read the introspection: %w", err)
	}
	return response.StatusCode, body, nil
}

// request is the form with the token and with who asks.
func (e endpoint) request(ctx context.Context, compact string) (*http.Request, error) {
	form := url.Values{"token": {compact}}
	if e.inBody {
		form.Set("client_id", e.clientID)
		form.Set("client_secret", e.clientSecret)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	switch {
	case e.inBody:
	case e.authorization != "":
		request.Header.Set("Authorization", e.authorization)
	default:
		request.SetBasicAuth(url.QueryEscape(e.clientID), url.QueryEscape(e.clientSecret)) // RFC 6749 2.3.1
	}
	return request, nil
}

// unreadable is what becomes of an answer that is none (1.3).
func (m *introspection) unreadable() *refusal {
	return m.refuses(Check{"provider", "key", http.StatusInternalServerError, "the provider's answer can be read"}, "Unexpected error processing Authentication Server response")
}
