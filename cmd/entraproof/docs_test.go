package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/entraproof/entraproof/internal/lab"
)

// TestDocs follows every page: each command that it shows is run, in order, in
// a directory of the page's own, and must end and print as the page says. A
// page whose output lacks nothing is written anew by -update.
//
// testdata/docs/setup/NAME.txt is a script that comes before the page NAME.
func TestDocs(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: the pages' commands are run by the plain tests, and the same code by the scripts")
	}
	t.Parallel()
	names := []string{root + "/README.md"}
	more, err := filepath.Glob(root + "/docs/*.md")
	if err != nil || len(more) == 0 {
		t.Fatalf("expected pages in docs, got %d (%v)", len(more), err)
	}
	commands := 0
	for _, name := range append(names, more...) {
		page, err := loadPage(name)
		commands += len(page.steps)
		if len(page.steps) == 0 && err == nil {
			continue
		}
		t.Run(page.title(), func(t *testing.T) {
			t.Parallel()
			if err != nil {
				t.Fatal(err)
			}
			page.leaveOut(t)
			page.test(t, name)
		})
	}
	if commands < 20 {
		t.Errorf("expected to find at least 20 commands, got %d", commands)
	}
}

// loadPage reads a page and checks the form of its commands.
func loadPage(name string) (docPage, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return docPage{name: name}, err
	}
	page, err := readPage(strings.TrimPrefix(name, root+"/"), string(text))
	problems := []error{err}
	for _, s := range page.steps {
		if s.file != "" {
			continue
		}
		if err := s.malformed(); err != nil {
			problems = append(problems, fmt.Errorf("%s:%d: $ %s: %w", page.name, s.at, s.text, err))
		}
	}
	return page, errors.Join(problems...)
}

// test follows the page that stands at name.
func (p docPage) test(t *testing.T, name string) {
	t.Helper()
	r, err := newDocRun(p)
	if err != nil {
		t.Fatal(err)
	}
	params, err := r.params(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, params)
	if err := r.rewrite(name); err != nil {
		t.Error(err)
	}
}

// title is the page's name without folder and extension.
func (p docPage) title() string { return strings.TrimSuffix(filepath.Base(p.name), ".md") }

// leaveOut takes the commands out that need what this machine has not, each
// with a test of its own that says so: skipped, or failed where
// ENTRAPROOF_REQUIRE names what is missing.
func (p *docPage) leaveOut(t *testing.T) {
	t.Helper()
	p.steps = slices.DeleteFunc(p.steps, func(s docStep) bool {
		name, why := s.lacks()
		if name == "" {
			return false
		}
		t.Run(fmt.Sprintf("line %d", s.at), func(t *testing.T) {
			if slices.Contains(strings.Split(os.Getenv("ENTRAPROOF_REQUIRE"), ","), name) {
				t.Fatalf("%s:%d: $ %s: %s", p.name, s.at, s.text, why)
			}
			t.Skipf("%s:%d: $ %s: %s", p.name, s.at, s.text, why)
		})
		return true
	})
}

// lacks is what a command needs and this machine has not, with the reason.
func (s docStep) lacks() (name, why string) {
	for _, name := range s.needs {
		if why := missing(name); why != "" {
			return name, why
		}
	}
	return "", ""
}

// missing says why there is no such program, or is empty.
func missing(name string) string {
	recipe, err := lab.Lookup(name)
	switch {
	case name == "docker":
		return missingEngine()
	case name == "root":
		if os.Geteuid() != 0 {
			return "not root"
		}
		return ""
	case err == nil:
		if _, err := (lab.Finder{LookupEnv: os.LookupEnv}).Find(context.Background(), recipe); err != nil {
			return err.Error()
		}
		return ""
	}
	if _, err := exec.LookPath(name); err != nil {
		return err.Error() + ": add the program that the page names"
	}
	return ""
}

// missingEngine says why no container engine answers, or is empty.
func missingEngine() string {
	network, address, found := strings.Cut(cmp.Or(os.Getenv("DOCKER_HOST"), "unix:///var/run/docker.sock"), "://")
	if !found {
		return "DOCKER_HOST is no address"
	}
	c, err := (&net.Dialer{}).DialContext(context.Background(), network, address)
	if err != nil {
		return "no container engine: " + err.Error() + "; add one with: apt-get install docker.io"
	}
	c.Close()
	return ""
}
