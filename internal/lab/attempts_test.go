package lab

import (
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing/fstest"
	"time"
)

// attempt is one request, named after a row of the catalogue where it is one.
type attempt struct {
	row  string
	fire func(*rig) answer
}

// signed sends the claims as a v2 daemon or user has them, with changes,
// under a good signature.
func signed(subject string, changes claims) func(*rig) answer {
	return func(g *rig) answer {
		return g.bearer(compact(entraHeader, genuine("v2", subject).with(changes).json()))
	}
}

// payload sends a payload text made from the JSON of a user's claims.
func payload(changes claims, edit func(json string) string) func(*rig) answer {
	return func(g *rig) answer {
		return g.bearer(compact(entraHeader, edit(good().with(changes).json())))
	}
}

// header sends genuine claims of a user under another header, well signed.
func header(text string) func(*rig) answer {
	return func(g *rig) answer { return g.bearer(compact(text, good().json())) }
}

// forgedBy sends genuine claims under another header, signed otherwise.
func forgedBy(text string, sign func([]byte) []byte) func(*rig) answer {
	return func(g *rig) answer { return g.bearer(compactWith(text, good().json(), sign)) }
}

// presented sends a good token in header lines; %s stands for it.
func presented(lines ...string) func(*rig) answer {
	return at("GET /v1/ping HTTP/1.1", lines...)
}

// at sends a good token somewhere in the request line or the header lines.
func at(requestLine string, lines ...string) func(*rig) answer {
	return func(g *rig) answer {
		fill := func(s string) string {
			s = strings.ReplaceAll(s, "%bad", strings.Repeat("x", 8)+".e30.AAAA")
			return strings.ReplaceAll(s, "%s", compact(entraHeader, good().json()))
		}
		filled := make([]string, len(lines))
		for i, l := range lines {
			filled[i] = fill(l)
		}
		return g.send(fill(requestLine), filled...)
	}
}

// good are the claims of a token that every mode but broken accepts.
func good() claims { return genuine("v2", "user") }

func in(seconds int64) int64 { return time.Now().Unix() + seconds }

// attempts are the requests that docs/gateways.md tells of.
func attempts() []attempt {
	return slices.Concat(timeAttempts(), headerAttempts(), formatAttempts(), claimAttempts(), placementAttempts(), stateAttempts(), apacheAttempts(), nginxAttempts(), expressAttempts(), springAttempts())
}

func timeAttempts() []attempt {
	raw := func(number string) func(*rig) answer {
		return payload(claims{"exp": 0}, replace(`"exp":0`, `"exp":`+number))
	}
	return []attempt{
		{"exp-missing", signed("user", claims{"exp": nil})},
		{"exp-zero", raw("0")},
		{"exp-fraction: 0.9", raw("0.9")},
		{"exp-negative", raw("-1")},
		{"exp-exponent", raw("4.1e9")},
		{"exp-int64-overflow", raw("9223372036854775808")},
		{"exp-digit-string", signed("user", claims{"exp": fmt.Sprint(in(3600))})},
		{"exp-digit-string: with a tail", signed("user", claims{"exp": fmt.Sprint(in(3600)) + " or never"})},
		{"exp-digit-string: 20 digits", signed("user", claims{"exp": strings.Repeat("9", 20)})},
		{"exp-leeway-ladder: 10 s", signed("user", claims{"exp": in(-10)})},
		{"exp-leeway-ladder: 45 s", signed("user", claims{"exp": in(-45)})},
		{"exp-leeway-ladder: 90 s", signed("user", claims{"exp": in(-90)})},
		{"nbf-leeway-ladder: 30 s", signed("user", claims{"nbf": in(30)})},
		{"iat-future", signed("user", claims{"iat": in(86400)})},
		{"iat-string", signed("user", claims{"iat": "yesterday"})},
	}
}

func headerAttempts() []attempt {
	return []attempt{
		{"alg-none", forgedBy(`{"typ":"JWT","alg":"none","kid":"kid-0"}`, nothing)},
		{"alg-none: check of alg removed", withoutAlgorithmCheck(forgedBy(`{"typ":"JWT","alg":"none","kid":"kid-0"}`, nothing))},
		{"alg-hs256-key-path-string: check of alg removed", withoutAlgorithmCheck(forgedBy(hs256, mac("key-1.pem")))},
		{"alg-hs256-pubkey-pem: check of alg removed", withoutAlgorithmCheck(forgedBy(hs256, mac(publicPEM(rigKeys()[0]))))},
		{"alg-rs512-same-key", forgedBy(`{"typ":"JWT","alg":"RS512","kid":"kid-0"}`, rs512)},
		{"alg-rs512-same-key: check of alg removed", withoutAlgorithmCheck(forgedBy(`{"typ":"JWT","alg":"RS512","kid":"kid-0"}`, rs512))},
		{"alg-ps256-same-key", forgedBy(`{"typ":"JWT","alg":"PS256","kid":"kid-0"}`, ps256)},
		{"alg-nul-tail", header(`{"typ":"JWT","alg":"RS256\u0000x","kid":"kid-0"}`)},
		{"crit-unknown-extension", header(`{"typ":"JWT","alg":"RS256","kid":"kid-0","crit":["x-policy"],"x-policy":1}`)},
		{"kid-missing-many-keys", header(`{"typ":"JWT","alg":"RS256"}`)},
		{"kid-empty", header(`{"typ":"JWT","alg":"RS256","kid":""}`)},
		{"fmt-typ-of-other-kind", header(`{"typ":"logout+jwt","alg":"RS256","kid":"kid-0"}`)},
		{"fmt-duplicate-alg: RS256 first", header(`{"typ":"JWT","alg":"RS256","alg":"none","kid":"kid-0"}`)},
		{"fmt-duplicate-alg: none first", header(`{"typ":"JWT","alg":"none","alg":"RS256","kid":"kid-0"}`)},
	}
}

func formatAttempts() []attempt {
	return []attempt{
		{"fmt-duplicate-aud", payload(claims{"aud": otherID}, last(`"aud":"`+homeID+`"`))},
		{"fmt-duplicate-aud: right one first", payload(claims{"aud": otherID}, firstMember(`"aud":"`+homeID+`"`))},
		{"fmt-duplicate-exp: future one first", payload(claims{"exp": in(-3600)}, firstMember(fmt.Sprintf(`"exp":%d`, in(3600))))},
		{"fmt-trailing-json", payload(nil, func(s string) string { return s + `{"aud":"` + otherID + `"}` })},
		{"fmt-payload-cut-off", payload(nil, func(s string) string { return strings.TrimSuffix(s, "}") + `,"x` })},
		{"fmt-payload-invalid-utf8", payload(nil, last("\"x\":\"\xff\""))},
		{"fmt-escaped-claim-name", payload(nil, replace(`"exp"`, `"e\u0078p"`))},
		{"fmt-trailing-dot", presented("Authorization: Bearer %s.")},
		{"fmt-leading-dot", presented("Authorization: Bearer .%s")},
		{"fmt-double-dot", func(g *rig) answer {
			return g.bearer(strings.ReplaceAll(compact(entraHeader, good().json()), ".", ".."))
		}},
		{"fmt-base64-padding", presented("Authorization: Bearer %s==")},
		{"fmt-nonzero-tail-bits", func(g *rig) answer {
			token := compact(entraHeader, good().json())
			return g.bearer(token[:len(token)-1] + string(token[len(token)-1]+1))
		}},
		{"fmt-blank-in-signature", func(g *rig) answer {
			token := compact(entraHeader, good().json())
			return g.bearer(token[:len(token)-20] + " " + token[len(token)-20:])
		}},
	}
}

func claimAttempts() []attempt {
	return []attempt{
		{"aud-other-env-genuine", challenged(signed("user", claims{"aud": otherID, "scp": "UAT.Access"}))},
		{"scope-same-name-other-audience", signed("user", claims{"aud": otherID})},
		{"aud-missing", challenged(signed("user", claims{"aud": nil}))},
		{"aud-id-token", challenged(signed("user", claims{"aud": clientID, "nonce": "678910", "scp": nil}))},
		{"aud-number", signed("user", claims{"aud": 42})},
		{"aud-array-with-ours", signed("user", claims{"aud": []string{homeID, "api://elsewhere"}})},
		{"aud-array-with-ours: and a number", signed("user", claims{"aud": []any{homeID, 42}})},
		{"aud-trailing-slash-unlisted", signed("user", claims{"aud": homeURI + "/"})},
		{"aud-http-scheme", signed("user", claims{"aud": "http://" + homeID})},
		{"aud-nul-tail", payload(claims{"aud": "X"}, replace(`"aud":"X"`, `"aud":"`+homeID+`\u0000x"`))},
		{"iss-nul-tail", payload(claims{"iss": "X"}, replace(`"iss":"X"`, `"iss":"`+rigV2+`\u0000x"`))},
		{"iss-missing", signed("user", claims{"iss": nil})},
		{"client-multi-tenant-twin", signed("user", claims{"iss": "https://login.microsoftonline.com/8c2e6a17-4b0f-4d92-9c33-5d1b7e604f88/v2.0", "tid": "8c2e6a17-4b0f-4d92-9c33-5d1b7e604f88"})},
		{"iss-version-claim-mismatch", signed("user", claims{"iss": rigV1})},
		{"client-nul-tail", payload(claims{"azp": "X"}, replace(`"azp":"X"`, `"azp":"`+clientID+`\u0000x"`))},
		{"client-appid-azp-disagree-a", signed("user", claims{"azp": stranger, "appid": clientID})},
		{"scope-array-form", signed("user", claims{"scp": []string{"User.Read", "DEV.Access"}})},
		{"scope-array-form: joined", signed("user", claims{"scp": []string{"User.Read DEV.Access"}})},
		{"scope-tab-or-newline-separated: tab", signed("user", claims{"scp": "User.Read\tDEV.Access"})},
		{"role-app-only-with-scp-claim", signed("app", claims{"scp": "DEV.Access", "idtyp": "app"})},
	}
}

func placementAttempts() []attempt {
	return []attempt{
		{"auth-lower-case-scheme", presented("Authorization: bearer %s")},
		{"auth-several-spaces", presented("Authorization: Bearer   %s")},
		{"auth-params-appended", presented("Authorization: Bearer %s, realm=x")},
		{"auth-other-scheme: XBearer", presented("Authorization: XBearer %s")},
		{"auth-double-scheme: Basic Bearer", presented("Authorization: Basic Bearer %s")},
		{"auth-two-headers-identical", presented("Authorization: Bearer %s", "Authorization: Bearer %s")},
		{"auth-two-headers-upstream-view: Basic, Bearer", seenAs("Basic dTpw,Bearer %s", presented("Authorization: Basic dTpw", "Authorization: Bearer %s"))},
		{"auth-query-only", at("GET /v1/ping?access_token=%s HTTP/1.1")},
		{"auth-header-and-query", at("GET /v1/ping?access_token=%s HTTP/1.1", "Authorization: Bearer %s")},
		{"auth-bad-header-good-query", at("GET /v1/ping?access_token=%s HTTP/1.1", "Authorization: Bearer %bad")},
		{"auth-bad-header-good-query: Basic", seenAs("Basic dTpw", at("GET /v1/ping?access_token=%s HTTP/1.1", "Authorization: Basic dTpw"))},
		{"auth-connection-names-it", presented("Connection: close, Authorization", "Authorization: Bearer %s")},
		{"rsp-401-has-challenge: no token", challenged(presented())},
		{"rsp-401-has-challenge: bad token", challenged(presented("Authorization: Bearer %bad"))},
		{"rsp-reasons-not-distinguishable", alike(
			signed("user", claims{"exp": in(-3600)}), forgedBy(entraHeader, rs256By(2)), signed("user", claims{"iss": "https://other.example/"}))},
		{"ctl-token-size-ladder: head of 31,000 bytes", headOf(31000)},
		{"ctl-token-size-ladder: head of 32,000 bytes", headOf(32000)},
		{"ctl-token-size-ladder: head of 61,440 bytes", headOf(61440)},
		{"ctl-token-size-ladder: head of 61,441 bytes", headOf(61441)},
	}
}

// seenAs checks what the upstream saw of the Authorization header. %s stands
// for a token, and is the end.
func seenAs(want string, fire func(*rig) answer) func(*rig) answer {
	return func(g *rig) answer {
		a := fire(g)
		if !a.Reached {
			return a
		}
		got := strings.Join(a.Seen.Header["Authorization"], "|")
		start, _, token := strings.Cut(want, "%s")
		if !strings.HasPrefix(got, start) || (!token && got != start) {
			g.t.Errorf("upstream: expected %s, got %s", want, got)
		}
		return a
	}
}

// challenged tells whether a refusal carries a challenge (RFC 6750 section 3).
func challenged(fire func(*rig) answer) func(*rig) answer {
	return func(g *rig) answer {
		a := fire(g)
		if a.Note = "without a challenge"; a.Header.Get("WWW-Authenticate") != "" {
			a.Note = "with a challenge"
		}
		return a
	}
}

// alike tells whether all attempts get one and the same answer.
func alike(all ...func(*rig) answer) func(*rig) answer {
	return func(g *rig) answer {
		first := all[0](g)
		first.Note = "all alike"
		for _, fire := range all[1:] {
			if next := fire(g); next.Status != first.Status || next.Body != first.Body {
				first.Note = "told apart"
			}
		}
		return first
	}
}

// headOf sends a good token in a request whose line and headers have that many bytes.
func headOf(size int) func(*rig) answer {
	return func(g *rig) answer {
		start := "GET /v1/ping HTTP/1.1\r\nHost: gateway.example\r\nConnection: close\r\n" +
			"Authorization: Bearer " + compact(entraHeader, good().json()) + "\r\nX-Pad: "
		return g.write(start + strings.Repeat("x", size-len(start)-4) + "\r\n\r\n")
	}
}

// withoutAlgorithmCheck fires at the same gateway without the line of its
// configuration that compares alg.
func withoutAlgorithmCheck(fire func(*rig) answer) func(*rig) answer {
	return func(g *rig) answer {
		r := g.gateway.Recipe
		text := string(must(fs.ReadFile(r.templates, r.config)))
		changed := replace("    http-request deny deny_status 401 unless { var(txn.alg) -m str RS256 }\n", "")(text)
		r.templates = fstest.MapFS{r.config: {Data: []byte(changed)}}
		return fire(newRig(g.t, r, g.gateway.Mode))
	}
}

func stateAttempts() []attempt {
	return []attempt{
		{"jwks-unknown-kid-flood", unknownKeyFlood},
		{"jwks-new-key-just-published", newKey},
		{"jwks-new-key-just-published: keys kept for 6 s", func(g *rig) answer {
			short := newRig(g.t, g.gateway.Recipe, g.gateway.Mode, func(s *Site) { s.KeyCache = 6 * time.Second })
			ctx, cancel := context.WithTimeout(g.t.Context(), 10*time.Second)
			defer cancel()
			short.publish.Store(3)
			var a answer
			_ = short.gateway.Await(ctx, 1, func(context.Context) (string, error) {
				if a = short.bearer(good().token(g.t, 2)); !a.Reached {
					return "", errors.New("not yet")
				}
				return "accepted", nil
			})
			return a
		}},
	}
}

// newKey sends a token signed by a key that was published this moment.
func newKey(g *rig) answer {
	g.publish.Store(3)
	defer g.publish.Store(2)
	return g.bearer(good().token(g.t, 2))
}

// unknownKeyFlood sends 100 kids that nobody published and counts the fetches.
func unknownKeyFlood(g *rig) answer {
	before := g.fetches.Load()
	var a answer
	for i := range 100 {
		a = g.bearer(unknownKey(fmt.Sprintf("flood-%d", i)))
	}
	a.Note = fmt.Sprintf("%d fetches", g.fetches.Load()-before)
	return a
}

const hs256 = `{"typ":"JWT","alg":"HS256","kid":"kid-0"}`

func nothing([]byte) []byte { return nil }

func mac(secret string) func([]byte) []byte {
	return func(input []byte) []byte {
		h := hmac.New(sha256.New, []byte(secret))
		h.Write(input)
		return h.Sum(nil)
	}
}

func rs256By(key int) func([]byte) []byte {
	return func(input []byte) []byte {
		sum := sha256.Sum256(input)
		return must(rsa.SignPKCS1v15(rand.Reader, rigKeys()[key], crypto.SHA256, sum[:]))
	}
}

func rs512(input []byte) []byte {
	sum := sha512.Sum512(input)
	return must(rsa.SignPKCS1v15(rand.Reader, rigKeys()[0], crypto.SHA512, sum[:]))
}

func ps256(input []byte) []byte {
	sum := sha256.Sum256(input)
	return must(rsa.SignPSS(rand.Reader, rigKeys()[0], crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func replace(old, with string) func(string) string {
	return func(s string) string {
		if !strings.Contains(s, old) {
			panic("nothing to replace: " + old)
		}
		return strings.Replace(s, old, with, 1)
	}
}

// last appends a member to a JSON object, firstMember puts one in front.
func last(member string) func(string) string {
	return func(s string) string { return strings.TrimSuffix(s, "}") + "," + member + "}" }
}

func firstMember(member string) func(string) string {
	return func(s string) string { return "{" + member + "," + strings.TrimPrefix(s, "{") }
}
