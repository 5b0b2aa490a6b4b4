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
			Why:    "the product passes over keys that it does not know, without a word: what was meant is not set, and the default counts",
			Fix:    "write the key as the policy's documentation has it",
			Refs:   []string{"mulesoft-policies.md §4", "mulesoft-policies.md §5"},
			Rows:   []string{"aud-missing", "exp-missing"},
			Effect: Opens, Proof: []string{"exp-missing"},
			check: eachPolicy(keyNotKnown),
		},
		{
			ID: "value-not-known", Severity: High,
			Why:    "the product has no such choice, and what it makes of it is not documented: the check may be off, or every request refused",
			Fix:    "choose one of the values that the policy's documentation lists",
			Refs:   []string{"mulesoft-policies.md §1.7", "mulesoft-policies.md §2.1", "mulesoft-policies.md §3"},
			Rows:   []string{"ctl-v2-app-only", "sig-bit-flipped"},
			Effect: Neither, Unshown: "what the product makes of the value is not documented; predict refuses the document",
			check: eachPolicy(valueNotKnown),
		},
		{
			ID: "secret-in-file", Severity: Medium,
			Why:    "whoever can read the file, or its history, has the secret",
			Fix:    "in local mode write $NAME in its place and set NAME in the environment; elsewhere keep it out of what is checked in; and change the secret",
			Refs:   []string{"mulesoft-policies.md §1.7", "mulesoft-policies.md §2.1", "mulesoft-policies.md §4"},
			Effect: Neither, Unshown: "who reads the file, and what he does with the secret, no request shows",
			check: eachPolicy(secretInFile),
		},
		{
			ID: "key-passed-over", Severity: Medium,
			Why:    "the product passes over keys that it does not know, without a word: what stands under this one is not there",
			Fix:    "write the key as the product's documentation has it, or remove it",
			Refs:   []string{"mulesoft-policies.md §4", "mulesoft-policies.md §5"},
			Rows:   []string{"auth-missing"},
			Effect: Neither, Unshown: "what was meant by the key is not known, nor what lacks without it",
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
	if !p.sets(near) {
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

// secretInFile leaves Terraform alone, whose values may come from anywhere, and a
// JWT Key that signs nothing: API Manager asks for one with JWKS too.
func secretInFile(p place) []Finding {
	c, isJWT := p.Config.(*JWTValidation)
	if p.in.Form == Terraform {
		return nil
	}
	var all []Finding
	for _, name := range slices.Sorted(maps.Keys(p.Settings)) {
		s := p.Settings[name]
		public := isJWT && (c.SigningMethod != "hmac" || c.JWTKeyOrigin != "text") && name == "textKey"
		if s.Secret && !s.Elsewhere && s.Unknown == "" && !public && !slices.Contains(documented(p.Asset), name) {
			all = append(all, p.about(name, "expected a reference to a secret, got one in clear"))
		}
	}
	return all
}
