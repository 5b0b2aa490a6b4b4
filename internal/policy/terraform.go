package policy

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/entraproof/entraproof/internal/document"
)

// largestHCL bounds a Terraform file: what its expressions need of the stack
// grows with their length.
const largestHCL = 256 << 10

// terraform parses one file into the module of its folder. It is read when all
// files are there, for its values may stand in any of them.
func (r *reading) terraform(f File) {
	if !r.boundHCL(f) {
		return
	}
	parsed, diagnostics := hclsyntax.ParseConfig(f.Bytes, f.Name, hcl.InitialPos)
	if diagnostics.HasErrors() {
		for _, d := range diagnostics[:min(len(diagnostics), 20)] {
			r.add(subject(d, f.Name), sentence(d.Detail), "%s", sentence(d.Summary))
		}
		return
	}
	body, ok := parsed.Body.(*hclsyntax.Body)
	if !ok {
		return
	}
	for _, d := range r.moduleOf(f).take(f, body) {
		hint := ""
		if strings.HasPrefix(d.name, "the value of ") {
			hint = "give the .tfvars file of one environment at a time"
		}
		r.add(d.at, hint, "%s stands twice, also at %s", d.name, d.before)
	}
}

// moduleOf is the module of a file's folder.
func (r *reading) moduleOf(f File) *module {
	m, ok := r.modules[folder(f.Name)]
	if !ok {
		m = newModule(r.Lookup)
		r.modules[folder(f.Name)] = m
	}
	return m
}

// boundHCL refuses what the parser would need too much stack for.
func (r *reading) boundHCL(f File) bool {
	limits := r.Limits.OrDefault()
	if most := min(limits.Bytes, largestHCL); len(f.Bytes) > most {
		r.add(document.Position{File: f.Name, Line: 1, Column: 1}, "", "the file has %d bytes, at most %d are read", len(f.Bytes), most)
		return false
	}
	// What the lexer finds is told by the parser, which calls it again.
	tokens, _ := hclsyntax.LexConfig(f.Bytes, f.Name, hcl.InitialPos)
	var n nesting
	for _, t := range tokens {
		if n.see(t.Type); max(n.open, n.unary) > limits.Depth || n.forks > limits.Keys {
			r.add(position(t.Range), "", "expressions lie too deep in one another")
			return false
		}
	}
	return true
}

// nesting counts what makes the parser call itself: brackets that are open,
// operators in a row that stand before a value, and conditions.
type nesting struct{ open, unary, forks int }

func (n *nesting) see(t hclsyntax.TokenType) {
	switch t {
	case hclsyntax.TokenBang, hclsyntax.TokenMinus:
		n.unary++
		return
	case hclsyntax.TokenNewline, hclsyntax.TokenComment:
		return
	case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp:
		n.open++
	case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd:
		n.open = max(n.open-1, 0)
	case hclsyntax.TokenQuestion, hclsyntax.TokenTemplateControl:
		n.forks++
	default:
	}
	n.unary = 0
}

// sentence is the text of a diagnostic as the messages here are written.
func sentence(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	text = strings.TrimSuffix(text, ".")
	runes := []rune(text)
	if len(runes) > 1 && unicode.IsUpper(runes[0]) && !unicode.IsUpper(runes[1]) {
		runes[0] = unicode.ToLower(runes[0])
	}
	return string(runes)
}

// readModules reads the policies of all modules.
func (r *reading) readModules() {
	for _, name := range slices.Sorted(maps.Keys(r.modules)) {
		m := r.modules[name]
		for _, b := range m.resources {
			if isInstanceType(b.Labels[0]) {
				r.emptyInstance(m, b)
			}
		}
		for _, b := range m.resources {
			if asset, ok := policyType(b.Labels[0]); ok {
				r.resource(m, b, asset)
			}
		}
		r.notFollowed(m)
	}
}

// notFollowed asks for the policies of an instance that has none in its folder,
// where they may be in a module.
func (r *reading) notFollowed(m *module) {
	for _, f := range m.instances {
		if len(f.policies) > 0 {
			continue
		}
		for _, b := range m.called {
			r.add(position(b.TypeRange), "give the files of the module's folder, with its variables in a .tfvars file",
				"modules are not followed, and %q has no policy outside of them", f.Name)
		}
	}
}

// isInstanceType reports whether a resource is an API instance of one of the
// vendor's two providers.
func isInstanceType(name string) bool {
	return slices.Contains([]string{"anypoint_api_instance", "anypoint_apim_flexgateway", "anypoint_apim_mule4"}, name)
}

// policyType is the policy that a resource is of; empty where the resource says
// so itself.
func policyType(name string) (asset string, ok bool) {
	for _, prefix := range []string{"anypoint_apim_policy", "anypoint_api_policy"} {
		rest, found := strings.CutPrefix(name, prefix)
		switch {
		case !found:
		case rest == "" || rest == "_custom":
			return "", true
		case rest[0] == '_':
			return strings.ReplaceAll(rest[1:], "_", "-"), true
		}
	}
	return "", false
}

// emptyInstance notes an instance before its policies, for it may have none.
func (r *reading) emptyInstance(m *module, b *hclsyntax.Block) {
	if b.Body.Attributes["count"] != nil || b.Body.Attributes["for_each"] != nil {
		return
	}
	at := position(b.TypeRange)
	key := b.Labels[0] + "." + b.Labels[1] + ".id"
	m.instances[key] = &found{
		Instance:   Instance{Name: b.Labels[1], At: at, Form: Terraform},
		qualifiers: qualifiersOf(File{Name: at.File}, b.Labels[0]),
	}
	r.found = append(r.found, m.instances[key])
}

// instanceBehind is the instance that an expression means, by its text.
func (r *reading) instanceBehind(m *module, b *hclsyntax.Block) *found {
	a := b.Body.Attributes["apim_id"]
	if a == nil {
		a = b.Body.Attributes["api_instance_id"]
	}
	if a == nil {
		r.add(position(b.TypeRange), "name the API instance that it is for", "a policy without apim_id or api_instance_id")
		return nil
	}
	key := m.source(unwrapped(a.Expr))
	if at, ok := m.instances[key]; ok {
		return at
	}
	at := position(b.TypeRange)
	m.instances[key] = &found{
		Instance:   Instance{Name: instanceName(key), At: at, Form: Terraform},
		qualifiers: qualifiersOf(File{Name: at.File}, key),
	}
	r.found = append(r.found, m.instances[key])
	return m.instances[key]
}

// instanceName is the name in an expression: that of a resource or of a value.
func instanceName(expression string) string {
	switch parts := strings.Split(expression, "."); {
	case len(parts) == 3 && parts[2] == "id":
		return parts[1]
	case len(parts) == 2 && (parts[0] == "var" || parts[0] == "local"):
		return parts[1]
	}
	return strings.Trim(expression, `"`)
}

// subject is where a diagnostic points to.
func subject(d *hcl.Diagnostic, file string) document.Position {
	if d.Subject == nil {
		return document.Position{File: file, Line: 1, Column: 1}
	}
	return position(*d.Subject)
}

// position is where a range begins.
func position(at hcl.Range) document.Position {
	return document.Position{File: at.Filename, Line: at.Start.Line, Column: at.Start.Column}
}
