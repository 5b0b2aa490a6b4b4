package main

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/targets"
)

// TestTargetFileReadsBack: a written target is the target that is read.
func TestTargetFileReadsBack(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		reason string
		change func(*targets.File)
	}{
		{"embedded", func(*targets.File) {}},
		{"echo-url", func(f *targets.File) { f.Accepted.EchoURL = "http://127.0.0.1:9" }},
		{"own-issuers", func(f *targets.File) { f.Tenant.Issuers.V1 = "http://127.0.0.1:1/a b/\"'#" }},
		{"own-keys", func(f *targets.File) { f.APIs[0].OwnKeys = true }},
		{"enforces", func(f *targets.File) {
			f.Environments[0].Declared, f.Environments[0].Enforces = true, []string{"scope", "role"}
		}},
		{"criteria-or", func(f *targets.File) { f.Environments[1].Requires.Any = true }},
		{"tokens-only", func(f *targets.File) { f.Environments[2].Gateways = nil }},
		{"one-route", func(f *targets.File) { f.Environments[0].Other = nil }},
		{"display-name", func(f *targets.File) { f.Clients[0].DisplayName = "Orders: DEV" }},
		{"no-supports", func(f *targets.File) { f.Supports = nil }},
		{"no-accepted", func(f *targets.File) { f.Accepted = targets.Accepted{} }},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			want := targets.Default()
			want.Tokens = targets.Tokens{Mock: &targets.Mock{URL: "http://127.0.0.1:2", Management: "http://127.0.0.1:3", Token: "hunter2"}}
			row.change(want)
			var text bytes.Buffer
			if err := writeTargetFile(&text, want); err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(text.Bytes(), []byte("hunter2")) {
				t.Error("expected no management token in the file")
			}
			got, err := targets.Parse("t.yaml", text.Bytes(), func(string) (string, bool) { return "hunter2", true })
			if err != nil {
				t.Fatalf("%v\n%s", err, text.String())
			}
			ignore := cmp.Options{
				cmpopts.IgnoreFields(targets.File{}, "Path"),
				cmpopts.IgnoreFields(targets.Pace{}, "Budget"),
				cmpopts.IgnoreTypes(document.Position{}), cmpopts.EquateEmpty(),
			}
			if diff := cmp.Diff(want, got, ignore); diff != "" {
				t.Errorf("written and read it differs:\n%s\n%s", diff, text.String())
			}
		})
	}
}

// TestFirstTargetIsSound: what init writes reads as it is, and every key that
// it comments out can be put in.
func TestFirstTargetIsSound(t *testing.T) {
	t.Parallel()
	lookup := func(string) (string, bool) { return "hunter2", true }
	if _, err := targets.Parse(targetName, firstTarget, lookup); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"other: ", "supports: "} {
		text := bytes.Replace(firstTarget, []byte("# "+line), []byte(line), 1)
		if bytes.Equal(text, firstTarget) {
			t.Errorf("expected a commented %q", line)
		}
		if _, err := targets.Parse(targetName, text, lookup); err != nil {
			t.Error(err)
		}
	}
}
