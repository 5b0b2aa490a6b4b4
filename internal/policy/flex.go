package policy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
)

// apiVersion is the only one that is documented for what is read here; the
// first releases wrote Configuration with another (mulesoft-policies.md 4).
const apiVersion = "gateway.mulesoft.com/v1alpha1"

// object is one document of local mode.
type object struct {
	doc datum
	objectName
	folder   string
	instance *found // of an ApiInstance
}

// objectName is what an object is referred to by.
type objectName struct{ kind, namespace, name string }

// kinds are the objects of local mode. Of Configuration and Extension nothing
// concerns who is let in.
func kinds() []string {
	return []string{"ApiInstance", "Configuration", "Extension", "PolicyBinding", "Service"}
}

// object reads one document of local mode.
func (r *reading) object(f File, d datum) {
	kind := r.need(d, "kind")
	if kind.text == "List" { // what kubectl prints of several
		for _, item := range d.get("items").items {
			r.object(f, item)
		}
		return
	}
	if kind.text == "" || !r.version(d, kind.text) {
		return
	}
	if !slices.Contains(kinds(), kind.text) {
		r.add(kind.at, among(kind.text, kinds()), "unknown kind %q", kind.text)
		return
	}
	metadata := d.get("metadata")
	o := object{
		doc: d, folder: folder(f.Name), objectName: objectName{
			kind: kind.text, name: r.need(metadata.orAt(d.at), "name").text, namespace: r.namespace(metadata, "default"),
		},
	}
	if o.name == "" || r.twice(o) || !r.isMapping(d, "spec") {
		return
	}
	if o.kind == "ApiInstance" {
		o.instance = r.instance(f, o)
		r.found = append(r.found, o.instance)
	}
	r.objects = append(r.objects, o)
	r.named[o.objectName] = append(r.named[o.objectName], o)
}

// orAt gives an absent value a place.
func (d datum) orAt(at document.Position) datum {
	if d.kind == null {
		d.at = at
	}
	return d
}

// need is the text of a key that must be there.
func (r *reading) need(d datum, key string) datum {
	v := d.get(key)
	switch v.kind {
	case str:
		return v
	case null:
		r.add(d.at, near(key, d.keys()), "%q is missing", key)
	default:
		r.mismatch(v, "a string")
	}
	return datum{}
}

func (d datum) keys() (all []string) {
	for _, m := range d.members {
		all = append(all, m.key)
	}
	return all
}

// version refuses an apiVersion that is not known.
func (r *reading) version(d datum, kind string) bool {
	v := r.need(d, "apiVersion")
	if v.text == apiVersion || kind == "Configuration" && strings.HasSuffix(v.text, ".mulesoft.com/v1alpha1") {
		return true
	}
	if v.text != "" {
		hint := "local mode has " + apiVersion
		if document.Nearest(v.text, []string{apiVersion}) == "" && !strings.Contains(v.text, "mulesoft") {
			hint += "; a document of Kubernetes' own is none of the gateway's: leave it out"
		}
		r.add(v.at, hint, "unknown apiVersion %q", v.text)
	}
	return false
}

func (r *reading) namespace(d datum, otherwise string) string {
	if v := d.get("namespace"); v.kind == str && v.text != "" {
		return v.text
	} else if v.kind != null && v.kind != str {
		r.mismatch(v, "a string")
	}
	return otherwise
}

// twice refuses a second object of one kind, namespace and name in one folder,
// which is one gateway's.
func (r *reading) twice(o object) bool {
	for _, before := range r.named[o.objectName] {
		if before.folder == o.folder {
			r.add(o.doc.get("metadata").get("name").at, "", "%s %q stands twice, also at %s", o.kind, o.name, before.doc.get("metadata").get("name").at)
			return true
		}
	}
	return false
}

func (r *reading) isMapping(d datum, key string) bool {
	v := d.get(key)
	if v.kind == null {
		r.add(d.at, near(key, d.keys()), "%q is missing", key)
		return false
	}
	if v.kind != mapping {
		r.mismatch(v, "a mapping")
	}
	return v.kind == mapping
}

// instance reads an ApiInstance with its inline policies, which have no number
// and are in the order of the document.
func (r *reading) instance(f File, o object) *found {
	spec := o.doc.get("spec")
	r.need(spec, "address")
	at := &found{
		Instance:   Instance{Name: o.name, At: o.doc.at, Form: FlexYAML},
		qualifiers: qualifiersOf(f, o.namespace),
	}
	at.ignore(o.doc, "apiVersion", "kind", "metadata", "spec", "status")
	at.ignore(spec, "address", "services", "policies")
	if policies := spec.get("policies"); policies.kind != null && policies.kind != sequence {
		r.mismatch(policies, "a list")
	}
	for _, p := range spec.get("policies").items {
		if p.kind != mapping {
			r.mismatch(p, "a mapping")
			continue
		}
		at.ignore(p, "policyRef", "config", "rules")
		r.apply(at, applied{Applied: Applied{At: p.at}}, p, o.namespace)
	}
	return at
}

// ignore notes the keys that the product does not know.
func (f *found) ignore(d datum, known ...string) {
	for _, m := range d.members {
		if !slices.Contains(known, m.key) {
			m.value.secret = m.value.secret || secret(m.key, false, m.value)
			f.Ignored = append(f.Ignored, setting(m, false))
		}
	}
}

// apply puts what policyRef, config and rules say in front of an instance.
func (r *reading) apply(to *found, a applied, spec datum, namespace string) {
	ref := spec.get("policyRef")
	if ref.kind != mapping {
		r.isMapping(spec, "policyRef")
		return
	}
	name := r.need(ref, "name")
	if name.text == "" || name.text == "route" {
		return
	}
	a.Asset, a.Ref, a.Namespace = assetOf(name.text), name.text, r.namespace(ref, namespace)
	a.Config = configOf(a.Asset, FlexYAML)
	r.configure(&a.Applied, r.environment(spec.get("config"), a.Config != nil))
	a.Rules = r.rules(to, spec.get("rules"))
	to.policies = append(to.policies, a)
}

// order is the number of a binding, 50 where it has none (mulesoft-policies.md 4).
func (r *reading) order(spec datum) (int, document.Position, string) {
	d := spec.get("order")
	if d.kind == null {
		return 50, spec.at, "without order a binding has 50: give each its own"
	}
	n, err := strconv.Atoi(d.text)
	if err != nil || d.kind != document.Number && d.kind != str {
		r.mismatch(d, "a whole number")
	}
	return n, d.at, "give each its own"
}

// among is the nearest of a closed list, or all of it.
func among(word string, known []string) string {
	if k := document.Nearest(word, known); k != "" {
		return "did you mean " + strconv.Quote(k) + "?"
	}
	return "known: " + strings.Join(known, ", ")
}
