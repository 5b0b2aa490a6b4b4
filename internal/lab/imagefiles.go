package lab

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// imageFiles are the files of an image, by the path that they have on this
// machine and in the image alike.
type imageFiles struct {
	entries map[string]imageEntry
	// loader is the dynamic loader that names the libraries of a file; "": none.
	loader string
	home   string          // the folder of the program
	ctx    context.Context //nolint:containedctx // of the one collection that the value is made for
}

// imageEntry is a file, or a link where target is set, or a text of our own.
type imageEntry struct {
	info   fs.FileInfo
	target string
	text   string
}

// longestChain is how many links may lead to a file.
const longestChain = 40

// add takes in a file or a whole folder, the links on the way, and the
// libraries of what is executable.
func (f *imageFiles) add(path string) error {
	path, err := f.resolve(path)
	if err != nil {
		return err
	}
	if _, known := f.entries[path]; known {
		return nil
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	switch {
	case info.IsDir():
		return f.addFolder(path)
	case info.Mode().IsRegular():
		f.entries[path] = imageEntry{info: info}
		return f.addLibraries(path)
	}
	return nil // a socket or a device is not part of a program
}

// addFolder takes in what is in a folder. A link that leads nowhere is left out.
func (f *imageFiles) addFolder(path string) error {
	list, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, e := range list {
		if err := f.add(filepath.Join(path, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// resolve follows the links of a path and takes them in.
func (f *imageFiles) resolve(path string) (string, error) {
	path = filepath.Clean(path)
	for range longestChain {
		link, target, err := firstLink(path)
		if err != nil || link == "" {
			return path, err
		}
		f.entries[link] = imageEntry{target: target}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(link), target)
		}
		path = filepath.Join(target, strings.TrimPrefix(path, link))
	}
	return "", fmt.Errorf("%s: %w: more than %d", path, errLinks, longestChain)
}

// errLinks says that links lead nowhere but to each other.
var errLinks = errors.New("too many links")

// firstLink is the first part of a path that is a link, and where it leads.
func firstLink(path string) (link, target string, err error) {
	for end := 1; end <= len(path); end++ {
		if end < len(path) && path[end] != '/' {
			continue
		}
		info, err := os.Lstat(path[:end])
		if err != nil {
			return "", "", err
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			target, err = os.Readlink(path[:end])
			return path[:end], target, err
		}
	}
	return "", "", nil
}

// paths are the paths of the entries, sorted.
func (f *imageFiles) paths() []string { return slices.Sorted(maps.Keys(f.entries)) }

// size is how many bytes the files have.
func (f *imageFiles) size() (n int64) {
	for _, e := range f.entries {
		if e.info != nil {
			n += e.info.Size()
		}
	}
	return n
}

// fingerprint changes with every file that is replaced or touched, and with the
// build file.
func (f *imageFiles) fingerprint(buildFile string) string {
	sum := sha256.New()
	for _, path := range f.paths() {
		e := f.entries[path]
		fmt.Fprintf(sum, "%q %q %q", path, e.target, e.text)
		if e.info != nil {
			fmt.Fprintf(sum, " %d %v %d", e.info.Size(), e.info.Mode(), e.info.ModTime().UnixNano())
		}
	}
	_, _ = io.WriteString(sum, buildFile) // a hash takes everything
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// startsWith reports whether a file begins with the bytes, and gives its head.
func startsWith(path, magic string) (head string, ok bool, err error) {
	file, err := os.Open(path)
	if err != nil {
		return "", false, err
	}
	defer func() { _ = file.Close() }()
	start := make([]byte, 256)
	n, err := io.ReadFull(file, start)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return "", false, err
	}
	return string(start[:n]), bytes.HasPrefix(start[:n], []byte(magic)), nil
}

// sortedParents are the folders above the paths, the upper before the lower.
func sortedParents(paths []string) []string {
	all := map[string]bool{}
	for _, path := range paths {
		for dir := filepath.Dir(path); dir != "/" && dir != "." && !all[dir]; dir = filepath.Dir(dir) {
			all[dir] = true
		}
	}
	return slices.SortedFunc(maps.Keys(all), cmp.Compare[string])
}
