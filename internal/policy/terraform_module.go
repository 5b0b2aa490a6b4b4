package policy

import (
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/entraproof/entraproof/internal/document"
)

// module is the Terraform of one folder: its values, and the resources.
type module struct {
	lookup    func(string) (string, bool)
	bytes     map[string][]byte // of each file
	resources []*hclsyntax.Block
	variables map[string]*hclsyntax.Block
	locals    map[string]*hclsyntax.Attribute
	given     map[string]*hclsyntax.Attribute // by a .tfvars file
	called    []*hclsyntax.Block              // modules, which are not followed
	instances map[string]*found               // by the text that means them
	names     map[string]document.Position    // of all of these
	values    map[string]datum                // of variables and locals, once evaluated
}

func newModule(lookup func(string) (string, bool)) *module {
	return &module{
		lookup: lookup, bytes: map[string][]byte{}, variables: map[string]*hclsyntax.Block{},
		locals: map[string]*hclsyntax.Attribute{}, given: map[string]*hclsyntax.Attribute{},
		instances: map[string]*found{}, names: map[string]document.Position{}, values: map[string]datum{},
	}
}

// twin is a name that a module has given before.
type twin struct {
	name       string
	at, before document.Position
}

// take notes the blocks of one file, and tells the names that are not new.
func (m *module) take(f File, body *hclsyntax.Body) (twins []twin) {
	m.bytes[f.Name] = f.Bytes
	for name, a := range body.Attributes {
		if before := m.given[name]; before != nil {
			twins = append(twins, twin{"the value of " + name, position(a.NameRange), position(before.NameRange)})
		}
		m.given[name] = a
	}
	named := func(name string, at document.Position) {
		if before, ok := m.names[name]; ok {
			twins = append(twins, twin{name, at, before})
		}
		m.names[name] = at
	}
	for _, b := range body.Blocks {
		at := position(b.TypeRange)
		switch {
		case b.Type == "resource" && len(b.Labels) == 2:
			named(b.Labels[0]+"."+b.Labels[1], at)
			m.resources = append(m.resources, b)
		case b.Type == "module":
			m.called = append(m.called, b)
		case b.Type == "variable" && len(b.Labels) == 1:
			named("var."+b.Labels[0], at)
			m.variables[b.Labels[0]] = b
		case b.Type == "locals":
			for name, a := range b.Body.Attributes {
				named("local."+name, position(a.NameRange))
				m.locals[name] = a
			}
		}
	}
	return twins
}

// body is a block as a mapping; blocks in it are lists of mappings.
func (m *module) body(b *hclsyntax.Body) datum {
	d := datum{kind: mapping, at: position(b.SrcRange)}
	for name, a := range b.Attributes {
		d.members = append(d.members, entry{key: name, at: position(a.NameRange), value: m.value(a.Expr)})
	}
	for _, inner := range b.Blocks {
		at := position(inner.TypeRange)
		if inner.Type == "dynamic" && len(inner.Labels) == 1 {
			unknown := datum{at: at, unknown: "a dynamic block", ask: "write its blocks out"}
			d.members = append(d.members, entry{key: inner.Labels[0], at: at, value: unknown})
			continue
		}
		i := slices.IndexFunc(d.members, func(e entry) bool { return e.key == inner.Type && e.value.kind == sequence })
		if i < 0 {
			i = len(d.members)
			d.members = append(d.members, entry{key: inner.Type, at: at, value: datum{kind: sequence, at: at}})
		}
		d.members[i].value.items = append(d.members[i].value.items, m.body(inner.Body))
	}
	slices.SortStableFunc(d.members, func(a, b entry) int { return before(a.at, b.at) })
	return d
}

func before(a, b document.Position) int {
	if a.Line != b.Line {
		return a.Line - b.Line
	}
	return a.Column - b.Column
}

// source is the text of an expression.
func (m *module) source(e hclsyntax.Expression) string {
	return string(e.Range().SliceBytes(m.bytes[e.Range().Filename]))
}

// variable is the value of a variable: what a .tfvars file or the environment
// gives, else its default.
func (m *module) variable(name string) datum {
	return m.once("var."+name, func() datum {
		declared := m.variables[name]
		d := datum{unknown: "var." + name, ask: "give variable " + name + " a default, or set TF_VAR_" + name + " in the environment"}
		text, set := m.lookup("TF_VAR_" + name)
		switch {
		case m.given[name] != nil:
			d = m.value(m.given[name].Expr)
		case set:
			d = datum{kind: str, text: text}
		case declared != nil && declared.Body.Attributes["default"] != nil:
			d = m.value(declared.Body.Attributes["default"].Expr)
		}
		if declared != nil && declared.Body.Attributes["sensitive"] != nil {
			d.secret = m.value(declared.Body.Attributes["sensitive"].Expr).text == "true"
		}
		return d
	})
}

// local is the value of a local.
func (m *module) local(name string) datum {
	return m.once("local."+name, func() datum {
		if a := m.locals[name]; a != nil {
			return m.value(a.Expr)
		}
		return datum{unknown: "local." + name, ask: "give the file that has it"}
	})
}

// once evaluates a value once; one that needs itself is not known.
func (m *module) once(name string, evaluate func() datum) datum {
	if d, ok := m.values[name]; ok {
		return d
	}
	m.values[name] = datum{unknown: name, ask: "it needs itself"}
	m.values[name] = evaluate()
	return m.values[name]
}
