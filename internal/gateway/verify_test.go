package gateway

import (
	"crypto/rsa"
	"errors"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// TestTwoWaysOfVerifying: of what go-jose can read, it says of each token of the
// bench and each key what the gateway says.
func TestTwoWaysOfVerifying(t *testing.T) {
	t.Parallel()
	compared, good := 0, 0
	for _, compact := range newBench(t).tokens() {
		token := readToken(compact)
		for _, private := range keysOfTest() {
			said, ok := byJOSE(token, &private.PublicKey)
			if !ok {
				continue
			}
			compared++
			if said {
				good++
			}
			if got := token.verifies([]publishedKey{{public: &private.PublicKey}}); got != said {
				t.Errorf("%s: expected verified %t, got %t", compact, said, got)
			}
		}
	}
	if good < 50 || compared < 2*good {
		t.Errorf("expected many tokens and for each a key that did not sign it, got %d comparisons, %d verified", compared, good)
	}
}

// byJOSE is what go-jose says; false where it refuses the token on other grounds
// than its signature, or for b64 has looked at other bytes.
func byJOSE(t *token, key *rsa.PublicKey) (verified, ok bool) {
	alg := t.algorithm()
	if rsaHash(alg) == 0 || t.header.has("b64") {
		return false, false
	}
	signed, err := jose.ParseSignedCompact(t.compact, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
	if err != nil {
		return false, false
	}
	_, err = signed.Verify(key)
	return err == nil, err == nil || errors.Is(err, jose.ErrCryptoFailure)
}
