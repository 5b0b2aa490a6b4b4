package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
)

// bindFlex puts the policies of all bindings in front of their instances. It
// comes after all files: a binding may stand before its target.
func (r *reading) bindFlex() {
	for _, o := range r.objects {
		if o.kind == "PolicyBinding" {
			r.bind(o)
		}
	}
}

// bind reads one PolicyBinding.
func (r *reading) bind(o object) {
	spec := o.doc.get("spec")
	if !r.isMapping(spec, "targetRef") {
		return
	}
	targets := r.targets(o, spec.get("targetRef"))
	r.destination(o, spec)
	if len(targets) == 0 {
		// What is wrong within is told all the same.
		targets = []object{{instance: &found{}}}
	}
	for _, target := range targets {
		if target.kind == "Service" {
			r.outbound(spec)
			continue
		}
		target.instance.ignore(o.doc, "apiVersion", "kind", "metadata", "spec", "status")
		target.instance.ignore(spec, "targetRef", "policyRef", "config", "order", "rules")
		a := applied{Applied: Applied{At: o.doc.at, Kindless: spec.get("targetRef").get("kind").text == ""}}
		a.Order, a.orderAt, a.orderHint = r.order(spec)
		r.apply(target.instance, a, spec, o.namespace)
	}
}

// outbound refuses a policy of those that are read here in front of an upstream
// service: what it does there is not documented.
func (r *reading) outbound(spec datum) {
	name := spec.get("policyRef").get("name")
	if configOf(assetOf(name.text), FlexYAML) != nil {
		r.add(name.at, "bind it to the ApiInstance", "what %s does in front of a Service is not documented", name.text)
	}
}

// targets are what a binding is bound to.
func (r *reading) targets(o object, ref datum) []object {
	kind := ref.get("kind")
	switch kind.text {
	case "Selector":
		return r.selected(o, ref)
	case "", "ApiInstance", "Service":
	default:
		r.add(kind.at, among(kind.text, []string{"ApiInstance", "Selector", "Service"}), "unknown kind of target %q", kind.text)
		return nil
	}
	name := r.need(ref, "name")
	if name.text == "" {
		return nil
	}
	return r.target(o, reference{
		objectName: objectName{kind: kind.text, name: name.text, namespace: r.namespace(ref, o.namespace)}, at: name.at, what: "target",
	})
}

// reference names an object; without a kind it may be an instance or a service.
type reference struct {
	objectName
	at   document.Position
	what string
}

// target finds the object of a reference: in the same folder, or the only one
// elsewhere.
func (r *reading) target(o object, ref reference) []object {
	all := r.meant(ref)
	if i := slices.IndexFunc(all, func(other object) bool { return other.folder == o.folder }); i >= 0 {
		return all[i : i+1]
	}
	switch len(all) {
	case 1:
		return all
	case 0:
		r.add(ref.at, r.elsewhere(ref), "the %s %q is not in the files", ref.what, ref.name)
	default:
		r.add(ref.at, "give the files of one gateway at a time", "the %s %q is in several folders", ref.what, ref.name)
	}
	return nil
}

// meant are the objects that a reference may be to.
func (r *reading) meant(ref reference) []object {
	if ref.kind != "" {
		return r.named[ref.objectName]
	}
	ref.kind = "ApiInstance"
	all := slices.Clone(r.named[ref.objectName])
	ref.kind = "Service"
	return append(all, r.named[ref.objectName]...)
}

// elsewhere says where a name like that of a reference is.
func (r *reading) elsewhere(ref reference) string {
	var names, spaces []string
	for known := range r.named {
		if known.kind != "ApiInstance" && known.kind != "Service" || ref.kind != "" && known.kind != ref.kind {
			continue
		}
		if known.name == ref.name {
			spaces = append(spaces, known.namespace)
		}
		names = append(names, known.name)
	}
	if len(spaces) > 0 {
		return fmt.Sprintf("it is in namespace %q, this reference is to %q", slices.Min(spaces), ref.namespace)
	}
	if slices.Sort(names); len(names) < 100 {
		if k := document.Nearest(ref.name, names); k != "" {
			return "did you mean " + strconv.Quote(k) + "?"
		}
	}
	return "give the file that has it"
}

// selected are the instances of an automated policy: those with all labels of
// the selector, all instances where it has none.
func (r *reading) selected(o object, ref datum) (all []object) {
	selector := ref.get("selector")
	if kind := selector.get("kind"); kind.text == "" {
		r.add(ref.at, "write selector: {kind: ApiInstance, labels: {…}}", "the selector names no kind")
		return nil
	} else if kind.text != "ApiInstance" {
		r.add(kind.orAt(ref.at).at, "", "a selector is of kind ApiInstance, not %q", kind.text)
		return nil
	}
	for _, other := range r.objects {
		if other.kind == "ApiInstance" && other.folder == o.folder && labelled(other, selector.get("labels")) {
			all = append(all, other)
		}
	}
	if len(all) == 0 {
		r.add(selector.at, "compare the labels in metadata of the instances", "the selector selects no instance of this folder")
	}
	return all
}

func labelled(o object, labels datum) bool {
	for _, want := range labels.members {
		if got := o.doc.get("metadata").get("labels").get(want.key); got.kind == null || got.text != want.value.text {
			return false
		}
	}
	return true
}

// destination refuses a route to a service that is not there.
func (r *reading) destination(o object, spec datum) {
	ref := spec.get("config").get("destinationRef")
	if name := ref.get("name"); spec.get("policyRef").get("name").text == "route" && name.kind == str {
		r.target(o, reference{
			objectName: objectName{kind: "Service", name: name.text, namespace: r.namespace(ref, o.namespace)}, at: name.at, what: "service",
		})
	}
}

// environmentName is a value that is one variable of the environment. A variable
// within a value is not documented, nor is ${NAME}.
var (
	environmentName   = regexp.MustCompile(`^\$([A-Za-z_][A-Za-z0-9_]*)$`)
	environmentWithin = regexp.MustCompile(`\$\{?[A-Za-z_][A-Za-z0-9_]*`)
)

// environment puts the values of variables in the place of their names; known
// says that the policy is. A text that only looks like one is asked about.
func (r *reading) environment(d datum, known bool) datum {
	items := make([]datum, 0, len(d.items))
	for _, item := range d.items {
		items = append(items, r.environment(item, known))
	}
	members := make([]entry, 0, len(d.members))
	for _, m := range d.members {
		m.value.secret = m.value.secret || secret(m.key, known, m.value)
		m.value = r.environment(m.value, known)
		members = append(members, m)
	}
	d.items, d.members = items, members
	if d.kind != str {
		return d
	}
	if name := environmentName.FindStringSubmatch(d.text); name != nil {
		return r.variable(d, name[1])
	}
	if within := environmentWithin.FindString(d.text); within != "" && known && !d.secret && !strings.Contains(d.text, "#[") {
		r.add(d.at, "let the whole value be one variable: $NAME", "what the gateway makes of %s… in a value is not documented", within)
	}
	return d
}

// variable is the value of one variable of the environment.
func (r *reading) variable(d datum, name string) datum {
	d.source = d.text
	if value, ok := r.Lookup(name); ok {
		d.text = value
		return d
	}
	d.unknown, d.ask = d.source, "set "+name+" in the environment"
	return d
}
