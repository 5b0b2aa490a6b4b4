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
//
// The provider's certificate is verified as Options.Client does, whatever the
// policy's secureTrustStore says.
type introspection struct {
	options Options
	url     string
	timeout time.Duration
	answers *answers
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
		return nil, "", unreadableAnswer()
	case !is:
		return nil, "", oidcRefusal(Check{"oidc-active", "signature", unauthorized, "the provider says that the token is active"}, revokedText)
	case !m.options.unexpired(x, answer):
		return nil, "", expiredToken()
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

// ask posts the token, with the client's credentials in the body: the policy
// supports no other way (1.2).
func (m *introspection) ask(ctx context.Context, compact string) (object, *refusal) {
	ctx, cancel := context.WithTimeout(ctx, m.timeout)
	defer cancel()
	status, body, err := m.post(ctx, url.Values{
		"token": {compact}, "client_id": {m.options.Environment.Introspection.ClientID}, "client_secret": {m.options.Environment.Introspection.ClientSecret},
	})
	if err != nil {
		return nil, providerUnreachable()
	}
	provider := func(status int) Check { return Check{"oidc-provider", "key", status, "the provider answers"} }
	switch status {
	case http.StatusOK:
		answer, clean, err := readObject(body)
		if err != nil || !clean {
			return nil, unreadableAnswer()
		}
		return answer, nil
	case http.StatusForbidden:
		return nil, oidcRefusal(provider(forbidden), string(body))
	case http.StatusBadRequest:
		return nil, oidcRefusal(provider(http.StatusInternalServerError), string(body))
	}
	return nil, oidcRefusal(provider(unauthorized), string(body))
}

func (m *introspection) post(ctx context.Context, form url.Values) (status int, body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, m.url, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil, fmt.Errorf("gateway: introspection request: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	direct := *m.options.Client
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := direct.Do(request)
	if err != nil {
		return 0, nil, fmt.Errorf("gateway: introspect: %w", err)
	}
	defer response.Body.Close()
	if body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer)); err != nil {
		return 0, nil, fmt.Errorf("gateway: read the introspection: %w", err)
	}
	return response.StatusCode, body, nil
}

// unreadableAnswer is what becomes of an answer that is none (1.3).
func unreadableAnswer() *refusal {
	return oidcRefusal(Check{"oidc-provider", "key", http.StatusInternalServerError, "the provider's answer can be read"}, "Unexpected error processing Authentication Server response")
}
