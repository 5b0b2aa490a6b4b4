package mint

import (
	"errors"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/value"
)

// TestDecode reads tokens and refuses what is none.
func TestDecode(t *testing.T) {
	seg := func(s string) string { return b64([]byte(s)) }
	for _, row := range []struct{ name, token, header, payload, want string }{
		{"in order, with duplicates", seg(`{"b":1,"a":2,"b":3}`) + "." + seg(`{"n":1e400}`) + ".", `{"b":1,"a":2,"b":3}`, `{"n":1e400}`, ""},
		{"no segment", "", "", "", "expected three segments, got 1"},
		{"two segments", "e30.e30", "", "", "expected three segments, got 2"},
		{"five segments", "a.b.c.d.e", "", "", "expected three segments, got 5"},
		{"padding", "e30=.e30.", "", "", "decode the header: illegal base64"},
		{"no JSON", "eA.e30.", "", "", "decode the header: value: not JSON"},
		{"no JSON behind", "e30.eA.", "", "", "decode the payload: value: not JSON"},
	} {
		header, payload, err := Decode(row.token)
		if row.want != "" {
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%s: got %v, want %s", row.name, err, row.want)
			}
			continue
		}
		if err != nil || string(header.JSON()) != row.header || string(payload.JSON()) != row.payload {
			t.Errorf("%s: got %s %s %v", row.name, header.JSON(), payload.JSON(), err)
		}
	}
}

// TestParts is one row a placeholder over a token.
func TestParts(t *testing.T) {
	token := b64([]byte(`{"alg":"RS256","b64":false,"x.y":1}`)) + "." + b64([]byte(`{"exp":5,"aud":["a"]}`)) + ".AQID"
	for path, want := range map[string]string{
		"token": token, "token.header": `{"alg":"RS256","b64":false,"x.y":1}`, "token.header.alg": "RS256", "token.header.x.y": "1",
		"token.header.b64": split(token).header, "token.payload.exp": "5", "token.payload.aud": `["a"]`, "token.payload.b64": split(token).payload,
		"token.signature": "\x01\x02\x03", "token.signature.b64": "AQID",
	} {
		got, err := Parts("token", token).Lookup(strings.Split(path, "."))
		if err != nil || got.Plain() != want {
			t.Errorf("%s: got %q %v, want %q", path, got.Plain(), err, want)
		}
	}
	for _, path := range []string{"sibling", "token.header.none", "token.body", "token.signature.alg", "token.payload.exp.x"} {
		_, err := Parts("token", token).Lookup(strings.Split(path, "."))
		var unknown *value.UnknownError
		if !errors.As(err, &unknown) || unknown.Path != path {
			t.Errorf("%s: got %v", path, err)
		}
	}
	raw := Parts("token", "abc")
	if v, err := raw.Lookup([]string{"token", "header"}); err != nil || v.Kind != value.Text {
		t.Errorf("header that is no JSON: %v %v", v, err)
	}
	if _, err := raw.Lookup([]string{"token", "header", "alg"}); err == nil {
		t.Error("a member of a header that is no JSON")
	}
}

// TestGUID says how GUIDs are read, derived and written.
func TestGUID(t *testing.T) {
	if !IsGUID(ConsumerTenant) || IsGUID("common") || IsGUID(ConsumerTenant[1:]+"x") {
		t.Error("IsGUID")
	}
	if a := DerivedGUID("a", "b"); a != DerivedGUID("a", "b") || a == DerivedGUID("ab") || !IsGUID(a) || a[14] != '4' {
		t.Errorf("derived %s", a)
	}
}
