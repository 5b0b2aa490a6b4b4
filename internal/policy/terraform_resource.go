package policy

import (
	"reflect"
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// resource reads one policy.
func (r *reading) resource(m *module, b *hclsyntax.Block, asset string) {
	to := r.instanceBehind(m, b)
	d := m.body(b.Body)
	d.at = position(b.TypeRange)
	if to == nil || d.get("injection_point").text == "outbound" || r.repeated(d) {
		return
	}
	named := asset != ""
	if of := d.get("asset_id").orElse(d.get("policy_type")); of.unknown != "" {
		r.asked(of)
		return
	} else if of.text != "" {
		asset = of.text
	}
	if asset == "" {
		r.add(position(b.TypeRange), near("asset_id", d.keys()), "a policy without asset_id")
		return
	}
	a := applied{Applied: Applied{Asset: assetOf(asset), At: position(b.TypeRange)}, orderHint: "give each its own"}
	a.Version = known(d.get("asset_version")).text
	a.Config = terraformConfig(b.Labels[0], a.Asset)
	a.Order, a.orderAt = r.number(d.get("order"))
	a.disabled = r.truth(d.get("disabled"))
	// The generic resource of the newer provider takes either spelling.
	snake := named || b.Labels[0] == "anypoint_api_policy"
	if named {
		r.camelArguments(d)
	}
	r.configure(&a.Applied, r.blockConfiguration(d, a.Config, snake))
	a.Rules = r.pointcut(d.get("pointcut_data"))
	to.policies = append(to.policies, a)
}

// terraformConfig are the defaults of a resource: that of the community's
// provider writes some of its own (mulesoft-policies.md 2.1).
func terraformConfig(resource, asset string) any {
	config := configOf(asset, Terraform)
	if c, ok := config.(*JWTValidation); ok && resource == "anypoint_apim_policy_jwt_validation" {
		c.SupportedAudiences, c.TextKey = "aud.example.com", "empty"
	}
	return config
}

// repeated refuses what only Terraform can multiply; a resource that is counted
// down to nothing is none.
func (r *reading) repeated(d datum) bool {
	if each := d.get("for_each"); !each.absent() {
		r.add(each.at, "write its resources out", "for_each is not evaluated here")
		return true
	}
	count := d.get("count")
	switch {
	case count.unknown != "":
		r.asked(count)
	case count.kind == null || count.text == "1":
		return false
	case count.text != "0":
		r.add(count.at, "write its resources out", "a count of %s is not evaluated here", count.words())
	}
	return true
}

// known is a value, or nothing where it is not known and does not matter.
func known(d datum) datum {
	if d.unknown != "" {
		return datum{}
	}
	return d
}

// blockConfiguration is the configuration, as a block or as an attribute, of
// JSON or of its own; snake says that its keys are to be spelt anew.
func (r *reading) blockConfiguration(d datum, config any, snake bool) datum {
	c := d.first("configuration_data", "configuration")
	if c.absent() && config != nil {
		r.add(d.at, near("configuration_data", d.keys()), "a policy without configuration_data or configuration")
	}
	if c.kind == sequence && len(c.items) == 1 { // a block
		c = c.items[0]
	}
	c = r.json(c)
	if snake {
		into := reflect.Value{}
		if config != nil {
			into = reflect.ValueOf(config).Elem()
		}
		c = vendorSpelling(c, into)
	}
	return c
}

// camelArguments refuses arguments in the spelling of API Manager, which a
// resource for one policy has not: Terraform refuses them as well.
func (r *reading) camelArguments(d datum) {
	c := d.first("configuration_data", "configuration")
	if c.kind == sequence && len(c.items) == 1 {
		c = c.items[0]
	}
	if c.source != "" { // computed, as by jsonencode
		return
	}
	for _, m := range c.members {
		if !strings.Contains(m.key, "_") && m.key != strings.ToLower(m.key) {
			r.add(m.at, "write "+snake(m.key), "the resource has no argument %q", m.key)
		}
	}
}

// vendorSpelling spells the keys as the vendor does, also where that is not
// regular: introspection_url is introspectionURL.
func vendorSpelling(d datum, into reflect.Value) datum {
	members := make([]entry, 0, len(d.members))
	for _, m := range d.members {
		if strings.Contains(m.key, "_") {
			m.key, m.source = regular(camel(m.key), into), m.key
		}
		m.value = vendorSpelling(m.value, reflect.Value{})
		members = append(members, m)
	}
	items := make([]datum, 0, len(d.items))
	for _, item := range d.items {
		items = append(items, vendorSpelling(item, reflect.Value{}))
	}
	d.members, d.items = members, items
	return d
}

// regular is the vendor's key that differs from a name in its capitals only, or
// the name.
func regular(name string, into reflect.Value) string {
	if !into.IsValid() {
		return name
	}
	for i := range into.NumField() {
		if key, _, _ := strings.Cut(into.Type().Field(i).Tag.Get("json"), ","); strings.EqualFold(key, name) {
			return key
		}
	}
	return name
}

// camel spells snake_case as camelCase.
func camel(name string) string {
	var b strings.Builder
	upper := false
	for _, c := range name {
		switch {
		case c == '_':
			upper = b.Len() > 0
		case upper:
			b.WriteRune(unicode.ToUpper(c))
			upper = false
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}
