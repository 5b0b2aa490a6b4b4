package suites_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/reports"
)

const ginkgoProgram = "github.com/onsi/ginkgo/v2/ginkgo"

// TestEmbedding runs the suite of testdata as a module of its own, so that no
// internal package is in its reach: with go test, and in two Ginkgo processes.
func TestEmbedding(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	root := moduleRoot(t)
	copyTo(t, filepath.Join(dir, "go.sum"), filepath.Join(root, "go.sum"), nil)
	copyTo(t, filepath.Join(dir, "embedding_test.go"), filepath.Join("testdata", "embedding", "embedding_test.go"), nil)
	copyTo(t, filepath.Join(dir, "go.mod"), filepath.Join(root, "go.mod"), func(text string) string {
		return strings.Replace(text, "module github.com/entraproof/entraproof", "module example.com/embedding", 1) +
			"\nrequire github.com/entraproof/entraproof v0.0.0\n\nreplace github.com/entraproof/entraproof => " + root + "\n"
	})
	command := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		return cmd
	}
	if said, err := command("list", "-deps", "-test", ".", ginkgoProgram).CombinedOutput(); err != nil {
		t.Skipf("the modules of Ginkgo's own program cannot be had: %v: %s", err, said)
	}
	for _, row := range []struct {
		name string
		args []string
	}{
		{"go test", []string{"test", "-count=1", "."}},
		{"two Ginkgo processes", []string{"run", ginkgoProgram, "-procs=2", "."}},
	} {
		t.Run(row.name, func(t *testing.T) {
			out := t.TempDir()
			cmd := command(row.args...)
			cmd.Env = append(cmd.Env, "OUT="+out)
			if said, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, said)
			}
			results, err := reports.Read(out)
			if err != nil {
				t.Fatal(err)
			}
			if results.ExitCode != reports.ExitConforms || results.Counts.Total() != results.Selection.Selected {
				t.Errorf("expected every case and exit 0, got %d of %d and exit %d", results.Counts.Total(), results.Selection.Selected, results.ExitCode)
			}
		})
	}
}

func copyTo(t *testing.T, to, from string, change func(string) string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		text = []byte(change(string(text)))
	}
	if err := os.WriteFile(to, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
