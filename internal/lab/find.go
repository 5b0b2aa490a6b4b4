package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// MissingError is returned for a gateway whose program is not on this machine.
type MissingError struct {
	Gateway string // the recipe's name
	Program string
	Install string // the command that installs it
}

// Error names the command that adds the program.
func (e *MissingError) Error() string {
	return fmt.Sprintf("lab: %s: program %s not found: install it with: %s", e.Gateway, e.Program, e.Install)
}

// PlaceError is returned where the environment names a place that does not hold
// the program. It wraps a [*MissingError].
type PlaceError struct {
	Variable string
	Place    string
	Missing  *MissingError
}

// Error names the variable and the place.
func (e *PlaceError) Error() string {
	return fmt.Sprintf("lab: %s: %s holds no executable %s", e.Variable, e.Place, e.Missing.Program)
}

// Unwrap returns the missing program.
func (e *PlaceError) Unwrap() error { return e.Missing }

// Finder looks for programs. The zero Finder looks where a shell would, then in
// the folder .lab of the working directory and those above it, up to the
// module's root.
type Finder struct {
	LookupEnv func(string) (string, bool)       // nil: os.LookupEnv
	LookPath  func(file string) (string, error) // nil: exec.LookPath
	Dir       string                            // "": the working directory
	Output    func(*exec.Cmd) ([]byte, error)   // nil: both streams of the command
}

// Program is an executable that was found.
type Program struct {
	Path    string
	Version string // as it says itself
	Warning string // set if that is not the version that was tried
	// Parts are the paths of what the program needs beside it, by name.
	Parts map[string]string
}

// Variable is the environment variable that overrides where a gateway is looked
// for: an executable, or a folder with the executable in its folder bin.
func (r Recipe) Variable() string {
	return "ENTRAPROOF_LAB_" + strings.ToUpper(strings.ReplaceAll(r.Name, "-", "_"))
}

// Find returns the recipe's program and asks for its version. The error is a
// *MissingError if there is none.
func (f Finder) Find(ctx context.Context, r Recipe) (Program, error) {
	f = f.filled()
	path, err := f.path(ctx, r)
	if err != nil {
		return Program{}, err
	}
	version, err := f.ask(ctx, r, path)
	if err != nil {
		return Program{}, err
	}
	p := Program{Path: path, Version: version}
	var warnings []string
	if p.Parts, warnings, err = f.parts(r); err != nil {
		return Program{}, err
	}
	p.Warning = strings.Join(append(untried(r.Program, version, r.Version), warnings...), "; ")
	return p, nil
}

// untried is a warning of another version than the lab was tried with.
func untried(product, version, tried string) []string {
	if version == tried || strings.HasPrefix(version, tried+".") {
		return nil
	}
	return []string{fmt.Sprintf("%s is version %s; the lab was tried with %s", product, version, tried)}
}

func (f Finder) path(ctx context.Context, r Recipe) (string, error) {
	missing := &MissingError{r.Name, r.Program, r.Install}
	if place, ok := f.LookupEnv(r.Variable()); ok && place != "" {
		if path, ok := r.within(place); ok {
			return path, nil
		}
		return "", &PlaceError{r.Variable(), place, missing}
	}
	if path, err := f.LookPath(r.Program); err == nil {
		return filepath.Abs(path)
	}
	for _, place := range append(f.labFolders(r), r.places...) {
		if path, ok := r.within(place); ok {
			return path, nil
		}
	}
	if path, ok := f.asked(ctx, r); ok {
		return path, nil
	}
	return "", missing
}

// parts finds what the program needs beside it, and warns of other versions.
func (f Finder) parts(r Recipe) (found map[string]string, warnings []string, err error) {
	found = map[string]string{}
	for _, need := range r.parts {
		missing := &MissingError{r.Name, need.file, cmp.Or(need.install, r.Install)}
		place, ok := need.within(slices.Concat(f.ordered(r), f.labFolders(r), need.places))
		if !ok {
			return nil, nil, missing
		}
		found[need.name] = place
		if need.product == "" {
			continue
		}
		version, err := need.version(place)
		if errors.Is(err, fs.ErrNotExist) { // half of it is there
			return nil, nil, missing
		}
		if err != nil {
			return nil, nil, fmt.Errorf("lab: %s: read the version of %s: %w", r.Name, need.product, err)
		}
		warnings = append(warnings, untried(need.product, version, need.tried)...)
	}
	return found, warnings, nil
}

// ordered is the place that the environment names, if it is a folder.
func (f Finder) ordered(r Recipe) []string {
	if place, ok := f.LookupEnv(r.Variable()); ok && place != "" {
		return []string{place}
	}
	return nil
}

// within looks for the part below the places.
func (n part) within(places []string) (string, bool) {
	for _, place := range places {
		path := filepath.Join(place, n.file)
		if _, err := os.Stat(path); err == nil {
			abs, err := filepath.Abs(path)
			return abs, err == nil
		}
	}
	return "", false
}

// filled puts the operating system where the finder says nothing.
func (f Finder) filled() Finder {
	if f.LookupEnv == nil {
		f.LookupEnv = os.LookupEnv
	}
	if f.LookPath == nil {
		f.LookPath = exec.LookPath
	}
	if f.Output == nil {
		f.Output = (*exec.Cmd).CombinedOutput
	}
	return f
}

// within looks for the program at a place: the file itself, or in the folder.
func (r Recipe) within(place string) (string, bool) {
	for _, path := range []string{place, filepath.Join(place, r.Program), filepath.Join(place, "bin", r.Program)} {
		info, err := os.Stat(path)
		if err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0 {
			abs, err := filepath.Abs(path)
			return abs, err == nil
		}
	}
	return "", false
}

// labFolders are .lab/NAME in the working directory and above, up to the
// folder with a go.mod; without one only the working directory's own.
func (f Finder) labFolders(r Recipe) []string {
	dir, err := filepath.Abs(f.Dir)
	if err != nil {
		return nil
	}
	here := filepath.Join(dir, ".lab", r.Name)
	folders := []string{here}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return folders
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return []string{here}
		}
		dir = parent
		folders = append(folders, filepath.Join(dir, ".lab", r.Name))
	}
}

// asked runs the recipe's command that prints where the program is.
func (f Finder) asked(ctx context.Context, r Recipe) (string, bool) {
	if len(r.ask) == 0 {
		return "", false
	}
	out, err := f.Output(exec.CommandContext(ctx, r.ask[0], r.ask[1:]...))
	if err != nil {
		return "", false
	}
	return r.within(strings.TrimSpace(string(out)))
}

// ask has a program say its version.
func (f Finder) ask(ctx context.Context, r Recipe, path string) (string, error) {
	cmd := exec.CommandContext(ctx, path, r.version.args...)
	out, err := f.Output(cmd)
	if err != nil {
		return "", &ProgramError{Gateway: r.Name, Doing: "ask for the version", Log: lastLines(string(out)), Err: err}
	}
	m := r.version.pattern.FindSubmatch(out)
	if m == nil {
		return "", &ProgramError{
			Gateway: r.Name, Doing: "ask for the version", Log: lastLines(string(out)),
			Err: errNoVersion,
		}
	}
	return string(m[1]), nil
}

// errNoVersion says that a program printed something, but no version.
var errNoVersion = errors.New("it printed no version")
