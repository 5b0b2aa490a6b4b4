package entraproof_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	longestFunction = 60  // lines, tables not counted
	longestFile     = 400 // lines, tests not counted
)

// finding is one breach, with the place where it stands.
type finding struct {
	at   string
	text string
}

// standard is one rule of the house. What a linter already checks is not
// repeated here.
type standard struct {
	name   string
	check  func(goFile) []finding
	defect string // source that the rule must refuse
	file   string // name of the file with the defect; "x.go" when empty
	sound  string // source beside it that the rule must let pass
}

func standards() []standard {
	table := strings.Repeat("\t\t{1},\n", 70)
	lines := strings.Repeat("\t_ = 1\n", 60)
	return []standard{
		{
			name: "file length", check: fileLength,
			defect: "package x\n" + strings.Repeat("// a\n", longestFile),
			sound:  "package x\n" + strings.Repeat("// a\n", longestFile-1),
		},
		{
			name: "function length", check: functionLength,
			defect: "package x\nfunc f() {\n" + lines + "}\n",
			sound:  "package x\nfunc f() [][]int {\n\treturn [][]int{\n" + table + "\t}\n}\n",
		},
		{
			name: "exported names documented", check: documented,
			defect: "package x\ntype T struct{}\n\nfunc (T) M() {}\n",
			sound:  "package x\n\n// T is a type.\ntype T struct{}\n\n// M is a method.\nfunc (T) M() {}\n\ntype t struct{}\n\nfunc (t) M() {}\n",
		},
		{
			name: "names", check: wornNames,
			defect: "package x\n\ntype storeManager struct{}\n",
			sound:  "package x\n\ntype management struct{}\n",
		},
		{
			name: "no sleep in a test", check: sleeps, file: "x_test.go",
			defect: "package x\nimport \"time\"\nfunc f() { time.Sleep(1) }\n",
			sound:  "package x\nimport (\n\t\"testing/synctest\"\n\t\"time\"\n)\nfunc f() { synctest.Wait(); time.Sleep(1) }\n",
		},
		{
			name: "errors are not told apart by their text", check: errorText,
			defect: "package x\nimport \"strings\"\nfunc f(err error) bool { return strings.Contains(err.Error(), \"x\") }\n",
			sound:  "package x\nimport \"strings\"\nfunc f(s string) bool { return strings.Contains(s, \"x\") }\n",
		},
		{
			name: "nothing is left for later", check: leftovers,
			defect: "package x\n// TO" + "DO: all of it\n",
			sound:  "package x\n// A method of todo lists.\n",
		},
		{
			name: "no machine paths", check: machinePaths,
			defect: "package x\nconst p = \"/ro" + "ot/x\"\n",
			sound:  "package x\nconst p = \"/root\"\n",
		},
	}
}

// TestStandards holds every file of the module against every rule.
func TestStandards(t *testing.T) {
	t.Parallel()
	for _, p := range readModule(t) {
		for _, f := range p.files {
			for _, s := range standards() {
				for _, found := range s.check(f) {
					t.Errorf("%s: %s: %s", found.at, s.name, found.text)
				}
			}
		}
	}
}

// TestStandardsRefuse plants one defect for each rule.
func TestStandardsRefuse(t *testing.T) {
	t.Parallel()
	for _, s := range standards() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			name := s.file
			if name == "" {
				name = "x.go"
			}
			if found := s.check(mustParse(t, name, s.defect)); len(found) == 0 {
				t.Error("expected the defect to be found")
			}
			if found := s.check(mustParse(t, name, s.sound)); len(found) != 0 {
				t.Errorf("expected nothing, got %v", found)
			}
		})
	}
}

func mustParse(t *testing.T, name, source string) goFile {
	t.Helper()
	f, err := parse(name, []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f goFile) found(pos token.Pos, format string, a ...any) finding {
	return finding{at: f.fset.Position(pos).String(), text: fmt.Sprintf(format, a...)}
}

func (f goFile) lines(n ast.Node) int {
	return f.fset.Position(n.End()).Line - f.fset.Position(n.Pos()).Line + 1
}

func fileLength(f goFile) []finding {
	if n := bytes.Count(f.source, []byte("\n")); !f.test && n > longestFile {
		return []finding{f.found(f.syntax.Package, "%d lines, at most %d", n, longestFile)}
	}
	return nil
}

func functionLength(f goFile) (all []finding) {
	for _, declared := range f.syntax.Decls {
		function, ok := declared.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if n := f.lines(function) - f.tableLines(function); n > longestFunction {
			all = append(all, f.found(function.Pos(), "%s has %d lines outside tables, at most %d", function.Name, n, longestFunction))
		}
	}
	return all
}

// tableLines counts the lines inside the outermost slice and map literals.
func (f goFile) tableLines(function *ast.FuncDecl) (n int) {
	ast.Inspect(function, func(node ast.Node) bool {
		literal, ok := node.(*ast.CompositeLit)
		if !ok {
			return true
		}
		switch literal.Type.(type) {
		case *ast.ArrayType, *ast.MapType:
			n += f.lines(literal) - 1
			return false
		}
		return true
	})
	return n
}

func documented(f goFile) (all []finding) {
	if f.test {
		return nil
	}
	for _, declared := range f.syntax.Decls {
		switch d := declared.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) && !selfEvident(d) {
				all = append(all, f.found(d.Pos(), "%s", d.Name))
			}
		case *ast.GenDecl:
			all = append(all, f.undocumented(d)...)
		}
	}
	return all
}

// selfEvident are the methods whose contract is that of the standard library's
// interface; revive leaves them out too.
func selfEvident(d *ast.FuncDecl) bool {
	return d.Recv != nil && slices.Contains([]string{"Error", "Read", "ServeHTTP", "String", "Unwrap", "Write"}, d.Name.Name)
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	receiver := d.Recv.List[0].Type
	for {
		switch r := receiver.(type) {
		case *ast.StarExpr:
			receiver = r.X
		case *ast.IndexExpr:
			receiver = r.X
		case *ast.Ident:
			return r.IsExported()
		default:
			return true
		}
	}
}

// undocumented looks at one declaration; a group of constants or variables may
// share its comment, types may not.
func (f goFile) undocumented(d *ast.GenDecl) (all []finding) {
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && s.Doc == nil && (d.Doc == nil || d.Lparen.IsValid()) {
				all = append(all, f.found(s.Pos(), "%s", s.Name))
			}
		case *ast.ValueSpec:
			if s.Names[0].IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
				all = append(all, f.found(s.Pos(), "%s", s.Names[0]))
			}
		}
	}
	return all
}

// worn are the words that say nothing about what a thing is.
var worn = regexp.MustCompile(`^(utils?|helpers?|commons?|managers?|base)$|(Impl|Manager|Helpers?|Utils?)$`)

func wornNames(f goFile) (all []finding) {
	report := func(name *ast.Ident) {
		if worn.MatchString(name.Name) {
			all = append(all, f.found(name.Pos(), "%q says nothing about what it is", name.Name))
		}
	}
	report(f.syntax.Name)
	for _, declared := range f.syntax.Decls {
		switch d := declared.(type) {
		case *ast.FuncDecl:
			report(d.Name)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if s, ok := spec.(*ast.TypeSpec); ok {
					report(s.Name)
				}
			}
		}
	}
	return all
}

// called says whether a call is of package.function for one of the functions.
func called(call *ast.CallExpr, pkg string, functions ...string) bool {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	left, ok := selector.X.(*ast.Ident)
	return ok && left.Name == pkg && slices.Contains(functions, selector.Sel.Name)
}

func (f goFile) calls(visit func(*ast.CallExpr)) {
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			visit(call)
		}
		return true
	})
}

// sleeps lets the virtual clock of testing/synctest be: there a sleep takes no time.
func sleeps(f goFile) (all []finding) {
	if !f.test || slices.ContainsFunc(f.syntax.Imports, func(s *ast.ImportSpec) bool { return s.Path.Value == `"testing/synctest"` }) {
		return nil
	}
	f.calls(func(call *ast.CallExpr) {
		if called(call, "time", "Sleep") {
			all = append(all, f.found(call.Pos(), "wait for the event itself"))
		}
	})
	return all
}

func errorText(f goFile) (all []finding) {
	if f.test {
		return nil
	}
	f.calls(func(call *ast.CallExpr) {
		if !called(call, "strings", "Contains", "HasPrefix", "HasSuffix", "EqualFold") {
			return
		}
		inner, ok := call.Args[0].(*ast.CallExpr)
		if !ok {
			return
		}
		if method, ok := inner.Fun.(*ast.SelectorExpr); ok && method.Sel.Name == "Error" {
			all = append(all, f.found(call.Pos(), "use errors.Is or errors.As"))
		}
	})
	return all
}

var (
	later   = regexp.MustCompile(`\b(TODO|FIXME|XXX)\b`)
	machine = regexp.MustCompile(`/(work|tmp|root|home)/[a-z]`)
)

func leftovers(f goFile) []finding { return f.matches(later) }

func machinePaths(f goFile) []finding { return f.matches(machine) }

// matches reports each line that a pattern matches; this file, which holds the patterns, is left out.
func (f goFile) matches(pattern *regexp.Regexp) (all []finding) {
	if f.path == "standards_test.go" {
		return nil
	}
	for i, line := range bytes.Split(f.source, []byte("\n")) {
		if match := pattern.Find(line); match != nil {
			all = append(all, finding{at: fmt.Sprintf("%s:%d", f.path, i+1), text: string(match)})
		}
	}
	return all
}
