package policy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/policy"
)

// example is one configuration that a rule is held against: a file, or the files
// of a folder.
type example struct {
	rule policy.LintRule
	name string
	path string
}

// lintExamples are those of one kind, fires or quiet, of every rule.
func lintExamples(t *testing.T, kind string) []example {
	t.Helper()
	var all []example
	for _, r := range policy.LintRules() {
		paths, err := filepath.Glob(filepath.Join("testdata/lint", r.ID, kind+"*"))
		if err != nil || len(paths) == 0 {
			t.Errorf("%s: expected an example that is %s", r.ID, kind)
		}
		for _, path := range paths {
			all = append(all, example{r, r.ID + "/" + strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), path})
		}
	}
	return all
}

// files reads an example.
func (e example) files(t *testing.T) []policy.File {
	t.Helper()
	var files []policy.File
	err := filepath.WalkDir(e.path, func(name string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		files = append(files, policy.File{Name: strings.TrimPrefix(filepath.ToSlash(name), "testdata/lint/"+e.rule.ID+"/"), Bytes: text})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func (e example) lint(t *testing.T, files []policy.File) []policy.Finding {
	t.Helper()
	all, err := policy.Read(files, policy.ReadOptions{Lookup: func(string) (string, bool) { return "from the environment", true }})
	if err != nil {
		t.Fatal(err)
	}
	return policy.Lint(all, []policy.LintRule{e.rule})
}

// TestLintFires: each rule speaks where it should, and says what its golden file
// has.
func TestLintFires(t *testing.T) {
	t.Parallel()
	said := map[string]string{}
	for _, e := range lintExamples(t, "fires") {
		found := e.lint(t, e.files(t))
		if len(found) == 0 {
			t.Errorf("%s: expected a finding", e.name)
		}
		said[e.rule.ID] += describe(e, found)
	}
	for _, r := range policy.LintRules() {
		golden(t, filepath.Join("testdata/lint", r.ID, "findings.txt"), said[r.ID])
	}
}

func describe(e example, found []policy.Finding) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n", filepath.Base(e.path))
	for _, f := range found {
		fmt.Fprintf(&text, "  %s %s %s\n", f.At, f.Instance, f.Message)
		if f.Fix != e.rule.Fix {
			fmt.Fprintf(&text, "    fix: %s\n", f.Fix)
		}
		for _, p := range f.Patches {
			fmt.Fprintf(&text, "    patch: %s\n", p)
		}
	}
	return text.String()
}

// TestLintQuiet: no rule speaks of what is as it should be.
func TestLintQuiet(t *testing.T) {
	t.Parallel()
	for _, e := range lintExamples(t, "quiet") {
		for _, f := range e.lint(t, e.files(t)) {
			t.Errorf("%s: expected nothing, got %s %s", e.name, f.At, f.Message)
		}
	}
}

// TestLintPatches: a patch ends its finding, and leaves a document that is read.
func TestLintPatches(t *testing.T) {
	t.Parallel()
	patched := 0
	for _, e := range lintExamples(t, "fires") {
		files := e.files(t)
		for _, f := range e.lint(t, files) {
			if f.Patches == nil {
				continue
			}
			patched++
			at := slices.IndexFunc(files, func(other policy.File) bool { return other.Name == f.At.File })
			text, err := policy.Apply(files[at].Bytes, f.Patches)
			if err != nil {
				t.Errorf("%s: %v", e.name, err)
				continue
			}
			mended := slices.Clone(files)
			mended[at].Bytes = text
			for _, again := range e.lint(t, mended) {
				if again.At == f.At && again.Message == f.Message {
					t.Errorf("%s: expected the patch to end it: %s %s", e.name, f.At, f.Message)
				}
			}
		}
	}
	if patched < 40 {
		t.Errorf("expected at least 40 patches, got %d", patched)
	}
}

// TestLintRegistry: ids in kebab case, words of the catalogue, a sentence and a
// fix for each rule.
func TestLintRegistry(t *testing.T) {
	t.Parallel()
	for _, r := range policy.LintRules() {
		switch {
		case strings.Trim(r.ID, "abcdefghijklmnopqrstuvwxyz-") != "":
			t.Errorf("%s: expected kebab case", r.ID)
		case !slices.Contains(policy.Severities(), r.Severity):
			t.Errorf("%s: unknown severity %q", r.ID, r.Severity)
		case r.Why == "" || r.Fix == "" || len(r.Refs) == 0:
			t.Errorf("%s: expected why, fix and refs", r.ID)
		case !slices.Contains([]policy.Effect{policy.Opens, policy.LocksOut, policy.Neither}, r.Effect):
			t.Errorf("%s: unknown effect %q", r.ID, r.Effect)
		case (len(r.Proof) > 0) == (r.Unshown != ""):
			t.Errorf("%s: expected either rows that prove it or why there are none", r.ID)
		case r.Effect == policy.Neither && len(r.Proof) > 0 || r.ProofFlags != "" && len(r.Proof) == 0:
			t.Errorf("%s: expected no proof of nothing", r.ID)
		case strings.HasSuffix(r.Unshown, "."):
			t.Errorf("%s: expected a reason without its full stop", r.ID)
		case strings.HasSuffix(r.Why, ".") || strings.HasSuffix(r.Fix, "."):
			t.Errorf("%s: expected a sentence without its full stop", r.ID)
		}
	}
	folders, err := os.ReadDir("testdata/lint")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if !slices.ContainsFunc(policy.LintRules(), func(r policy.LintRule) bool { return r.ID == folder.Name() }) {
			t.Errorf("testdata/lint/%s: expected a rule of that name", folder.Name())
		}
	}
}

// TestLintEnvironments: which instances count as two environments, by their names
// and their folders, and how many of them a message names.
func TestLintEnvironments(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		reason string
		files  []string
		want   string // what the first file's finding names; "" for no finding
	}{
		{"names", []string{"orders-dev.json", "orders-uat.json"}, "which orders-uat demands too"},
		{"folders", []string{"gw/dev/orders.json", "gw/uat/orders.json"}, "which uat/orders demands too"},
		{"same-word", []string{"orders-dev.json", "billing-dev.json"}, ""},
		{"same-folder", []string{"dev/orders.json", "dev/billing.json"}, ""},
		{"name-before-folder", []string{"dev/orders-uat.json", "dev/orders-dev.json"}, "which orders-dev demands too"},
		{"no-word", []string{"orders.json", "billing.json"}, "which billing demands too"},
		{"one-word", []string{"orders.json", "billing-dev.json"}, "which billing-dev demands too"},
		{"alone", []string{"orders.json"}, ""},
		{"many", []string{"a.json", "b.json", "c.json", "d.json", "e.json", "f.json"}, "which b, c, d and 2 more demands too"},
		{"many-of-one", []string{"a-dev.json", "b-dev.json", "c-uat.json", "d-uat.json"}, "which c-uat, d-uat demands too"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			var files []policy.File
			for _, name := range row.files {
				files = append(files, policy.File{Name: name, Bytes: []byte(managedWith(`{"validateAudClaim": true, "supportedAudiences": "api://shared"}`))})
			}
			all, err := policy.Read(files, policy.ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, f := range policy.Lint(all, []policy.LintRule{ruleOf(t, "audience-shared")}) {
				if f.At.File == row.files[0] {
					got += f.Message
				}
			}
			if row.want == "" && got != "" || !strings.Contains(got, row.want) {
				t.Errorf("expected %q, got %q", row.want, got)
			}
		})
	}
}

// TestLintTellsNoSecret: neither a secret nor what an address holds before its
// host is in a finding.
func TestLintTellsNoSecret(t *testing.T) {
	t.Parallel()
	files := []policy.File{{Name: "x.json", Bytes: []byte(`{"policies": [
		{"assetId": "jwt-validation", "configurationData": {"signingMethod": "hmac", "jwtKeyOrigin": "jwks", "textKey": "hush-hush",
			"jwksUrl": "http://gateway:hush-hush@keys.example/keys", "client_secret": "hush-hush", "supportedAudiences": "https://x:hush-hush@y.example/"}},
		{"assetId": "oauth2-token-introspection", "configurationData": {"authorizationValue": "Basic hush-hush",
			"introspectionURL": "http://gateway:hush-hush@login.microsoftonline.com/x", "skipClientIdValidation": true}},
		{"assetId": "http-basic-authentication", "configurationData": {"password": "hush-hush"}}]}`)}}
	all, err := policy.Read(files, policy.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	found := policy.Lint(all, policy.LintRules())
	for _, f := range found {
		if text := fmt.Sprintf("%+v", f); strings.Contains(text, "hush") {
			t.Errorf("expected no secret, got %s", text)
		}
	}
	if len(found) < 10 {
		t.Errorf("expected at least 10 findings, got %d", len(found))
	}
}
