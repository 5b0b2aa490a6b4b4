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

// readAssertion reads a JWS; of those that are signed by other means than RSA it
// says so.
func readAssertion(text string) (*assertion, *problem) {
	usual := []jose.SignatureAlgorithm{jose.RS256, jose.PS256}
	others := []jose.SignatureAlgorithm{jose.RS384, jose.RS512, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.HS256, jose.HS384, jose.HS512, jose.EdDSA}
	object, err := jose.ParseSignedCompact(text, append(others, usual...))
	if err != nil {
		return nil, new(malformedAssertion())
	}
	if !slices.Contains(usual, jose.SignatureAlgorithm(object.Signatures[0].Protected.Algorithm)) {
		return nil, new(unsupportedAlgorithm())
	}
	a := &assertion{object: object}
	if err := json.Unmarshal(object.UnsafePayloadWithoutVerification(), &a.claims); err != nil {
		return nil, new(malformedAssertion())
	}
	return a, nil
}

// checkAssertion proves the client by its own certificate, or by a token of an
// issuer that it trusts: whose it is decides which.
func (t *tokenRequest) checkAssertion() *problem {
	client := t.client.entry
	if len(client.Certificates)+len(client.Federated) == 0 {
		return new(unknownAssertionKey(client.ID))
	}
	a, p := readAssertion(t.form.Get("client_assertion"))
	switch {
	case t.form.Get("client_assertion_type") != assertionType:
		return new(missingParameter("client_assertion_type"))
	case p != nil:
		return p
	case a.claims.Issuer == "":
		return new(missingField("iss"))
	}
	t.authentication = "2" // of certificates; of federated assertions inferred (entra-tokens 1.3, appidacr)
	if strings.EqualFold(a.claims.Issuer, client.ID) {
		return t.checkCertificate(a)
	}
	return client.checkFederated(a, t.now)
}

// checkCertificate wants a signature by one of the registered certificates, in
// its time, for the token endpoint of this tenant (entra-tokens 4.2).
func (t *tokenRequest) checkCertificate(a *assertion) *problem {
	id := t.client.entry.ID
	switch certificate := t.client.entry.certificateOf(a.object); {
	case certificate == nil || !signedBy(a.object, certificate.PublicKey):
		return new(unknownAssertionKey(id))
	case t.now.Before(certificate.NotBefore) || t.now.After(certificate.NotAfter):
		return new(certificateOutOfTime())
	case !strings.EqualFold(a.claims.Subject, id) || !slices.ContainsFunc(a.claims.Audience, t.isTokenEndpoint):
		return new(malformedAssertion())
	case !a.claims.inTime(t.now):
		return new(assertionOutOfTime(t.now, a.claims))
	}
	return nil
}

// isTokenEndpoint reports whether an audience is a token endpoint of the tenant,
// at Entra's host or at ours, of either version.
func (t *tokenRequest) isTokenEndpoint(audience string) bool {
	_, path, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(audience, "https://"), "http://"), "/")
	name, rest, _ := strings.Cut(path, "/")
	name = strings.ToLower(name)
	if id, ok := t.known.tenantID(name); name != t.tenant.path && (!ok || id != t.tenant.id) {
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
	mismatch := func(code int, what, got string) *problem { return new(noFederatedMatch(code, what, got)) }
	matching := c.Federated
	keep := func(f func(FederatedCredential) bool) bool {
		matching = slices.DeleteFunc(slices.Clone(matching), func(f2 FederatedCredential) bool { return !f(f2) })
		return len(matching) > 0
	}
	switch {
	case !keep(func(f FederatedCredential) bool { return f.Issuer == a.claims.Issuer }):
		return mismatch(700211, "issuer", a.claims.Issuer)
	case slices.ContainsFunc(matching, func(f FederatedCredential) bool {
		return f.Subject != a.claims.Subject && strings.EqualFold(f.Subject, a.claims.Subject)
	}) && !keep(func(f FederatedCredential) bool { return f.Subject == a.claims.Subject }):
		return new(subjectInOtherCase(a.claims.Subject))
	case !keep(func(f FederatedCredential) bool { return f.Subject == a.claims.Subject }):
		return mismatch(700213, "subject", a.claims.Subject)
	case len(a.claims.Audience) != 1 || !keep(func(f FederatedCredential) bool { return f.audience() == a.claims.Audience[0] }):
		return mismatch(700212, "audience", strings.Join(a.claims.Audience, " "))
	case !keep(func(f FederatedCredential) bool { return f.signed(a.object) }):
		return new(unknownAssertionKey(c.ID))
	case !a.claims.inTime(now):
		return new(assertionOutOfTime(now, a.claims))
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
