package mockidp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// Client is an issuer in another process, over its management listener.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// NewClient makes a client of a management listener. A nil httpClient is
// http.DefaultClient.
func NewClient(managementURL, token string, httpClient *http.Client) *Client {
	if httpClient == nil {
		httpClient = http.DefaultClient
	}
	return &Client{strings.TrimSuffix(managementURL, "/"), token, httpClient}
}

// CloseIdleConnections closes the connections that the client keeps for its next
// call.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

// ManagementError is a refusal of the management listener. It is one of the
// errors of this package where errors.Is says so.
type ManagementError struct {
	Status int
	Code   string
	Text   string
	// Problems are the places in the request where something is wrong.
	Problems []FieldError
}

// Error is the listener's own text.
func (e *ManagementError) Error() string {
	return fmt.Sprintf("mockidp: management: %d %s: %s", e.Status, e.Code, e.Text)
}

// Is compares by the code on the wire.
func (e *ManagementError) Is(target error) bool {
	for _, f := range failures() {
		if f.code == e.Code {
			return f.err == target
		}
	}
	return false
}

// call is one request to the management listener.
type call struct {
	method, path string
	body         any // nil: none
}

// do sends a call, once, and reads the answer.
func (c *Client) do(ctx context.Context, q call, answer any) error {
	var payload io.Reader
	if q.body != nil {
		text, err := json.Marshal(q.body)
		if err != nil {
			return fmt.Errorf("mockidp: management: write the request: %w", err)
		}
		payload = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, q.method, c.base+q.path, payload)
	if err != nil {
		return fmt.Errorf("mockidp: management: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Content-Type", "application/json")
	res, err := c.http.Do(r)
	if err != nil {
		return fmt.Errorf("mockidp: management: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return managementError(res)
	}
	if err := json.NewDecoder(res.Body).Decode(answer); err != nil {
		return fmt.Errorf("mockidp: management: read the answer of %s: %w", q.path, err)
	}
	return nil
}

func managementError(res *http.Response) error {
	e := &ManagementError{Status: res.StatusCode}
	var body errorBody
	text, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10)) // what could not be read is missing from the message
	if json.Unmarshal(text, &body) == nil && body.Code != "" {
		e.Code, e.Text, e.Problems = body.Code, body.Text, body.Problems
		return e
	}
	e.Code, e.Text = "unexpected-answer", string(text[:min(len(text), 200)])
	return e
}

// Genuine is one token a grant, in the same order.
func (c *Client) Genuine(ctx context.Context, grants []mint.Grant) ([]string, error) {
	recipes := make([]Recipe, len(grants))
	for i, g := range grants {
		recipes[i] = Recipe{Grant: g}
	}
	return c.Mint(ctx, recipes)
}

// Mint is one token a recipe, in the same order.
func (c *Client) Mint(ctx context.Context, recipes []Recipe) ([]string, error) {
	var answer tokenBody
	err := c.do(ctx, call{http.MethodPost, "/mint", mintBody{recipes}}, &answer)
	if err == nil && len(answer.Tokens) != len(recipes) {
		err = fmt.Errorf("mockidp: management: expected %d tokens, got %d", len(recipes), len(answer.Tokens))
	}
	return answer.Tokens, err
}

// Sign is the signature over the input.
func (c *Client) Sign(ctx context.Context, r mint.SignRequest) ([]byte, error) {
	signatures, err := c.SignAll(ctx, []mint.SignRequest{r})
	if err != nil {
		return nil, err
	}
	return signatures[0], nil
}

// SignAll is one signature a request, in the same order.
func (c *Client) SignAll(ctx context.Context, requests []mint.SignRequest) ([][]byte, error) {
	requests = slices.Clone(requests)
	for n := range requests {
		requests[n].Input = append([]byte{}, requests[n].Input...) // nil would be null
	}
	var answer signatureBody
	err := c.do(ctx, call{http.MethodPost, "/sign", signBody{requests}}, &answer)
	if err == nil && len(answer.Signatures) != len(requests) {
		err = fmt.Errorf("mockidp: management: expected %d signatures, got %d", len(requests), len(answer.Signatures))
	}
	return answer.Signatures, err
}

// KeyID is the kid of a key that can be named in a SignRequest.
func (c *Client) KeyID(ctx context.Context, tenant, key string) (string, error) {
	var answer keyIDBody
	err := c.do(ctx, call{http.MethodGet, "/kid?" + url.Values{"tenant": {tenant}, "key": {key}}.Encode(), nil}, &answer)
	return answer.KeyID, err
}

// Keys are the published keys, the one that signs first.
func (c *Client) Keys(ctx context.Context, tenant string) ([]mint.PublicKey, error) {
	var answer keysBody
	err := c.do(ctx, call{http.MethodGet, "/keys?" + url.Values{"tenant": {tenant}}.Encode(), nil}, &answer)
	return answer.Keys, err
}

// Lease reserves changes to the key set until it is released or ttl is over.
func (c *Client) Lease(ctx context.Context, ttl time.Duration) (Lease, error) {
	var answer Lease
	err := c.do(ctx, call{http.MethodPost, "/leases", leaseBody{ttl.Seconds()}}, &answer)
	return answer, err
}

// Release ends a lease.
func (c *Client) Release(ctx context.Context, lease string) error {
	return c.do(ctx, call{http.MethodDelete, "/leases/" + url.PathEscape(lease), nil}, &nothing{})
}

// Rotate changes the keys as the request says.
func (c *Client) Rotate(ctx context.Context, r RotateRequest) ([]mint.PublicKey, error) {
	var answer keysBody
	err := c.do(ctx, call{http.MethodPost, "/rotate", r}, &answer)
	return answer.Keys, err
}

// KeySet puts the key set into a state; the empty state is the ordinary one.
func (c *Client) KeySet(ctx context.Context, lease string, state mint.KeySet) error {
	return c.do(ctx, call{http.MethodPut, "/keyset", keySetBody{lease, state}}, &nothing{})
}

// Misbehave puts misbehaviours in force, in the place of those that were, until
// the lease is over; none at all mends the issuer.
func (c *Client) Misbehave(ctx context.Context, lease string, all []Misbehaviour) error {
	if all == nil {
		all = []Misbehaviour{}
	}
	return c.do(ctx, call{http.MethodPut, "/misbehaviours", misbehaveBody{lease, all}}, &nothing{})
}

// Misbehaving is what Misbehave has put in force.
func (c *Client) Misbehaving(ctx context.Context) ([]Misbehaviour, error) {
	var answer misbehavingBody
	err := c.do(ctx, call{http.MethodGet, "/misbehaviours", nil}, &answer)
	return answer.Misbehaviours, err
}

// MisbehaviourKinds is the table of misbehaviours of the issuer, which may be of
// another version than this package.
func (c *Client) MisbehaviourKinds(ctx context.Context) ([]MisbehaviourKind, error) {
	var answer kindsBody
	err := c.do(ctx, call{http.MethodGet, "/misbehaviours/kinds", nil}, &answer)
	return answer.Kinds, err
}

// ResetCounters has Counters begin anew.
func (c *Client) ResetCounters(ctx context.Context) error {
	return c.do(ctx, call{http.MethodDelete, "/counters", nil}, &nothing{})
}

// Counters are the hits by path pattern and client address.
func (c *Client) Counters(ctx context.Context) (map[string]int, error) {
	var answer countersBody
	err := c.do(ctx, call{http.MethodGet, "/counters", nil}, &answer)
	return answer.Counters, err
}

// Now is the issuer's clock.
func (c *Client) Now(ctx context.Context) (time.Time, error) {
	var answer clockBody
	err := c.do(ctx, call{http.MethodGet, "/clock", nil}, &answer)
	return answer.Now, err
}

// Health asks whether the issuer answers and takes the token.
func (c *Client) Health(ctx context.Context) error {
	return c.do(ctx, call{http.MethodGet, "/health", nil}, &healthBody{})
}

// OpenAPI is the OpenAPI document of the listener.
func (c *Client) OpenAPI(ctx context.Context) ([]byte, error) {
	var answer json.RawMessage
	err := c.do(ctx, call{http.MethodGet, "/openapi.json", nil}, &answer)
	return answer, err
}
