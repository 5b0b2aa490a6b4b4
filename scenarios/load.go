package scenarios

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/entraproof/entraproof/internal/document"
)

//go:embed catalog/*.yaml
var catalogFiles embed.FS

// Builtin is the catalogue that comes with the program.
func Builtin() (Catalogue, error) { return builtin() }

// builtin reads the embedded files once, in the order of the groups.
var builtin = sync.OnceValues(func() (Catalogue, error) {
	var names []string
	for _, g := range Groups() {
		name := path.Join("catalog", g.File+".yaml")
		if _, err := fs.Stat(catalogFiles, name); err == nil {
			names = append(names, name)
		}
	}
	return load(catalogFiles, names, "scenarios")
})

// LoadDir reads every .yaml and .yml file of a folder and the folders below
// it. All problems of all files are reported at once; no row at all is one.
func LoadDir(dir string) (Catalogue, error) {
	files, names, err := rowFiles(dir)
	if err != nil {
		return Catalogue{}, err
	}
	return load(files, names, dir)
}

// rowFiles are the names of the files that LoadDir reads, sorted.
func rowFiles(dir string) (fs.FS, []string, error) {
	files := os.DirFS(dir)
	var names []string
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(entry.Name(), ".") && name != "."
		switch {
		case hidden && entry.IsDir():
			return fs.SkipDir
		case !hidden && !entry.IsDir() && slices.Contains([]string{".yaml", ".yml"}, path.Ext(name)):
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("scenarios: cannot read the folder %s: %w", dir, err)
	}
	if len(names) == 0 {
		return nil, nil, fmt.Errorf("scenarios: expected .yaml files in the folder %s, got none", dir)
	}
	return files, names, nil
}

// load reads files into one catalogue; dir stands before their names in
// positions. Beside an error it is empty.
func load(files fs.FS, names []string, dir string) (Catalogue, error) {
	all, err := loadAll(files, names, dir)
	if err != nil {
		return Catalogue{}, err
	}
	return all, nil
}

// loadAll is load that gives, beside an error, the rows as far as they could be
// read: so that what else is wrong with them can be told as well.
func loadAll(files fs.FS, names []string, dir string) (Catalogue, error) {
	var all Catalogue
	var problems []error
	for _, name := range names {
		src, err := fs.ReadFile(files, name)
		if err != nil {
			problems = append(problems, fmt.Errorf("scenarios: cannot read a file of rows: %w", err))
			continue
		}
		c, err := parse(filepath.Join(dir, name), src)
		problems = append(problems, err)
		all, err = all.join(c, "stands twice")
		problems = append(problems, err)
	}
	return all, errors.Join(problems...)
}

// Parse reads one file of rows. All its problems are reported at once, each a
// *Problem with its position; no row at all is one.
func Parse(file string, src []byte) (Catalogue, error) {
	c, err := parse(file, src)
	if err != nil {
		return Catalogue{}, err
	}
	return c, nil
}

// parse is Parse that gives, beside an error, the rows as far as they could be
// read.
func parse(file string, src []byte) (Catalogue, error) {
	root, err := document.Parse(file, src)
	if err != nil {
		return Catalogue{}, err
	}
	base := filepath.Base(file)
	group := groupOfFile(strings.TrimSuffix(base, filepath.Ext(base)))
	items := root.Items()
	if len(items) == 0 && root.Kind() == document.Sequence {
		root.Problemf("a file of rows is a list of entries with an id", "no rows")
	}
	c := Catalogue{}
	for _, item := range items {
		s := decodeRow(item, group)
		if first, ok := c.ByID(s.ID); ok && s.ID != "" {
			item.Fields().Take("id").Problemf("the first is at "+first.Pos.String(), "id %q stands twice", s.ID)
			continue
		}
		c.rows = append(c.rows, s)
	}
	err = root.Err()
	for i := range c.rows {
		c.rows[i].broken = err != nil
	}
	return c, err
}
