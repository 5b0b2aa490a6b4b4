package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// readme is the page whose output is real.
const readme = "../../README.md"

// outputBlock is the block of a page under <!-- output: NAME -->: the command
// after a $ sign, then what it printed.
func outputBlock(page, name string) (before, command, output, after string, found bool) {
	block := regexp.MustCompile("(?s)^(.*<!-- output: " + regexp.QuoteMeta(name) + " -->\\s*```[a-z]*\n)\\$ ([^\n]*)\n(.*?)(```\n.*)$")
	m := block.FindStringSubmatch(page)
	if m == nil {
		return "", "", "", "", false
	}
	return m[1], m[2], m[3], m[4], true
}

// TestReadmeOutput: what the README says that reproduce prints is what it
// prints. -update writes it there.
func TestReadmeOutput(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	before, command, output, after, found := outputBlock(string(page), "reproduce")
	if !found || command != "go run ./cmd/entraproof reproduce" {
		t.Fatalf("expected the output of reproduce, got command %q", command)
	}
	var out, people bytes.Buffer
	p := program{in: strings.NewReader(""), out: &out, err: &people, lookup: func(string) (string, bool) { return "", false }}
	if code := p.run(context.Background(), []string{"reproduce"}); code != 0 || people.Len() > 0 {
		t.Fatalf("expected exit code 0 and nothing on standard error, got %d and %q", code, people.String())
	}
	if got := out.String(); got != output {
		if !*update {
			t.Fatalf("the README says:\n%s\nand reproduce prints:\n%s\n(-update writes it anew)", output, got)
		}
		if err := os.WriteFile(readme, []byte(before+"$ "+command+"\n"+got+after), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOutputBlockRefuses plants a page without the block.
func TestOutputBlockRefuses(t *testing.T) {
	t.Parallel()
	if _, _, _, _, found := outputBlock("<!-- output: other -->\n```\n$ x\ny\n```\n", "reproduce"); found {
		t.Error("expected no block of another name to be taken")
	}
}

// shown are the commands of this program that a page shows.
func shown(page string) [][]string {
	var all [][]string
	command := regexp.MustCompile("(?m)(?:(?:^\\$ |^    |`)(?:go run \\./cmd/)?|^go run \\./cmd/)entraproof ([a-z][^`\n|]*)")
	for _, m := range command.FindAllStringSubmatch(page, -1) {
		line, _, _ := strings.Cut(m[1], " #")
		all = append(all, strings.Fields(strings.NewReplacer("'", "", `"`, "").Replace(line)))
	}
	return all
}

// wrongWith says what a shown command has that the program has not. Words in
// capitals stand for something; brackets are left out.
func wrongWith(root *cobra.Command, args []string) string {
	cmd, rest, err := root.Find(args)
	if err != nil || cmd == root {
		return "there is no such verb"
	}
	var flags []string
	for _, word := range rest {
		name := strings.Trim(word, "[]….,;:()")
		if name = strings.TrimPrefix(name, "--"); name != strings.Trim(word, "[]….,;:()") {
			flags = append(flags, strings.SplitN(name, "=", 2)[0])
		}
	}
	for _, name := range flags {
		if name != "help" && cmd.Flags().Lookup(name) == nil {
			return "there is no flag --" + name
		}
	}
	if cmd.HasSubCommands() {
		return "it needs a further verb"
	}
	return ""
}

// TestCommandsOfPages: every command that a page shows can be typed.
func TestCommandsOfPages(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, pattern := range []string{"../../*.md", "../../docs/*.md"} {
		pages, err := filepath.Glob(pattern)
		if err != nil || len(pages) == 0 {
			t.Fatalf("%s: expected pages, got %d (%v)", pattern, len(pages), err)
		}
		for _, name := range pages {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, args := range shown(string(text)) {
				checked++
				if wrong := wrongWith(testRoot(), args); wrong != "" {
					t.Errorf("%s: entraproof %s: %s", name, strings.Join(args, " "), wrong)
				}
			}
		}
	}
	if checked < 5 {
		t.Errorf("expected to find at least 5 commands, got %d", checked)
	}
}

func testRoot() *cobra.Command {
	p := program{in: strings.NewReader(""), out: &bytes.Buffer{}, err: &bytes.Buffer{}, lookup: os.LookupEnv}
	return p.root()
}

// TestWrongWith plants commands that cannot be typed.
func TestWrongWith(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ reason, page, want string }{
		{"sound", "`entraproof run --target FILE --out DIR`", ""},
		{"sound-with-go-run", "$ go run ./cmd/entraproof lab list\n", ""},
		{"unknown-verb", "`entraproof prove --target x`", "there is no such verb"},
		{"unknown-flag", "`entraproof run --tarket x`", "there is no flag --tarket"},
		{"verb-missing", "`entraproof lab`", "it needs a further verb"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			commands := shown(row.page)
			if len(commands) != 1 {
				t.Fatalf("expected one command, got %q", commands)
			}
			if got := wrongWith(testRoot(), commands[0]); got != row.want {
				t.Errorf("expected %q, got %q", row.want, got)
			}
		})
	}
}

// TestExamples: every verb has an example, and every example can be typed.
func TestExamples(t *testing.T) {
	t.Parallel()
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		if cmd.Name() == "help" || cmd.Name() == "completion" {
			return
		}
		if cmd.Example == "" || (cmd.Short == "" && cmd.HasParent()) {
			t.Errorf("%s: expected a sentence and an example", cmd.CommandPath())
		}
		for line := range strings.Lines(cmd.Example) {
			args := strings.Fields(strings.NewReplacer("'", "", `"`, "").Replace(line))
			if cut := strings.Index(line, "   "); cut > 3 {
				args = strings.Fields(line[:cut])
			}
			if len(args) < 2 || args[0] != "entraproof" {
				continue
			}
			if wrong := wrongWith(testRoot(), args[1:]); wrong != "" {
				t.Errorf("%s: %s: %s", cmd.CommandPath(), strings.TrimSpace(line), wrong)
			}
		}
		for _, verb := range cmd.Commands() {
			visit(verb)
		}
	}
	visit(testRoot())
}
