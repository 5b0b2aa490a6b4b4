package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/entraproof/entraproof/internal/policy"
)

// sarifSchema is the published one, 2.1.0 errata 01.
func sarifSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := os.Open("testdata/schema/sarif-schema-2.1.0.json")
	if err != nil {
		t.Fatal(err)
	}
	defer text.Close()
	document, err := jsonschema.UnmarshalJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("sarif.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("sarif.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// lintExamples are the examples of every rule that are one file, and fire.
func lintExamples(t *testing.T) []policy.File {
	t.Helper()
	names, err := filepath.Glob(root + "/internal/policy/testdata/lint/*/fires*.*")
	if err != nil || len(names) < len(policy.LintRules()) {
		t.Fatalf("expected an example of each rule, got %d (%v)", len(names), err)
	}
	files, err := policyFiles(names)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// known answers for every variable of the environment.
func known(string) (string, bool) { return "from the environment", true }

// TestSARIF: what is written is SARIF 2.1.0, whatever was found; a log that is
// not is refused.
func TestSARIF(t *testing.T) {
	t.Parallel()
	schema := sarifSchema(t)
	results := 0
	for _, f := range lintExamples(t) {
		p := program{lookup: known}
		found, err := p.lintFiles([]policy.File{f}, policy.LintRules())
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := writeSARIF(&out, found, []policy.File{f}, policy.LintRules()); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(decoded(t, out.String())); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		results += strings.Count(out.String(), `"ruleId"`)
		if err := schema.Validate(decoded(t, strings.ReplaceAll(out.String(), `"startLine": `, `"startLine": -`))); err == nil {
			t.Errorf("%s: expected the schema to refuse a negative line", f.Name)
		}
	}
	if results < 100 {
		t.Errorf("expected at least 100 results, got %d", results)
	}
}

// TestSARIFWithoutFindings: nothing found is a log with no result, not no log.
func TestSARIFWithoutFindings(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := writeSARIF(&out, nil, nil, policy.LintRules()); err != nil {
		t.Fatal(err)
	}
	if err := sarifSchema(t).Validate(decoded(t, out.String())); err != nil {
		t.Error(err)
	}
	if !strings.Contains(out.String(), `"results": []`) {
		t.Errorf("expected an empty list of results, got %s", out.String())
	}
}

func decoded(t *testing.T, text string) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestFindingViews: the edits of a finding are where its patches are, and a patch
// that cannot be made leaves none.
func TestFindingViews(t *testing.T) {
	t.Parallel()
	edits := 0
	for _, f := range lintExamples(t) {
		p := program{lookup: known}
		found, err := p.lintFiles([]policy.File{f}, policy.LintRules())
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range findingViews(found, []policy.File{f}) {
			if len(v.Edits) > 0 && len(v.Edits) != len(v.Patches) {
				t.Errorf("%s: expected an edit for each of %d patches, got %d", v.Message, len(v.Patches), len(v.Edits))
			}
			edits += len(v.Edits)
			if text, err := json.Marshal(v); err != nil || !strings.Contains(string(text), `"line":`) {
				t.Errorf("expected a line, got %s (%v)", text, err)
			}
		}
	}
	if edits < 50 {
		t.Errorf("expected at least 50 edits, got %d", edits)
	}
}
