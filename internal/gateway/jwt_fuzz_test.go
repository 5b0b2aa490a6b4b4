package gateway

import (
	"net/http"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/entraproof/entraproof/internal/policy"
)

// FuzzJWTValidation: whatever stands behind Bearer, each method with its key
// takes only what somebody has signed, and nothing ends in a panic.
func FuzzJWTValidation(f *testing.F) {
	b := newBench(f)
	curve, private := curvesOfTest()[256], keysOfTest()[signing]
	signed := map[string]string{
		"rsa": b.signedWith(jose.RS256, private, ""), "es": b.signedWith(jose.ES256, curve, ""), "hmac": b.signedWith(jose.HS256, []byte(secretOfTest), ""),
	}
	gateways := map[string]http.Handler{}
	for method, text := range map[string]string{"rsa": pemBody(f, private.Public()), "es": pemBody(f, curve.Public()), "hmac": secretOfTest} {
		config := signatureOnly(method, 256, func(p *policy.JWTValidation) {
			p.TextKey, p.ValidateCustomClaim = text, true
			p.MandatoryCustomClaims = []policy.CustomClaim{{Key: "tid", Value: "#[sizeOf(vars.claimSet.tid) == 36]"}}
		})
		gateways[method], _, _ = b.instance(nil, applied(config))
	}
	seeds := []string{"", "abc", "a.b.c", signed["rsa"], signed["es"], signed["hmac"], signed["es"] + "A", strings.ToUpper(signed["hmac"])}
	for _, r := range b.rows() {
		if line := r.ask.Header.Get("Authorization"); len(line) > len("Bearer ") && len(line) < 4<<10 {
			seeds = append(seeds, line[len("Bearer "):])
		}
	}
	if len(seeds) < 100 {
		f.Fatalf("expected the rows' tokens among the seeds, got %d", len(seeds))
	}
	made := map[string]bool{} // what somebody with a key has signed
	for _, s := range seeds {
		f.Add(s)
		made[signedPart(s)] = true
	}
	f.Fuzz(func(t *testing.T, compact string) {
		r := ask()
		r.Header["Authorization"] = []string{"Bearer " + compact}
		for method, h := range gateways {
			got := fire(t, h, r)
			if got.forwarded && !made[signedPart(compact)] {
				t.Errorf("%s: forwarded %q", method, compact)
			}
		}
	})
}

// signedPart is what the signature of a compact token covers.
func signedPart(compact string) string {
	compact = strings.TrimSpace(compact)
	return compact[:max(strings.LastIndexByte(compact, '.'), 0)]
}
