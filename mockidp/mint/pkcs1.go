package mint

import (
	"bytes"
	"crypto"
	"fmt"
	"math/big"
)

// PKCS1 says how a raw RSASSA-PKCS1-v1_5 block differs from the one RFC 8017
// 9.2 demands. The zero PKCS1 is the right block.
type PKCS1 struct {
	// Slack is how many bytes of junk follow the digest; the padding is that
	// much shorter (Bleichenbacher's forgery of 2006).
	Slack int `json:"slack,omitempty"`
	// WithoutNull leaves the NULL parameter of the hash out of the DigestInfo
	// (RFC 8017 appendix B.1 lets verifiers accept that).
	WithoutNull bool `json:"withoutNull,omitempty"`
	// Hash is the hash in the DigestInfo where it is not the algorithm's own:
	// SHA-1, SHA-256, SHA-384 or SHA-512.
	Hash string `json:"hash,omitempty"`
	// BareDigest leaves the DigestInfo out and pads the digest alone.
	BareDigest bool `json:"bareDigest,omitempty"`
	// BlockType is the second byte of the block where it is not 1.
	BlockType *int `json:"blockType,omitempty"`
	// Fill is the padding byte where it is not 0xff.
	Fill *int `json:"fill,omitempty"`
}

// HashNames are the hashes that a DigestInfo can name.
func HashNames() []string { return []string{"SHA-1", "SHA-256", "SHA-384", "SHA-512"} }

func namedHash(name string) (crypto.Hash, bool) {
	h, ok := map[string]crypto.Hash{"SHA-1": crypto.SHA1, "SHA-256": crypto.SHA256, "SHA-384": crypto.SHA384, "SHA-512": crypto.SHA512}[name]
	return h, ok
}

// signBlock builds the block by hand and applies the private exponent to it.
func (k *Key) signBlock(alg string, input []byte, p PKCS1) ([]byte, error) {
	h := hashOf(alg)
	if p.Hash != "" {
		var ok bool
		if h, ok = namedHash(p.Hash); !ok {
			return nil, fmt.Errorf("mint: pkcs1: expected a hash of %v, got %q", HashNames(), p.Hash)
		}
	}
	content := digest(h, input)
	if !p.BareDigest {
		content = append(digestInfo(h, p.WithoutNull), content...)
	}
	content = append(content, bytes.Repeat([]byte{0xa5}, max(0, p.Slack))...)
	size := k.rsa.Size()
	fill := size - 3 - len(content)
	if fill < 0 {
		return nil, fmt.Errorf("mint: pkcs1: expected room in %d bytes, got %d of digest and slack", size-3, len(content))
	}
	block := []byte{0, byteOr(p.BlockType, 1)}
	block = append(block, bytes.Repeat([]byte{byteOr(p.Fill, 0xff)}, fill)...)
	block = append(append(block, 0), content...)
	return new(big.Int).Exp(new(big.Int).SetBytes(block), k.rsa.D, k.rsa.N).FillBytes(make([]byte, size)), nil
}

func byteOr(set *int, otherwise byte) byte {
	if set == nil {
		return otherwise
	}
	return byte(*set)
}

// digestInfo is the DER before the digest (RFC 8017 9.2, note 1).
func digestInfo(h crypto.Hash, withoutNull bool) []byte {
	oid := map[crypto.Hash][]byte{
		crypto.SHA1:   {0x2b, 0x0e, 0x03, 0x02, 0x1a},
		crypto.SHA256: {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01},
		crypto.SHA384: {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02},
		crypto.SHA512: {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03},
	}[h]
	algorithm := append([]byte{0x06, byte(len(oid))}, oid...)
	if !withoutNull {
		algorithm = append(algorithm, 0x05, 0x00)
	}
	size := h.Size()
	body := append([]byte{0x30, byte(len(algorithm))}, algorithm...)
	body = append(body, 0x04, byte(size))
	return append([]byte{0x30, byte(len(body) + size)}, body...)
}
