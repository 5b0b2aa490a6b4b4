package mockidp

import (
	"crypto/sha1" //nolint:gosec // x5t is a SHA-1 (RFC 7515 4.1.7)
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// assertionType is the only client_assertion_type there is (RFC 7523 2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// exchangeAudience is what federated assertions are for, unless the credential
// says otherwise (entra-tokens 4.1).
const exchangeAudience = "api://AzureADTokenExchange"

// assertion is a client assertion that has been read, not yet believed.
type assertion struct {
	object *jose.JSONWebSignature
	claims assertionClaims
}

// assertionClaims are the claims that are looked at. MSAL Python writes times
// with a fraction, MSAL Go writes no iat (entra-tokens 4.2).
type assertionClaims struct {
	Issuer    string    `json:"iss"`
	Subject   string    `json:"sub"`
	Audience  oneOrMany `json:"aud"`
	NotBefore float64   `json:"nbf"`
	Expires   float64   `json:"exp"`
}

// oneOrMany is a list that may be written as one string (RFC 7519 4.1.3).
type oneOrMany []string

// UnmarshalJSON reads both forms.
func (m *oneOrMany) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*m = oneOrMany{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(m))
}

func readAssertion(text string) (*assertion, *problem) {
	object, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.RS256, jose.PS256})
	if err != nil {
		p := malformedAssertion()
		return nil, &p
	}
	a := &assertion{object: object}
	if err := json.Unmarshal(object.UnsafePayloadWithoutVerification(), &a.claims); err != nil {
		p := malformedAssertion()
		return nil, &p
	}
	return a, nil
}

// checkAssertion proves the client by its own certificate, or by a token of an
// issuer that it trusts: whose it is decides which.
func (t *tokenRequest) checkAssertion(now time.Time) *problem {
	if len(t.client.Certificates)+len(t.client.Federated) == 0 {
		p := unknownAssertionKey(t.client.ID)
		return &p
	}
	a, p := readAssertion(t.form.Get("client_assertion"))
	switch {
	case t.form.Get("client_assertion_type") != assertionType:
		wrong := missingParameter("client_assertion_type")
		return &wrong
	case p != nil:
		return p
	}
	t.authentication = "2" // of certificates; of federated assertions inferred (entra-tokens 1.3, appidacr)
	if strings.EqualFold(a.claims.Issuer, t.client.ID) {
		return t.checkCertificate(a, now)
	}
	return t.client.checkFederated(a, now)
}

// checkCertificate wants a signature by one of the registered certificates, in
// its time, for the token endpoint of this tenant (entra-tokens 4.2).
func (t *tokenRequest) checkCertificate(a *assertion, now time.Time) *problem {
	var p problem
	switch key := t.client.certificateOf(a.object); {
	case key == nil || !signedBy(a.object, key.PublicKey):
		p = unknownAssertionKey(t.client.ID)
	case !strings.EqualFold(a.claims.Subject, t.client.ID) || !slices.ContainsFunc(a.claims.Audience, t.isTokenEndpoint):
		p = malformedAssertion()
	case !a.claims.inTime(now):
		p = assertionOutOfTime(now, a.claims)
	default:
		return nil
	}
	return &p
}

// isTokenEndpoint reports whether an audience is a token endpoint of the tenant,
// at Entra's host or at ours, of either version.
func (t *tokenRequest) isTokenEndpoint(audience string) bool {
	_, path, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(audience, "https://"), "http://"), "/")
	name, rest, _ := strings.Cut(path, "/")
	if id, ok := t.known.tenantID(strings.ToLower(name)); !ok || id != t.tenant.id {
		return false
	}
	return rest == "oauth2/v2.0/token" || rest == "oauth2/token" || rest == "v2.0"
}

// certificateOf is the registered certificate that the header names. Thumbprints
// come in every kind of base64 (entra-tokens 4.2).
func (c ClientRegistration) certificateOf(object *jose.JSONWebSignature) *x509.Certificate {
	header := object.Signatures[0].Protected
	for _, text := range c.Certificates {
		certificate, err := parseCertificate(text)
		if err != nil {
			continue // refused when it was registered
		}
		old, current := sha1.Sum(certificate.Raw), sha256.Sum256(certificate.Raw) //nolint:gosec // see the import
		named := map[jose.HeaderKey][]byte{"x5t": old[:], "x5t#S256": current[:]}
		for name, thumbprint := range named {
			if given, ok := header.ExtraHeaders[name].(string); ok && string(anyBase64(given)) == string(thumbprint) {
				return certificate
			}
		}
		if header.KeyID != "" && string(anyBase64(header.KeyID)) == string(old[:]) {
			return certificate
		}
	}
	return nil
}

// anyBase64 decodes either alphabet, padded or not; nil for anything else.
func anyBase64(text string) []byte {
	b, err := base64.RawURLEncoding.DecodeString(strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(text))
	if err != nil {
		return nil
	}
	return b
}

func signedBy(object *jose.JSONWebSignature, key any) bool {
	_, err := object.Verify(key)
	return err == nil
}

// checkFederated looks for a credential that trusts the assertion. Issuer,
// subject and audience are compared as they stand, in this order; only then the
// signature.
func (c ClientRegistration) checkFederated(a *assertion, now time.Time) *problem {
	mismatch := func(code int, what, got string) *problem { p := noFederatedMatch(code, what, got); return &p }
	matching := c.Federated
	keep := func(f func(FederatedCredential) bool) bool {
		matching = slices.DeleteFunc(slices.Clone(matching), func(f2 FederatedCredential) bool { return !f(f2) })
		return len(matching) > 0
	}
	switch {
	case !keep(func(f FederatedCredential) bool { return f.Issuer == a.claims.Issuer }):
		return mismatch(700211, "issuer", a.claims.Issuer)
	case !keep(func(f FederatedCredential) bool { return f.Subject == a.claims.Subject }):
		return mismatch(700213, "subject", a.claims.Subject)
	case len(a.claims.Audience) != 1 || !keep(func(f FederatedCredential) bool { return f.audience() == a.claims.Audience[0] }):
		return mismatch(700212, "audience", strings.Join(a.claims.Audience, " "))
	case !keep(func(f FederatedCredential) bool { return f.signed(a.object) }):
		p := unknownAssertionKey(c.ID)
		return &p
	case !a.claims.inTime(now):
		p := assertionOutOfTime(now, a.claims)
		return &p
	}
	return nil
}

func (f FederatedCredential) audience() string {
	if f.Audience != "" {
		return f.Audience
	}
	return exchangeAudience
}

// signed reports whether one of the issuer's keys made the signature.
func (f FederatedCredential) signed(object *jose.JSONWebSignature) bool {
	set, err := f.keys()
	if err != nil {
		return false // refused when it was registered
	}
	return slices.ContainsFunc(set.Keys, func(k jose.JSONWebKey) bool { return signedBy(object, k) })
}

// inTime allows for clocks that differ by five minutes.
func (c assertionClaims) inTime(now time.Time) bool {
	return c.Expires > 0 && now.Before(instant(c.Expires).Add(assertionSkew)) && !now.Add(assertionSkew).Before(instant(c.NotBefore))
}

const assertionSkew = 5 * time.Minute

func instant(seconds float64) time.Time {
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(part*float64(time.Second)))
}

// proof is appidacr or azpacr of the client's tokens: how it has proven who it
// is.
func (t *tokenRequest) proof() mint.Client {
	return mint.Client{ID: t.client.ID, ObjectID: t.client.ObjectID, Authentication: t.authentication}
}
