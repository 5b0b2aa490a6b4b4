package mint

import "context"

// The names under which an issuer's keys can be asked to sign. Other names are
// those of a key-set state, or a kid.
const (
	// KeyTenant is the key that signs at present; the empty name means it too.
	KeyTenant = "tenant"
	// KeyNext is published but does not sign yet.
	KeyNext = "next"
	// KeyOtherIssuer belongs to a second issuer; this one does not publish it.
	KeyOtherIssuer = "other-issuer"
	// KeyOwn is the harness's own key; only a Bench has it.
	KeyOwn = "own"
	// KeyClient is the client's key behind client assertions; nobody publishes it.
	KeyClient = "client"
	// KeyApp is the prefix before the app id of an API with a signing key of its own.
	KeyApp = "app:"
)

// SignRequest asks a Signer for one signature.
type SignRequest struct {
	Tenant string `json:"tenant,omitempty"`
	// Key is empty or "tenant" for the current signing key, "next",
	// "other-issuer", the name of a published key, or a kid.
	Key string `json:"key,omitempty"`
	// Alg is the algorithm that is computed, whatever the header announces;
	// empty: the one that suits the key (RS256, ES256, EdDSA or HS256).
	Alg   string `json:"alg,omitempty"`
	Input []byte `json:"input"`
	PKCS1 *PKCS1 `json:"pkcs1,omitempty"`
}

// Signer signs with keys that it does not give away.
type Signer interface {
	// Sign is the signature over the input.
	Sign(ctx context.Context, r SignRequest) ([]byte, error)
	// KeyID is the kid of a key that can be named in a SignRequest, because the
	// header that names it is part of what is signed.
	KeyID(ctx context.Context, tenant, key string) (string, error)
}

// PublicKey is the public side of a key in every form that somebody keys an
// HMAC or a configuration with.
type PublicKey struct {
	Name           string `json:"name"`
	KeyID          string `json:"kid"`
	PEM            string `json:"pem"`
	DER            []byte `json:"der"`
	CertificatePEM string `json:"certificatePem"`
	// JWK is the entry of the key set, without alg.
	JWK string `json:"jwk"`
	// FileName is the name under which the issuer serves the PEM.
	FileName string `json:"fileName"`
}
