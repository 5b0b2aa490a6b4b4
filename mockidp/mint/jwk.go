package mint

import (
	"crypto/ecdsa"
	"encoding/base64"
	"math/big"

	"github.com/entraproof/entraproof/internal/value"
)

// JWK is the key as an issuer publishes it. An RSA key has Entra's form: no
// alg, one certificate, x5t equal to kid (entra-tokens 3.4); the v2 set adds
// issuer at the end.
func (k *Key) JWK() value.Value {
	jwk := value.Dict(member("kty", k.kty), member("use", "sig"), member("kid", k.kid))
	switch k.kty {
	case "EC": // RFC 7518 6.2
		x, y := coordinates(&k.ec.PublicKey)
		return jwk.Append("crv", value.String("P-256")).Append("x", value.String(b64(x))).Append("y", value.String(b64(y)))
	case "OKP": // RFC 8037 2
		return jwk.Append("crv", value.String("Ed25519")).Append("x", value.String(b64(k.ed[32:])))
	case "oct": // RFC 7518 6.4
		return jwk.Append("k", value.String(b64(k.secret)))
	}
	jwk.Members = append(jwk.Members, member("x5t", sha1Of(k.cert)),
		member("n", b64(k.rsa.N.Bytes())), member("e", b64(big.NewInt(int64(k.rsa.E)).Bytes())))
	return jwk.Append("x5c", value.Strings(base64.StdEncoding.EncodeToString(k.cert)))
}

func coordinates(public *ecdsa.PublicKey) (x, y []byte) {
	point, err := public.Bytes() // 0x04, x, y
	if err != nil {
		panic("mint: a key of ours cannot be written: " + err.Error())
	}
	half := (len(point) - 1) / 2
	return point[1 : 1+half], point[1+half:]
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
