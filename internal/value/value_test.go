package value_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
)

func scope() value.Scope {
	return value.Map{
		"home.audience":      value.String("api://orders.dev"),
		"home.scope":         value.String("DEV.Access"),
		"now":                value.Int(1_000_000),
		"skew":               value.Int(30),
		"zeros":              value.Supply(func(n int) value.Value { return value.String(strings.Repeat("\x00", n)) }),
		"guids":              value.Supply(func(n int) value.Value { return value.List(make([]value.Value, n)...) }),
		"token.header.nonce": value.String("abc"),
		"token.payload.a.b":  value.String("dotted"),
		"home.role":          value.String("x"),
	}
}

// TestEval evaluates placeholders, sums and every filter.
func TestEval(t *testing.T) {
	for _, row := range []struct{ name, template, want string }{
		{"literal", "abc", `"abc"`},
		{"whole placeholder keeps its type", "${now}", `1000000`},
		{"inside a text it is text", "at ${now}", `"at 1000000"`},
		{"suffix", "${home.audience}-evil", `"api://orders.dev-evil"`},
		{"prefix", "X${home.scope}", `"XDEV.Access"`},
		{"two", "${home.scope} ${home.role}", `"DEV.Access x"`},
		{"difference of a placeholder and a time", "${now - skew - 15s}", `999955`},
		{"sum of hours", "${now + 2h}", `1007200`},
		{"sum, then filter", "${now + 1h | string}", `"1003600"`},
		{"plain seconds", "${now + 5}", `1000005`},
		{"escaped", "$${jndi:ldap://x/a}", `"${jndi:ldap://x/a}"`},
		{"escaped before a real one", "$${a}${home.role}", `"${a}x"`},
		{"literal operand", "${'A' | take 3}", `"AAA"`},
		{"literal with bar and brace", "${'|}' | take 4}", `"|}|}"`},
		{"take repeats and cuts", "${'ab' | take 3}", `"aba"`},
		{"take zeros", "${zeros | take 2}", `"\u0000\u0000"`},
		{"take guids", "${guids | take 2}", `[null,null]`},
		{"cut", "${home.audience | cut 1}", `"api://orders.de"`},
		{"cut more than there is", "${home.role | cut 9}", `""`},
		{"replace", "${home.audience | replace . x}", `"api://ordersxdev"`},
		{"upper", "${home.scope | upper}", `"DEV.ACCESS"`},
		{"lower", "${home.scope | lower}", `"dev.access"`},
		{"percent", "${home.audience | percent}", `"api%3A%2F%2Forders.dev"`},
		{"before-last", "${home.scope | before-last .}", `"DEV"`},
		{"pad", "${home.role | pad 4 -}", `"x---"`},
		{"sha256", "${token.header.nonce | sha256}", `"ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"`},
		{"chain", "${home.scope | lower | cut 1}", `"dev.acces"`},
		{"replace by nothing", "${home.audience | replace / ''}", `"api:orders.dev"`},
		{"replace by a blank", "${home.audience | replace . ' '}", `"api://orders dev"`},
		{"bar and brace as arguments", "${home.role | pad 2 '|' | pad 3 '}'}", `"x|}"`},
		{"quoted beside bare", "${home.audience | replace 'orders' a}", `"api://a.dev"`},
		{"base64", "${home.audience | base64}", `"YXBpOi8vb3JkZXJzLmRldg=="`},
		{"base64url", `${'{"alg":"none"}' | base64url}`, `"eyJhbGciOiJub25lIn0"`},
		{"filter over several", "Basic ${'${home.role}:${home.scope}' | base64}", `"Basic eDpERVYuQWNjZXNz"`},
		{"dotted claim name", "${token.payload.a.b}", `"dotted"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			e, err := value.Parse(row.template)
			if err != nil {
				t.Fatal(err)
			}
			got, err := e.Eval(scope())
			if err != nil {
				t.Fatal(err)
			}
			if string(got.JSON()) != row.want {
				t.Errorf("expected %s, got %s", row.want, got.JSON())
			}
		})
	}
}

// TestParseRefuses holds syntax errors to their text and hint.
func TestParseRefuses(t *testing.T) {
	for _, row := range []struct{ name, template, want, hint string }{
		{"unknown name", "${home.audiance}", `value: unknown placeholder ${home.audiance}`, `did you mean ${home.audience}?`},
		{"unknown filter", "${now | uper}", `value: unknown filter "uper"`, `did you mean "upper"?`},
		{"missing argument", "${home.audience | cut}", `value: filter cut takes 1 arguments, got 0`, "the last n characters off"},
		{"not closed", "a${now", `value: placeholder "${now" has no closing brace`, "write $${ for a literal ${"},
		{"empty", "${}", "value: placeholder ${} is empty", ""},
		{"no blanks at all", "${now-15s}", "value: unknown placeholder ${now-15s}", "write ${now - 15s}, with blanks around the sign"},
		{"days", "${now - 1d}", `value: expected a length of time, got "1d"`, "write seconds, or 15s, 5m or 24h"},
		{"sum of a text", "${home.scope + 1}", "value: + and - need whole numbers, and ${home.scope} is a text", "such as ${now + 15s}"},
		{"a text taken away", "${now - home.scope}", "value: + and - need whole numbers, and ${home.scope} is a text", "such as ${now - skew}"},
		{"no count", "${home.scope | cut x}", `value: filter cut: expected a count up to 16777216, got "x"`, "the last n characters off"},
		{"negative count", "${home.scope | take -1}", `value: filter take: expected a count up to 16777216, got "-1"`, "n characters or pieces, repeating"},
		{"nothing replaced", "${home.scope | replace '' x}", "value: filter replace: nothing to replace", "every a by b; '' is nothing, ' ' a blank"},
		{"no end", "${zeros}", "value: ${zeros} has no end", "write ${zeros | take 100}"},
		{"no index", "${home.scopes.first}", "value: unknown placeholder ${home.scopes.first}", "did you mean ${home.scopes.0}?"},
		{"within a literal", "${'${home.roel}' | base64}", "value: unknown placeholder ${home.roel}", "did you mean ${home.role}?"},
		{"no blank around the sign", "${now -15s}", "value: cannot read ${now -15s}", "write ${now - 15s}, with blanks around the sign"},
		{"wrong sign", "${now * 2}", `value: expected + or -, got "*"`, ""},
		{"empty filter", "${now | }", "value: placeholder ${now | } has an empty filter", ""},
		{"open quote", "${'A}", `value: placeholder "${'A}" has no closing brace`, "write $${ for a literal ${"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := value.Parse(row.template)
			var syntax *value.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("expected a syntax error, got %v", err)
			}
			if diff := cmp.Diff([]string{row.want, row.hint}, []string{err.Error(), syntax.Hint}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestEvalRefuses lists what only evaluation can see.
func TestEvalRefuses(t *testing.T) {
	for template, want := range map[string]string{
		"${home.uri}":               "value: nothing is known of ${home.uri}",
		"${token.header.nonce + 1}": `${token.header.nonce}: value: + and - need whole numbers, got "abc"`,
		"${now | upper}":            "${now}: value: expected a string, got 1000000",
	} {
		e, err := value.Parse(template)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = e.Eval(scope()); err == nil || err.Error() != want {
			t.Errorf("%s: expected %q, got %v", template, want, err)
		}
	}
}

// TestDecode keeps what plain decoding of YAML loses.
func TestDecode(t *testing.T) {
	n, err := document.Parse("f", []byte(`{aud: ["${home.audience}", other], exp: !raw "9223372036854775808", big: 18446744073709551616, z: 1.50, "null": null, a: {}, l: [], ok: true}`))
	if err != nil {
		t.Fatal(err)
	}
	e := value.Decode(n)
	if err := n.Err(); err != nil {
		t.Fatal(err)
	}
	v, err := e.Eval(scope())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"aud":["api://orders.dev","other"],"exp":9223372036854775808,"big":18446744073709551616,"z":1.50,"null":null,"a":{},"l":[],"ok":true}`
	if diff := cmp.Diff(want, string(v.JSON())); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"home.audience"}, e.Refs()); diff != "" {
		t.Error(diff)
	}
}

// TestDecodeNames fills in the names of members as it does their values.
func TestDecodeNames(t *testing.T) {
	n, err := document.Parse("f", []byte(`{"${home.scope | lower}": {"${home.audience}": true}, "$${x}": 1}`))
	if err != nil {
		t.Fatal(err)
	}
	e := value.Decode(n)
	if err := n.Err(); err != nil {
		t.Fatal(err)
	}
	v, err := e.Eval(scope())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(v.JSON()), `{"dev.access":{"api://orders.dev":true},"${x}":1}`; got != want {
		t.Errorf("expected %s, got %s", want, got)
	}
	if diff := cmp.Diff([]string{"home.audience", "home.scope"}, e.Refs()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"lower"}, e.Filters()); diff != "" {
		t.Error(diff)
	}
}

// TestDecodeRefuses holds what is wrong in a name, and what !raw would send
// unfilled.
func TestDecodeRefuses(t *testing.T) {
	for src, want := range map[string]string{
		`{"${home.scop}": 1}`:      `unknown placeholder ${home.scop}`,
		`{a: !raw "${now}.5"}`:     `!raw is text as it stands, and fills in no placeholder`,
		`{a: !raw '{"b":"${x}"}'}`: "", // a JSON string that says so
		`{a: !raw "01"}`:           "",
	} {
		n, err := document.Parse("f", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		value.Decode(n)
		var problem *document.Problem
		if errors.As(n.Err(), &problem) != (want != "") || (problem != nil && problem.Text != want) {
			t.Errorf("%s: expected %q, got %v", src, want, n.Err())
		}
	}
}

// TestParseJSON reads back, byte for byte, what it was given.
func TestParseJSON(t *testing.T) {
	for _, text := range []string{
		`{"b":1,"a":2,"b":3}`, `[1.0,2e5,-0]`, `"a\"b\\c\n"`, `{"aud":"x","aud":"y"}`, `null`, `true`, `[]`, `{}`, `9223372036854775808`, "\"\\u0000\"", `{"":{"":[[]]}}`,
	} {
		v, err := value.ParseJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if string(v.JSON()) != text {
			t.Errorf("expected %s, got %s", text, v.JSON())
		}
	}
	if _, err := value.ParseJSON([]byte(`{"a":1}{}`)); err == nil {
		t.Error("expected trailing JSON refused")
	}
}

// TestValuesAreCopied guards against a mutation that reaches another token.
func TestValuesAreCopied(t *testing.T) {
	v, _ := value.ParseJSON([]byte(`{"a":1,"b":2,"a":3}`))
	changed := v.Set("a", value.String("x")).Append("b", value.String("y")).Remove("missing")
	if got := string(v.JSON()); got != `{"a":1,"b":2,"a":3}` {
		t.Errorf("the original changed: %s", got)
	}
	if got := string(changed.JSON()); got != `{"a":"x","b":2,"a":3,"b":"y"}` {
		t.Errorf("got %s", got)
	}
	if got := string(v.Remove("a").JSON()); got != `{"b":2}` {
		t.Errorf("expected both members gone, got %s", got)
	}
}

func ExampleParse() {
	e, _ := value.Parse("${home.audience | cut 1}")
	v, _ := e.Eval(value.Map{"home.audience": value.String("api://orders")})
	fmt.Println(v.Text, e.Refs())
	// Output: api://order [home.audience]
}

// FuzzParse wants no panic, and an escaped text to come back as it was.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"${now - 15s}", "$${x", "${'a|b' | take 2}", "a${home.scope | replace . x}b", "${'${now}' | replace '' ' '}", "${"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if e, err := value.Parse(s); err == nil {
			_, _ = e.Eval(scope())
		}
		e, err := value.Parse(value.Escape(s))
		if err != nil {
			t.Fatalf("escaped text %q does not parse: %v", s, err)
		}
		if got, err := e.Eval(scope()); err != nil || got.Text != s {
			t.Fatalf("escaped %q came back as %q, %v", s, got.Text, err)
		}
	})
}
