package scenarios

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
)

// FuzzParse feeds the loader with files that are nearly right: it never
// panics, what it takes has ids and expectations, and what it refuses it
// refuses at a place of the file.
func FuzzParse(f *testing.F) {
	files, err := fs.Glob(catalogFiles, "catalog/*.yaml")
	groups := map[string]bool{}
	for _, s := range builtinRows(f).All() {
		groups[s.Group] = true
	}
	if err != nil || len(files) != len(groups) {
		f.Fatalf("expected the files of %d groups as seeds, got %v, %v", len(groups), files, err)
	}
	for _, name := range files {
		src, err := fs.ReadFile(catalogFiles, name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	sample, err := os.ReadFile("testdata/sample-rows.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sample)
	f.Fuzz(func(t *testing.T, src []byte) {
		c, err := Parse("fuzz.yaml", src)
		var problem *Problem
		switch {
		case err != nil && !errors.As(err, &problem):
			t.Errorf("expected a *Problem, got %T: %v", err, err)
		case err != nil && (problem.Pos.Line < 1 || problem.Pos.Column < 1 || problem.Pos.File != "fuzz.yaml"):
			t.Errorf("expected a position in the file, got %v", problem)
		case err == nil && c.Len() == 0:
			t.Error("expected rows or an error")
		}
		for _, s := range c.All() {
			if !kebab.MatchString(s.ID) || s.Guards == "" || s.Source == "" {
				t.Errorf("took an incomplete row %+v", s)
			}
			for _, v := range s.Effective() {
				if strings.HasPrefix(v.Scenario.Expect.Kind(), "refuse") && len(v.Scenario.Expect.Refuse) == 0 {
					t.Errorf("%s: a refusal without a status", s.ID)
				}
			}
		}
		_ = c.Lint()
	})
}
