package mint

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
)

// small is a token whose parts can be written out in a table.
const (
	smallHeader  = `{"alg":"RS256","kid":"k1"}`
	smallPayload = `{"aud":"api","exp":1}`
)

func small() string { return b64([]byte(smallHeader)) + "." + b64([]byte(smallPayload)) + ".AQID" }

// TestStepBytes is one row a form of a step: the exact bytes of the parts that
// it makes. An empty want means as it was.
func TestStepBytes(t *testing.T) {
	scope := value.Map{"home.audience": value.String("api://home"), "now": value.Int(100)}
	for _, row := range []struct {
		name, steps     string
		header, payload string
		signature       string // base64url; "re-signed" where the key signs
		token           string // whole, where it has no three parts
	}{
		{name: "set keeps place", steps: `[{set: {aud: x}}]`, payload: `{"aud":"x","exp":1}`, signature: "re-signed"},
		{name: "set appends", steps: `[{set: {ver: "2.0"}}]`, payload: `{"aud":"api","exp":1,"ver":"2.0"}`, signature: "re-signed"},
		{name: "set in header", steps: `[{set: {in: header, kid: 7}}]`, header: `{"alg":"RS256","kid":7}`, signature: "re-signed"},
		{name: "set null", steps: `[{set: {aud: null}}]`, payload: `{"aud":null,"exp":1}`, signature: "re-signed"},
		{name: "set raw", steps: `[{set: {exp: !raw "1e400"}}]`, payload: `{"aud":"api","exp":1e400}`, signature: "re-signed"},
		{name: "set from the scope", steps: `[{set: {aud: "${home.audience}", exp: "${now + 5s}"}}]`, payload: `{"aud":"api://home","exp":105}`, signature: "re-signed"},
		{name: "set from the token", steps: `[{set: {aud: "${token.header.kid}-${token.payload.exp}"}}]`, payload: `{"aud":"k1-1","exp":1}`, signature: "re-signed"},
		{name: "set sees earlier steps", steps: `[{set: {aud: a}}, {set: {sub: "${token.payload.aud}"}}]`, payload: `{"aud":"a","exp":1,"sub":"a"}`, signature: "re-signed"},
		{name: "set to the same", steps: `[{set: {aud: api}}]`, signature: "AQID"},
		{name: "remove", steps: `[{remove: [exp]}]`, payload: `{"aud":"api"}`, signature: "re-signed"},
		{name: "remove one", steps: `[{remove: aud}]`, payload: `{"exp":1}`, signature: "re-signed"},
		{name: "remove in header", steps: `[{remove: {in: header, names: [kid]}}]`, header: `{"alg":"RS256"}`, signature: "re-signed"},
		{name: "remove what is not there", steps: `[{remove: [scp]}]`, signature: "AQID"},
		{name: "rename", steps: `[{rename: {aud: Aud}}]`, payload: `{"Aud":"api","exp":1}`, signature: "re-signed"},
		{name: "rename in header", steps: `[{rename: {in: header, kid: KID}}]`, header: `{"alg":"RS256","KID":"k1"}`, signature: "re-signed"},
		{name: "add appends a duplicate", steps: `[{add: {aud: b}}]`, payload: `{"aud":"api","exp":1,"aud":"b"}`, signature: "re-signed"},
		{name: "add in header", steps: `[{add: {in: header, alg: none}}]`, header: `{"alg":"RS256","kid":"k1","alg":"none"}`, signature: "re-signed"},
		{name: "text prefix and suffix", steps: `[{text: {prefix: " ", suffix: "${token.header.kid}"}}]`, payload: ` {"aud":"api","exp":1}k1`, signature: "re-signed"},
		{name: "text replace", steps: `[{text: {replace: {'"aud"': '"Aud"', '1': '2'}}}]`, payload: `{"Aud":"api","exp":2}`, signature: "re-signed"},
		{name: "text bytes", steps: `[{text: {bytes: "[1]"}}]`, payload: `[1]`, signature: "re-signed"},
		{name: "text in header", steps: `[{text: {in: header, suffix: " "}}]`, header: smallHeader + " ", signature: "re-signed"},
		{name: "text utf-16", steps: `[{text: {bytes: "aß", charset: utf-16}}]`, payload: "\xfe\xff\x00a\x00\xdf", signature: "re-signed"},
		{name: "text utf-16le", steps: `[{text: {bytes: "a", charset: utf-16le}}]`, payload: "a\x00", signature: "re-signed"},
		{name: "text utf-16be", steps: `[{text: {bytes: "a", charset: utf-16be}}]`, payload: "\x00a", signature: "re-signed"},
		{name: "set a name by placeholder", steps: `[{set: {"${token.header.kid}-${'x' | take 2}": {"${token.payload.aud}": 1}}}]`, payload: `{"aud":"api","exp":1,"k1-xx":{"api":1}}`, signature: "re-signed"},
		{name: "text replace of a placeholder", steps: `[{text: {replace: {"${token.payload.aud}": x}}}]`, payload: `{"aud":"x","exp":1}`, signature: "re-signed"},
		{name: "text utf-32", steps: `[{text: {bytes: "a", charset: utf-32}}]`, payload: "\x00\x00\xfe\xff\x00\x00\x00a", signature: "re-signed"},
		{name: "text with a byte order mark", steps: `[{text: {charset: utf-8-bom}}]`, payload: "\xef\xbb\xbf" + smallPayload, signature: "re-signed"},
		{name: "text that is not UTF-8", steps: `[{text: {bytes: "a\u00ff", charset: latin-1}}]`, payload: "a\xff", signature: "re-signed"},
		{name: "sign bytes", steps: `[{sign: {bytes: "ab"}}]`, signature: "YWI"},
		{name: "sign none", steps: `[{sign: {alg: none}}]`, header: `{"alg":"none","kid":"k1"}`, signature: ""},
		{name: "sign leaves the alg that the row wrote", steps: `[{set: {in: header, alg: nOnE}}, {sign: {alg: none}}]`, header: `{"alg":"nOnE","kid":"k1"}`, signature: ""},
		{name: "sign leaves the alg that the row removed", steps: `[{remove: {in: header, names: [alg]}}, {sign: {alg: none}}]`, header: `{"kid":"k1"}`, signature: ""},
		{name: "sign HS256", steps: `[{sign: {alg: HS256, secret: ""}}]`, header: `{"alg":"HS256","kid":"k1"}`, signature: "idAtzWJ9g7S-50nS324TKUARz8kGLxKaO0p-UgWy3j8"},
		{name: "sign leaves a header that the row wrote as text", steps: `[{text: {in: header, suffix: "x"}}, {sign: {alg: HS256, secret: ""}}]`, header: smallHeader + "x", signature: "fGryKY_MEFWmQOhRshCNwpYkEDPw96CWe8vArBVYTCw"},
		{name: "edit set keeps order", steps: `[{edit: {in: payload, set: {aud: x}}}]`, payload: `{"aud":"x","exp":1}`, signature: "AQID"},
		{name: "edit remove rename add", steps: `[{edit: {in: header, remove: [alg], rename: {kid: id}, add: {id: 2}}}]`, header: `{"id":"k1","id":2}`, signature: "AQID"},
		{name: "edit order reverse", steps: `[{edit: {in: header, order: reverse}}]`, header: `{"kid":"k1","alg":"RS256"}`, signature: "AQID"},
		{name: "edit order by names", steps: `[{edit: {in: payload, order: [exp]}}]`, payload: `{"exp":1,"aud":"api"}`, signature: "AQID"},
		{name: "edit flip", steps: `[{edit: {in: signature, flip: 0}}]`, signature: "AAID"},
		{name: "edit flip of the last bit", steps: `[{edit: {in: signature, flip: -1}}]`, signature: "AQKD"},
		{name: "edit flip in the payload", steps: `[{edit: {in: payload, flip: 0}}]`, payload: `z` + smallPayload[1:], signature: "AQID"},
		{name: "edit bytes", steps: `[{edit: {in: signature, bytes: "${token.signature | cut 1}"}}]`, signature: "AQI"},
		{name: "edit bytes to nothing", steps: `[{edit: {in: signature, bytes: ""}}]`, signature: ""},
		{name: "edit tail bits of a whole group", steps: `[{edit: {in: signature, tail-bits: 1}}]`, signature: "AQID"},
		{name: "edit tail bits of one byte", steps: `[{edit: {in: signature, bytes: "a"}}, {edit: {in: signature, tail-bits: 5}}]`, signature: "YV"},
		{name: "edit tail bits of two bytes", steps: `[{edit: {in: signature, bytes: "ab"}}, {edit: {in: signature, tail-bits: 1}}]`, signature: "YWJ"},
		{name: "compose", steps: `[{compose: "${token.header.b64}..${token.signature.b64}"}]`, payload: "-", signature: "AQID"},
		{name: "compose, then edit", steps: `[{compose: "${token}x"}, {edit: {in: header, set: {alg: x}}}]`, header: `{"alg":"x","kid":"k1"}`, signature: "AQIDx"},
		{name: "compose four segments", steps: `[{compose: "${token}."}]`, token: small() + "."},
		{name: "text unencoded", steps: `[{text: {encoding: none}}, {sign: {alg: none}}]`, token: b64([]byte(`{"alg":"none","kid":"k1"}`)) + "." + smallPayload + "."},
		{name: "text padded", steps: `[{text: {bytes: "a", encoding: base64url-padded}}, {sign: {bytes: ""}}]`, token: b64([]byte(smallHeader)) + ".YQ==."},
		{name: "text in the standard alphabet", steps: `[{text: {bytes: "a\u00ff\u00ff", charset: latin-1, encoding: base64-unpadded}}, {sign: {bytes: ""}}]`, token: b64([]byte(smallHeader)) + ".Yf//."},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := testBench(scope)
			b.Signer = recorder{}
			baked, err := steps(t, row.steps).Bake(context.Background(), small(), b)
			if err != nil {
				t.Fatal(err)
			}
			if baked.Changed != (baked.Token != small()) {
				t.Errorf("changed %t for %s", baked.Changed, baked.Token)
			}
			want := row.token
			if want == "" {
				want = wanted(row.header, smallHeader) + "." + wanted(row.payload, smallPayload) + "."
				if row.signature == "re-signed" {
					row.signature = b64([]byte("k1||" + strings.TrimSuffix(want, ".")))
				}
				want += row.signature
			}
			if baked.Token != want {
				t.Errorf("got  %s\nwant %s", baked.Token, want)
			}
		})
	}
}

func wanted(text, otherwise string) string {
	switch text {
	case "":
		text = otherwise
	case "-":
		text = ""
	}
	return b64([]byte(text))
}

// recorder is a Signer whose signature is the request itself.
type recorder struct{}

func (recorder) Sign(_ context.Context, r SignRequest) ([]byte, error) {
	return []byte(r.Key + "|" + r.Alg + "|" + string(r.Input)), nil
}

func (recorder) KeyID(_ context.Context, _, key string) (string, error) { return "kid-of-" + key, nil }

// TestSignStep says which key is asked for what, and what the header announces.
func TestSignStep(t *testing.T) {
	const v1Header = `{"alg":"RS256","x5t":"k1","kid":"k1"}`
	for _, row := range []struct {
		name, steps, header, want string
		forged                    bool
	}{
		{name: "implicitly, by the key of the genuine token", steps: `[{set: {aud: x}}]`, header: smallHeader, want: "k1|"},
		{name: "next announces its kid", steps: `[{sign: {key: next}}]`, header: `{"alg":"RS256","kid":"kid-of-next"}`, want: "next|"},
		{name: "alg alone keeps the key", steps: `[{sign: {alg: PS256}}]`, header: `{"alg":"PS256","kid":"k1"}`, want: "k1|PS256"},
		{name: "kid written by the row stays", steps: `[{set: {in: header, kid: k1}}, {sign: {key: other-issuer}}]`, header: smallHeader, want: "other-issuer|"},
		{name: "kid removed by the row stays away", steps: `[{remove: {in: header, names: [kid]}}, {sign: {key: next}}]`, header: `{"alg":"RS256"}`, want: "next|"},
		{name: "v1 repeats the kid as x5t", steps: `[{compose: x}]`, header: "", want: ""},
		{name: "forged with a key of the issuer", forged: true, steps: `[{sign: {key: next}}]`, header: `{"alg":"RS256","kid":"kid-of-next"}`, want: "next|"},
	} {
		t.Run(row.name, func(t *testing.T) {
			genuine := small()
			if row.header == "" {
				genuine = b64([]byte(v1Header)) + ".e30.AQID"
				row.steps, row.header, row.want = `[{sign: {key: next}}]`, `{"alg":"RS256","x5t":"kid-of-next","kid":"kid-of-next"}`, "next|"
			}
			b := testBench(nil)
			b.Signer, b.Forged = recorder{}, row.forged
			baked, err := steps(t, row.steps).Bake(context.Background(), genuine, b)
			if err != nil {
				t.Fatal(err)
			}
			c := split(baked.Token)
			if got := string(content(c.header)); got != row.header {
				t.Errorf("header %s, want %s", got, row.header)
			}
			if got := string(content(c.signature)); !strings.HasPrefix(got, row.want) {
				t.Errorf("asked for %s, want %s", got, row.want)
			}
		})
	}
}

// TestForged says that a forged token without steps is the genuine one under
// our own signature, and never "unchanged".
func TestForged(t *testing.T) {
	b := testBench(nil)
	b.Forged = true
	genuine := issue(t, testGrant())
	for _, text := range []string{`[]`, `[{set: {in: header, kid: "${token.header.kid}"}}]`} {
		baked, err := steps(t, text).Bake(context.Background(), genuine, b)
		if err != nil {
			t.Fatal(err)
		}
		c, g := split(baked.Token), split(genuine)
		if c.header != g.header || c.payload != g.payload || !baked.Changed {
			t.Errorf("%s: got %s, changed %t", text, baked.Token, baked.Changed)
		}
		if by := signatureOf(baked, c); by != "RS256 by own" {
			t.Errorf("%s: signed %s", text, by)
		}
	}
}

// TestBakeErrors says what cannot be baked.
func TestBakeErrors(t *testing.T) {
	for _, row := range []struct{ name, steps, genuine, want string }{
		{"set without a token", `[{set: {aud: x}}]`, "", "mint: set: expected a token to work on, the base is none"},
		{"sign without a token", `[{sign: {alg: none}}]`, "", "mint: sign: expected a token"},
		{"edit without a token", `[{edit: {in: header, flip: 0}}]`, "", "mint: edit: expected a token"},
		{"payload is no object", `[{set: {aud: x}}]`, "e30.W10.AQ", "mint: set: the payload: expected an object, got []"},
		{"payload is no JSON", `[{edit: {in: payload, set: {aud: x}}}]`, "e30.eA.AQ", "mint: edit: the payload: value: not JSON"},
		{"flip beyond the end", `[{edit: {in: signature, flip: 24}}]`, small(), "flip: expected a bit of 3 bytes, got 24"},
		{"unknown value", `[{set: {aud: "${home.audience}"}}]`, small(), "value: nothing is known of ${home.audience}"},
		{"unknown claim", `[{set: {aud: "${token.payload.scp}"}}]`, small(), "value: nothing is known of ${token.payload.scp}"},
		{"no signer", `[{sign: {key: next}}]`, small(), "expected an issuer that signs, got none"},
		{"no own key", `[{sign: {key: own}}]`, small(), "expected an own key on the bench, got none"},
		{"no recipient", `[{encrypt: {alg: RSA-OAEP, enc: A128GCM, to: x}}]`, small(), "mint: encrypt: to: expected a public key as PEM or JWK"},
		{"not latin", `[{text: {bytes: "\u20ac", charset: latin-1}}]`, small(), "expected characters up to U+00FF"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := steps(t, row.steps).Bake(context.Background(), row.genuine, Bench{})
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %s", err, row.want)
			}
		})
	}
}

// TestDecodeProblems is one row a mistake in a token list.
func TestDecodeProblems(t *testing.T) {
	for _, row := range []struct{ name, steps, want string }{
		{"unknown step", `[{sett: {aud: x}}]`, `row.yaml:1:3: unknown key "sett" (did you mean "set"?)`},
		{"two steps in one entry", `[{set: {a: b}, remove: [c]}]`, `expected one step, got 2 keys`},
		{"no list", `{set: {a: b}}`, `expected a list`},
		{"no step", `[set]`, `expected a mapping, got "set"`},
		{"nothing to set", `[{set: {in: header}}]`, `expected at least one member`},
		{"part of another name", `[{set: {in: headr, kid: x}}]`, `unknown part "headr" (did you mean "header"?)`},
		{"signature is not set", `[{set: {in: signature, kid: x}}]`, `unknown part "signature"`},
		{"remove without names", `[{remove: {in: header}}]`, `"names" is missing`},
		{"rename to a number", `[{rename: {aud: 5}}]`, `expected a string, got "5"`},
		{"placeholder that is none", `[{set: {aud: "${home.audiense}"}}]`, `unknown placeholder ${home.audiense} (did you mean ${home.audience}?)`},
		{"unknown filter", `[{set: {aud: "${home.audience | uper}"}}]`, `unknown filter "uper" (did you mean "upper"?)`},
		{"text without a change", `[{text: {in: payload}}]`, `a text step that does nothing`},
		{"unknown charset", `[{text: {charset: utf16}}]`, `unknown charset "utf16" (did you mean "utf-16"?)`},
		{"unknown encoding", `[{text: {encoding: nones}}]`, `unknown encoding "nones"`},
		{"unknown algorithm", `[{sign: {alg: RS257}}]`, `unknown algorithm "RS257"`},
		{"secret without HMAC", `[{sign: {alg: RS256, secret: x}}]`, `a secret without an HMAC algorithm`},
		{"HMAC without a secret", `[{sign: {alg: HS256}}]`, `HS256 without a secret`},
		{"secret and key", `[{sign: {alg: HS256, secret: x, key: oct}}]`, `two of secret, key, bytes and pkcs1`},
		{"pkcs1 and PS256", `[{sign: {alg: PS256, pkcs1: {slack: 1}}}]`, `pkcs1 is the block of an RS algorithm`},
		{"unknown pkcs1 word", `[{sign: {pkcs1: {slak: 1}}}]`, `unknown key "slak" (did you mean "slack"?)`},
		{"no byte", `[{sign: {pkcs1: {fill: 256}}}]`, `expected a byte, got 256`},
		{"edit without a part", `[{edit: {flip: 0}}]`, `"in" is missing`},
		{"edit without a change", `[{edit: {in: header}}]`, `an edit step that does nothing`},
		{"members of a signature", `[{edit: {in: signature, set: {a: b}}}]`, `a signature has no members`},
		{"tail bits beyond four", `[{edit: {in: signature, tail-bits: 16}}]`, `expected tail-bits from 0 to 15`},
		{"compose of a list", `[{compose: [a]}]`, `expected a string, got a list`},
		{"encrypt without enc", `[{encrypt: {alg: dir, fake: true}}]`, `"enc" is missing`},
		{"unknown algorithm beside a secret", `[{sign: {alg: HS265, secret: x}}]`, `unknown algorithm "HS265" (did you mean "HS256"?)`},
		{"name with a wrong placeholder", `[{set: {"${home.scop}": x}}]`, "unknown placeholder ${home.scop} (did you mean ${home.scope}?)"},
		{"encrypt to the curve of an RSA key", `[{encrypt: {alg: ECDH-ES, enc: A128GCM, to: "${own.key}"}}]`, "ECDH-ES encrypts to an elliptic curve, and ${own.key} is an RSA key (give to a public JWK of an EC key, or fake: true)"},
		{"encrypt to nobody", `[{encrypt: {alg: RSA-OAEP, enc: A128GCM}}]`, `RSA-OAEP needs to, a public key`},
		{"encrypt without a secret", `[{encrypt: {alg: dir, enc: A128GCM}}]`, `dir needs a secret`},
		{"set after text", `[{text: {suffix: x}}, {set: {a: b}}]`, `row.yaml:1:23: a step that works on members stands after one that works on the serialized text`},
		{"text after sign", `[{sign: {alg: none}}, {text: {suffix: x}}]`, `a step that works on the serialized text stands after one that signs`},
		{"sign after edit", `[{edit: {in: header, flip: 0}}, {sign: {alg: none}}]`, `a step that signs stands after one that works on the signed token`},
		{"two signatures", `[{sign: {alg: none}}, {sign: {key: own}}]`, `a second sign step`},
	} {
		t.Run(row.name, func(t *testing.T) {
			n, err := document.Parse("row.yaml", []byte(row.steps))
			if err != nil {
				t.Fatal(err)
			}
			DecodeSteps(n)
			if err := n.Err(); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %s", err, row.want)
			}
		})
	}
}

// TestNeedsKey says which lists the lint must refuse for real tokens.
func TestNeedsKey(t *testing.T) {
	for text, want := range map[string]bool{
		`[]`: false, `[{set: {a: b}}]`: true, `[{text: {suffix: a}}]`: true, `[{sign: {key: tenant}}]`: true, `[{sign: {alg: PS256}}]`: true,
		`[{sign: {key: own}}]`: false, `[{sign: {alg: HS256, secret: x}}]`: false, `[{sign: {bytes: x}}]`: false, `[{sign: {alg: none}}]`: false,
		`[{edit: {in: header, set: {a: b}}}]`: false, `[{compose: x}]`: false, `[{sign: {alg: HS256, key: oct}}]`: true,
	} {
		if got := steps(t, text).NeedsKey(); got != want {
			t.Errorf("%s: got %t", text, got)
		}
	}
	if got := strings.Join(StepNames(), " "); got != "set remove rename add text sign edit compose encrypt" {
		t.Errorf("the nine steps are %s", got)
	}
}

// TestRefs says that every expression of a step is seen.
func TestRefs(t *testing.T) {
	s := steps(t, `[{set: {a: "${home.uri}"}}, {add: {a: "${other.uri}"}}, {text: {bytes: "${home.host}", prefix: "${now}", suffix: "${skew}", replace: {x: "${own.kid}"}}},
		{sign: {alg: HS256, secret: "${tenant.key.pem}"}}, {edit: {in: header, set: {a: "${bad}"}, add: {b: "${home.scope}"}, bytes: "${guids | take 1}"}},
		{compose: "${sibling}"}, {encrypt: {alg: RSA-OAEP, enc: A128GCM, to: "${own.pem}", secret: "${home.role}"}}]`)
	want := "bad guids home.host home.role home.scope home.uri now other.uri own.kid own.pem sibling skew tenant.key.pem"
	if got := strings.Join(s.Refs(), " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if s.Len() != 7 {
		t.Errorf("len %d", s.Len())
	}
}

// TestEncrypt decrypts what encrypt made, for each form of recipient.
func TestEncrypt(t *testing.T) {
	k := ring()[KeyTenant]
	scope := value.Map{
		"tenant.key.pem": value.String(k.PEM()), "tenant.key.cert": value.String(k.CertificatePEM()),
		"tenant.key.jwk": k.JWK(), "tenant.jwk": value.RawText(string(k.JWK().JSON())),
		"tenant.key": value.Dict(value.Member{Name: "jwk", Value: k.JWK()}),
	}
	for _, name := range []string{"tenant.key.pem", "tenant.key.cert", "tenant.key.jwk", "tenant.jwk", "tenant.key"} {
		baked, err := steps(t, `[{encrypt: {alg: RSA-OAEP-256, enc: A256GCM, to: "${`+name+`}"}}]`).Bake(context.Background(), small(), testBench(scope))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if inner, ok := opened(baked.Token); !ok || inner != small() {
			t.Errorf("%s: got %q", name, inner)
		}
	}
}

// TestFakeJWE says that a fake has five segments of the right sizes and that
// its expensive header costs nothing to make.
func TestFakeJWE(t *testing.T) {
	for text, want := range map[string][]int{
		`[{encrypt: {alg: PBES2-HS256+A128KW, enc: A128CBC-HS256, p2c: 2147483648, fake: true}}]`: {40, 16, 64, 16},
		`[{encrypt: {alg: RSA-OAEP, enc: A256GCM, fake: true, zip: DEF, cty: x}}]`:                {256, 12, 64, 16},
		`[{encrypt: {alg: dir, enc: A256GCM, fake: true}}]`:                                       {0, 12, 64, 16},
	} {
		baked, err := steps(t, text).Bake(context.Background(), "", testBench(nil))
		if err != nil {
			t.Fatal(err)
		}
		segments := strings.Split(baked.Token, ".")
		if len(segments) != 5 {
			t.Fatalf("%s: %d segments", text, len(segments))
		}
		for i, size := range want {
			b, err := base64.RawURLEncoding.DecodeString(segments[i+1])
			if err != nil || len(b) != size {
				t.Errorf("%s: segment %d has %d bytes, want %d", text, i+1, len(b), size)
			}
		}
	}
}
