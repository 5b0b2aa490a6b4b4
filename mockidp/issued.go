package mockidp

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// Why a token is not taken for one of this issuer's.
var (
	errMalformed = errors.New("mockidp: the token is no JWS with a JSON payload")
	errSignature = errors.New("mockidp: the token is signed by none of the issuer's keys")
	errLifetime  = errors.New("mockidp: it is not the token's time")
)

// readIssued gives the payload of a token that this issuer has signed, in its
// time. It is verified by go-jose, as mint has signed it by itself: one bug must
// not agree with itself.
func (i *Issuer) readIssued(token string) (value.Value, error) {
	header, payload, err := mint.Decode(token)
	if err != nil || header.Kind != value.Object || payload.Kind != value.Object {
		return value.Value{}, errMalformed
	}
	if nonce, ok := header.Get("nonce"); ok && isGraph(payload.GetText("aud")) {
		token = withHashedNonce(token, header, nonce)
	}
	switch {
	case !i.signed(token):
		return value.Value{}, errSignature
	case !i.isTime(payload):
		return value.Value{}, errLifetime
	}
	return payload, nil
}

// signed reports whether one of the issuer's keys made the signature: the one
// that the header names.
func (i *Issuer) signed(token string) bool {
	object, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return false
	}
	key := i.ownKey(object.Signatures[0].Protected.KeyID)
	if key == nil {
		return false
	}
	public, err := x509.ParsePKIXPublicKey(key.DER())
	return err == nil && signedBy(object, public)
}

// ownKey is a key that signs for the tenants or for one API, by its kid. Keys
// that only a state of the key set has, and retired ones, are not among them.
func (i *Issuer) ownKey(kid string) *mint.Key {
	for _, k := range i.current().own {
		if k.KeyID() == kid {
			return k
		}
	}
	return i.keys.ofAPI(kid)
}

// withHashedNonce is a token of Graph as it was signed: with the SHA-256 of its
// header's nonce in the nonce's place (entra-tokens 1.1).
func withHashedNonce(token string, header, nonce value.Value) string {
	sum := sha256.Sum256([]byte(nonce.Text))
	header = header.Set("nonce", value.String(base64.RawURLEncoding.EncodeToString(sum[:])))
	_, rest, _ := strings.Cut(token, ".")
	return base64.RawURLEncoding.EncodeToString(header.JSON()) + "." + rest
}

// isTime reports whether nbf has come and exp has not (RFC 7519 4.1.4, 4.1.5).
// The issuer has one clock, so it allows for no difference.
func (i *Issuer) isTime(payload value.Value) bool {
	now := float64(i.cfg.Now().UnixMilli()) / 1000
	exp, ok := numericDate(payload, "exp")
	if !ok || exp <= now {
		return false
	}
	nbf, ok := numericDate(payload, "nbf")
	return ok && nbf <= now
}

// numericDate is a claim in seconds; false where there is none.
func numericDate(payload value.Value, name string) (float64, bool) {
	v, _ := payload.Get(name)
	if v.Kind != value.Number {
		return 0, false
	}
	at, err := strconv.ParseFloat(v.Text, 64)
	return at, err == nil
}

// isOf reports whether the token names the tenant as its issuer; a tenant that
// stands for many stands for the token's own.
func (i *Issuer) isOf(payload value.Value, t tenant) bool {
	id := t.id
	if t.template() {
		id = strings.ToLower(payload.GetText("tid"))
	}
	names := i.Issuers(id)
	return id != "" && slices.Contains([]string{names.V1, names.V2}, payload.GetText("iss"))
}

// clientOf is the client that an access token was issued to. An id token names
// none (entra-tokens 1.4).
func clientOf(payload value.Value) string {
	if azp := payload.GetText("azp"); azp != "" {
		return azp
	}
	return payload.GetText("appid")
}

// isGraph reports whether a resource is Microsoft Graph, by any of its names.
func isGraph(resource string) bool { return resource != "" && wellKnown(resource) == mint.Graph }
