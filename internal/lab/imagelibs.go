package lab

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// addProgram takes in the executable itself, its loader and its libraries.
func (f *imageFiles) addProgram(path string) error {
	path, err := f.resolve(path) // it may look for libraries beside itself
	if err != nil {
		return err
	}
	f.home = filepath.Dir(path)
	file, err := elf.Open(path)
	if err != nil {
		return fmt.Errorf("%s: expected a Linux executable: %w", path, err)
	}
	defer func() { _ = file.Close() }()
	if f.loader, err = loaderOf(file); err != nil {
		return fmt.Errorf("%s: find its loader: %w", path, err)
	}
	if f.loader == "" {
		return f.add(path)
	}
	libraries, missing, err := f.libraries(path)
	if err != nil || len(missing) > 0 {
		return fmt.Errorf("%s: find its libraries: missing %v: %w", path, missing, errors.Join(err, fs.ErrNotExist))
	}
	for _, each := range append(quietLibraries(libraries), f.loader, path) {
		if err := f.add(each); err != nil {
			return err
		}
	}
	return nil
}

// loaderOf is the loader that an executable asks for; "" if it needs none.
func loaderOf(file *elf.File) (string, error) {
	for _, p := range file.Progs {
		if p.Type != elf.PT_INTERP {
			continue
		}
		text := make([]byte, p.Filesz)
		if _, err := p.ReadAt(text, 0); err != nil {
			return "", err
		}
		return strings.TrimRight(string(text), "\x00"), nil
	}
	return "", nil
}

// quietLibraries are those that the C library opens by itself, unnamed: to
// look up names, and to end a thread.
func quietLibraries(libraries []string) []string {
	var found []string
	for _, l := range libraries {
		if filepath.Base(l) != "libc.so.6" {
			continue
		}
		for _, name := range []string{"libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2", "libgcc_s.so.1"} {
			matches, err := filepath.Glob(filepath.Join(filepath.Dir(l), name))
			if err == nil {
				found = append(found, matches...)
			}
		}
	}
	return found
}

// elfMagic is how executables and libraries begin.
const elfMagic = "\x7fELF"

// addLibraries takes in the libraries of a file that the loader finds. Those
// that a module expects its program to have loaded are found with the program.
func (f *imageFiles) addLibraries(path string) error {
	_, executable, err := startsWith(path, elfMagic)
	if err != nil || !executable || f.loader == "" {
		return err
	}
	libraries, _, err := f.libraries(path)
	var refused *exec.ExitError
	if errors.As(err, &refused) {
		return nil // for another machine, or without libraries
	}
	if err != nil {
		return err
	}
	for _, l := range libraries {
		if err := f.add(l); err != nil {
			return err
		}
	}
	return nil
}

// loaded is a line of the loader's list: name => path (address), or the path
// alone.
var loaded = regexp.MustCompile(`(?m)^\s*(?:(\S+) => )?(not found|/\S+)(?: \(0x[0-9a-f]+\))?$`)

// libraries has the loader list what a file would be run with. It runs nothing
// of the file.
func (f *imageFiles) libraries(path string) (found, missing []string, err error) {
	out, err := exec.CommandContext(f.ctx, f.loader, "--list", path).Output()
	if err != nil {
		return nil, nil, fmt.Errorf("%s --list %s: %w", f.loader, path, err)
	}
	found, missing = readList(string(out))
	return found, missing, nil
}

// readList reads what the loader prints.
func readList(text string) (found, missing []string) {
	for _, line := range loaded.FindAllStringSubmatch(text, -1) {
		if line[2] == "not found" {
			missing = append(missing, line[1])
			continue
		}
		found = append(found, line[2])
	}
	return found, missing
}
