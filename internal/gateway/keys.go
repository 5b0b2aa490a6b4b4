package gateway

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// publishedKey is one RSA key of a key set, or one on a curve for the policies
// that take these. Keys of other types are left out: a symmetric key in a public
// document is nobody's key.
type publishedKey struct {
	public *rsa.PublicKey
	curve  *ecdsa.PublicKey
	id     string
	// use, algorithm, operations and issuer are the JWK members; empty where absent.
	use, algorithm, issuer, thumbprint string
	operations                         []string
	// weak: a mutant does not mind its length.
	weak bool
	// certificate is the first of x5c as DER; empty where absent.
	certificate []byte
}

var errNoKeys = errors.New("gateway: key set holds no usable key")

// readKeys reads a JWK set; keys on curves are of use only where curves says so. An entry that cannot be used does not spoil the
// others (RFC 7517 5).
func readKeys(document []byte, curves bool) (keys []publishedKey, unusable []string, err error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(document, &set); err != nil {
		return nil, nil, fmt.Errorf("gateway: read key set: %w", err)
	}
	for _, entry := range set.Keys {
		if key, ok := readKey(entry); ok && (key.public != nil || curves) {
			keys = append(keys, key)
			continue
		}
		var named struct {
			ID string `json:"kid"`
		}
		if json.Unmarshal(entry, &named) == nil && named.ID != "" {
			unusable = append(unusable, named.ID)
		}
	}
	if len(keys) == 0 {
		return nil, nil, errNoKeys
	}
	return keys, unusable, nil
}

func readKey(entry []byte) (publishedKey, bool) {
	var members struct {
		Issuer     string   `json:"issuer"`
		Thumbprint string   `json:"x5t"`
		Operations []string `json:"key_ops"`
	}
	var key jose.JSONWebKey
	if json.Unmarshal(entry, &members) != nil || key.UnmarshalJSON(entry) != nil {
		return publishedKey{}, false
	}
	var certificate []byte
	if len(key.Certificates) > 0 {
		certificate = key.Certificates[0].Raw
	}
	public, isRSA := key.Key.(*rsa.PublicKey)
	curve, isCurve := key.Key.(*ecdsa.PublicKey)
	return publishedKey{
		public: public, curve: curve, id: key.KeyID, use: key.Use, algorithm: key.Algorithm, certificate: certificate,
		issuer: members.Issuer, thumbprint: members.Thumbprint, operations: members.Operations,
	}, isRSA || isCurve
}

// key is the key itself.
func (k publishedKey) key() any {
	if k.public == nil {
		return k.curve
	}
	return k.public
}

// named returns the keys that carry the id.
func named(keys []publishedKey, id string) []publishedKey {
	var found []publishedKey
	for _, key := range keys {
		if key.id == id {
			found = append(found, key)
		}
	}
	return found
}

// signs reports whether the key may check an RS256 signature (RFC 7517 4.2 to
// 4.4, RFC 7518 3.3).
func (k publishedKey) signs() bool {
	return (k.use == "" || k.use == "sig") &&
		(k.algorithm == "" || k.algorithm == "RS256") &&
		(len(k.operations) == 0 || slices.Contains(k.operations, "verify")) &&
		(k.weak || k.public.N.BitLen() >= 2048)
}

// belongs reports whether the key's issuer member allows the issuers: Entra
// marks the keys of personal accounts that way.
func (k publishedKey) belongs(i Issuers) bool {
	return k.issuer == "" || strings.Contains(k.issuer, "{tenantid}") || i.own(k.issuer)
}
