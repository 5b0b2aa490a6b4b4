package lab

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

// fakePEM is key material enough for a configuration that nobody runs.
const fakePEM = "-----BEGIN PUBLIC KEY-----\n…\n-----END PUBLIC KEY-----\n"

const fakeCertificate = "-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n"

// wide is a site with several of everything.
func wide() Site {
	return Site{
		Tenant: "11111111-2222-3333-4444-555555555555",
		Issuers: Issuers{
			V1: "https://sts.windows.net/11111111-2222-3333-4444-555555555555/",
			V2: "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0",
		},
		IssuerURL: "http://127.0.0.1:9001",
		SecureURL: "https://127.0.0.1:9003",
		Authority: fakeCertificate,
		JWKSPath:  "/11111111-2222-3333-4444-555555555555/discovery/keys",
		Keys: []Key{
			{KeyID: "kid-one", PEM: fakePEM},
			{KeyID: "kid-two", FileName: "keys/two.pem", PEM: fakePEM},
			{KeyID: "kid-three", PEM: fakePEM},
		},
		Upstream:  "127.0.0.1:9002",
		Audiences: []string{"api://orders.dev", "6e740000-0000-4000-8000-000000000001"},
		Contracts: []string{"0d2c0000-0000-4000-8000-000000000001", "77ab0000-0000-4000-8000-000000000002"},
		Scope:     "DEV.Access",
	}
}

// narrow is a site with one of everything, and with the optional values.
func narrow() Site {
	return Site{
		Tenant:    "t",
		Issuers:   Issuers{V2: "https://login.microsoftonline.com/t/v2.0"},
		IssuerURL: "http://issuer.example/base/",
		SecureURL: "https://issuer.example/base/",
		Authority: fakeCertificate,
		Keys:      []Key{{KeyID: "k", PEM: fakePEM}},
		Upstream:  "upstream.example:80",
		Audiences: []string{"a"},
		Contracts: []string{"c"},
		Scope:     "s",
		Skew:      90 * time.Second,
		KeyCache:  6 * time.Second,
	}
}

func TestSiteRefusesWhatAConfigurationCannotHold(t *testing.T) {
	fields := map[string]func(*Site, string){
		"issuer":   func(s *Site, v string) { s.Issuers.V1 = v },
		"audience": func(s *Site, v string) { s.Audiences = append(s.Audiences, v) },
		"contract": func(s *Site, v string) { s.Contracts = append(s.Contracts, v) },
		"scope":    func(s *Site, v string) { s.Scope = v },
		"key id":   func(s *Site, v string) { s.Keys[0].KeyID = v },
	}
	values := map[string]string{
		"single quote": "a'b", "double quote": `a"b`, "backquote": "a`b", "backslash": `a\b`,
		"newline": "a\nhttp-request allow", "return": "a\rb", "nul": "a\x00b", "blank": "a b",
		"tab": "a\tb", "delete": "a\x7fb", "beyond ASCII": "ä", "invalid UTF-8": "\xff",
	}
	for _, r := range Recipes() {
		for field, set := range fields {
			if field == "key id" && r.KeySet != StaticKeys {
				continue
			}
			for name, value := range values {
				t.Run(r.Name+"/"+field+"/"+name, func(t *testing.T) {
					s := wide()
					set(&s, value)
					wantSiteError(t, r, FixedScope, s, field)
				})
			}
		}
	}
}

func wantSiteError(t *testing.T, r Recipe, m Mode, s Site, field string) {
	t.Helper()
	_, err := newPage(r, m, s)
	var bad *SiteError
	if !errors.As(err, &bad) {
		t.Fatalf("error: expected a *SiteError, got %v", err)
	}
	if bad.Field != field {
		t.Errorf("field: expected %s, got %s (%v)", field, bad.Field, err)
	}
}

func TestSiteRefusesWhatTheModeLacks(t *testing.T) {
	for _, tc := range []struct {
		reason, field, recipe string
		mode                  Mode
		change                func(*Site)
	}{
		{"no-issuer", "issuer", "envoy", Leaky, func(s *Site) { s.Issuers = Issuers{} }},
		{"no-audience", "audience", "envoy", FixedAudience, func(s *Site) { s.Audiences = nil }},
		{"no-contract", "contract", "haproxy", FixedAudience, func(s *Site) { s.Contracts = nil }},
		{"no-contract-broken", "contract", "haproxy", Broken, func(s *Site) { s.Contracts = nil }},
		{"no-scope", "scope", "envoy", FixedScope, func(s *Site) { s.Scope = "" }},
		{"empty-audience", "audience", "envoy", Leaky, func(s *Site) { s.Audiences[0] = "" }},
		{"no-key", "key", "haproxy", Leaky, func(s *Site) { s.Keys = nil }},
		{"key-twice", "key id", "haproxy", Leaky, func(s *Site) { s.Keys[1].KeyID = "kid-one" }},
		{"key-file-elsewhere", "key file", "haproxy", Leaky, func(s *Site) { s.Keys[1].FileName = "../two.pem" }},
		{"key-file-quoted", "key file", "haproxy", Leaky, func(s *Site) { s.Keys[1].FileName = `a",b` }},
		{"upstream-without-port", "upstream", "envoy", Leaky, func(s *Site) { s.Upstream = "127.0.0.1" }},
		{"upstream-port-word", "upstream", "haproxy", Leaky, func(s *Site) { s.Upstream = "127.0.0.1:http" }},
		{"upstream-injection", "upstream", "haproxy", Leaky, func(s *Site) { s.Upstream = "a\n server b:80" }},
		{"issuer-url-tls", "issuer URL", "envoy", Leaky, func(s *Site) { s.IssuerURL = "https://127.0.0.1:1" }},
		{"issuer-url-relative", "issuer URL", "envoy", Leaky, func(s *Site) { s.IssuerURL = "/x" }},
		{"issuer-url-quote", "issuer URL", "envoy", Leaky, func(s *Site) { s.JWKSPath = "/'" }},
		{"issuer-url-plain", "issuer URL", "apache", Leaky, func(s *Site) { s.SecureURL = "http://127.0.0.1:1" }},
		{"no-authority", "issuer authority", "apache", Leaky, func(s *Site) { s.Authority = "" }},
		{"skew-not-configurable", "skew", "apache", Leaky, func(s *Site) { s.Skew = time.Second }},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			r, err := Lookup(tc.recipe)
			if err != nil {
				t.Fatal(err)
			}
			s := wide()
			tc.change(&s)
			wantSiteError(t, r, tc.mode, s, tc.field)
		})
	}
}

func TestSiteAcceptsOddButHarmlessValues(t *testing.T) {
	for _, r := range Recipes() {
		for _, m := range Modes() {
			s := wide()
			s.Audiences = []string{"api://a/$HOME/%[src]", "{{.Mode}}", "}", "--", "-i", "#"}
			s.Contracts = []string{"}", "#x"}
			s.Scope = "a.b*c[d](e)|f^g$h+i?{j}"
			if _, err := newPage(r, m, s); err != nil {
				t.Errorf("%s %s: %v", r.Name, m, err)
			}
		}
	}
}

// The check of a site is the first wall; each language's quoting is the second.
func TestQuote(t *testing.T) {
	for _, tc := range []struct{ reason, recipe, in, want string }{
		{"haproxy-plain", "haproxy", "DEV.Access", "'DEV.Access'"},
		{"haproxy-blank", "haproxy", "a b", "'a b'"},
		{"haproxy-variable", "haproxy", "$HOME", "'$HOME'"},
		{"haproxy-backslash", "haproxy", `a\.b`, `'a\.b'`},
		{"haproxy-quote", "haproxy", "a'b", ""},
		{"haproxy-newline", "haproxy", "a\nb", ""},
		{"haproxy-nul", "haproxy", "a\x00b", ""},
		{"apache-plain", "apache", "DEV.Access", "DEV.Access"},
		{"apache-backslash", "apache", `a\.b`, `a\\.b`},
		{"apache-back-reference", "apache", "a$1", `a\$1`},
		{"apache-server-variable", "apache", "%{HTTP_HOST}", `\%{HTTP_HOST}`},
		{"apache-variable", "apache", "a${HOME}", ""},
		{"apache-trailing-backslash", "apache", `a\`, `a\\`},
		{"apache-blank", "apache", "a b", ""},
		{"apache-quote", "apache", "a'b", ""},
		{"apache-newline", "apache", "a\nb", ""},
		{"nginx-plain", "nginx", "DEV.Access", `"DEV.Access"`},
		{"nginx-newline", "nginx", "a\nb", `"a\nb"`},
		{"nginx-template", "nginx", "${a}`", "\"${a}`\""},
		{"envoy-plain", "envoy", "DEV.Access", `"DEV.Access"`},
		{"envoy-quote", "envoy", `a"b`, `"a\"b"`},
		{"envoy-newline", "envoy", "a\nb: c", `"a\nb: c"`},
		{"envoy-colon", "envoy", "a: b # c", `"a: b # c"`},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			r, err := Lookup(tc.recipe)
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.quote(tc.in)
			if got != tc.want || (err == nil) != (tc.want != "") {
				t.Errorf("quote %q: expected %s, got %s, %v", tc.in, tc.want, got, err)
			}
		})
	}
}

func TestRenderShowsABrokenTemplate(t *testing.T) {
	for reason, text := range map[string]string{
		"syntax":           "{{if}}",
		"unknown-name":     "{{.Modus}}",
		"unknown-function": "{{shout .Mode}}",
		"quote-refuses":    `{{quote "it's"}}`,
	} {
		t.Run(reason, func(t *testing.T) {
			r := haproxy()
			r.templates = fstest.MapFS{"x.cfg.tmpl": {Data: []byte(text)}}
			p, err := newPage(r, Leaky, wide())
			if err != nil {
				t.Fatal(err)
			}
			err = r.render(t.TempDir(), p)
			if err == nil || !strings.Contains(err.Error(), "x.cfg.tmpl") {
				t.Errorf("error: expected the template's name, got %v", err)
			}
		})
	}
}

func TestEveryRecipeIsComplete(t *testing.T) {
	for _, r := range Recipes() {
		if r.Title == "" || r.Program == "" || r.Version == "" || r.Install == "" || r.KeySet == "" {
			t.Errorf("%s: a name is missing: %+v", r.Name, r)
		}
		if r.inherits && r.address != nil {
			t.Errorf("%s: expected an inherited socket, an address or neither", r.Name)
		}
		if _, err := fs.Stat(r.templates, r.config); err != nil {
			t.Errorf("%s: %v", r.Name, err)
		}
		text, err := r.execute(r.config, page{})
		if err != nil || len(text) == 0 {
			t.Errorf("%s: empty page: %d bytes, %v", r.Name, len(text), err)
		}
	}
}

func TestSortedRefusesTwins(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("expected a panic")
		}
	}()
	sorted([]Recipe{{Name: "b"}, {Name: "a"}, {Name: "b"}})
}

func TestUnknownNames(t *testing.T) {
	if _, err := Lookup("nginx9"); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), ", haproxy") {
		t.Errorf("lookup: got %v", err)
	}
	if _, err := ParseMode("fixed"); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "fixed-scope") {
		t.Errorf("mode: got %v", err)
	}
	for _, m := range Modes() {
		if got, err := ParseMode(string(m)); got != m || err != nil {
			t.Errorf("mode %s: got %s, %v", m, got, err)
		}
	}
}
