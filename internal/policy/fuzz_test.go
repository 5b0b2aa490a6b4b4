package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/policy"
)

// seeds adds the examples of one form, of which there must be as many at least.
func seeds(f *testing.F, prefix string, least int) {
	f.Helper()
	n := 0
	for _, files := range exports(f) {
		for _, file := range files {
			if strings.HasPrefix(file.Name, prefix) {
				f.Add(file.Bytes)
				n++
			}
		}
	}
	if n < least {
		f.Fatalf("expected at least %d seeds of %s, got %d", least, prefix, n)
	}
}

func FuzzFlex(f *testing.F) {
	seeds(f, "flex-", 20)
	f.Fuzz(func(t *testing.T, src []byte) { readAny(t, "f.yaml", src) })
}

func FuzzJSON(f *testing.F) {
	seeds(f, "api-manager-", 17)
	f.Fuzz(func(t *testing.T, src []byte) { readAny(t, "f.json", src) })
}

func FuzzTerraform(f *testing.F) {
	seeds(f, "terraform-", 11)
	f.Fuzz(func(t *testing.T, src []byte) { readAny(t, "f.tf", src) })
}

// readAny wants no panic, and either instances or problems, each with a place in
// the file. What is secret has no text.
func readAny(t *testing.T, name string, src []byte) {
	t.Helper()
	instances, err := policy.Read([]policy.File{{Name: name, Bytes: src}}, policy.ReadOptions{Lookup: environment})
	if (err == nil) != (len(instances) > 0) {
		t.Errorf("expected instances or an error, got %d and %v", len(instances), err)
	}
	for _, p := range problemsOf(t, err) {
		if p.Pos.File != name || p.Pos.Line < 1 || p.Pos.Column < 1 || p.Text == "" {
			t.Errorf("expected a place in the file and a text, got %+v", p)
		}
	}
	for _, i := range instances {
		for _, a := range i.Policies {
			settled(t, a.Settings)
		}
	}
}

func settled(t *testing.T, all map[string]policy.Setting) {
	t.Helper()
	for key, s := range all {
		if s.Secret && s.Text != "" {
			t.Errorf("%s: expected no text of a secret", key)
		}
		if s.At.Line < 1 || s.KeyAt.Line < 1 {
			t.Errorf("%s: expected a place, got %+v", key, s)
		}
		settled(t, s.Within)
	}
}

func problemsOf(t *testing.T, err error) (all []*document.Problem) {
	t.Helper()
	var one *document.Problem
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			all = append(all, problemsOf(t, e)...)
		}
	} else if errors.As(err, &one) {
		all = append(all, one)
	} else if err != nil {
		t.Errorf("expected a *document.Problem, got %T", err)
	}
	return all
}
