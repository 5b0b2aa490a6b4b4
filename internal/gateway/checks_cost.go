package gateway

import "net/http"

// costChecks judge what a request may cost. They come first in the answer: what
// is too dear is not read.
func costChecks() []check {
	return []check{
		{
			Check{"token-size", "cost", http.StatusRequestHeaderFieldsTooLarge, "an Authorization line is at most 16 KiB long"},
			func(c *call) bool { return c.longer(maxLine) },
		},
		{
			Check{"field-count", "cost", http.StatusRequestHeaderFieldsTooLarge, "there are at most 100 header fields"},
			func(c *call) bool { return fieldCount(c.request.Header) > maxFields },
		},
		{
			// RFC 8725bis 2.10, 2.12: p2c and zip let the token decide what it costs.
			Check{"header-cost", "cost", unauthorized, "the header asks for no key derivation, decompression, raw payload or giant key"},
			func(c *call) bool {
				h := c.header()
				return h.has("p2c") || h.has("zip") || unencoded(h) || giantKey(h)
			},
		},
	}
}

const (
	// maxLine leaves room beyond the largest token of Entra, some 11 kB with 200
	// groups (entra-tokens 4.3).
	maxLine = 16 << 10
	// maxFields is Envoy's default.
	maxFields = 100
	// maxModulus is the length of 4,096 bits in base64url.
	maxModulus = 683
)

// longer reports whether an Authorization line has more bytes than that.
func (c *call) longer(limit int) bool {
	for _, line := range c.presented.lines {
		if len(line) > limit {
			return true
		}
	}
	return false
}

func fieldCount(h http.Header) int {
	n := 0
	for _, values := range h {
		n += len(values)
	}
	return n
}

// unencoded reports whether the payload stands there as it is (RFC 7797 3).
func unencoded(header object) bool {
	encoded, _ := header.last("b64")
	return encoded == false
}

// giantKey reports whether the header brings an RSA key of more than 4,096 bits.
func giantKey(header object) bool {
	v, _ := header.last("jwk")
	key, _ := v.(object)
	modulus, _ := key.lastText("n")
	exponent, _ := key.lastText("e")
	return len(modulus) > maxModulus || len(exponent) > maxModulus
}
