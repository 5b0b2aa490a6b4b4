// Package entraproof_test holds the tests of the house: which package may
// import which (layers_test.go) and how the code is written (standards_test.go).
// It reads the source files of the module and imports none of its packages.
package entraproof_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the path that the imports of this module begin with.
const module = "github.com/entraproof/entraproof"

// layers gives each package its number. An import goes to a smaller number;
// the same number is not smaller.
func layers() map[string]int {
	return map[string]int{
		"cmd/entraproof":     9,
		"suites":             8,
		"internal/reproduce": 8,
		"internal/selftest":  8,
		"internal/predict":   8,
		"internal/diagnose":  8,
		"internal/flows":     7,
		"internal/engine":    6,
		"internal/lab":       5,
		"reports/format":     5,
		"scenarios":          4,
		"reports":            4,
		"internal/gateway":   4,
		"internal/policy":    3,
		"internal/verdict":   3,
		"internal/targets":   3,
		"mockidp":            3,
		"mockidp/mint":       2,
		"internal/probe":     2,
		"internal/value":     1,
		"internal/dataweave": 1,
		"internal/document":  0,
		"internal/chromium":  0, // looks at pages, for tests alone
		"deploy":             0, // the tests of the compose set-up
		"deploy/image":       0, // packs the program, imports nothing of it
		"tools/peers":        0, // measures the program, imports nothing of it
		".":                  0, // the tests of the house
	}
}

// lab is the one package with a folder for each addition: its sub-packages
// stand on its number, and either side may import the other (never one
// sub-package another).
const lab = "internal/lab"

// kept names what a package keeps away from, however many imports lie between:
// the reason stands in the text.
type kept struct {
	from    string
	away    []string
	tests   bool
	because string
}

func keptApart() []kept {
	return []kept{
		{
			from: "internal/gateway", away: []string{"mockidp", "mockidp/mint", "scenarios", "internal/verdict"},
			because: "the emulator meets the issuer over HTTP, or one bug agrees with itself",
		},
		{
			from: "internal/gateway", away: []string{"mockidp", "mockidp/mint"}, tests: true,
			because: "its tests make their tokens with go-jose, or one bug agrees with itself",
		},
	}
}

// reserved are the modules that one layer has to itself.
func reserved() map[string][]string {
	return map[string][]string{
		"github.com/onsi/":         {"suites"},
		"github.com/spf13/":        {"cmd/entraproof"},
		"github.com/goccy/go-yaml": {"internal/document"},
		"github.com/chromedp/":     {"internal/chromium"},
		"github.com/alecthomas/":   {"internal/dataweave"},
	}
}

// goPackage is one folder of Go files, read whole and for every build tag.
type goPackage struct {
	dir   string // relative to the module's root, with slashes
	files []goFile
}

type goFile struct {
	path   string
	test   bool
	source []byte
	syntax *ast.File
	fset   *token.FileSet
}

// imports are the import paths of the files of one sort.
func (p goPackage) imports(test bool) []string {
	var paths []string
	for _, f := range p.files {
		if f.test != test {
			continue
		}
		for _, spec := range f.syntax.Imports {
			if text, err := strconv.Unquote(spec.Path.Value); err == nil {
				paths = append(paths, text)
			}
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// readModule reads every package of the repository; those in tools are of a
// module of its own.
func readModule(t *testing.T) []goPackage {
	t.Helper()
	byDir := map[string]*goPackage{}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && outside(name, entry.Name()):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		source, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		file, err := parse(filepath.ToSlash(name), source)
		if err != nil {
			return err
		}
		dir := path.Dir(file.path)
		if byDir[dir] == nil {
			byDir[dir] = &goPackage{dir: dir}
		}
		byDir[dir].files = append(byDir[dir].files, file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var all []goPackage
	for _, p := range byDir {
		all = append(all, *p)
	}
	slices.SortFunc(all, func(a, b goPackage) int { return strings.Compare(a.dir, b.dir) })
	if len(all) < 2 {
		t.Fatalf("expected the packages of the module, got %d", len(all))
	}
	return all
}

// outside says whether a folder is none of the module's packages.
func outside(name, base string) bool {
	return base == "node_modules" || base == "testdata" || name != "." && strings.HasPrefix(base, ".")
}

func parse(name string, source []byte) (goFile, error) {
	fset := token.NewFileSet()
	syntax, err := parser.ParseFile(fset, name, source, parser.ParseComments)
	return goFile{path: name, test: strings.HasSuffix(name, "_test.go"), source: source, syntax: syntax, fset: fset}, err
}

// own cuts the module's path off; "" is an import from elsewhere.
func own(importPath string) string {
	if importPath == module {
		return "."
	}
	rest, found := strings.CutPrefix(importPath, module+"/")
	if !found {
		return ""
	}
	return rest
}

// numberOf is a package's layer, and whether it has one.
func numberOf(dir string) (int, bool) {
	if strings.HasPrefix(dir, lab+"/") {
		dir = lab
	}
	n, known := layers()[dir]
	return n, known
}

// mayImport judges one import of a file that is not a test.
func mayImport(from, to string) string {
	upper, known := numberOf(from)
	if !known {
		return from + " is not in the table of layers"
	}
	lower, known := numberOf(to)
	switch {
	case !known:
		return to + " is not in the table of layers"
	case lower < upper, isLabFamily(from, to):
		return ""
	}
	return from + " (" + strconv.Itoa(upper) + ") may not import " + to + " (" + strconv.Itoa(lower) + ")"
}

func isLabFamily(a, b string) bool {
	return a == lab && strings.HasPrefix(b, lab+"/") || b == lab && strings.HasPrefix(a, lab+"/")
}

// TestLayers: each package is in the table, and imports only go down.
func TestLayers(t *testing.T) {
	t.Parallel()
	for _, p := range readModule(t) {
		if _, known := numberOf(p.dir); !known {
			t.Errorf("%s is not in the table of layers (design: layout and layers)", p.dir)
			continue
		}
		for _, imported := range p.imports(false) {
			if to := own(imported); to != "" {
				if problem := mayImport(p.dir, to); problem != "" {
					t.Error(problem)
				}
				continue
			}
			checkReserved(t, p.dir, imported)
		}
	}
}

func checkReserved(t *testing.T, from, imported string) {
	t.Helper()
	for prefix, allowed := range reserved() {
		if strings.HasPrefix(imported, prefix) && !slices.Contains(allowed, from) {
			t.Errorf("%s may not import %s; only %s may", from, imported, strings.Join(allowed, ", "))
		}
	}
}

// TestKeptApart follows the imports all the way down.
func TestKeptApart(t *testing.T) {
	t.Parallel()
	packages := readModule(t)
	for _, rule := range keptApart() {
		for _, reached := range reach(packages, rule.from, rule.tests) {
			if slices.Contains(rule.away, reached) {
				t.Errorf("%s (tests: %t) reaches %s: %s", rule.from, rule.tests, reached, rule.because)
			}
		}
	}
}

// reach lists the packages of the module that one needs, itself left out; with
// tests, those that its test files need.
func reach(packages []goPackage, from string, tests bool) []string {
	seen := map[string]bool{}
	var follow func(dir string, test bool)
	follow = func(dir string, test bool) {
		at := slices.IndexFunc(packages, func(p goPackage) bool { return p.dir == dir })
		if at < 0 {
			return
		}
		for _, imported := range packages[at].imports(test) {
			if to := own(imported); to != "" && !seen[to] {
				seen[to] = true
				follow(to, false)
			}
		}
	}
	follow(from, tests)
	var all []string
	for dir := range seen {
		all = append(all, dir)
	}
	slices.Sort(all)
	return all
}

// TestMayImport plants imports that the rule must refuse beside those it must let pass.
func TestMayImport(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		from, to string
		want     string
	}{
		"down":                 {"internal/engine", "internal/verdict", ""},
		"far down":             {"cmd/entraproof", "internal/document", ""},
		"up":                   {"internal/verdict", "internal/engine", "internal/verdict (3) may not import internal/engine (6)"},
		"level":                {"reports", "scenarios", "reports (4) may not import scenarios (4)"},
		"unknown importer":     {"internal/utils", "internal/value", "internal/utils is not in the table of layers"},
		"unknown imported":     {"internal/engine", "internal/common", "internal/common is not in the table of layers"},
		"recipe to lab":        {"internal/lab/envoy", "internal/lab", ""},
		"lab to recipe":        {"internal/lab", "internal/lab/envoy", ""},
		"recipe to recipe":     {"internal/lab/envoy", "internal/lab/haproxy", "internal/lab/envoy (5) may not import internal/lab/haproxy (5)"},
		"recipe up":            {"internal/lab/envoy", "internal/engine", "internal/lab/envoy (5) may not import internal/engine (6)"},
		"issuer's new package": {"mockidp/console", "mockidp", "mockidp/console is not in the table of layers"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := mayImport(row.from, row.to); got != row.want {
				t.Errorf("expected %q, got %q", row.want, got)
			}
		})
	}
}

// TestReach plants a path over two imports, and one that only a test file opens.
func TestReach(t *testing.T) {
	t.Parallel()
	plant := func(dir, file, imported string) goPackage {
		f, err := parse(dir+"/"+file, []byte("package x\nimport _ \""+module+"/"+imported+"\"\n"))
		if err != nil {
			t.Fatal(err)
		}
		return goPackage{dir: dir, files: []goFile{f}}
	}
	packages := []goPackage{
		plant("internal/gateway", "x.go", "internal/policy"),
		plant("internal/policy", "x.go", "mockidp/mint"),
		plant("internal/lab", "x_test.go", "mockidp"),
	}
	if got := reach(packages, "internal/gateway", false); !slices.Contains(got, "mockidp/mint") {
		t.Errorf("over two imports: expected mockidp/mint, got %v", got)
	}
	if got := reach(packages, "internal/lab", false); len(got) != 0 {
		t.Errorf("without tests: expected nothing, got %v", got)
	}
	if got := reach(packages, "internal/lab", true); !slices.Contains(got, "mockidp") {
		t.Errorf("with tests: expected mockidp, got %v", got)
	}
}
