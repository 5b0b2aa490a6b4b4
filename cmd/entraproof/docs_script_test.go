package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// newDocRun prepares to follow a page.
func newDocRun(page docPage) (*docRun, error) {
	ports, err := page.freePorts()
	return &docRun{page: page, ports: ports, jobs: map[int]*docJob{}, news: map[int]string{}}, err
}

// params are the page as a script: one line for each step.
func (r *docRun) params(dir string) (testscript.Params, error) {
	name := filepath.Join(dir, r.page.title()+".txt")
	script, err := r.script()
	if err == nil {
		err = os.WriteFile(name, script, 0o600)
	}
	return testscript.Params{
		Files: []string{name}, RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error { return r.setup(env) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start": start, "end": end, "follow": follow, "finish": finish,
		},
	}, err
}

// script is the page as a script, after what the page takes for granted.
func (r *docRun) script() ([]byte, error) {
	before, err := os.ReadFile(r.prelude())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	text := strings.Builder{}
	text.Write(before)
	for i, s := range r.page.steps {
		if s.file == "" && s.leftToCI() {
			fmt.Fprintf(&text, "# %s:%d: others run %s\n", r.page.name, s.at, s.text)
			continue
		}
		fmt.Fprintf(&text, "# %s:%d\nfollow %d\n", r.page.name, s.at, i)
	}
	text.WriteString("finish\n")
	return []byte(text.String()), nil
}

// prelude is the file of what a page takes for granted, where there is one.
func (r *docRun) prelude() string {
	return filepath.Join("testdata", "docs", "setup", r.page.title()+".txt")
}

// setup makes the reader's machine: a directory, a home, the addresses that
// cannot be reached from here in reach.
func (r *docRun) setup(env *testscript.Env) error {
	at, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	r.dir = env.WorkDir
	home := filepath.Join(env.WorkDir, ".home")
	for _, v := range [][2]string{
		{"HOME", home}, {"CI", "true"}, {"GOBIN", filepath.Join(env.WorkDir, ".bin")}, {managementVariable, ""},
	} {
		env.Setenv(v[0], v[1])
	}
	if _, err := os.Stat(r.prelude()); err == nil {
		env.Setenv(managementVariable, scriptToken)
	}
	env.Values[followed{}], env.Values[background{}] = r, map[string]*process{}
	env.Defer(r.abandon)
	r.env = slices.Concat(env.Vars, r.goEnv())
	return errors.Join(
		os.Mkdir(home, 0o700),
		os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(gitConfig(at)), 0o600),
		os.Symlink(filepath.Join(at, ".lab"), filepath.Join(env.WorkDir, ".lab")),
	)
}

// gitConfig has a clone of the published repository read this one.
func gitConfig(at string) string {
	return fmt.Sprintf("[url %q]\n\tinsteadOf = https://github.com/entraproof/entraproof\n[safe]\n\tdirectory = *\n", "file://"+filepath.ToSlash(at))
}

// goEnv is where the go command keeps what it has built and fetched, for pages
// that use it.
func (r *docRun) goEnv() []string {
	if !slices.ContainsFunc(r.page.steps, docStep.ofTheCheckout) {
		return nil
	}
	var all []string
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GOFLAGS"} {
		if value, err := exec.Command("go", "env", name).Output(); err == nil {
			all = append(all, name+"="+strings.TrimSpace(string(value)))
		}
	}
	return all
}

// rewrite puts the outputs that differ into the page.
func (r *docRun) rewrite(name string) error {
	if len(r.news) == 0 {
		return nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	lines := strings.Split(string(text), "\n")
	for _, s := range slices.Backward(r.page.steps) {
		if output, ok := r.news[s.shownAt]; ok {
			shown := strings.Split(strings.TrimRight(output, "\n"), "\n")
			lines = slices.Replace(lines, s.shownAt-1, s.shownAt-1+len(s.shown), shown...)
		}
	}
	return os.WriteFile(name, []byte(strings.Join(lines, "\n")), 0o600)
}
