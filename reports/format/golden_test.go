package format_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/reports/format"
)

var update = flag.Bool("update", false, "write the golden files anew")

// rendered returns what a format makes of r.
func rendered(t *testing.T, f format.Format, r *reports.Results) string {
	t.Helper()
	var out bytes.Buffer
	if err := f.Render(&out, r); err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	return out.String()
}

// golden compares got with a file, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test ./reports/format -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestGolden(t *testing.T) {
	for _, f := range fixtures() {
		for _, to := range format.Formats() {
			t.Run(f.name+"/"+to.Name, func(t *testing.T) {
				if f.name == "empty" || f.name == "hostile" {
					if to.Name == "html" || to.Name == "json" {
						return // held by the tests on escaping and round trips
					}
				}
				golden(t, f.name+"."+to.Name, forReview(t, rendered(t, to, f.make())))
			})
		}
	}
}

func TestColoredConsole(t *testing.T) {
	for _, f := range fixtures() {
		t.Run(f.name, func(t *testing.T) {
			var plain, colored bytes.Buffer
			if err := format.Console(&plain, f.make()); err != nil {
				t.Fatal(err)
			}
			if err := (format.ConsoleStyle{Color: true}).Render(&colored, f.make()); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(plain.String(), "\x1b") {
				t.Error("plain console holds an escape sequence")
			}
			stripped := colored.String()
			for _, code := range []string{"\x1b[0m", "\x1b[2m", "\x1b[32m", "\x1b[1;31m", "\x1b[33m"} {
				stripped = strings.ReplaceAll(stripped, code, "")
			}
			if diff := cmp.Diff(plain.String(), stripped); diff != "" {
				t.Errorf("colour changes the text (-plain +colored):\n%s", diff)
			}
		})
	}
}

func TestExitCodes(t *testing.T) {
	for _, f := range fixtures() {
		if got := f.make().ExitCode; got != f.exit {
			t.Errorf("%s: expected exit code %d, got %d", f.name, f.exit, got)
		}
	}
}
