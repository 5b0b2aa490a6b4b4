package policy

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
)

// settingRules are about keys.
func settingRules() []LintRule {
	return []LintRule{
		{
			ID: "key-not-known", Severity: Medium,
			Why:   "the product passes over keys that it does not know, without a word: what was meant is not set, and the default counts",
			Fix:   "write the key as the policy's documentation has it",
			Refs:  []string{"mulesoft-policies.md §4", "mulesoft-policies.md §5"},
			Rows:  []string{"aud-missing", "exp-missing"},
			check: eachPolicy(keyNotKnown),
		},
		{
			ID: "value-not-known", Severity: High,
			Why:   "the product has no such choice, and what it makes of it is not documented: the check may be off, or every request refused",
			Fix:   "choose one of the values that the policy's documentation lists",
			Refs:  []string{"mulesoft-policies.md §1.7", "mulesoft-policies.md §2.1", "mulesoft-policies.md §3"},
			Rows:  []string{"ctl-v2-app-only", "sig-bit-flipped"},
			check: eachPolicy(valueNotKnown),
		},
		{
			ID: "value-in-quotes", Severity: Medium,
			Why:   "the product asks for true or false and gets a text; it takes the document without a word, and what it makes of the text is not documented: the check may be off. Findings and verdicts take it for what it says",
			Fix:   "write the value without quotes",
			Refs:  []string{"mulesoft-policies.md §1.1", "mulesoft-policies.md §2.1", "mulesoft-policies.md §5"},
			Rows:  []string{"aud-missing", "exp-missing", "client-unregistered-genuine"},
			check: eachPolicy(valueInQuotes),
		},
		{
			ID: "secret-in-file", Severity: Medium,
			Why:   "whoever can read the file, or its history, has the secret",
			Fix:   "in local mode write $NAME in its place and set NAME in the environment; elsewhere keep it out of what is checked in; and change the secret",
			Refs:  []string{"mulesoft-policies.md §1.7", "mulesoft-policies.md §2.1", "mulesoft-policies.md §4"},
			check: eachPolicy(secretInFile),
		},
		{
			ID: "key-passed-over", Severity: Medium,
			Why:   "the product passes over keys that it does not know, without a word: what stands under this one is not there",
			Fix:   "write the key as the product's documentation has it, or remove it",
			Refs:  []string{"mulesoft-policies.md §4", "mulesoft-policies.md §5"},
			Rows:  []string{"auth-missing"},
			check: eachInstance(keyPassedOver),
		},
	}
}

// documented are keys of policies that no configuration holds, because nothing
// here depends on them (mulesoft-policies.md 1.1, 2.1).
func documented(asset string) []string {
	switch asset {
	case jwtValidation:
		return []string{"claimsToHeaders", "customKeyExpression"}
	case openIDConnect: // injected by the platform
		return []string{"identityManagementTokenUrl", "identityManagementClientId", "identityManagementClientSecret"}
	}
	return nil
}

// keysOf are the documented keys of a policy, sorted.
func keysOf(asset string, config any) []string {
	all := documented(asset)
	t := reflect.TypeOf(config).Elem()
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

func keyNotKnown(p place) []Finding {
	if p.Config == nil {
		return nil
	}
	known := keysOf(p.Asset, p.Config)
	var all []Finding
	for _, name := range slices.Sorted(maps.Keys(p.Settings)) {
		if _, ok := slices.BinarySearch(known, name); !ok {
			all = append(all, p.unknownKey(name, known))
		}
	}
	return all
}

func (p place) unknownKey(name string, known []string) Finding {
	s := p.Settings[name]
	f := p.of("%s: expected a key of %s, got one that it has not", s.Key, p.Asset)
	f.Key, f.At = name, s.KeyAt
	near := document.Nearest(name, known)
	if near == "" {
		return f
	}
	spelled := p.spelled(near)
	f.Fix = fmt.Sprintf("write %s, if that was meant", spelled)
	if !p.sets(near) && !s.Hidden {
		f.Patches = []Patch{{Key: spelled, Rename: true, At: s.KeyAt, owner: p.At}}
	}
	return f
}

// keyPassedOver is about keys outside of the policies' configurations.
func keyPassedOver(in *inspected) []Finding {
	var all []Finding
	for _, s := range in.Ignored {
		f := in.of("%s: expected a key that is known here", s.Key)
		f.Key, f.At = s.Key, s.KeyAt
		all = append(all, f)
	}
	return all
}

// choice is a key whose values are a closed list.
type choice struct {
	key, value string
	known      []string
}

// choices are the closed lists of a policy (mulesoft-policies.md 1.7, 2.1, 3). A
// third origin of keys, an expression, exists in newer versions of JWT Validation
// under a name that is not known here.
func choices(config any) []choice {
	switch c := config.(type) {
	case *JWTValidation:
		return []choice{
			{"jwtOrigin", c.JWTOrigin, []string{bearerOrigin, customOrigin}},
			{"signingMethod", c.SigningMethod, []string{"rsa", "hmac", "es", "none"}},
			{"signingKeyLength", strconv.Itoa(c.SigningKeyLength), []string{"256", "384", "512"}},
			{"jwtKeyOrigin", c.JWTKeyOrigin, []string{"text", "jwks"}},
		}
	case *Introspection:
		return []choice{{"consumerBy", c.ConsumerBy, []string{"client_id", "username"}}}
	case *ClientIDEnforcement:
		return []choice{{"credentialsOriginHasHttpBasicAuthenticationHeader", c.CredentialsOrigin, []string{customOrigin, basicOrigin}}}
	}
	return nil
}

// meant is the value that was meant, if it can be told: RS256 is RSA of 256 bits.
func (c choice) meant() string {
	for name, method := range map[string]string{"RS": "rsa", "HS": "hmac", "ES": "es"} {
		if c.key == "signingMethod" && strings.HasPrefix(strings.ToUpper(c.value), name) {
			return method
		}
	}
	if c.key == "signingKeyLength" {
		return ""
	}
	return document.Nearest(c.value, c.known)
}

func valueNotKnown(p place) []Finding {
	var all []Finding
	for _, c := range choices(p.Config) {
		if slices.Contains(c.known, c.value) || c.key == "jwtKeyOrigin" && mentions(c.value, "expression") {
			continue
		}
		f := p.about(c.key, "expected %s, got %q", strings.Join(c.known, " or "), c.value)
		if near := c.meant(); near != "" {
			f.Patches = p.patch(c.key, near)
		}
		all = append(all, f)
	}
	return all
}

// QuotedFlags are the keys of a policy that ask for true or false and have a text,
// sorted. Terraform makes the one of the other for its own arguments.
func (a Applied) QuotedFlags() []string {
	if a.Config == nil {
		return nil
	}
	var all []string
	config := reflect.ValueOf(a.Config).Elem()
	for i := range config.NumField() {
		name, _, _ := strings.Cut(config.Type().Field(i).Tag.Get("json"), ",")
		s, set := a.Settings[name]
		if set && config.Field(i).Kind() == reflect.Bool && s.Quoted && !s.Elsewhere && !strings.Contains(s.Key, "_") {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

func valueInQuotes(p place) []Finding {
	var all []Finding
	for _, key := range p.QuotedFlags() {
		s := p.Settings[key]
		f := p.about(key, "expected %s, got it as a text", strings.ToLower(s.Text))
		f.Patches = p.patch(key, strings.EqualFold(s.Text, "true"))
		all = append(all, f)
	}
	return all
}

// secretInFile leaves a JWT Key alone that signs nothing: API Manager asks for one
// with JWKS too.
func secretInFile(p place) []Finding {
	var all []Finding
	for _, name := range slices.Sorted(maps.Keys(p.Settings)) {
		if !p.publicKey(name) && !slices.Contains(documented(p.Asset), name) {
			all = append(all, p.secretsIn(name, p.Settings[name])...)
		}
	}
	return all
}

// publicKey reports whether a key holds what everybody may know.
func (p place) publicKey(name string) bool {
	c, isJWT := p.Config.(*JWTValidation)
	return isJWT && name == "textKey" && (c.SigningMethod != "hmac" || c.JWTKeyOrigin != "text")
}

// secretsIn finds the secrets in a value that stand in a file; those of a
// Terraform variable stand where it is given.
func (p place) secretsIn(key string, s Setting) []Finding {
	at := s.At
	if p.in.Form == Terraform {
		at = s.Clear
	}
	switch {
	case s.Secret && (s.Unknown != "" || at.Line == 0 || s.Elsewhere && p.in.Form != Terraform):
		return nil
	case s.Secret:
		f := p.of("%s: expected a reference to a secret, got one in clear", key)
		f.Key, f.At = key, at
		return []Finding{f}
	}
	var all []Finding
	for _, name := range slices.Sorted(maps.Keys(s.Within)) {
		all = append(all, p.secretsIn(key+"."+name, s.Within[name])...)
	}
	return all
}
