package mint

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // Entra's kid is the SHA-1 of the certificate
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"sync"
	"time"
)

// CommonName is the subject of the certificates of Entra's signing keys.
const CommonName = "accounts.accesscontrol.windows.net"

// Key is a private key. An RSA key has a self-signed certificate, and besides
// RSA it can sign with an EC and an Ed25519 key that are derived from it, so
// that one file on disk is the whole key.
type Key struct {
	kty    string
	rsa    *rsa.PrivateKey
	ec     *ecdsa.PrivateKey
	ed     ed25519.PrivateKey
	secret []byte
	cert   []byte
	kid    string
	// made are the RSASSA-PKCS1-v1_5 signatures that were made, by algorithm and
	// digest; nil: the key forgets them.
	made *sync.Map
}

// NewKey makes an RSA-2048 key with a self-signed certificate of five years,
// as Entra's are (entra-tokens 3.4). random is used for the serial number;
// crypto/rsa chooses its primes with its own randomness.
func NewKey(random io.Reader, now time.Time) (*Key, error) { return NewKeySize(random, now, 2048) }

// NewKeySize is NewKey with another length of the modulus, down to the 1024
// bits that RFC 7518 3.3 forbids.
func NewKeySize(random io.Reader, now time.Time, bits int) (*Key, error) {
	if random == nil {
		random = rand.Reader
	}
	private, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return nil, fmt.Errorf("mint: make an RSA key of %d bits: %w", bits, err)
	}
	serial := make([]byte, 16)
	if _, err := io.ReadFull(random, serial); err != nil {
		return nil, fmt.Errorf("mint: draw a serial number: %w", err)
	}
	serial[0] &= 0x7f // RFC 5280 4.1.2.2: positive
	template := &x509.Certificate{
		SerialNumber:       new(big.Int).SetBytes(serial),
		Subject:            pkix.Name{CommonName: CommonName},
		NotBefore:          now.UTC().Truncate(time.Second),
		NotAfter:           now.UTC().Truncate(time.Second).AddDate(5, 0, 0),
		SignatureAlgorithm: x509.SHA256WithRSA,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, fmt.Errorf("mint: certify the key: %w", err)
	}
	return newKey(private, cert)
}

func newKey(private *rsa.PrivateKey, cert []byte) (*Key, error) {
	sum := sha1.Sum(cert) //nolint:gosec // as above
	k := &Key{kty: "RSA", rsa: private, cert: cert, kid: b64(sum[:])}
	seed := sha256.Sum256(append([]byte("entraproof companion\x00"), private.D.Bytes()...))
	k.ed = ed25519.NewKeyFromSeed(seed[:])
	seed[0] = 0 // below the order of P-256, whatever the rest
	ec, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
	if err != nil {
		return nil, fmt.Errorf("mint: derive the EC key: %w", err)
	}
	k.ec = ec
	return k, nil
}

// Remembering is the key with a memory of its own: the same bytes are signed once,
// where the algorithm gives the same signature again (RFC 8017 8.2). The memory
// lasts as long as what is returned.
func (k *Key) Remembering() *Key {
	own := *k
	own.made = &sync.Map{}
	return &own
}

// KeyID is the base64url of the SHA-1 of the certificate, 27 characters; of a
// key without one, that of what identifies it.
func (k *Key) KeyID() string { return k.kid }

// Thumbprint256 is the base64url of the certificate's SHA-256 (x5t#S256).
func (k *Key) Thumbprint256() string {
	sum := sha256.Sum256(k.cert)
	return b64(sum[:])
}

// DER is the public key as a SubjectPublicKeyInfo; a symmetric key has none.
func (k *Key) DER() []byte {
	switch k.kty {
	case "EC":
		return publicDER(k.ec.Public())
	case "OKP":
		return publicDER(k.ed.Public())
	case "oct":
		return []byte{} // none, and in JSON a text all the same
	}
	return publicDER(k.rsa.Public())
}

// PEM is the public key in the form that OpenSSL writes, newline at the end;
// empty for a symmetric key.
func (k *Key) PEM() string { return encodePEM("PUBLIC KEY", k.DER()) }

// CertificatePEM is the self-signed certificate; empty where there is none.
func (k *Key) CertificatePEM() string { return encodePEM("CERTIFICATE", k.cert) }

// Public is the public side in all forms; name is how the issuer calls it.
func (k *Key) Public(name string) PublicKey {
	return PublicKey{
		Name: name, KeyID: k.kid, PEM: k.PEM(), DER: k.DER(), CertificatePEM: k.CertificatePEM(),
		JWK: string(k.JWK().JSON()), FileName: k.kid + ".pem",
	}
}

// PrivatePEM is the key and its certificate as ReadKey takes them. It is a
// secret.
func (k *Key) PrivatePEM() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.rsa)
	if err != nil {
		return nil, fmt.Errorf("mint: write the private key: %w", err)
	}
	return []byte(encodePEM("PRIVATE KEY", der) + k.CertificatePEM()), nil
}

// ReadKey reads what PrivatePEM wrote.
func ReadKey(text []byte) (*Key, error) {
	var private *rsa.PrivateKey
	var cert *x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case "PRIVATE KEY":
			parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("mint: read the private key: %w", err)
			}
			private, _ = parsed.(*rsa.PrivateKey)
		case "CERTIFICATE":
			parsed, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("mint: read the certificate: %w", err)
			}
			cert = parsed
		}
	}
	if private == nil || cert == nil {
		return nil, fmt.Errorf("mint: expected an RSA private key and its certificate in PEM")
	}
	if !private.PublicKey.Equal(cert.PublicKey) {
		return nil, fmt.Errorf("mint: the certificate is not that of the private key")
	}
	return newKey(private, cert.Raw)
}

func publicDER(public crypto.PublicKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		panic("mint: a key of ours cannot be written: " + err.Error())
	}
	return der
}

func encodePEM(kind string, der []byte) string {
	if len(der) == 0 {
		return ""
	}
	var b bytes.Buffer
	_ = pem.Encode(&b, &pem.Block{Type: kind, Bytes: der}) // a bytes.Buffer takes all
	return b.String()
}
