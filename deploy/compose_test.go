package deploy_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/reports"
)

// missing skips a test for want of a program, or fails it where
// ENTRAPROOF_REQUIRE lists the program's word.
func missing(t *testing.T, word, hint string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("ENTRAPROOF_REQUIRE"), ","), word) {
		t.Fatalf("%s is required here and missing: %s", word, hint)
	}
	t.Skipf("no %s: %s", word, hint)
}

// engineArch is the architecture of the engine, as Go names it.
func engineArch(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("docker", "version", "--format", "{{.Server.Arch}}").CombinedOutput()
	if err != nil {
		missing(t, "docker", fmt.Sprintf("apt-get install docker.io, and start dockerd (%v: %s)", err, out))
	}
	if exec.Command("docker", "compose", "version").Run() != nil && exec.Command("docker-compose", "version").Run() != nil {
		missing(t, "compose", "apt-get install docker-compose")
	}
	return strings.TrimSpace(string(out))
}

// run runs a program that must succeed, and gives its output.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		t.Fatalf("%s %q: %v: %s%s", name, args, err, out, exit.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// project is the set-up, up under a name, an image and ports of its own.
type project struct {
	name, image, dir string
	env              []string
	// program is the one in the image, for this machine.
	program string
	// token is what make up made; next is the command that it told to type.
	token, next string
}

// buildProgram builds the static program for an engine, or for this machine.
func buildProgram(t *testing.T, system, arch string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "entraproof")
	cmd := exec.Command("go", "build", "-trimpath", "-o", out, "../cmd/entraproof")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+arch)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return out
}

// newProject packs an image of its own and loads it. It goes with the test.
func newProject(t *testing.T) *project {
	t.Helper()
	arch := engineArch(t)
	name := fmt.Sprintf("entraproof-test-%d", os.Getpid())
	p := &project{name: name, image: name + ":test", dir: checkout(t), program: buildProgram(t, "linux", arch)}
	p.env = append(os.Environ(), "ENTRAPROOF_COMPOSE_PROJECT="+name, "ENTRAPROOF_COMPOSE_IMAGE="+p.image, "ENTRAPROOF_COMPOSE_PORTS="+freePorts(t))
	tar := filepath.Join(t.TempDir(), "image.tar")
	run(t, "go", "run", "./image", "-program", p.program, "-arch", arch, "-tag", p.image, "-out", tar)
	run(t, "docker", "load", "-i", tar)
	t.Cleanup(func() { run(t, "docker", "rmi", p.image) })
	if runtime.GOOS != "linux" || runtime.GOARCH != arch {
		p.program = buildProgram(t, runtime.GOOS, runtime.GOARCH)
	}
	return p
}

// freePorts are three digits whose ports nobody listens on.
func freePorts(t *testing.T) string {
	t.Helper()
	f, err := readCompose(composeText(t))
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		digits := fmt.Sprint(200 + rand.IntN(120)) // below the ports that Linux gives away
		if allFree(f, digits) {
			return digits
		}
	}
	t.Fatal("expected free ports from 20011 to 31990, found none in 50 tries")
	return ""
}

func allFree(f composeFile, digits string) bool {
	for _, s := range f.Services {
		for _, p := range s.Ports {
			ends := regexp.MustCompile(`\}([0-9]{2}):`).FindStringSubmatch(p)
			l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:"+digits+ends[1])
			if err != nil {
				return false
			}
			l.Close()
		}
	}
	return true
}

// up starts the project; it is down when the test ends, whatever happens.
func (p *project) up(t *testing.T) {
	t.Helper()
	t.Cleanup(func() { p.down(t) })
	up := script(t, p.dir, "up", p.env...)
	if up.code != 0 {
		t.Fatalf("expected exit code 0, got %+v", up)
	}
	token, err := os.ReadFile(filepath.Join(p.dir, ".compose", p.name, "token"))
	if err != nil {
		t.Fatal(err)
	}
	p.token, p.next = string(token), regexp.MustCompile(`(?m)^  ENTRAPROOF_.*/fix1\.yaml$`).FindString(up.out)
	if len(p.token) != 64 || p.next == "" {
		t.Fatalf("expected a token and a command to type, got %d characters and %s", len(p.token), up.out)
	}
}

func (p *project) down(t *testing.T) {
	t.Helper()
	if down := script(t, p.dir, "down", p.env...); down.code != 0 {
		t.Errorf("expected exit code 0, got %+v", down)
	}
	label := "label=com.docker.compose.project=" + p.name
	for _, list := range [][]string{{"ps", "-aq"}, {"network", "ls", "-q"}, {"volume", "ls", "-q"}} {
		if left := run(t, "docker", append(list, "--filter", label)...); left != "" {
			t.Errorf("docker %q: expected nothing left, got %s", list, left)
		}
	}
}

// TestCompose: the set-ups in containers answer the two questions as they do in
// one process, and neither image nor containers hold a secret or a right.
func TestCompose(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: containers run the plain program, which the plain tests judge")
	}
	p := newProject(t)
	p.up(t)
	for setup, want := range map[string]struct{ invalidClient, crossEnvironment string }{
		"oidc-client-check":  {reports.NotFixed, reports.AnswerUnproven},
		"oidc-check-skipped": {reports.Fixed, reports.Open},
		"fix1":               {reports.Fixed, reports.Closed},
		"fix2":               {reports.NotFixed, reports.Closed},
	} {
		t.Run(setup, func(t *testing.T) {
			got := p.judge(t, setup)
			if got.Answers.InvalidClient.State != want.invalidClient || got.Answers.CrossEnvironment.State != want.crossEnvironment || got.Counts.Error > 0 {
				t.Errorf("expected %+v and no error, got %+v, %+v", want, got.Answers, got.Counts)
			}
		})
	}
	t.Run("containers", func(t *testing.T) { p.checkContainers(t) })
	t.Run("image", func(t *testing.T) { p.checkImage(t) })
	t.Run("real gateway", func(t *testing.T) { p.checkRealGateway(t) })
}

// checkRealGateway adds one to the running project and judges it.
func (p *project) checkRealGateway(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("haproxy"); err != nil {
		missing(t, "haproxy", "apt-get install haproxy")
	}
	if runtime.GOOS != "linux" {
		t.Skip("images are made of installed programs, on Linux only")
	}
	program := filepath.Join(p.dir, "dist", "linux-"+runtime.GOARCH, "entraproof")
	if err := os.MkdirAll(filepath.Dir(program), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(p.program, program); err != nil {
		t.Fatal(err)
	}
	up := script(t, p.dir, "up", append(p.env, "ENTRAPROOF_COMPOSE_GATEWAYS=haproxy")...)
	if up.code != 0 {
		t.Fatalf("expected exit code 0, got %+v", up)
	}
	got := p.judge(t, "haproxy")
	if got.Answers.InvalidClient.State != reports.Fixed || got.Answers.CrossEnvironment.State != reports.Closed || got.Counts.Error > 0 {
		t.Errorf("expected fixed, closed and no error, got %+v, %+v", got.Answers, got.Counts)
	}
}

// judge does with a set-up what make up told to do with fix1, which has faults,
// hence exit code 1. The others are judged with a few rows, which answer the two
// questions as well: flows wait for gateways that look at their keys now and then.
func (p *project) judge(t *testing.T, setup string) reports.Results {
	t.Helper()
	out := t.TempDir()
	next := strings.NewReplacer("go run ./cmd/entraproof", p.program, "fix1.yaml", setup+".yaml").Replace(p.next)
	if setup != "fix1" {
		next += " --profile smoke"
	}
	cmd := exec.Command("sh", "-c", next+" --out "+out)
	cmd.Dir = p.dir
	text, _ := cmd.CombinedOutput() // the exit code is looked at
	if code := cmd.ProcessState.ExitCode(); code != 1 && (setup == "fix1" || code != 0) {
		t.Fatalf("expected exit code 1, got %d: %s", code, text)
	}
	written, err := os.ReadFile(filepath.Join(out, "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r reports.Results
	if err := json.Unmarshal(written, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// container is what the engine says of one.
type container struct {
	Name   string
	Config struct {
		User   string
		Env    []string
		Labels map[string]string
	}
	HostConfig struct {
		ReadonlyRootfs, Privileged bool
		CapDrop, SecurityOpt       []string
		PortBindings               map[string][]struct {
			HostIP string `json:"HostIp"`
		}
	}
	Mounts []any
	State  struct{ Health struct{ Status string } }
}

// checkContainers asks the engine what it made of the file.
func (p *project) checkContainers(t *testing.T) {
	t.Helper()
	ids := strings.Fields(run(t, "docker", "ps", "-q", "--filter", "label=com.docker.compose.project="+p.name))
	if len(ids) != 6 {
		t.Fatalf("expected 6 containers, got %d", len(ids))
	}
	var all []container
	if err := json.Unmarshal([]byte(run(t, "docker", append([]string{"inspect"}, ids...)...)), &all); err != nil {
		t.Fatal(err)
	}
	for i, c := range all {
		if c.State.Health.Status != "healthy" {
			t.Errorf("%s: expected it healthy, got %q", c.Name, c.State.Health.Status)
		}
		h := c.HostConfig
		if c.Config.User != "65532:65532" || !h.ReadonlyRootfs || h.Privileged || !slices.Equal(h.CapDrop, []string{"ALL"}) || !slices.Equal(h.SecurityOpt, []string{"no-new-privileges:true"}) || len(c.Mounts) > 0 {
			t.Errorf("%s: expected no rights and no mounts, got %+v", c.Name, c)
		}
		for port, bindings := range h.PortBindings {
			if len(bindings) != 1 || bindings[0].HostIP != "127.0.0.1" {
				t.Errorf("%s: %s: expected loopback alone, got %+v", c.Name, port, bindings)
			}
		}
		issuer := c.Config.Labels["com.docker.compose.service"] == "issuer"
		if holds := strings.Contains(strings.Join(c.Config.Env, "\n"), p.token); holds != issuer {
			t.Errorf("%s: holds the management token: %t, expected %t", c.Name, holds, issuer)
		}
		if logs, err := exec.Command("docker", "logs", ids[i]).CombinedOutput(); err != nil || strings.Contains(string(logs), p.token) || !strings.Contains(string(logs), "ready") {
			t.Errorf("%s: expected a log without the token that says ready, got %s (%v)", c.Name, logs, err)
		}
		if changed := run(t, "docker", "diff", ids[i]); changed != "" {
			t.Errorf("%s: expected nothing written, got %s", c.Name, changed)
		}
	}
}

// privateKey is a key in PEM, not the words that Go's own packages hold.
var privateKey = regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}`)

// checkImage looks for secrets in everything that the engine gives out again.
func (p *project) checkImage(t *testing.T) {
	t.Helper()
	described := run(t, "docker", "image", "inspect", p.image) + run(t, "docker", "history", "--no-trunc", p.image)
	if strings.Contains(described, "ENTRAPROOF_") {
		t.Errorf("expected an image without settings, got %s", described)
	}
	saved := run(t, "docker", "save", p.image)
	if strings.Contains(saved, p.token) {
		t.Error("the image holds the management token")
	}
	if key := privateKey.FindString(saved); key != "" {
		t.Errorf("the image holds a private key: %.40s", key)
	}
}
