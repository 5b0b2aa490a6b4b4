package scenarios

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func crosswalk(t *testing.T) []Standard {
	t.Helper()
	all, err := Standards()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestSections holds how the sections of a standard stand in the references of
// rows.
func TestSections(t *testing.T) {
	t.Parallel()
	table := []struct{ prefix, ref, want string }{
		{"8725§", "8725§3.9", "3.9"},
		{"8725§", "8725bis§3.9", ""},
		{"8725bis§", "8725bis§2.10 §3.13", "2.10 3.13"},
		{"8725§", "8725§3.1 (alg must fit key)", "3.1"},
		{"8725§", "9110§15.5.2", ""},
		{"ASVS ", "ASVS 9.2.3", "9.2.3"},
		{"NIST ", "NIST AU-2 AU-12", "AU-2 AU-12"},
		{"WP ", "WP ModifiedPadding (213 vectors)", "ModifiedPadding"},
		{"WP ", "WPA 2", ""},
		{"CWE-", "CWE-1333 class", "1333"},
		{"CVE-", "CVE-2024-28180 CVE-2024-28176 (m)", "2024-28180 2024-28176"},
		{"API", "API8 scenario 1", "8"},
		{"API", "APISIX", ""},
	}
	for _, tt := range table {
		t.Run(tt.ref, func(t *testing.T) {
			t.Parallel()
			got := Standard{Ref: tt.prefix}.Sections(Scenario{References: []string{tt.ref}})
			if strings.Join(got, " ") != tt.want {
				t.Errorf("expected %q of %s, got %q", tt.want, tt.prefix, got)
			}
		})
	}
}

// TestCrosswalkRefuses plants the faults that a crosswalk can have.
func TestCrosswalkRefuses(t *testing.T) {
	t.Parallel()
	entry := func(text string) string {
		return "- {standard: X, says: x, ref: X, entries: [" + text + "]}\n"
	}
	table := []struct{ name, src, want string }{
		{"unknown key", entry("{section: '1', says: x, row: [a]}"), `c.yaml:1:68: unknown key "row" (did you mean "rows"?)`},
		{"no words", entry("{section: '1'}"), `c.yaml:1:44: "says" is missing`},
		{"a section twice", entry("{section: '1', says: x}, {section: '1', says: y}"), `c.yaml:1:69: section "1" stands twice`},
		{"unknown group", entry("{section: '1', says: x, groups: [AUX]}"), `c.yaml:1:77: unknown group "AUX" (did you mean "AUD"?)`},
		{"a row twice", entry("{section: '1', says: x, rows: [a, a]}"), `c.yaml:1:78: row "a" stands twice`},
		{"rows and none", entry("{section: '1', says: x, rows: [a], none: y}"), `c.yaml:1:44: an entry that has rows and says why there are none (take one of them out)`},
	}
	for _, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := parseStandards("c.yaml", []byte(tt.src))
			if got := strings.Join(problems(err), "\n"); got != tt.want {
				t.Errorf("expected %s\n     got %s", tt.want, got)
			}
		})
	}
}

// TestCrosswalkRows holds that every row that an entry names is in the
// catalogue, and that an entry without any row says why.
func TestCrosswalkRows(t *testing.T) {
	t.Parallel()
	rows := builtinRows(t)
	ids := rows.IDs()
	for _, s := range crosswalk(t) {
		for _, e := range s.Entries {
			of := s.Of(e, rows.All())
			for _, id := range e.Rows {
				if !slices.Contains(ids, id) {
					t.Errorf("%s: %s %s names the row %s, which there is not", e.Pos, s.Name, e.Section, id)
				}
			}
			switch {
			case len(of) == 0 && e.None == "":
				t.Errorf("%s: %s %s has no row and does not say why", e.Pos, s.Name, e.Section)
			case len(of) > 0 && e.None != "":
				t.Errorf("%s: %s %s says why it has no row, and has %v", e.Pos, s.Name, e.Section, of)
			}
		}
	}
}

// TestCrosswalkSections holds that every section that a row refers to has an
// entry, so that the pages lose none.
func TestCrosswalkSections(t *testing.T) {
	t.Parallel()
	rows := builtinRows(t).All()
	for _, s := range crosswalk(t) {
		known := map[string]bool{}
		for _, e := range s.Entries {
			known[e.Section] = true
		}
		for _, row := range rows {
			for _, section := range s.Sections(row) {
				if !known[section] {
					t.Errorf("%s: %s refers to %s%s, which the crosswalk has not", row.Pos, row.ID, s.Ref, section)
				}
			}
		}
	}
}

// TestStandardOf holds which rows stand for an entry.
func TestStandardOf(t *testing.T) {
	t.Parallel()
	s := Standard{Ref: "8725§"}
	rows := []Scenario{
		{ID: "c", Group: "AUD", References: []string{"8725§3.9"}}, {ID: "b", Group: "SIG"}, {ID: "a", Group: "CLI", References: []string{"8725§3.8"}},
	}
	got := s.Of(Entry{Section: "3.9", Rows: []string{"c", "z"}, Groups: []string{"SIG"}}, rows)
	if diff := cmp.Diff([]string{"b", "c", "z"}, got); diff != "" {
		t.Error(diff)
	}
}
