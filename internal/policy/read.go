package policy

import (
	"bytes"
	"errors"
	"path"
	"runtime"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"github.com/entraproof/entraproof/internal/document"
)

// File is one file of a configuration.
type File struct {
	// Name is as messages show it, with / between folders. Files of one folder
	// belong together: they are one gateway's configuration, or one Terraform
	// module.
	Name  string
	Bytes []byte
}

// ReadOptions say how files are read.
type ReadOptions struct {
	// Lookup knows the values of the environment: of $NAME in local mode, and of
	// TF_VAR_name for a Terraform variable. Nil knows none.
	Lookup func(name string) (string, bool)
	// Limits bound each file.
	Limits document.Limits
}

// Read makes API instances of configuration files: of local mode of Flex and
// Omni Gateway, of API Manager and of Terraform. The form of each is told by its
// content. Nothing in them is executed, and what they leave open is asked
// for instead of guessed.
//
// The error joins every *document.Problem of all files; there are no instances
// then.
func Read(files []File, o ReadOptions) ([]Instance, error) {
	r := &reading{ReadOptions: o, named: map[objectName][]object{}, byAPI: map[string]*found{}, modules: map[string]*module{}}
	if r.Lookup == nil {
		r.Lookup = func(string) (string, bool) { return "", false }
	}
	for i, text := range parseAll(files, o.Limits) {
		r.file(files[i], text)
	}
	r.bindFlex()
	r.readModules()
	for _, f := range r.found {
		r.settle(f)
	}
	found := r.finished(files)
	if err := r.err(files); err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, r.nothing(files)
	}
	return found, nil
}

// reading is the state of one call of Read.
type reading struct {
	ReadOptions
	problems
	found []*found
	// objects are those of local mode, named finds them.
	objects []object
	named   map[objectName][]object
	// byAPI are the instances of API Manager, by API or file.
	byAPI map[string]*found
	// modules are those of Terraform, by folder.
	modules map[string]*module
}

// found is an instance that becomes complete while the files are read.
type found struct {
	Instance
	policies []applied
	// qualifiers are the words that tell it from another of its name.
	qualifiers []string
}

// applied is a policy with what is known of it until its place is settled.
type applied struct {
	Applied
	disabled bool
	// orderAt is where its number stands; the zero position says that it has none.
	orderAt document.Position
	// orderHint is what to do about a number that is taken.
	orderHint string
}

// parsed is the text of one file taken apart. Terraform is taken apart with its
// module.
type parsed struct {
	form      Form
	bytes     []byte
	documents []datum
	err       error
}

// parseAll takes files apart, on all cores: that is most of the work of reading.
func parseAll(files []File, limits document.Limits) []parsed {
	all := make([]parsed, len(files))
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range files {
		work.Go(func() error {
			all[i] = parse(f, limits)
			return nil
		})
	}
	_ = work.Wait() // what is wrong stands with each file
	return all
}

func parse(f File, limits document.Limits) parsed {
	if at, ok := notUTF8(f); ok {
		return parsed{err: &document.Problem{Pos: at, Text: "the text is not UTF-8", Hint: "save the file as UTF-8"}}
	}
	text := parsed{bytes: bytes.TrimPrefix(f.Bytes, []byte("\ufeff"))}
	if text.form = recognise(text.bytes); text.form == Terraform {
		return text
	}
	if text.err = strictJSON(f.Name, text.bytes); text.err != nil {
		return text
	}
	var nodes []*document.Node
	nodes, text.err = document.ParseAll(f.Name, text.bytes, limits)
	for _, n := range nodes {
		text.documents = append(text.documents, fromNode(n))
	}
	return text
}

// file reads one file, or notes it where it takes others to understand it.
func (r *reading) file(f File, text parsed) {
	f.Bytes = text.bytes
	switch {
	case text.err != nil:
		r.join(text.err)
		return
	case text.form == Terraform:
		r.terraform(f)
		return
	}
	var policies []datum
	for _, d := range text.documents {
		switch {
		case isFlex(d):
			r.object(f, d)
		case isManaged(d):
			policies = append(policies, d)
		case d.has("resource") || d.has("planned_values"):
			r.add(d.at, "give the .tf files", "Terraform is not read as JSON")
		default:
			r.add(d.at, whatInstead(d), "no policy document")
		}
	}
	r.managed(f, policies)
}

// notUTF8 is the first place of a file that is not, if there is one.
func notUTF8(f File) (document.Position, bool) {
	if utf8.Valid(f.Bytes) {
		return document.Position{}, false
	}
	at := document.Position{File: f.Name, Line: 1, Column: 1}
	for rest := f.Bytes; len(rest) > 0; {
		c, n := utf8.DecodeRune(rest)
		if c == utf8.RuneError && n == 1 {
			break
		}
		at.Column++
		if c == '\n' {
			at.Line, at.Column = at.Line+1, 1
		}
		rest = rest[n:]
	}
	return at, true
}

func (r *reading) nothing(files []File) error {
	if len(files) == 0 {
		return errors.New("policy: no file to read")
	}
	hint := "policies stand in front of an instance: give the file that has it"
	for _, m := range r.modules {
		if len(m.called) > 0 {
			hint = "modules are not followed: give the files of the folder with the policies, with its variables in a .tfvars file"
		}
	}
	return &document.Problem{Pos: document.Position{File: files[0].Name, Line: 1, Column: 1}, Text: "no API instance in the files", Hint: hint}
}

// settle puts the policies of an instance in order and refuses a number that
// two of them have. Those without a number come first, as they are written.
func (r *reading) settle(f *found) {
	slices.SortStableFunc(f.policies, func(a, b applied) int { return a.Order - b.Order })
	first := map[int]document.Position{}
	for _, a := range f.policies {
		if a.disabled {
			f.Disabled = append(f.Disabled, a.Applied)
			continue
		}
		f.Policies = append(f.Policies, a.Applied)
		before, taken := first[a.Order]
		switch {
		case a.orderAt == document.Position{}:
		case taken:
			r.add(a.orderAt, a.orderHint, "order %d is taken at instance %q, by %s", a.Order, f.Name, before)
		default:
			first[a.Order] = a.orderAt
		}
	}
}

// finished are the instances in the order of the files, each with a name of its
// own.
func (r *reading) finished(files []File) []Instance {
	r.distinguish()
	place := places(files)
	slices.SortStableFunc(r.found, func(a, b *found) int { return place.compare(a.At, b.At) })
	all := make([]Instance, 0, len(r.found))
	for _, f := range r.found {
		all = append(all, f.Instance)
	}
	return all
}

// distinguish puts a qualifier before names that are not unique: the first that
// differs among those of one name.
func (r *reading) distinguish() {
	for level := range qualifiersOf(File{}, "") {
		named := map[string][]*found{}
		for _, f := range r.found {
			named[f.Name] = append(named[f.Name], f)
		}
		for _, same := range named {
			if slices.ContainsFunc(same, func(f *found) bool { return f.qualifiers[level] != same[0].qualifiers[level] }) {
				for _, f := range same {
					f.Name = f.qualifiers[level] + "/" + f.Name
				}
			}
		}
	}
}

// qualifiersOf are the words for an instance beyond its name: its namespace, the
// last folder of its file, the whole of it.
func qualifiersOf(f File, namespace string) []string {
	return []string{namespace, path.Base(folder(f.Name)), folder(f.Name)}
}

// folder is that of a file.
func folder(name string) string { return path.Dir(name) }

// stem is the name of a file without folder and ending.
func stem(name string) string {
	name = path.Base(name)
	if cut := strings.LastIndexByte(name, '.'); cut > 0 {
		name = name[:cut]
	}
	return name
}
