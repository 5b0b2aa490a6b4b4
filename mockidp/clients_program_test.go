package mockidp_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// clientFolder is where the programs stand, seen from this package: each in a
// folder of the client's name, with what make clients installs beside it.
const clientFolder = "../tools/clients"

// program is a client in another language.
type program struct {
	name    string
	command []string // in the client's folder
	// installed is the file that shows that its libraries are there.
	installed string
	// lacks says why the runtime is not good enough, or is empty. Nil: any is.
	lacks func() string
}

func node(name string) func(*testing.T, *stage) []report {
	return program{name, []string{"node", "client.mjs"}, "node_modules", lacksNode}.run
}

func python(name string) func(*testing.T, *stage) []report {
	return program{name, []string{".venv/bin/python", "client.py"}, ".venv/installed", nil}.run
}

func java(name string) func(*testing.T, *stage) []report {
	return program{name, []string{"java", "-cp", "target/client.jar:target/dependency/*", "client.Client"}, "target/client.jar", nil}.run
}

// oldestNode is what MSAL Node and jose ask for.
const oldestNode = 20

func lacksNode() string {
	out, err := exec.Command("node", "--version").Output()
	if err != nil {
		return err.Error()
	}
	text := strings.TrimSpace(string(out))
	major, _, _ := strings.Cut(strings.TrimPrefix(text, "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < oldestNode {
		return fmt.Sprintf("expected node %d or later, got %s", oldestNode, text)
	}
	return ""
}

// absent says what of the program is not on this machine, or is empty.
func (p program) absent() string {
	if p.lacks != nil {
		if why := p.lacks(); why != "" {
			return why
		}
	}
	if _, err := os.Stat(filepath.Join(clientFolder, p.name, p.installed)); err != nil {
		return err.Error()
	}
	if _, err := exec.LookPath(p.command[0]); err != nil && !strings.Contains(p.command[0], "/") {
		return err.Error()
	}
	return ""
}

// run is what the program prints. What it is to use stands in its environment.
func (p program) run(t *testing.T, s *stage) []report {
	t.Helper()
	if why := p.absent(); why != "" {
		missing(t, p.name, why+"; install it with: make clients")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.command[0], p.command[1:]...)
	cmd.Dir, cmd.Env = filepath.Join(clientFolder, p.name), append(inherited(), s.environment...)
	var problems strings.Builder
	cmd.Stderr = &problems
	lines, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	all, err := readReports(lines, func(r report) {
		if answer := s.person(t).does(r); answer != "" {
			_, _ = io.WriteString(answers, answer+"\n") // a program that has ended says so itself
		}
	})
	if err := errors.Join(err, cmd.Wait()); err != nil {
		t.Fatalf("%v, after %d checks; it said:\n%s", err, len(all), problems.String())
	}
	return all
}

// inherited is what a program keeps of this machine's settings: among the others
// may be proxies and certificates, and REQUESTS_CA_BUNDLE beats what a program
// says itself (entra-tokens 6.1).
func inherited() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
}

// readReports reads what a program prints until it ends. What it asks of a user
// is handed to ask, and is no report.
func readReports(from io.Reader, ask func(report)) ([]report, error) {
	var all []report
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r report
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return all, fmt.Errorf("expected a line of JSON, got %q: %w", lines.Text(), err)
		}
		if r.Ask != "" {
			ask(r)
			continue
		}
		all = append(all, r)
	}
	return all, lines.Err()
}

// missing skips a client for want of what it runs with, or fails it where
// ENTRAPROOF_REQUIRE lists it.
func missing(t *testing.T, word, why string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("ENTRAPROOF_REQUIRE"), ","), word) {
		t.Fatalf("%s is required: %s", word, why)
	}
	t.Skipf("no %s: %s", word, why)
}
