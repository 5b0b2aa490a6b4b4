package entraproof_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	link       = regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`)
	makeTarget = regexp.MustCompile("(?:`|\\$ )make ([a-z -]+)")
	rule       = regexp.MustCompile(`(?m)^([a-z-]+):`)
)

// prose is every page of Markdown in the root, in docs and below.
func prose(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: expected pages, got %d (%v)", pattern, len(names), err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			pages[filepath.ToSlash(name)] = string(text)
		}
	}
	return pages
}

// deadLinks lists the links of a page to files that are not there.
func deadLinks(page, text string) (dead []string) {
	for _, match := range link.FindAllStringSubmatch(text, -1) {
		if strings.Contains(match[1], "://") {
			continue
		}
		if _, err := os.Stat(filepath.FromSlash(path.Join(path.Dir(page), match[1]))); err != nil {
			dead = append(dead, match[1])
		}
	}
	return dead
}

// unknownTargets lists what a page tells the reader to make and the Makefile cannot.
func unknownTargets(text, makefile string) (unknown []string) {
	var known []string
	for _, match := range rule.FindAllStringSubmatch(makefile, -1) {
		known = append(known, match[1])
	}
	for _, match := range makeTarget.FindAllStringSubmatch(text, -1) {
		for _, target := range strings.Fields(match[1]) {
			if !slices.Contains(known, target) {
				unknown = append(unknown, target)
			}
		}
	}
	return unknown
}

// TestProse: the pages point at what exists.
func TestProse(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for page, text := range prose(t) {
		for _, dead := range deadLinks(page, text) {
			t.Errorf("%s: nothing is at the link %s", page, dead)
		}
		for _, unknown := range unknownTargets(text, string(makefile)) {
			t.Errorf("%s: the Makefile has no target %s", page, unknown)
		}
	}
}

// TestProseRefuses plants a dead link and a target that is not there.
func TestProseRefuses(t *testing.T) {
	t.Parallel()
	if dead := deadLinks("docs/x.md", "[a](../README.md#top) [b](none.md) [c](https://example.com)"); !slices.Equal(dead, []string{"none.md"}) {
		t.Errorf("expected none.md, got %v", dead)
	}
	if unknown := unknownTargets("`make lint nothing` and\n$ make test\n", "lint: x\n\ntest:\n"); !slices.Equal(unknown, []string{"nothing"}) {
		t.Errorf("expected nothing, got %v", unknown)
	}
}

// TestReadmeCommands: the first two commands of the README are the ones that
// a fresh machine is promised, and .ci/run follows them from there.
func TestReadmeCommands(t *testing.T) {
	t.Parallel()
	commands := regexp.MustCompile(`(?m)^\$ (.+)$`).FindAllStringSubmatch(prose(t)["README.md"], -1)
	if len(commands) < 2 || commands[0][1] != "go run ./cmd/entraproof reproduce" || commands[1][1] != "make test" {
		t.Errorf("expected reproduce and make test first, got %q", commands)
	}
}
