package scenarios

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sound is a row without fault; a test puts its own lines at line 6, column 3.
const sound = `- id: mine
  guards: audience
  source: mock
  base: v2 app home
  expect: refuse 401
`

func with(lines string) string { return sound + "  " + lines + "\n" }

func without(key string) string {
	var kept []string
	for line := range strings.Lines(sound) {
		if !strings.HasPrefix(strings.TrimLeft(line, "- "), key+":") {
			kept = append(kept, line)
		}
	}
	return strings.Replace(strings.Join(kept, ""), "  guards", "- guards", map[bool]int{true: 1}[key == "id"])
}

func instead(key, line string) string { return without(key) + "  " + line + "\n" }

// problems are the lines of an error.
func problems(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

// TestParseRefuses holds every fault that a file of rows can have against its
// position and its hint.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	table := []struct{ name, src, want string }{
		{"empty file", "", `r.yaml:1:1: the file is empty`},
		{"comment only", "# nothing\n", `r.yaml:1:1: the file is empty`},
		{"no rows", "[]\n", `r.yaml:1:1: no rows (a file of rows is a list of entries with an id)`},
		{"not a list", "id: mine\n", `r.yaml:1:1: expected a list, got a mapping`},
		{"an entry that is a word", "- mine\n", `r.yaml:1:3: expected a mapping, got "mine"`},
		{"syntax", "- {id: mine\n", `r.yaml:1:3: could not find flow mapping end token '}'`},
		{"double key", sound + "  source: mock\n", `r.yaml:6:3: mapping key "source" already defined at [3:3]`},
		{"anchor", sound + "  title: &a Mine\n", `r.yaml:6:10: anchors, aliases and merge keys are not used here (write the value out)`},

		{"unknown key", with("expct: accept"), `r.yaml:6:3: unknown key "expct" (did you mean "expect"?)`},
		{"missing id", without("id"), `r.yaml:1:3: "id" is missing`},
		{"missing guards", without("guards"), `r.yaml:1:3: "guards" is missing`},
		{"missing source", without("source"), `r.yaml:1:3: "source" is missing`},
		{"missing expect", without("expect"), `r.yaml:1:3: "expect" is missing (expect: accept, or expect: refuse 401)`},
		{"id with capitals", strings.Replace(sound, "mine", "Mine", 1), `r.yaml:1:7: cannot take "Mine" as the id (lower case letters and digits, joined by hyphens)`},
		{"id that is a number", strings.Replace(sound, "mine", "7", 1), `r.yaml:1:7: expected a string, got "7"`},
		{"double id", sound + sound, `r.yaml:6:7: id "mine" stands twice (the first is at r.yaml:1:3)`},
		{"title that is a list", with("title: [a]"), `r.yaml:6:10: expected a string, got a list`},
		{"unknown guard", instead("guards", "guards: audiense"), `r.yaml:5:11: unknown guard "audiense" (did you mean "audience"?)`},
		{"unknown severity", with("severity: critcal"), `r.yaml:6:13: unknown severity "critcal" (did you mean "critical"?)`},
		{"unknown source", instead("source", "source: real++"), `r.yaml:5:11: unknown source "real++" (did you mean "real+"?)`},
		{"unknown kind", with("kind: flo"), `r.yaml:6:9: unknown kind "flo" (did you mean "flow"?)`},
		{"unknown group", with("group: AUX"), `r.yaml:6:10: unknown group "AUX" (did you mean "AUD"?)`},
		{"unknown mark", with("marks: [F1-aud, F1-client]"), `r.yaml:6:19: unknown mark "F1-client" (did you mean "F1-cli"?)`},
		{"mark twice", with("marks: [FP, FP]"), `r.yaml:6:15: mark "FP" stands twice`},
		{"marks that are a word", with("marks: FP"), `r.yaml:6:10: expected a list, got "FP"`},
		{"unknown profile", with("profiles: [smok]"), `r.yaml:6:14: unknown listed profile "smok" (did you mean "smoke"?)`},
		{"profile that a rule chooses", with("profiles: [core]"), `r.yaml:6:14: unknown listed profile "core" (known: witness, smoke, splitters, aftercare, probe)`},
		{"empty reference", with(`refs: ["", a]`), `r.yaml:6:10: an empty entry`},
		{"unknown need", with("needs: [other-rout]"), `r.yaml:6:11: unknown need "other-rout" (did you mean "other-route"?)`},
		{"need with an unknown value", with("needs: [jwks-fetchd]"), `r.yaml:6:11: unknown need "jwks-fetchd" (did you mean "jwks-fetched"?)`},
		{"unknown unless", with("unless: ech"), `r.yaml:6:11: unknown need "ech" (did you mean "echo"?)`},
		{"serial that is a word", with("serial: yes please"), `r.yaml:6:11: expected a boolean, got "yes please"`},

		{"unknown word of a base", instead("base", "base: v2 ap home"), `r.yaml:5:9: cannot read "ap" in the base "v2 ap home" (did you mean "app"?)`},
		{"base out of order", instead("base", "base: home v2"), `r.yaml:5:9: cannot read "v2" in the base "home v2" (write [exactly] [v1|v2|any] [user|app] [home|other|second], or forged, or none)`},
		{"empty base", instead("base", `base: ""`), `r.yaml:5:9: cannot read the base "" (write [exactly] [v1|v2|any] [user|app] [home|other|second], or forged, or none)`},
		{"exactly nothing", instead("base", "base: exactly any home"), `r.yaml:5:9: exactly binds the version or the kind, and the base names neither (exactly v2, exactly user)`},
		{"exactly nothing, long", instead("base", "base: {exactly: true}"), `r.yaml:5:9: exactly binds the version or the kind, and the base names neither (version: v2, kind: user)`},
		{"unknown client", instead("base", "base: {client: strangr}"), `r.yaml:5:18: unknown client "strangr" (did you mean "stranger"?)`},
		{"unknown age", instead("base", "base: {age: old}"), `r.yaml:5:15: unknown age "old" (known: fresh, almost-expired, expired)`},
		{"unknown key of a base", instead("base", "base: {tenat: other}"), `r.yaml:5:10: unknown key "tenat" (did you mean "tenant"?)`},
		{"v2 token for ARM", instead("base", "base: {api: arm, version: v2}"), `r.yaml:5:9: tokens for arm are v1 (leave the version out)`},
		{"v1 id token", instead("base", "base: {token: id, version: v1}"), `r.yaml:5:9: id tokens are v2 and of a user (leave version and kind out)`},
		{"a user left open", instead("base", "base: {kind: user, user: guest}"), `r.yaml:5:9: a base with a user or a public client does not bind user (exactly: true and kind: user)`},
		{"a public daemon", instead("base", "base: {exactly: true, kind: app, authentication: public}"), `r.yaml:5:9: a base with a user or a public client does not bind user (exactly: true and kind: user)`},
		{"unknown user", instead("base", "base: {exactly: true, kind: user, user: gust}"), `r.yaml:5:43: unknown user "gust" (did you mean "guest"?)`},
		{"unknown authentication", instead("base", "base: {authentication: password}"), `r.yaml:5:26: unknown authentication "password" (known: public, secret, certificate)`},
		{"unknown form of the audience", instead("base", "base: {audience: url}"), `r.yaml:5:20: unknown audience "url" (did you mean "uri"?)`},
		{"unknown issuer", instead("base", "base: {issuer: formr}"), `r.yaml:5:18: unknown issuer "formr" (did you mean "former"?)`},
		{"each in the short form", instead("base", "base: each home"), `r.yaml:5:9: cannot read the base "each home" (write [exactly] [v1|v2|any] [user|app] [home|other|second], or forged, or none)`},
		{"exactly each kind", instead("base", "base: {exactly: true, kind: each}"), `r.yaml:5:9: exactly binds the version or the kind, and the base names neither (version: v2, kind: user)`},
		{"each kind of another API", instead("base", "base: {kind: each, api: second}"), `r.yaml:5:9: each kind at hand is one of access tokens for api home (leave api and token out)`},
		{"each kind of id token", instead("base", "base: {kind: each, token: id}"), `r.yaml:5:9: each kind at hand is one of access tokens for api home (leave api and token out)`},
		{"scopes of a daemon", instead("base", "base: {exactly: true, kind: app, scopes: [a]}"), `r.yaml:5:9: tokens of applications have no scopes (kind: user)`},

		{"unknown step", with("token: [{sett: {aud: x}}]"), `r.yaml:6:12: unknown key "sett" (did you mean "set"?)`},
		{"step without need of its token", instead("base", "base: none\n  token: [{set: {aud: x}}]"), `r.yaml:6:11: the base is none, so set has no token to work on (begin with compose or encrypt, or choose another base)`},
		{"unknown placeholder", with(`token: [{set: {aud: "${home.audiense}"}}]`), `r.yaml:6:23: unknown placeholder ${home.audiense} (did you mean ${home.audience}?)`},
		{"unknown filter", with(`token: [{set: {aud: "${home.audience | uper}"}}]`), `r.yaml:6:23: unknown filter "uper" (did you mean "upper"?)`},
		{"placeholder in a scope", instead("base", `base: {exactly: true, kind: user, scopes: ["${home.scop}"]}`), `r.yaml:5:46: unknown placeholder ${home.scop} (did you mean ${home.scope}?)`},
		{"unknown key of a request", with("request: {metod: POST}"), `r.yaml:6:13: unknown key "metod" (did you mean "method"?)`},
		{"unknown expectation", instead("expect", "expect: acept"), `r.yaml:5:11: unknown expectation "acept" (did you mean "accept"?)`},
		{"unknown capability", instead("expect", "expect: {either: kid-requird}"), `r.yaml:5:20: unknown capability that decides "kid-requird" (did you mean "kid-required"?)`},
		{"capability that decides nothing", instead("expect", "expect: {either: echo}"), `r.yaml:5:20: unknown capability that decides "echo" (known: ` + strings.Join(decidingKeys(), ", ") + `)`},
		{"unknown member of a key-set state", with("issuer: {keys: [{name: a, use: sig, sise: 1}]}"), `r.yaml:6:39: unknown key "sise" (did you mean "use"?)`},

		{"key where there is none", strings.Replace(with("token: [{set: {aud: x}}]"), "mock", "real", 1), `r.yaml:6:10: the steps change what is signed, which source real cannot sign again (source: mock, or base: forged)`},
		{"key in a variant", strings.Replace(with("variants: {a: {token: [{set: {aud: x}}]}}"), "mock", "real+", 1), `r.yaml:6:25: the steps change what is signed, which source real+ cannot sign again (source: mock, or base: forged)`},

		{"sets azp, any version", instead("base", "token: [{set: {azp: x}}]"), `r.yaml:5:23: the row touches azp and does not bind the version (write base: exactly v2 …, or exactly: true and version: v2)`},
		{"sets appid, preferred version", with("token: [{add: {appid: x}}]"), `r.yaml:6:25: the row touches appid and does not bind the version (write base: exactly v2 …, or exactly: true and version: v2)`},
		{"removes scp", with("token: [{remove: [aud, scp]}]"), `r.yaml:6:26: the row touches scp and does not bind user or app (write base: exactly user …, or exactly: true and kind: user)`},
		{"removes scp, long", with("token: [{remove: {in: payload, names: [scp]}}]"), `r.yaml:6:42: the row touches scp and does not bind user or app (write base: exactly user …, or exactly: true and kind: user)`},
		{"renames to appid", with("token: [{rename: {azpacr: appid}}]"), `r.yaml:6:29: the row touches appid and does not bind the version (write base: exactly v2 …, or exactly: true and version: v2)`},
		{"edits roles", with("token: [{edit: {in: payload, add: {roles: []}}}]"), `r.yaml:6:45: the row touches roles and does not bind user or app (write base: exactly user …, or exactly: true and kind: user)`},
		{"reads scp", with(`token: [{set: {scope: "${token.payload.scp}"}}]`), `r.yaml:6:25: the row touches scp and does not bind user or app (write base: exactly user …, or exactly: true and kind: user)`},
		{"writes scp as text", with(`token: [{text: {replace: {'"scp"': '"SCP"'}}}]`), `r.yaml:6:38: the row touches scp and does not bind user or app (write base: exactly user …, or exactly: true and kind: user)`},
		{"asks for scopes", instead("base", "base: {version: v2, kind: user, scopes: [a]}"), `r.yaml:5:43: the row touches scp and does not bind user or app (write base: exactly user …, or exactly: true and kind: user)`},
		{"binds the other half", instead("base", "base: exactly v2 home\n  token: [{set: {roles: []}}]"), `r.yaml:6:25: the row touches roles and does not bind user or app (write base: exactly user …, or exactly: true and kind: user)`},
		{"unbound in one variant", with("variants: {a: {base: exactly user home}, b: {base: v2 user home}}\n  token: [{set: {scp: x}}]"), `r.yaml:7:23: the row touches scp and does not bind user or app (write base: exactly user …, or exactly: true and kind: user)`},

		{"a key that nobody makes", with("token: [{sign: {key: nxt}}]"), `r.yaml:6:24: unknown signing key "nxt" (did you mean "next"?)`},
		{"a hidden key that there is not", with("issuer: {hide: [old]}"), `r.yaml:6:19: unknown signing key "old" (known: tenant, next)`},
		{"set twice", with("token: [{set: {aud: x}}, {set: {aud: y}}]"), `r.yaml:6:40: set aud contradicts the set before it (leave one of the two out)`},
		{"set, then removed", with("token: [{set: {in: header, kid: x}}, {remove: {in: header, names: [kid]}}]"), `r.yaml:6:70: remove kid contradicts the set before it (leave one of the two out)`},
		{"removed, then renamed", with("token: [{remove: [sub]}, {rename: {sub: Sub}}]"), `r.yaml:6:43: rename sub contradicts the remove before it (leave one of the two out)`},
		{"needs what it rules out", with("needs: [echo]\n  unless: echo"), `r.yaml:7:11: needs and unless both name echo, so no target ever runs the row (take one of them out)`},
		{"needs two values of a word", with("needs: [jwks-static, jwks-fetched]"), `r.yaml:6:24: no target is both jwks-static and jwks-fetched, so none ever runs the row (two rows, one for each)`},
		{"rules out every control", with("unless: [user-tokens, app-tokens]"), `r.yaml:6:25: unless rules out users and daemons: the row has no control (take one of them out)`},
		{"refused where no control is fired", with("request: {to: other}"), `r.yaml:6:12: a refusal at the other environment's gateway has no control: controls are fired at home (present the token at home: base: {api: other})`},
		{"a call-out that nothing causes", instead("expect", "expect: {refuse: 401, callout: false}"), `r.yaml:5:11: no call-out can be seen: nothing that the row sends names the listener, so callout: false cannot fail (name ${callout.host} in the token or the request)`},
		{"a time that is never over", instead("expect", "expect: {refuse: 401, within: 10s}"), `r.yaml:5:11: a request is given up after 10s, so within 10s cannot fail (a shorter time)`},
		{"a weakness that has no number", with("refs: [CWE-x]"), `r.yaml:6:10: cannot read the reference "CWE-x" (write it as CWE-290)`},
		{"a requirement without section", with("refs: [CHG-1, ASVS 9]"), `r.yaml:6:17: cannot read the reference "ASVS 9" (write it as ASVS 9.2.3)`},

		{"no variants", with("variants: {}"), `r.yaml:6:13: no variants (leave the key out)`},
		{"name of a variant", with("variants: {A B: {base: any home}}"), `r.yaml:6:19: cannot take "A B" as the name of a variant (lower case letters and digits, joined by hyphens)`},
		{"unknown key of a variant", with("variants: {a: {bas: any home}}"), `r.yaml:6:18: unknown key "bas" (did you mean "base"?)`},
		{"unknown guard of a variant", with("variants: {a: {guards: audiense, base: any home}}"), `r.yaml:6:26: unknown guard "audiense" (did you mean "audience"?)`},
		{"a variant without expectation", instead("expect", "variants: {a: {expect: accept}, b: {base: any home}}"), `r.yaml:1:3: "expect" is missing (expect: accept, or expect: refuse 401)`},

		{"flow with steps", with("kind: flow\n  token: [{remove: [aud]}]"), `r.yaml:7:10: a row of kind flow has no token steps (a Go value of the same id does it)`},
		{"flow with a request", with("kind: flow\n  request: {method: POST}"), `r.yaml:7:12: a row of kind flow has no request (a Go value of the same id does it)`},
		{"observer with a base", without("expect") + "  kind: observe\n", `r.yaml:4:9: a row of kind observe has no base (a Go value of the same id does it)`},
	}
	for _, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := Parse("r.yaml", []byte(tt.src))
			got := problems(err)
			if len(got) != 1 || got[0] != tt.want {
				t.Errorf("expected %s\n     got %s", tt.want, strings.Join(got, "\n         "))
			}
			if c.Len() != 0 {
				t.Errorf("expected no rows beside an error, got %d", c.Len())
			}
			var problem *Problem
			if err != nil && !errors.As(err, &problem) {
				t.Errorf("expected a *Problem, got %T", err)
			}
		})
	}
}

// TestParseAccepts holds what the rules must not refuse.
func TestParseAccepts(t *testing.T) {
	t.Parallel()
	table := []struct{ name, src string }{
		{"the sound row", sound},
		{"no base", without("base")},
		{"roles in the header", with("token: [{set: {in: header, roles: x, scp: y}}]")},
		{"a value that is a claim's name", with("token: [{set: {sub: roles}}]")},
		{"a word that holds a claim's name", with(`token: [{set: {sub: "${token.payload.scp2}"}}]`)},
		{"forged, unbound", instead("base", "base: forged\n  token: [{set: {scp: a, roles: [b], azp: c}}]")},
		{"bound version", instead("base", "base: exactly v2 home\n  token: [{rename: {azp: appid}}]")},
		{"bound in the variant", with("variants: {a: {base: exactly user home, token: [{set: {scp: x}}]}}")},
		{"one need without brackets", with("needs: echo")},
		{"variant named null", with("variants: {null: {base: any home}}")},
		{"edits a real token", strings.Replace(with("token: [{edit: {in: payload, set: {aud: x}}}]"), "mock", "real", 1)},
		{"flow with a base", with("kind: flow")},
		{"removed and written again elsewhere", with("token: [{remove: [sub]}, {add: {sub: x}}, {rename: {oid: Oid}}]")},
		{"one name in header and payload", with("token: [{set: {in: header, aud: x}}, {remove: [aud]}]")},
		{"a key of the row's own", with("token: [{sign: {key: mine}}]\n  issuer: {keys: [{name: mine}]}")},
		{"a key by its kid", with("token: [{sign: {key: abcdefghijklmnopqrstuvwxyz0}}]")},
		{"accepted at the other gateway", strings.Replace(with("request: {to: other}"), "refuse 401", "accept", 1)},
		{"a call-out", instead("expect", `expect: {refuse: 401, callout: false}`) + "  token: [{set: {in: header, jku: \"http://${callout.host}/\"}}]\n"},
		{"a ticket and a section", with("refs: [CHG-4711, RFC 8725 3.9, CVE-2019-7644 (m)]")},
		{"a former mock signs again", strings.Replace(instead("base", "base: {issuer: former}\n  token: [{set: {x: 1}}]"), "mock", "forged", 1)},
		{"JSON", `[{"id": "mine", "guards": "audience", "source": "real", "expect": "accept"}]`},
	}
	for _, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := Parse("r.yaml", []byte(tt.src))
			if err != nil || c.Len() != 1 {
				t.Errorf("expected one row, got %d and %v", c.Len(), err)
			}
		})
	}
}

// TestParseReportsAll holds that every fault of a file is reported at once, in
// order.
func TestParseReportsAll(t *testing.T) {
	t.Parallel()
	src := with("severity: bad") + strings.Replace(with("expct: x"), "mine", "yours", 1) + "- {id: third, guards: audience, source: mock}\n"
	_, err := Parse("r.yaml", []byte(src))
	want := []string{
		`r.yaml:6:13: unknown severity "bad" (known: critical, high, medium, low, info)`,
		`r.yaml:12:3: unknown key "expct" (did you mean "expect"?)`,
		`r.yaml:13:3: "expect" is missing (expect: accept, or expect: refuse 401)`,
	}
	if got := problems(err); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("expected %q\n     got %q", want, got)
	}
}

// TestDefaults holds what a row means that says no more than it must.
func TestDefaults(t *testing.T) {
	t.Parallel()
	c, err := Parse("mine.yaml", []byte("- {id: a, guards: client, source: real, expect: accept}"))
	if err != nil {
		t.Fatal(err)
	}
	s, _ := c.ByID("a")
	if s.Title != "a" || s.Severity != High || s.Kind != Data || s.Group != "OWN" || s.Serial {
		t.Errorf("expected the id as title, high, data and OWN, got %q, %s, %s and %s", s.Title, s.Severity, s.Kind, s.Group)
	}
	if got := baseText(s.Base); got != "any any home" {
		t.Errorf("expected any any home, got %s", got)
	}
	if got := s.Pos.String(); got != "mine.yaml:1:3" {
		t.Errorf("expected the position mine.yaml:1:3, got %s", got)
	}
	c, err = Parse("dir/audience.yaml", []byte("- {id: a, guards: client, source: real, expect: accept}"))
	if err != nil {
		t.Fatal(err)
	}
	if s, _ := c.ByID("a"); s.Group != "AUD" {
		t.Errorf("expected the group of the file, AUD, got %s", s.Group)
	}
}

func write(t *testing.T, dir, name, src string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestLoadDir holds which files of a folder are read and how their faults are
// told.
func TestLoadDir(t *testing.T) {
	t.Parallel()
	second := strings.Replace(sound, "mine", "yours", 1)
	table := []struct {
		name  string
		files map[string]string
		ids   string
		want  []string // DIR stands for the folder
	}{
		{"files and folders below", map[string]string{"a.yaml": sound, "b/c.yml": second, "b/.hidden.yaml": "?", ".git/x.yaml": "?", "README.md": "?"}, "mine yours", nil},
		{"no file", map[string]string{"README.md": "x"}, "", []string{"scenarios: expected .yaml files in the folder DIR, got none"}},
		{"double id in two files", map[string]string{"a.yaml": sound, "b.yaml": sound}, "", []string{`DIR/b.yaml:1:3: id "mine" stands twice (the first is at DIR/a.yaml:1:3)`}},
		{"faults in two files", map[string]string{"a.yaml": with("tite: x"), "b.yaml": "[]"}, "", []string{
			`DIR/a.yaml:6:3: unknown key "tite" (did you mean "title"?)`,
			`DIR/b.yaml:1:1: no rows (a file of rows is a list of entries with an id)`,
		}},
	}
	for _, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, src := range tt.files {
				write(t, dir, name, src)
			}
			c, err := LoadDir(dir)
			got := strings.ReplaceAll(strings.Join(problems(err), "\n"), filepath.ToSlash(dir), "DIR")
			if got != strings.Join(tt.want, "\n") {
				t.Errorf("expected %s\n     got %s", strings.Join(tt.want, "\n"), got)
			}
			if ids := strings.Join(c.IDs(), " "); ids != tt.ids {
				t.Errorf("expected the rows %q, got %q", tt.ids, ids)
			}
		})
	}
	if _, err := LoadDir(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("expected that the folder does not exist, got %v", err)
	}
}

// TestMerge holds that a user's rows are added and redefine nothing.
func TestMerge(t *testing.T) {
	t.Parallel()
	all := builtinRows(t)
	user, err := Parse("mine.yaml", []byte(sound))
	if err != nil {
		t.Fatal(err)
	}
	merged, err := all.Merge(user)
	if err != nil || merged.Len() != all.Len()+1 {
		t.Errorf("expected one row more, got %d and %v", merged.Len(), err)
	}
	if merged.Digest() == all.Digest() {
		t.Error("expected another digest")
	}
	taken, err := Parse("mine.yaml", []byte(strings.Replace(sound, "mine", "aud-missing", 1)))
	if err != nil {
		t.Fatal(err)
	}
	first, _ := all.ByID("aud-missing")
	want := `mine.yaml:1:3: id "aud-missing" is taken by a row of the catalogue (the first is at ` + first.Pos.String() + `)`
	if _, err := all.Merge(taken); err == nil || err.Error() != want {
		t.Errorf("expected %s\n     got %v", want, err)
	}
}

// TestMergeRefusesFlows holds that a user's row cannot be one that a Go value
// does: nothing would fire it, so that it could not fail.
func TestMergeRefusesFlows(t *testing.T) {
	t.Parallel()
	user, err := Parse("mine.yaml", []byte("- {id: mine, kind: flow, guards: state, source: mock}"))
	if err != nil {
		t.Fatal(err)
	}
	const want = `mine.yaml:1:3: a row of kind flow is done by a Go value of the program, and there is none for "mine" (say it as data, or write the Go value (CONTRIBUTING.md))`
	if _, err := builtinRows(t).Merge(user); err == nil || err.Error() != want {
		t.Errorf("expected %s\n     got %v", want, err)
	}
}

// TestExtend holds that all that is wrong with the folders of a user is told at
// once, whichever rule refuses it, and that a sound folder is added.
func TestExtend(t *testing.T) {
	t.Parallel()
	all := builtinRows(t)
	dir := t.TempDir()
	write(t, dir, "one/a.yaml", with("tite: x"))
	write(t, dir, "one/b.yaml", strings.Replace(sound, "mine", "aud-missing", 1)+"  titel: x\n")
	write(t, dir, "two/c.yaml", "- {id: yours, guards: audience, source: real, expect: refuse 401}\n- {id: yours, guards: audience, source: real, expect: accept}\n")
	first, _ := all.ByID("aud-missing")
	want := []string{
		`DIR/one/a.yaml:6:3: unknown key "tite" (did you mean "title"?)`,
		`DIR/one/b.yaml:6:3: unknown key "titel" (did you mean "title"?)`,
		`DIR/one/b.yaml:1:3: id "aud-missing" is taken by a row of the catalogue (the first is at ` + first.Pos.String() + `)`,
		`DIR/two/c.yaml:2:8: id "yours" stands twice (the first is at DIR/two/c.yaml:1:3)`,
	}
	got, err := all.Extend(filepath.Join(dir, "one"), filepath.Join(dir, "two"))
	if text := strings.ReplaceAll(strings.Join(problems(err), "\n"), filepath.ToSlash(dir), "DIR"); text != strings.Join(want, "\n") {
		t.Errorf("expected %s\n     got %s", strings.Join(want, "\n"), text)
	}
	if got.Len() != all.Len() {
		t.Errorf("expected no rows beside an error, got %d more", got.Len()-all.Len())
	}
	write(t, dir, "three/d.yaml", "- {id: yours, guards: audience, source: real, base: v2 app home, expect: refuse 401}\n")
	_, err = all.Extend(filepath.Join(dir, "three"))
	var problem *Problem
	if !errors.As(err, &problem) || !strings.HasPrefix(problem.Text, "yours sends what ctl-v2-") {
		t.Errorf("expected that a refusal of what the control sends contradicts it, got %v", err)
	}
	write(t, dir, "four/e.yaml", strings.Replace(with("token: [{set: {aud: x}}]"), "mine", "fine", 1))
	if got, err := all.Extend(filepath.Join(dir, "four")); err != nil || got.Len() != all.Len()+1 {
		t.Errorf("expected one row more, got %d and %v", got.Len()-all.Len(), err)
	}
}

// TestDigest holds that the digest is of what rows say, not of how they are
// laid out.
func TestDigest(t *testing.T) {
	t.Parallel()
	digest := func(src string) string {
		c, err := Parse("r.yaml", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		return c.Digest()
	}
	one := "- {id: a, guards: audience, source: mock, expect: accept}\n"
	two := "- {id: b, guards: audience, source: mock, expect: accept}\n"
	want := digest(one + two)
	if got := digest("# order and style\n" + two + "- id: 'a'\n  guards: audience\n  source: mock\n  expect: accept\n"); got != want {
		t.Errorf("expected the digest %s, got %s", want, got)
	}
	for name, src := range map[string]string{
		"another word":   strings.Replace(one, "accept", "refuse 401", 1) + two,
		"a row less":     one,
		"another number": strings.Replace(one, "accept}", `accept, token: [{set: {exp: 1}}]}`, 1) + two,
		"a string":       strings.Replace(one, "accept}", `accept, token: [{set: {exp: "1"}}]}`, 1) + two,
		"raw":            strings.Replace(one, "accept}", `accept, token: [{set: {exp: !raw "1"}}]}`, 1) + two,
	} {
		if got := digest(src); got == want {
			t.Errorf("%s: expected another digest", name)
		}
	}
}
