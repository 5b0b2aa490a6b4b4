package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/policy"
)

// manyDocuments are n policy documents of all three forms, no two alike: each
// names an instance and an audience of its own. Expressions are shared, as they are
// by the environments of an API.
func manyDocuments(t testing.TB, n int) []policy.File {
	t.Helper()
	all := exports(t)
	var whole [][]policy.File
	for _, name := range []string{"flex-fix1-v1", "flex-misspelt-keys", "api-manager-fix1-read", "api-manager-scope-any", "terraform-fix1"} {
		if len(all[name]) == 0 {
			t.Fatalf("expected an export %s", name)
		}
		whole = append(whole, all[name])
	}
	files := make([]policy.File, n)
	for i := range files {
		of := whole[i%len(whole)][0]
		text := strings.NewReplacer(
			"orders.", fmt.Sprintf("orders%d.", i), "orders-", fmt.Sprintf("orders%d-", i), "orders_", fmt.Sprintf("orders%d_", i),
		).Replace(string(of.Bytes))
		files[i] = policy.File{Name: fmt.Sprintf("%d/%s", i, of.Name), Bytes: []byte(text)}
	}
	return files
}

// lintAll reads documents and holds them against all rules.
func lintAll(t testing.TB, files []policy.File) []policy.Finding {
	t.Helper()
	all, err := policy.Read(files, policy.ReadOptions{Lookup: environment})
	if err != nil {
		t.Fatal(err)
	}
	return policy.Lint(all, policy.LintRules())
}

// BenchmarkLint reads and lints 1,000 documents.
func BenchmarkLint(b *testing.B) {
	files := manyDocuments(b, 1000)
	for b.Loop() {
		if len(lintAll(b, files)) < 1000 {
			b.Fatal("expected findings")
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()*10/float64(b.N), "s/10000-documents")
}
