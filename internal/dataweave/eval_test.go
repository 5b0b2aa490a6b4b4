package dataweave_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/dataweave"
)

// scope has the claims of a v2 token with a scope and a role, and a request.
func scope(t *testing.T, d dataweave.Dialect) dataweave.Scope {
	t.Helper()
	var claims map[string]any
	const payload = `{
		"aud": ["api://orders.dev", "6e74"], "azp": "c-2", "exp": 1700000000, "ver": "2.0", "scp": "orders.dev2 orders.read",
		"roles": ["Orders.Dev", "Orders.Read"], "a-b": "dashed", "yes": "true", "one": 1, "none": null, "ok": true,
		"groups": [{"name": "A"}, {"name": "B"}], "object": {"x": {"y": [1, 2]}}, "uneven": [{"name": "A"}, {}]}`
	if err := json.Unmarshal([]byte(payload), &claims); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "https://gw.example/v1/orders%2F1?q=one&q=two&k=v", nil)
	r.Header = http.Header{"Jwt": {"token"}, "X-Twice": {"a", "b"}}
	return dataweave.Scope{
		Dialect: d, ClaimSet: claims, Attributes: dataweave.AttributesOf(r),
		Authentication: dataweave.Authentication{
			ClientID: "c-2", Properties: map[string]any{"claims": map[string]any{"sub": "s"}},
		},
		UUID: func() string { return "0000" },
	}
}

// The outcomes that are no value.
const (
	fails        = "fails"
	notEvaluated = "not evaluated"
)

// TestEval evaluates what every dialect has.
func TestEval(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, expression, want string }{
		{"client id of a v2 token", "vars.claimSet.azp", `"c-2"`},
		{"client id by version", "if (vars.claimSet.ver == '2.0') vars.claimSet.azp else vars.claimSet.appid", `"c-2"`},
		{"client id of either version", "vars.claimSet.azp default vars.claimSet.appid", `"c-2"`},
		{"default of a claim that is not there", "vars.claimSet.appid default 'none'", `"none"`},
		{"default of a claim that is null", "vars.claimSet.none default 'none'", `"none"`},
		{"default leaves false alone", "false default true", `false`},
		{"missing claim", "vars.claimSet.appid", `null`},
		{"selector of null", "vars.claimSet.appid.x[0].y", `null`},
		{"name in brackets", "vars.claimSet['a-b']", `"dashed"`},
		{"name in quotes behind a dot", `vars.claimSet."a-b"`, `"dashed"`},
		{"computed name", "vars.claimSet['a' ++ '-b']", `"dashed"`},
		{"index", "vars.claimSet.roles[0]", `"Orders.Dev"`},
		{"index from the end", "vars.claimSet.roles[-1]", `"Orders.Read"`},
		{"index past the end", "vars.claimSet.roles[2]", `null`},
		{"character", "'abc'[1]", `"b"`},
		{"deep", "vars.claimSet.object.x.y[1]", `2`},
		{"key of every object of an array", "vars.claimSet.groups.name", `["A","B"]`},
		{"scope as a word", "(vars.claimSet.scp splitBy ' ') contains 'orders.read'", `true`},
		{"scope that is only the beginning of a word", "(vars.claimSet.scp splitBy ' ') contains 'orders.dev'", `false`},
		{"contains on the text takes it for one", "vars.claimSet.scp contains 'orders.dev'", `true`},
		{"role", "vars.claimSet.roles contains 'Orders.Dev'", `true`},
		{"audience in an array", "vars.claimSet.aud contains 'api://orders.dev'", `true`},
		{"audience compared with an array", "vars.claimSet.aud == 'api://orders.dev'", `false`},
		{"missing roles with a guard", "(vars.claimSet.groupIds default []) contains 'x'", `false`},
		{"functions go from left to right", "vars.claimSet.scp splitBy ' ' contains 'orders.read'", `true`},
		{"default and functions stand on one level", "vars.claimSet.groupIds default '' splitBy ' ' contains 'x'", `false`},
		{"default is looser than ==", "vars.claimSet.azp default vars.claimSet.appid == 'x'", `"c-2"`},
		{"not takes in an or", "not true or true", `false`},
		{"not ends before a function", "(not true) or true", `true`},
		{"not behind and", "true and not false or true", `false`},
		{"and before or", "true or false and false", `true`},
		{"right side of or is not looked at", "true or vars.claimSet.appid", `true`},
		{"right side of and is not looked at", "false and vars.claimSet.appid", `false`},
		{"text of a boolean is one", "vars.claimSet.yes and true", `true`},
		{"text of the other boolean", "not 'false'", `true`},
		{"objects of another size", "vars.claimSet.uneven[1] == vars.claimSet.uneven[0]", `false`},
		{"comparison", "vars.claimSet.exp >= 1600000000 and vars.claimSet.one <= 1", `true`},
		{"texts by character", "'abd' >= 'abc'", `true`},
		{"numbers are doubles", "1 == 1.0", `true`},
		{"negative number", "-1 <= 0", `true`},
		{"no coercion in ==", "vars.claimSet.one == '1'", `false`},
		{"null differs from a text", "vars.claimSet.appid != 'x'", `true`},
		{"arrays are equal item by item", "vars.claimSet.roles == ['Orders.Dev', 'Orders.Read']", `true`},
		{"objects", "vars.claimSet.object.x == vars.claimSet.object.x", `true`},
		{"else if", "if (false) 1 else if (false) 2 else 3", `3`},
		{"else takes in what follows", "if (true) 'a' else 'b' ++ 'c'", `"a"`},
		{"texts together", "'api://' ++ vars.claimSet.azp ++ '/x'", `"api://c-2/x"`},
		{"function before its arguments", "contains(splitBy('a b', ' '), 'b')", `true`},
		{"qualified function of the core", "dw::Core::upper('a')", `"A"`},
		{"lower, upper, trim", "lower('A') ++ upper('b') ++ trim(' c ')", `"aBc"`},
		{"lower of null", "lower(vars.claimSet.appid)", `null`},
		{"sizeOf", "[sizeOf('abc'), sizeOf(['x']), sizeOf(vars.claimSet.object)]", `[3,1,1]`},
		{"splitBy keeps empty pieces", "'a,b,' splitBy ','", `["a","b",""]`},
		{"splitBy of null", "vars.claimSet.appid splitBy ' '", `null`},
		{"substringAfter", "dw::core::Strings::substringAfter('api://orders', '://')", `"orders"`},
		{"substringBefore without the separator", "dw::core::Strings::substringBefore('abc', 'd')", `""`},
		{"substringAfterLast", "dw::core::Strings::substringAfterLast('a.b.c', '.')", `"c"`},
		{"substringBeforeLast", "dw::core::Strings::substringBeforeLast('a.b.c', '.')", `"a.b"`},
		{"substring of null", "dw::core::Strings::substringBefore(vars.claimSet.appid, '.')", `null`},
		{"uuid", "uuid()", `"0000"`},
		{"header in any case", "attributes.headers['jWT']", `"token"`},
		{"header by a computed name", "attributes.headers['J' ++ 'wt']", `"token"`},
		{"missing header", "attributes.headers.authorization", `null`},
		{"query parameter", "attributes.queryParams.k", `"v"`},
		{"method and path", "attributes.method ++ ' ' ++ attributes.requestPath", `"POST /v1/orders%2F1"`},
		{"address of the request", "attributes.requestUri ++ ' ' ++ attributes.scheme ++ ' ' ++ attributes.version", `"/v1/orders%2F1?q=one\u0026q=two\u0026k=v https HTTP/1.1"`},
		{"authentication", "[authentication.clientId, authentication.principal]", `["c-2",null]`},
		{"claims of the policy before", "authentication.properties.claims.sub", `"s"`},
		{"escapes", `'\'\"\\\$\n\u0041' ++ "\""`, `"'\"\\$\nA\""`},
		{"comments", "/* one */ true // two", `true`},
		{"lines", "true\n and\n false", `false`},
		{"condition that is null", "if (vars.claimSet.appid) 1 else 2", fails},
		{"and of null", "vars.claimSet.appid and true", fails},
		{"or of a text that is no boolean", "vars.claimSet.roles contains 'a' or vars.claimSet.roles contains 'b'", fails},
		{"text and null together", "'a' ++ vars.claimSet.appid", fails},
		{"text in which null is looked for", "'a' contains vars.claimSet.appid", fails},
		{"number and text together", "vars.claimSet.one ++ 'x'", notEvaluated},
		{"key of a text", "vars.claimSet.azp.x", notEvaluated},
		{"key of an array with other items", "vars.claimSet.roles.x", notEvaluated},
		{"key that not every object has", "vars.claimSet.uneven.name", notEvaluated},
		{"index of an object", "vars.claimSet.object[0]", notEvaluated},
		{"index before the beginning", "vars.claimSet.roles[-3]", notEvaluated},
		{"index between two", "vars.claimSet.roles[0.5]", notEvaluated},
		{"booleans by size", "true >= false", notEvaluated},
		{"size beyond ASCII", "sizeOf('ä')", notEvaluated},
		{"empty separator", "dw::core::Strings::substringBefore('abc', '')", notEvaluated},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			for _, d := range []dataweave.Dialect{dataweave.Flex, dataweave.Omni, dataweave.Mule4} {
				if got := outcome(row.expression, scope(t, d)); got != row.want {
					t.Errorf("%s: %s: expected %s, got %s", d, row.expression, row.want, got)
				}
			}
		})
	}
}

// TestDialects evaluates what the dialects differ in.
func TestDialects(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, expression, flex, omni, mule string }{
		{"literal null", "vars.claimSet.appid == null", notEvaluated, `true`, `true`},
		{"less", "1 < 2", notEvaluated, `true`, `true`},
		{"greater", "1 > 2", notEvaluated, `false`, `false`},
		{"neither", "1 < 1 or 1 > 1", notEvaluated, `false`, `false`},
		{"exclamation mark", "!true or true", notEvaluated, `true`, `true`},
		{"exclamation mark binds tighter than ==", "!true == false", notEvaluated, `true`, `true`},
		{"not without a blank", "not(false)", `true`, `true`, notEvaluated},
		{"null that contains", "vars.claimSet.appid contains 'x'", fails, fails, `false`},
		{"size of null", "sizeOf(vars.claimSet.appid)", fails, fails, `null`},
		{"trim of null", "trim(vars.claimSet.appid)", notEvaluated, notEvaluated, `null`},
		{"arrays together", "['a'] ++ ['b']", notEvaluated, notEvaluated, `["a","b"]`},
		{"text compared with number", "'123' >= 12", notEvaluated, notEvaluated, `true`},
		{"number compared with text", "123 <= '12'", notEvaluated, notEvaluated, `false`},
		{"number compared with a text that is none", "123 >= 'x'", notEvaluated, notEvaluated, fails},
		{"comparison with null", "vars.claimSet.nbf <= 1", fails, fails, notEvaluated},
		{"number as a condition", "vars.claimSet.one and true", fails, fails, notEvaluated},
		{"header that came twice", "attributes.headers['x-twice']", notEvaluated, notEvaluated, `"a"`},
		{"parameter that came twice", "attributes.queryParams.q", notEvaluated, notEvaluated, `"one"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := []string{}
			for _, d := range []dataweave.Dialect{dataweave.Flex, dataweave.Omni, dataweave.Mule4} {
				got = append(got, outcome(row.expression, scope(t, d)))
			}
			if diff := cmp.Diff([]string{row.flex, row.omni, row.mule}, got); diff != "" {
				t.Errorf("%s: Flex, Omni, Mule 4 (-expected +got)\n%s", row.expression, diff)
			}
		})
	}
}

// TestHolds: a rule holds where its expression gives true and nothing else.
func TestHolds(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, expression string
		holds            bool
		unknown          bool
	}{
		{"true", "true", true, false},
		{"false", "false", false, false},
		{"the text true", "'true'", false, false},
		{"an audience", "vars.claimSet.aud", false, false},
		{"an expression that fails", "vars.claimSet.appid and true", false, false},
		{"one that is not evaluated", "true >= false", false, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			e, err := dataweave.Parse("#[" + row.expression + "]")
			if err != nil {
				t.Fatal(err)
			}
			holds, err := e.Holds(scope(t, dataweave.Flex))
			var unknown *dataweave.NotEvaluatedError
			if holds != row.holds || errors.As(err, &unknown) != row.unknown {
				t.Errorf("expected %t (not evaluated: %t), got %t (%v)", row.holds, row.unknown, holds, err)
			}
		})
	}
}

// TestNumbers: what other decoders make of a number is one.
func TestNumbers(t *testing.T) {
	t.Parallel()
	s := dataweave.Scope{ClaimSet: map[string]any{"a": json.Number("5"), "b": []any{json.Number("5")}, "c": 5, "d": int64(5), "e": []byte("5")}}
	for expression, want := range map[string]string{
		"vars.claimSet.a == 5.0":             "true",
		"vars.claimSet.b contains 5":         "true",
		"vars.claimSet.c == vars.claimSet.d": "true",
		"vars.claimSet.b[0] >= 5":            "true",
		"lower(vars.claimSet.e)":             notEvaluated,
	} {
		if got := outcome(expression, s); got != want {
			t.Errorf("%s: expected %s, got %s", expression, want, got)
		}
	}
}

// TestLargeText: an expression cannot make any amount of text of a claim.
func TestLargeText(t *testing.T) {
	t.Parallel()
	s := dataweave.Scope{ClaimSet: map[string]any{"a": strings.Repeat("x", 1<<19)}}
	const twice = "vars.claimSet.a ++ vars.claimSet.a"
	if got := outcome("sizeOf("+twice+")", s); got != "1048576" {
		t.Errorf("expected 1 MiB, got %s", got)
	}
	if got := outcome(twice+" ++ 'x'", s); got != notEvaluated {
		t.Errorf("expected more to be not evaluated, got %.20s", got)
	}
}

// TestUUID: without a source the values are random ones of version 4.
func TestUUID(t *testing.T) {
	t.Parallel()
	a, err := eval("#[uuid()]", dataweave.Scope{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := eval("#[uuid()]", dataweave.Scope{})
	text, _ := a.(string)
	if err != nil || a == b || !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(text) {
		t.Errorf("expected two of version 4, got %v and %v (%v)", a, b, err)
	}
}

// TestReads says what expressions read.
func TestReads(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string][2][]string{
		"if (vars.claimSet.ver == '2.0') vars.claimSet.azp else vars.claimSet.appid": {
			{"vars.claimSet.appid", "vars.claimSet.azp", "vars.claimSet.ver"}, {"appid", "azp", "ver"},
		},
		"vars.claimSet['a-b'].c[0].d default vars.claimSet['a-b']": {{"vars.claimSet.a-b", "vars.claimSet.a-b.c"}, {"a-b"}},
		"vars.claimSet[attributes.headers.which]":                  {{"attributes.headers.which", "vars.claimSet"}, {"*"}},
		"sizeOf(vars.claimSet)":                                    {{"vars.claimSet"}, {"*"}},
		"authentication.properties.claims.azp":                     {{"authentication.properties.claims.azp"}, nil},
		"'x'":                                                      {nil, nil},
	} {
		e, err := dataweave.Parse("#[" + expression + "]")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, [2][]string{e.Reads(), e.Claims()}); diff != "" {
			t.Errorf("%s (-expected +got)\n%s", expression, diff)
		}
	}
}
