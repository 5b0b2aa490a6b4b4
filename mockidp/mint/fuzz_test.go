package mint

import (
	"context"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/document"
)

// FuzzSteps feeds token lists to the decoder and, where they have no problem,
// to Bake: neither may panic, and what is decoded twice is baked alike.
func FuzzSteps(f *testing.F) {
	seeds := 0
	for _, row := range stepSeeds() {
		f.Add(row)
		seeds++
	}
	if seeds < 30 {
		f.Fatalf("expected at least 30 seeds, got %d", seeds)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := document.Parse("row.yaml", []byte(text))
		if err != nil {
			return
		}
		s := DecodeSteps(n)
		if n.Err() != nil {
			return
		}
		_, _ = s.Refs(), s.NeedsKey()
		b := Bench{Signer: recorder{}, Scope: sampleScope(testGrant())}
		baked, err := s.Bake(context.Background(), small(), b)
		if err == nil && s.Len() == 0 && baked.Changed {
			t.Errorf("no step, and changed to %s", baked.Token)
		}
		_, _, _ = Decode(baked.Token)
	})
}

// FuzzDecode feeds tokens to the inspector: what it reads, it writes back.
func FuzzDecode(f *testing.F) {
	seeds := []string{small(), "e30.e30.", "..", "a.b.c", "", strings.Repeat(".", 50)}
	for _, g := range grants() {
		d := g.Draft(testStamp("KID"))
		seeds = append(seeds, d.Compact(d.SigningInput(), []byte("sig")))
	}
	if len(seeds) < 20 {
		f.Fatalf("expected at least 20 seeds, got %d", len(seeds))
	}
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, token string) {
		header, payload, err := Decode(token)
		if err != nil {
			return
		}
		again, _, err := Decode(segment(header) + "." + segment(payload) + ".")
		if err != nil || !again.Equal(header) {
			t.Errorf("read %s, then %s: %v", header.JSON(), again.JSON(), err)
		}
	})
}

// stepSeeds are token lists from the sample and some more.
func stepSeeds() []string {
	return []string{
		`[]`, `[{set: {aud: x}}]`, `[{set: {aud: "${home.audience | cut 1}"}}]`, `[{remove: [aud]}]`, `[{remove: {in: header, names: [kid]}}]`,
		`[{rename: {azp: appid}}]`, `[{add: {aud: b}}]`, `[{text: {in: payload, suffix: '{"aud":"x"}'}}]`, `[{text: {in: payload, charset: utf-16}}]`,
		`[{text: {in: payload, encoding: none}}]`, `[{text: {replace: {a: b}}}]`, `[{text: {bytes: "[1]"}}]`, `[{sign: {alg: none}}]`,
		`[{sign: {alg: HS256, secret: ""}}]`, `[{sign: {key: next}}]`, `[{sign: {pkcs1: {slack: 32}}}]`, `[{sign: {alg: ES256, bytes: "${zeros | take 64}"}}]`,
		`[{edit: {in: signature, flip: 0}}]`, `[{edit: {in: signature, tail-bits: 1}}]`, `[{edit: {in: signature, bytes: ""}}]`,
		`[{edit: {in: header, order: reverse}}]`, `[{edit: {in: header, set: {alg: none}}}, {edit: {in: signature, bytes: ""}}]`,
		`[{edit: {in: payload, remove: [a], rename: {b: c}, add: {d: e}}}]`, `[{compose: abc}]`, `[{compose: "${token.header.b64}.${token.payload.b64}."}]`,
		`[{compose: "${'.' | take 100}"}]`, `[{encrypt: {alg: PBES2-HS256+A128KW, enc: A128CBC-HS256, p2c: 2147483648, fake: true}}]`,
		`[{encrypt: {alg: dir, enc: A128GCM, secret: "0123456789abcdef"}}]`, `[{set: {in: header, b64: false, crit: [b64]}}, {text: {encoding: none}}]`,
		`[{set: {exp: !raw "18446744073709551616"}}]`, `[{set: {in: header, kid: ../../../dev/null}}, {sign: {alg: HS256, secret: ""}}]`,
	}
}
