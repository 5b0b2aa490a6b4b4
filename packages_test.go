package entraproof_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestPackageComments: each package says in one place what it is and what it
// may import.
func TestPackageComments(t *testing.T) {
	t.Parallel()
	for _, p := range readModule(t) {
		if problem := packageComment(p); problem != "" && p.dir != "." {
			t.Errorf("%s: %s", p.dir, problem)
		}
	}
}

func packageComment(p goPackage) string {
	var texts []string
	name := ""
	for _, f := range p.files {
		if f.test {
			continue
		}
		name = f.syntax.Name.Name
		if f.syntax.Doc != nil {
			texts = append(texts, f.syntax.Doc.Text())
		}
	}
	switch {
	case name == "":
		return ""
	case len(texts) != 1:
		return fmt.Sprintf("expected one package comment, got %d", len(texts))
	case name == "main" && !regexp.MustCompile(`^(Command )?(?i:entraproof)(-[a-z]+)? `).MatchString(texts[0]):
		return `the comment of a command begins with its name, "Command entraproof ..."`
	case name != "main" && !strings.HasPrefix(texts[0], "Package "+name+" "):
		return fmt.Sprintf("the comment begins with %q", "Package "+name+" ")
	case !regexp.MustCompile(`(?i)\bimports?\b`).MatchString(texts[0]):
		return "the comment does not say what the package may import"
	}
	return ""
}

// TestPackageVariables: a package keeps no state in variables. Approximate: what
// is only ever read counts as a constant, and a registry is filled by a function
// named register or by init.
func TestPackageVariables(t *testing.T) {
	t.Parallel()
	for _, p := range readModule(t) {
		for _, found := range mutableVariables(p) {
			t.Errorf("%s: %s", found.at, found.text)
		}
	}
}

func mutableVariables(p goPackage) (all []finding) {
	state := variables{names: map[string]bool{}, specs: map[any]bool{}}
	for _, f := range p.files {
		if f.test {
			continue
		}
		for _, spec := range packageVariables(f) {
			if kind := stateful(spec.Type); kind != "" {
				all = append(all, f.found(spec.Pos(), "package variable of type %s", kind))
			}
			state.specs[spec] = true
			for _, name := range spec.Names {
				state.names[name.Name] = true
			}
		}
	}
	for _, f := range p.files {
		if !f.test {
			all = append(all, writes(f, state)...)
		}
	}
	return all
}

func packageVariables(f goFile) (all []*ast.ValueSpec) {
	for _, declared := range f.syntax.Decls {
		d, ok := declared.(*ast.GenDecl)
		if !ok || d.Tok != token.VAR {
			continue
		}
		for _, spec := range d.Specs {
			if s, ok := spec.(*ast.ValueSpec); ok {
				all = append(all, s)
			}
		}
	}
	return all
}

// stateful names a declared type that exists to be changed.
func stateful(declared ast.Expr) string {
	selector, ok := declared.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	pkg, ok := selector.X.(*ast.Ident)
	if ok && (pkg.Name == "sync" || pkg.Name == "atomic") {
		return pkg.Name + "." + selector.Sel.Name
	}
	return ""
}

// writes finds assignments to package variables outside of registration.
func writes(f goFile, state variables) (all []finding) {
	for _, declared := range f.syntax.Decls {
		function, ok := declared.(*ast.FuncDecl)
		if !ok || function.Name.Name == "init" || strings.EqualFold(function.Name.Name, "register") {
			continue
		}
		ast.Inspect(function, func(n ast.Node) bool {
			for _, written := range writtenBy(n) {
				if name := root(written); name != nil && state.hold(name) {
					all = append(all, f.found(name.Pos(), "package variable %s is written to", name.Name))
				}
			}
			return true
		})
	}
	return all
}

func writtenBy(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return n.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			return []ast.Expr{n.X}
		}
	case *ast.CallExpr:
		if name, ok := n.Fun.(*ast.Ident); ok && slices.Contains([]string{"clear", "delete", "copy"}, name.Name) {
			return n.Args[:1]
		}
	}
	return nil
}

// root is the variable that an expression like x.y[z] stands on.
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// variables are the package's own, by name and by the place that declares them.
type variables struct {
	names map[string]bool
	specs map[any]bool
}

// hold tells a package's variable from a local one of the same name: the parser
// resolves the names of one file, those of other files stay open.
func (v variables) hold(name *ast.Ident) bool {
	return v.names[name.Name] && (name.Obj == nil || v.specs[name.Obj.Decl])
}

// TestPackageVariablesRefuse plants state of each sort.
func TestPackageVariablesRefuse(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		source string
		want   int
	}{
		"assigned":       {"var n int\nfunc f() { n = 1 }", 1},
		"counted":        {"var n int\nfunc f() { n++ }", 1},
		"map written":    {"var m = map[string]int{}\nfunc f() { m[\"a\"] = 1 }", 1},
		"field written":  {"var s struct{ a int }\nfunc f() { s.a = 1 }", 1},
		"address taken":  {"var n int\nfunc f() *int { return &n }", 1},
		"lock":           {"import \"sync\"\nvar mu sync.Mutex", 1},
		"only read":      {"var n = 1\nfunc f() int { return n }", 0},
		"registry":       {"var m = map[string]int{}\nfunc register(s string) { m[s] = 1 }", 0},
		"local shadow":   {"var n int\nfunc f() { n := 2; n = 1; _ = n }", 0},
		"local var":      {"var n int\nfunc f() { var n int; n = 1; _ = n }", 0},
		"parameter":      {"var n int\nfunc f(n int) { n = 1 }", 0},
		"field of other": {"var n int\nfunc f(s struct{ n int }) { s.n = 1 }", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := goPackage{dir: "x", files: []goFile{mustParse(t, "x/x.go", "package x\n"+row.source+"\n")}}
			if found := mutableVariables(p); len(found) != row.want {
				t.Errorf("expected %d findings, got %v", row.want, found)
			}
		})
	}
}

// TestPackageCommentsRefuse plants comments that say too little.
func TestPackageCommentsRefuse(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		sources []string
		sound   bool
	}{
		"sound":              {[]string{"// Package x is an x. It may import nothing.\npackage x\n"}, true},
		"none":               {[]string{"package x\n"}, false},
		"two":                {[]string{"// Package x imports y.\npackage x\n", "// Package x imports z.\npackage x\n"}, false},
		"wrong name":         {[]string{"// Package y imports nothing.\npackage x\n"}, false},
		"no word on imports": {[]string{"// Package x is an x.\npackage x\n"}, false},
		"command":            {[]string{"// Command entraproof imports all.\npackage main\n"}, true},
		"command unnamed":    {[]string{"// Package main imports all.\npackage main\n"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := goPackage{dir: "x"}
			for _, source := range row.sources {
				p.files = append(p.files, mustParse(t, "x/x.go", source))
			}
			if problem := packageComment(p); (problem == "") != row.sound {
				t.Errorf("expected sound %t, got %q", row.sound, problem)
			}
		})
	}
}
