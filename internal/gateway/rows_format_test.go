package gateway

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// repackedRows are genuine parts in another envelope, and what is no JWT.
func (b *bench) repackedRows() []row {
	good := b.genuine(v2App)
	parts := strings.Split(good, ".")
	head, payload, signature := parts[0], parts[1], parts[2]
	flat := fmt.Sprintf(`"protected":"%s","payload":"%s","signature":"%s"`, head, payload, signature)
	edited := b64(mustJSON(b.t, b.claims(v2App, grant{roles: []string{home.access, "Another"}})))
	refuse := func(id, compact string) row { return row{id, "format", 401, bearerOf(compact)} }
	detached := bearerOf(head + ".." + signature)
	detached.Body = formBody(payload)
	sample := b64([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + b64([]byte(`{"sub":"1234567890","name":"John Doe","iat":1516239022}`))
	return []row{
		refuse("fmt-standard-alphabet", head+"."+payload+"."+base64.RawStdEncoding.EncodeToString(b.standardSignature())),
		refuse("fmt-standard-alphabet/genuine", strings.NewReplacer("-", "+", "_", "/").Replace(good)),
		refuse("fmt-newline-inside", head+"."+payload+".%0A"+signature),
		refuse("fmt-json-flattened", "{"+flat+"}"),
		refuse("fmt-json-general", fmt.Sprintf(`{"payload":"%s","signatures":[{"protected":"%s","signature":"%s"}]}`, payload, head, signature)),
		refuse("fmt-json-compact-polyglot", fmt.Sprintf(`{"%s.%s.":"",%s}`, head, edited, flat)),
		refuse("fmt-unprotected-header-alg", fmt.Sprintf(`{"header":{"alg":"none"},"payload":"%s","signature":""}`, payload)),
		refuse("fmt-jwe-of-genuine", b.encrypted(jose.RSA_OAEP_256, jose.A256GCM, &keysOfTest()[signing].PublicKey, good)),
		refuse("fmt-jwe-of-plain-jwt", b.encrypted(jose.RSA_OAEP_256, jose.A256GCM, &keysOfTest()[signing].PublicKey, head+"."+payload+".")),
		refuse("fmt-jwe-sign-encrypt-confusion", b.encrypted(jose.PBES2_HS256_A128KW, jose.A128CBC_HS256, b.password(), string(mustDecode(payload)))),
		refuse("fmt-nested-jws", sealed(b.t, mustJSON(b.t, header(map[string]any{"cty": "JWT"})), []byte(good), "RS256", keysOfTest()[signing])),
		{"fmt-detached-payload", "format", 401, detached},
		refuse("fmt-sd-jwt-tail", good+"~WyJ4Il0~"),
		refuse("fmt-opaque-token", "bm8gdG9rZW4gb2YgdGhpcyBraW5k"),
		refuse("fmt-saml-assertion", base64.StdEncoding.EncodeToString([]byte("<saml:Assertion/>"))),
		{"fmt-public-sample-token", "algorithm", 401, bearerOf(sample + ".SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c")},
	}
}

// standardSignature is no signature, and sure to hold both odd characters.
func (b *bench) standardSignature() []byte { return []byte(strings.Repeat("\xfb\xff\xbf", 85)) }

func (b *bench) password() []byte {
	return []byte(publicPEM(publishedKey{public: &keysOfTest()[signing].PublicKey}))
}

func (b *bench) encrypted(alg jose.KeyAlgorithm, enc jose.ContentEncryption, key any, text string) string {
	b.t.Helper()
	encrypter, err := jose.NewEncrypter(enc, jose.Recipient{Algorithm: alg, Key: key, PBES2Count: 1000}, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	encrypted, err := encrypter.Encrypt([]byte(text))
	if err != nil {
		b.t.Fatal(err)
	}
	compact, err := encrypted.CompactSerialize()
	if err != nil {
		b.t.Fatal(err)
	}
	return compact
}

// jsonRows are payloads that are not one JSON object in UTF-8.
func (b *bench) jsonRows() []row {
	claims := string(mustJSON(b.t, b.claims(v2App, grant{})))
	open := strings.TrimSuffix(claims, "}")
	foreign := string(mustJSON(b.t, b.claims(v2App, grant{api: other, client: both})))
	refuse := func(id, payload string) row { return row{id, "format", 401, bearerOf(b.written(payload))} }
	return []row{
		refuse("fmt-payload-not-object/array", `["x"]`),
		refuse("fmt-payload-not-object/array-of-claims", "["+claims+"]"),
		refuse("fmt-payload-not-object/null-value", "null"),
		refuse("fmt-payload-not-json/plain-text", "hello"),
		refuse("fmt-payload-not-json/comment", open+"/* */}"),
		refuse("fmt-payload-not-json/trailing-comma", open+",}"),
		refuse("fmt-payload-not-json/not-a-number", open+`,"n":NaN}`),
		refuse("fmt-payload-not-json/single-quotes", open+`,'n':1}`),
		refuse("fmt-payload-utf16", utf16Of(claims)),
		refuse("fmt-payload-bom", "\ufeff"+claims),
		refuse("fmt-payload-invalid-utf8", open+`,"name":"`+"\xff"+`"}`),
		refuse("fmt-trailing-json", foreign+`{"aud":"`+home.appV2+`"}`),
	}
}

// duplicateRows have two members of one name, and one that counts only for a
// parser that folds case.
func (b *bench) duplicateRows() []row {
	doubled := func(id, guards string, claims map[string]any, second string) row {
		return row{id, guards, 401, bearerOf(b.written(strings.TrimSuffix(string(mustJSON(b.t, claims)), "}") + "," + second + "}"))}
	}
	strange, ours := b.claims(v2App, grant{client: stranger}), b.claims(v2App, grant{})
	powerless, user := b.claims(v2User, grant{scopes: "User.Read"}), b.claims(v2User, grant{})
	past := b.claims(v2App, grant{})
	past["exp"] = b.now.Add(-time.Hour).Unix()
	later := b.now.Add(time.Hour).Unix()
	elsewhereToo := b.claims(v2App, grant{})
	elsewhereToo["aud"] = "api://elsewhere"
	return []row{
		doubled("fmt-duplicate-azp/ours-last", "client", strange, `"azp":"`+worker+`"`),
		doubled("fmt-duplicate-azp/ours-first", "client", ours, `"azp":"`+stranger+`"`),
		doubled("fmt-duplicate-azp/ours-escaped", "client", strange, `"\u0061zp":"`+worker+`"`),
		doubled("fmt-duplicate-scp/ours-last", "scope", powerless, `"scp":"`+home.access+`"`),
		doubled("fmt-duplicate-scp/ours-first", "scope", user, `"scp":"User.Read"`),
		doubled("fmt-duplicate-exp/future-last", "time", past, fmt.Sprintf(`"exp":%d`, later)),
		doubled("fmt-duplicate-exp/future-first", "time", ours, fmt.Sprintf(`"exp":%d`, past["exp"])),
		doubled("fmt-duplicate-exp/future-escaped", "time", past, fmt.Sprintf(`"\u0065xp":%d`, later)),
		doubled("fmt-case-variant-claims/aud-beside", "format", elsewhereToo, `"Aud":"`+home.appV2+`"`),
		{"fmt-case-variant-claims/aud-instead", "format", 401, bearerOf(b.with(v2App, map[string]any{"Aud": home.appV2}, "aud"))},
	}
}

// costRows are requests that must not be made dear.
func (b *bench) costRows() []row {
	payload := mustJSON(b.t, b.claims(v2App, grant{}))
	refuse := func(id string, status int, compact string) row { return row{id, "cost", status, bearerOf(compact)} }
	head := func(members string) string {
		return sealed(b.t, []byte(`{"alg":"RS256","typ":"JWT",`+members+`}`), payload, "RS256", keysOfTest()[own])
	}
	var names []string
	for i := range 10_000 {
		names = append(names, fmt.Sprintf(`"n%d":0`, i))
	}
	large := strings.Repeat("_", 2730) + "8"
	raw := b64([]byte(`{"alg":"RS256","b64":false,"crit":["b64"]}`)) + "." + strings.Repeat("A", 6000) + "." + b64(make([]byte, 256))
	lines := append([]string{"Bearer " + b.genuine(v2App)}, strings.Split(strings.TrimSpace(strings.Repeat("Bearer,x ", 199)), " ")...)
	return []row{
		refuse("dos-token-16k", 431, b.genuine(v2App)+strings.Repeat("A", 16<<10)),
		refuse("dos-token-1m", 431, b.genuine(v2App)+strings.Repeat("A", 1<<20)),
		refuse("dos-many-dots", 431, strings.Repeat(".", 100_000)),
		refuse("dos-deep-json", 431, head(`"n":`+strings.Repeat("[", 50_000)+strings.Repeat("]", 50_000))),
		refuse("dos-many-members", 431, head(strings.Join(names, ","))),
		refuse("dos-huge-number", 431, head(`"n":`+strings.Repeat("9", 100_000))),
		{"dos-many-authorization-lines", "cost", 431, ask(lines...)},
		refuse("dos-jwe-p2c", 401, b64([]byte(`{"alg":"PBES2-HS256+A128KW","enc":"A128CBC-HS256","p2s":"AAAA","p2c":2147483648}`))+".AAAA.AAAA.AAAA.AAAA"),
		refuse("dos-jwe-zip-bomb", 401, b64([]byte(`{"alg":"RSA-OAEP","enc":"A256GCM","zip":"DEF"}`))+".AAAA.AAAA.AAAA.AAAA"),
		refuse("dos-rsa-huge-key-in-jwk", 401, head(`"jwk":{"kty":"RSA","n":"`+large+`","e":"`+large+`"}`)),
		refuse("dos-scope-regex", 431, b.with(v2User, map[string]any{"scp": strings.Repeat("a", 100_000) + "!"})),
		refuse("dos-b64-false-payload", 401, raw),
	}
}
