package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestDocsRefuses follows pages with one planted defect each.
func TestDocsRefuses(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ reason, text, want string }{
		{"sound", "```console\n$ entraproof lab lst # exits 2\n...\nhint: did you mean \"list\"?\n```\n", ""},
		{"sound-elided", "```console\n$ entraproof version\nentraproof ..., go1...\n```\n", ""},
		{"sound-twice-the-same", "```text\n# file: x.txt\na\n\nb\na\n\nc\n```\n```console\n$ sed -e s/x// x.txt\n...\na\n\nc\n```\n", ""},
		{"exit-code", "```console\n$ entraproof run\n```\n", `x\.md:2: \$ entraproof run\s+expected exit code 0, got 2`},
		{"exit-code-of-success", "```console\n$ entraproof version # exits 1\n```\n", `expected exit code 1, got 0`},
		{"output-outdated", "```console\n$ entraproof version\nentraproof 0.9\n```\n", `the page shows:\s+entraproof 0\.9\s+and the output is, there or as a whole, another:\s+entraproof `},
		{"output-longer", "```console\n$ entraproof run # exits 2\nentraproof: error: expected a target file, got none\n```\n", `the page ends and the output goes on:\s+entraproof: error: .*\s+hint: `},
		{"output-shorter", "```console\n$ entraproof version\n...\nand more\n```\n", `the page shows:\s+and more`},
		{"file-missing", "```console\n$ entraproof scenarios check my-rows\n```\n", `expected exit code 0, got 2`},
		{"job-not-ready", "```console\n$ entraproof serve echo --echo-addr 192.0.2.1:1 &\n...\nready\n```\n", `ended \(exit status 3\)`},
		{"job-says-nothing", "```console\n$ entraproof serve echo &\n```\n", `must show what it prints`},
		{"job-unknown", "```console\n$ kill %1\n```\n", `expected the number of a job`},
		{"export-empty", "```console\n$ export A=$(cat nothing)\n```\n", `x\.md:2: `},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			page, err := readPage("x.md", row.text)
			if err != nil {
				t.Fatal(err)
			}
			got := followPlanted(t, page)
			if matched := regexp.MustCompile(row.want).MatchString(got); !matched || (row.want == "") != (got == "") {
				t.Errorf("expected %q, got %q", row.want, got)
			}
		})
	}
}

// followPlanted follows a page and gives back why it failed, empty if it did
// not.
func followPlanted(t *testing.T, page docPage) string {
	t.Helper()
	r, err := newDocRun(page)
	if err != nil {
		t.Fatal(err)
	}
	params, err := r.params(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p := &planted{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		testscript.RunT(p, params)
	}()
	<-done
	if !p.failed {
		return ""
	}
	return p.log.String()
}

// planted is a test that is meant to fail.
type planted struct {
	failed bool
	log    bytes.Buffer
}

func (p *planted) Skip(a ...any)                      { p.Fatal(a...) }
func (p *planted) Fatal(a ...any)                     { p.Log(a...); p.FailNow() }
func (p *planted) Parallel()                          {}
func (p *planted) Log(a ...any)                       { fmt.Fprintln(&p.log, a...) }
func (p *planted) FailNow()                           { p.failed = true; runtime.Goexit() }
func (p *planted) Run(_ string, f func(testscript.T)) { f(p) }
func (p *planted) Verbose() bool                      { return false }

// TestReadPageRefuses plants blocks whose commands nobody would run, and
// commands that cannot be typed.
func TestReadPageRefuses(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ reason, text, want string }{
		{"sound", "```yaml\n# file: a.yaml\na: 1\n```\n\n```console\n$ cat a.yaml | head -n 1\n$ A=b entraproof run --target <(cat a.yaml) > out\n```\n", ""},
		{"sound-need", "```console needs=curl,docker\n$ curl http://127.0.0.1:8080\n$ docker version\n```\n", ""},
		{"shell-block", "a\n```sh\nmake test\n```\n", "x.md:2: a block of sh"},
		{"indented", "a\n\n    apt-get install haproxy\n", "x.md:3: an indented command"},
		{"no-end", "```console\n$ make test\n", "x.md:1: the block has no end"},
		{"no-command", "```console\n```\n", "x.md:1: a block of console without a command"},
		{"no-prompt", "```console\nentraproof version\n```\n", "x.md:2: expected a command after $"},
		{"unknown-word", "```console need=docker\n$ docker version\n```\n", `x.md:1: unknown word "need=docker"`},
		{"need-of-data", "```yaml needs=docker\na: 1\n```\n", "x.md:1: needs= beside yaml"},
		{"unknown-form", "```console\n$ brew install haproxy\n```\n", "no known form, and the block does not say needs=brew"},
		{"unknown-form-in-pipe", "```console\n$ entraproof version | jq .\n```\n", "needs=jq"},
		{"unknown-form-substituted", "```console\n$ export A=$(openssl rand -hex 24)\n```\n", "needs=openssl"},
		{"unknown-verb", "```console\n$ entraproof prove\n```\n", "there is no such verb"},
		{"unknown-flag", "```console\n$ go run ./cmd/entraproof run --tarket x\n```\n", "there is no flag --tarket"},
		{"unknown-target", "```console\n$ make tst\n```\n", "the Makefile has no target tst"},
		{"target-not-in-ci", "```console\n$ make golden\n```\n", "make golden is not run by .ci/run"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			page, err := readPage("x.md", row.text)
			for _, s := range page.steps {
				if wrong := s.malformed(); err == nil && s.file == "" {
					err = wrong
				}
			}
			got := ""
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, row.want) || (row.want == "") != (got == "") {
				t.Errorf("expected %q, got %q", row.want, got)
			}
		})
	}
}

// TestDocsNeeds: what is missing is named, and what is there is not.
func TestDocsNeeds(t *testing.T) {
	t.Parallel()
	s := docStep{needs: []string{"sh", "no-such-program"}}
	if name, why := s.lacks(); name != "no-such-program" || why == "" {
		t.Errorf("expected no-such-program with a reason, got %q and %q", name, why)
	}
	if name, why := (docStep{needs: []string{"sh"}}).lacks(); name != "" {
		t.Errorf("expected nothing to lack, got %q and %q", name, why)
	}
}

// TestDocsRewrite: -update changes the shown output and nothing else.
func TestDocsRewrite(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "x.md")
	text := "a\n```console\n$ entraproof version\nold\nlines\n$ cat a\n```\nb\n"
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	page, err := readPage("x.md", text)
	if err != nil {
		t.Fatal(err)
	}
	r := docRun{page: page, news: map[int]string{4: "new\n"}}
	if err := r.rewrite(name); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(name)
	if want := "a\n```console\n$ entraproof version\nnew\n$ cat a\n```\nb\n"; err != nil || string(got) != want {
		t.Errorf("expected %q, got %q (%v)", want, got, err)
	}
}
