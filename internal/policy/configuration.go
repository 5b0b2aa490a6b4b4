package policy

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
)

// configOf is the configuration of a policy with the defaults of a form, or nil
// for a policy that is not known here.
func configOf(asset string, form Form) any {
	switch asset {
	case "jwt-validation":
		c := NewJWTValidation()
		return &c
	case "openidconnect-access-token-enforcement":
		c := NewOpenIDConnect()
		c.SkipClientIDValidation = form == FlexYAML // mulesoft-policies.md 1.1
		return &c
	case "oauth2-token-introspection":
		c := NewIntrospection()
		return &c
	case "client-id-enforcement":
		c := NewClientIDEnforcement()
		return &c
	}
	return nil
}

// assetOf is the definition's name behind that of its implementation for Flex.
func assetOf(name string) string { return strings.TrimSuffix(name, "-flex") }

// configure reads the settings of a policy over the defaults in its Config. A
// key that is not known stays among the settings: the product passes over it.
func (r *reading) configure(a *Applied, config datum) {
	a.Settings = map[string]Setting{}
	if config.unknown != "" && a.Config != nil {
		r.asked(config)
	}
	if config.kind == null {
		return
	}
	if config.kind != mapping {
		r.add(config.at, "", "expected a mapping of settings, got %s", config.words())
		return
	}
	into := reflect.Value{}
	if a.Config != nil {
		into = reflect.ValueOf(a.Config).Elem()
	}
	for _, m := range config.members {
		key, field := member(into, m.key)
		m.value.secret = m.value.secret || secret(key, field.IsValid(), m.value)
		a.Settings[key] = setting(m, field.IsValid())
		if field.IsValid() && !needless(key, config, m.value) && !onlyNames(key, m.value) {
			r.decode(field, listed(key, m.value))
		}
	}
}

// listed is a value with what to write instead of a list, where several values
// are one text (mulesoft-policies.md 1.1, 2.1).
func listed(key string, d datum) datum {
	if separator := map[string]string{"jwksUrl": "commas", "scopes": "blanks", "supportedAudiences": "commas"}[key]; separator != "" && d.kind == sequence {
		d.ask = "several values are one text, with " + separator + " between them"
	}
	return d
}

// member finds the field that a key means.
func member(v reflect.Value, key string) (string, reflect.Value) {
	if !v.IsValid() {
		return key, reflect.Value{}
	}
	for i := range v.NumField() {
		if name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); name == key {
			return name, v.Field(i)
		}
	}
	return key, reflect.Value{}
}

// needless reports whether a value is not known and does not matter: a key that
// comes from elsewhere needs no text and no address.
func needless(key string, config, value datum) bool {
	origin := map[string]string{"textKey": "text", "jwksUrl": "jwks"}[key]
	used := config.first("jwtKeyOrigin", "jwt_key_origin")
	return value.unknown != "" && origin != "" && used.unknown == "" && used.text != "" && used.text != origin
}

// onlyNames reports whether claims are handed on by their names alone, as the
// community's Terraform provider types them (mulesoft-policies.md 2.1). Which
// header fields that makes is not documented.
func onlyNames(key string, d datum) bool {
	return key == "claimsToHeaders" && len(d.items) > 0 && !slices.ContainsFunc(d.items, func(item datum) bool { return item.kind != str })
}

// asked records a value that is needed and not known.
func (r *reading) asked(d datum) {
	at := d.askAt
	if at.Line == 0 {
		at = d.at
	}
	r.add(at, d.ask, "the value of %s is not known", d.unknown)
}

// decode reads a value into a field. What the product takes as well is taken:
// numbers and booleans as text. Null leaves the default.
func (r *reading) decode(into reflect.Value, d datum) {
	if d.unknown != "" {
		r.asked(d)
		return
	}
	if d.kind == null {
		return
	}
	switch into.Kind() {
	case reflect.String:
		if d.kind != str {
			r.mismatch(d, "a string")
			return
		}
		into.SetString(d.text)
	case reflect.Bool:
		r.decodeBool(into, d)
	case reflect.Int:
		r.decodeInt(into, d)
	case reflect.Slice:
		r.decodeList(into, d)
	case reflect.Struct:
		r.decodeStruct(into, d)
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		r.decode(into.Elem(), d)
	default:
		panic("policy: cannot decode into " + into.Type().String())
	}
}

func (r *reading) mismatch(d datum, expected string) {
	hint := d.ask
	if expected == "a string" && (d.kind == document.Number || d.kind == document.Bool) {
		hint = "put it in quotes"
	}
	r.add(d.at, hint, "expected %s, got %s", expected, d.words())
}

func (r *reading) decodeBool(into reflect.Value, d datum) {
	switch {
	case d.kind != document.Bool && d.kind != str:
	case strings.EqualFold(d.text, "true"):
		into.SetBool(true)
		return
	case strings.EqualFold(d.text, "false"):
		into.SetBool(false)
		return
	}
	r.mismatch(d, "true or false")
}

func (r *reading) decodeInt(into reflect.Value, d datum) {
	if d.kind == document.Number || d.kind == str {
		// An export may write 256.0 for 256.
		if f, err := strconv.ParseFloat(d.text, 64); err == nil && f == float64(int64(f)) {
			into.SetInt(int64(f))
			return
		}
	}
	r.mismatch(d, "a whole number")
}

func (r *reading) decodeList(into reflect.Value, d datum) {
	if d.kind != sequence {
		r.mismatch(d, "a list")
		return
	}
	all := reflect.MakeSlice(into.Type(), len(d.items), len(d.items))
	for i, item := range d.items {
		r.decode(all.Index(i), item)
	}
	into.Set(all)
}

// decodeStruct reads an entry of a list, such as a custom claim: it must have
// its members.
func (r *reading) decodeStruct(into reflect.Value, d datum) {
	if d.kind != mapping {
		r.mismatch(d, "a mapping")
		return
	}
	var keys []string
	for _, m := range d.members {
		keys = append(keys, m.key)
		if _, field := member(into, m.key); field.IsValid() {
			r.decode(field, m.value)
		}
	}
	for i := range into.NumField() {
		name, options, _ := strings.Cut(into.Type().Field(i).Tag.Get("json"), ",")
		if !strings.Contains(options, "omit") && !slices.Contains(keys, name) {
			r.add(d.at, near(name, keys), "%q is missing", name)
		}
	}
}

// near asks whether one of the keys was meant.
func near(name string, keys []string) string {
	if k := document.Nearest(name, keys); k != "" {
		return "is " + strconv.Quote(k) + " meant for it?"
	}
	return ""
}
