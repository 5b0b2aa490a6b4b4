package engine

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/go-jose/go-jose/v4"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// Entra asks the real tenant for tokens: with the clients' own secrets and
// certificates, and for users with a refresh token. It cannot sign at will, so
// only rows of source real, real+ and forged run.
type Entra struct {
	// HTTP reaches the authority; nil: a client with a time-out.
	HTTP *http.Client

	file *targets.File
}

// NewEntra makes the source of a target whose tokens come from entra.
func NewEntra(f *targets.File) *Entra { return &Entra{file: f} }

// errOnlyMock says that the real tenant has no such token.
var errOnlyMock = errors.New("the real tenant gives no such token, only a mock does")

func (e *Entra) client() *http.Client {
	if e.HTTP != nil {
		return e.HTTP
	}
	return &http.Client{Timeout: managementTimeout}
}

// Genuine asks for one token a grant.
func (e *Entra) Genuine(ctx context.Context, grants []mint.Grant) ([]string, error) {
	all := make([]string, 0, len(grants))
	for _, g := range grants {
		token, err := e.one(ctx, g)
		if err != nil {
			return nil, fmt.Errorf("engine: entra: %s token of client %s for %s: %w", g.Kind, g.Client.ID, g.Audience, err)
		}
		all = append(all, token)
	}
	return all, nil
}

func (e *Entra) one(ctx context.Context, g mint.Grant) (string, error) {
	client := e.clientOf(g.Client.ID)
	switch {
	case client == nil, g.Token == mint.Assertion, g.Age != "" && g.Age != mint.Fresh, g.Tenant != e.file.Tenant.ID:
		return "", errOnlyMock
	case g.Kind.Subject == mint.SubjectUser || g.Token == mint.ID:
		return e.ofUser(ctx, g, client)
	case g.Token == mint.Refresh:
		return e.file.Users[0].RefreshToken, nil
	}
	credential, err := e.credential(g.Tenant, client)
	if err != nil {
		return "", err
	}
	token, err := credential.GetToken(ctx, policy.TokenRequestOptions{
		Scopes: []string{resource(g) + "/.default"}, EnableCAE: slices.Contains(g.Capabilities, "cp1"),
	})
	return token.Token, err
}

func (e *Entra) clientOf(id string) *targets.Client {
	for _, c := range e.file.Clients {
		if c.ID == id {
			return c
		}
	}
	return nil
}

// resource is the API as a token request names it (entra-tokens 2.2).
func resource(g mint.Grant) string {
	switch g.WellKnown {
	case mint.ARM:
		return "https://management.azure.com"
	case mint.Graph:
		return "https://graph.microsoft.com"
	}
	return g.Audience
}

func (e *Entra) credential(tenant string, c *targets.Client) (azcore.TokenCredential, error) {
	options := azcore.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: e.file.Tokens.Entra.Authority},
		Transport: e.client(),
	}
	known := strings.HasSuffix(strings.TrimSuffix(e.file.Tokens.Entra.Authority, "/"), ".microsoftonline.com")
	if c.Certificate == "" {
		return azidentity.NewClientSecretCredential(tenant, c.ID, c.Secret, &azidentity.ClientSecretCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: !known})
	}
	certs, key, err := azidentity.ParseCertificates([]byte(c.Certificate), nil)
	if err != nil {
		return nil, fmt.Errorf("the client's certificate: %w", err)
	}
	return azidentity.NewClientCertificateCredential(tenant, c.ID, certs, key, &azidentity.ClientCertificateCredentialOptions{ClientOptions: options, DisableInstanceDiscovery: !known})
}

// userOf is the user whom the grant names; the first one where it names none.
func (e *Entra) userOf(g mint.Grant) (targets.User, bool) {
	for _, u := range e.file.Users {
		if g.User.Name == "" || g.User.Name == u.Name {
			return u, true
		}
	}
	return targets.User{}, false
}

// ofUser redeems a user's refresh token for the wanted API: Entra takes one
// refresh token for any resource that the client may ask for.
func (e *Entra) ofUser(ctx context.Context, g mint.Grant, c *targets.Client) (string, error) {
	user, ok := e.userOf(g)
	if !ok {
		return "", errOnlyMock
	}
	scopes := []string{"openid"}
	for _, s := range g.Scopes {
		scopes = append(scopes, resource(g)+"/"+s)
	}
	if g.WellKnown != "" {
		scopes = []string{resource(g) + "/.default"}
	}
	form := url.Values{
		"grant_type": {"refresh_token"}, "client_id": {c.ID}, "refresh_token": {user.RefreshToken}, "scope": {strings.Join(scopes, " ")},
	}
	if c.Secret != "" {
		form.Set("client_secret", c.Secret)
	}
	if len(g.Capabilities) > 0 {
		form.Set("claims", capable(g.Capabilities))
	}
	var answer struct {
		Access string `json:"access_token"`
		ID     string `json:"id_token"`
		Error  string `json:"error_description"`
	}
	if err := e.post(ctx, strings.TrimSuffix(e.file.Tokens.Entra.Authority, "/")+"/"+g.Tenant+"/oauth2/v2.0/token", form, &answer); err != nil {
		return "", err
	}
	token := answer.Access
	if g.Token == mint.ID {
		token = answer.ID
	}
	if token == "" {
		return "", fmt.Errorf("the token endpoint refused: %s", answer.Error)
	}
	return token, nil
}

// capable is the parameter claims by which a client says what it can handle:
// Entra repeats it in xms_cc (entra-tokens 1.3).
func capable(capabilities []string) string {
	text, err := json.Marshal(map[string]any{"access_token": map[string]any{"xms_cc": map[string]any{"values": capabilities}}})
	if err != nil {
		panic("engine: strings that are no JSON: " + err.Error())
	}
	return string(text)
}

func (e *Entra) post(ctx context.Context, address string, form url.Values, answer any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("the token endpoint: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return e.do(request, answer)
}

func (e *Entra) do(request *http.Request, answer any) error {
	response, err := e.client().Do(request)
	if err != nil {
		return fmt.Errorf("reach %s: %w", request.URL.Host, err)
	}
	defer func() { _ = response.Body.Close() }() // read to its end or given up
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		return fmt.Errorf("answer %d of %s: %w", response.StatusCode, request.URL.Host, err)
	}
	return nil
}

// Keys are the published keys of a tenant. Which of them signs shows only in a
// token, so their order means nothing.
func (e *Entra) Keys(ctx context.Context, tenant string) ([]mint.PublicKey, error) {
	address := strings.TrimSuffix(e.file.Tokens.Entra.Authority, "/") + "/" + tenant + "/discovery/v2.0/keys"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("engine: entra: the key set: %w", err)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := e.do(request, &set); err != nil {
		return nil, fmt.Errorf("engine: entra: the key set: %w", err)
	}
	var all []mint.PublicKey
	for _, text := range set.Keys {
		if k, ok := publicKey(text); ok {
			all = append(all, k)
		}
	}
	return all, nil
}

// publicKey writes a published key in every form; one that is no RSA key is
// passed over.
func publicKey(text []byte) (mint.PublicKey, bool) {
	var jwk jose.JSONWebKey
	if err := jwk.UnmarshalJSON(text); err != nil {
		return mint.PublicKey{}, false
	}
	key, ok := jwk.Key.(*rsa.PublicKey)
	if !ok {
		return mint.PublicKey{}, false
	}
	der, err := x509.MarshalPKIXPublicKey(crypto.PublicKey(key))
	if err != nil {
		return mint.PublicKey{}, false
	}
	k := mint.PublicKey{
		Name: jwk.KeyID, KeyID: jwk.KeyID, DER: der, JWK: string(text), FileName: jwk.KeyID + ".pem",
		PEM: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
	}
	if len(jwk.Certificates) > 0 {
		k.CertificatePEM = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: jwk.Certificates[0].Raw}))
	}
	return k, true
}

// Now is the authority's clock, as its answers tell it.
func (e *Entra) Now(ctx context.Context) (time.Time, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, e.file.Tokens.Entra.Authority, nil)
	if err != nil {
		return time.Time{}, fmt.Errorf("engine: entra: the clock: %w", err)
	}
	response, err := e.client().Do(request)
	if err != nil {
		return time.Time{}, fmt.Errorf("engine: entra: the clock: %w", err)
	}
	if err := response.Body.Close(); err != nil {
		return time.Time{}, fmt.Errorf("engine: entra: the clock: %w", err)
	}
	return http.ParseTime(response.Header.Get("Date"))
}
