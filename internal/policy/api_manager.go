package policy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
)

// export is one policy of API Manager with what stands around it.
type export struct {
	policy datum
	// api is the number of the API instance, label its name; either may be empty.
	api, label string
	// at is where the object begins that holds the policies, if there is one.
	at document.Position
	// none says that it holds no policy.
	none bool
}

// managed reads the policies of one file as API Manager's REST API returns them
// or takes them (mulesoft-policies.md 5). Those of one API are one instance; a
// file whose policies name none is one.
func (r *reading) managed(f File, all []datum) {
	var exports []export
	for _, d := range all {
		if d.kind == sequence && len(d.items) == 0 {
			exports = append(exports, export{at: d.at, none: true})
		}
		exports = r.exports(exports, d, export{})
	}
	var apis []string
	for _, e := range exports {
		apis = append(apis, e.api)
	}
	slices.Sort(apis)
	alone := len(slices.Compact(apis)) == 1
	for _, e := range exports {
		if to := r.instanceOf(f, e, alone); !e.none {
			r.export(to, e)
		}
	}
}

// exports finds the policies in a list, in an object that holds them, or the one
// that a document is.
func (r *reading) exports(all []export, d datum, around export) []export {
	switch {
	case d.kind == sequence:
		for _, item := range d.items {
			all = r.exports(all, item, around)
		}
	case d.kind != mapping:
		r.mismatch(d, "a policy")
	case d.has("policies") || d.has("automatedPolicies"):
		around.at = d.at
		around.api = d.first("apiId", "apiInstanceId", "id").text
		around.label = d.first("instanceLabel", "apiName", "name").text
		before := len(all)
		for _, key := range []string{"automatedPolicies", "policies"} {
			if list := d.get(key); !list.absent() {
				all = r.exports(all, list, around)
			}
		}
		if around.none = len(all) == before; around.none {
			all = append(all, around)
		}
	default:
		around.policy = d
		if api := d.first("apiId", "apiInstanceId", "apiVersionId").text; api != "" {
			around.api = api
		}
		all = append(all, around)
	}
	return all
}

// instanceOf is the instance of a policy, which is made where it is not there.
func (r *reading) instanceOf(f File, e export, alone bool) *found {
	key := "file " + f.Name
	if e.api != "" {
		key = "api " + e.api
	}
	if at, ok := r.byAPI[key]; ok {
		return at
	}
	name := e.label
	switch {
	case name != "":
	case alone:
		name = stem(f.Name)
	default:
		name = e.api
	}
	at := &found{Instance: Instance{Name: name, At: e.at, Form: APIManager}, qualifiers: qualifiersOf(f, "")}
	if !alone || e.at.Line == 0 {
		at.At = e.policy.at
	}
	r.byAPI[key], r.found = at, append(r.found, at)
	return at
}

// export reads one policy.
func (r *reading) export(to *found, e export) {
	d, template := e.policy, e.policy.get("template")
	asset := d.get("assetId").orElse(template.get("assetId")).orElse(d.get("policyTemplateId"))
	if asset.text == "" {
		r.add(d.at, near("assetId", d.keys()), "a policy without assetId")
		return
	}
	if d.get("injectionPoint").text == "outbound" {
		return
	}
	a := applied{Applied: Applied{Asset: assetOf(asset.text), At: d.at}, orderHint: "give each its own"}
	a.Version = d.get("assetVersion").orElse(template.get("assetVersion")).orElse(d.get("version")).text
	a.Config = configOf(a.Asset, APIManager)
	a.Order, a.orderAt = r.number(d.get("order"))
	a.disabled = r.truth(d.get("disabled"))
	r.configure(&a.Applied, r.configurationData(d, a.Config != nil))
	a.Rules = r.pointcut(d.first("pointcutData", "pointcut"))
	to.policies = append(to.policies, a)
}

// configurationData is the configuration of a policy, by either name. What is
// known by name has one: without it nothing could be said.
func (r *reading) configurationData(d datum, known bool) datum {
	config := d.first("configurationData", "configuration")
	if config.absent() && known {
		r.add(d.at, near("configurationData", d.keys()), "a policy without configurationData")
	}
	return r.json(config)
}

// json reads a value that is JSON in a text.
func (r *reading) json(d datum) datum {
	if d.kind != str || d.unknown != "" {
		return d
	}
	place := d.place
	if place == nil {
		place = func(document.Position) document.Position { return d.at } // escapes hide where it is
	}
	all, err := document.ParseAll(d.at.File, []byte(d.text), r.Limits)
	inner := problems{}
	if inner.join(err); len(all) > 1 {
		inner.add(all[1].Pos(), "", "a second document, expected one")
	}
	for _, p := range inner.all {
		r.add(place(p.Pos), p.Hint, "JSON in a text: %s", p.Text)
	}
	if len(inner.all) > 0 {
		return datum{}
	}
	return fromNode(all[0]).moved(place, d.place == nil)
}

// moved is a value at the places where it stands in its file, as far as they can
// be told.
func (d datum) moved(place func(document.Position) document.Position, hidden bool) datum {
	d.at, d.hidden = place(d.at), hidden
	for i := range d.items {
		d.items[i] = d.items[i].moved(place, hidden)
	}
	for i := range d.members {
		d.members[i].at = place(d.members[i].at)
		d.members[i].value = d.members[i].value.moved(place, hidden)
	}
	return d
}

// number reads the place of a policy and where it stands.
func (r *reading) number(d datum) (int, document.Position) {
	if d.unknown != "" {
		r.asked(d)
		return 0, document.Position{}
	}
	if d.kind == null {
		return 0, document.Position{}
	}
	n, err := strconv.Atoi(d.text)
	if err != nil || d.kind != document.Number && d.kind != str {
		r.mismatch(d, "a whole number")
	}
	return n, d.at
}

// truth reads a boolean, as itself or as text; absent is false.
func (r *reading) truth(d datum) bool {
	switch {
	case d.unknown != "":
		r.asked(d)
	case d.kind != null && !strings.EqualFold(d.text, "true") && !strings.EqualFold(d.text, "false"):
		r.mismatch(d, "true or false")
	}
	return strings.EqualFold(d.text, "true")
}

// pointcut reads the conditions of API Manager.
func (r *reading) pointcut(d datum) (all []Rule) {
	d = r.json(d)
	switch {
	case d.unknown != "":
		r.asked(d)
		return nil
	case d.kind == mapping:
		d.items = []datum{{kind: mapping, at: d.at, members: d.members}}
	case d.kind != null && d.kind != sequence:
		r.mismatch(d, "a list of conditions")
	}
	for _, item := range d.items {
		if item.kind != mapping {
			r.mismatch(item, "a condition")
			continue
		}
		all = append(all, Rule{
			Path:   r.pattern(item.first("uriTemplateRegex", "uri_template_regex")),
			Method: r.pattern(oneOf(item.first("methodRegex", "method_regex"))),
		})
	}
	return all
}

// oneOf is a regular expression for a list of methods.
func oneOf(d datum) datum {
	if d.kind != sequence {
		return d
	}
	var words []string
	for _, item := range d.items {
		if item.unknown != "" {
			return item
		}
		words = append(words, item.text)
	}
	return datum{kind: str, at: d.at, text: strings.Join(words, "|")}
}
