package deploy_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// checkout is a folder with what the script works with, so that a test leaves
// nothing in the repository.
func checkout(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "deploy", "compose"), os.DirFS("compose")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "docker-compose.yml"), []byte(composeText(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// programs is a folder with a few plain programs and the given scripts, to be
// the whole PATH.
func programs(t *testing.T, scripts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range strings.Fields("sh dirname sed od tr tail grep mkdir rm rmdir mv sleep cat tar") {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Skipf("the script needs %s: %v", name, err)
		}
		if err := os.Symlink(path, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range scripts {
		// "called" is what the tests read of the calls.
		text = "#!/bin/sh\nprintf '%s\\n' \"" + name + " $*\" >>called\n" + text + "\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// call is one run of the script.
type call struct {
	out, told string
	code      int
}

// script runs deploy/compose/compose.sh of a checkout.
func script(t *testing.T, dir, verb string, env ...string) call {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("make up is a script for sh, which is not here")
	}
	cmd := exec.Command(sh, "deploy/compose/compose.sh", verb)
	var out, told bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, env, &out, &told
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return call{out.String(), told.String(), cmd.ProcessState.ExitCode()}
}

// Stand-ins: an engine with and without "docker compose", and docker-compose.
const (
	engine = `case "$1" in
version) echo amd64 ;;
compose) echo "docker: unknown command: docker compose" >&2; exit 1 ;;
ps) echo c1 ;;
inspect) echo "/c1 running ${HEALTH:-healthy}" ;;
esac`
	engineWithCompose = `case "$1" in version) echo amd64 ;; ps) echo c1 ;; inspect) echo "/c1 running healthy" ;; esac`
	composeOf1        = `[ "$1" != version ] || echo 1.29.2`
)

// TestScriptFindsCompose: the plugin where it is there, else a docker-compose
// that is new enough, else a line how to get one.
func TestScriptFindsCompose(t *testing.T) {
	t.Parallel()
	const down = " -f docker-compose.yml -p entraproof --profile gateways down --volumes --remove-orphans"
	for name, row := range map[string]struct {
		programs map[string]string
		calls    string // what is called
		told     string
		code     int
	}{
		"plugin":         {map[string]string{"docker": engineWithCompose}, "docker compose" + down, "", 0},
		"both":           {map[string]string{"docker": engineWithCompose, "docker-compose": composeOf1}, "docker compose" + down, "", 0},
		"1.29":           {map[string]string{"docker": engine, "docker-compose": composeOf1}, "docker-compose" + down, "", 0},
		"2 by itself":    {map[string]string{"docker": engine, "docker-compose": `echo v2.40.3`}, "docker-compose" + down, "", 0},
		"1.30rc":         {map[string]string{"docker": engine, "docker-compose": `echo 1.30rc1`}, "docker-compose" + down, "", 0},
		"too old":        {map[string]string{"docker": engine, "docker-compose": `echo 1.28.6`}, "", "expected 1.29 or later, got 1.28.6", 1},
		"far too old":    {map[string]string{"docker": engine, "docker-compose": `echo 0.30`}, "", "expected 1.29 or later, got 0.30", 1},
		"no version":     {map[string]string{"docker": engine, "docker-compose": `echo unknown`}, "", "expected 1.29 or later, got unknown", 1},
		"broken":         {map[string]string{"docker": engine, "docker-compose": `exit 1`}, "", "docker-compose does not tell its version", 1},
		"no compose":     {map[string]string{"docker": engine}, "", "apt-get install docker-compose", 1},
		"no docker":      {nil, "", "apt-get install docker.io", 1},
		"no engine":      {map[string]string{"docker": `echo "Cannot connect to the daemon" >&2; exit 1`}, "", "does not answer: Cannot connect to the daemon", 1},
		"without rights": {map[string]string{"docker": `echo "permission denied" >&2; exit 1`}, "", "in the group docker", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := checkout(t)
			got := script(t, dir, "down", "PATH="+programs(t, row.programs))
			called, _ := os.ReadFile(filepath.Join(dir, "called"))
			if got.code != row.code || !strings.Contains(got.told, row.told) || !strings.Contains(string(called), row.calls) {
				t.Errorf("expected %+v, got %+v after %s", row, got, called)
			}
		})
	}
}

// TestScriptUp: what is kept of a project is its owner's alone, stays the same,
// and is gone after down.
func TestScriptUp(t *testing.T) {
	t.Parallel()
	dir := checkout(t)
	env := []string{
		"PATH=" + programs(t, map[string]string{"docker": engine, "docker-compose": composeOf1}),
		"ENTRAPROOF_COMPOSE_IMAGE=some:image", "ENTRAPROOF_COMPOSE_PROJECT=mine", "ENTRAPROOF_COMPOSE_PORTS=199", "ENTRAPROOF_MANAGEMENT_TOKEN=of-another-issuer",
	}
	first := script(t, dir, "up", env...)
	secret := filepath.Join(dir, ".compose", "mine", "token")
	token, err := os.ReadFile(secret)
	if err != nil {
		t.Fatalf("%v after %+v", err, first)
	}
	if info, err := os.Stat(secret); err != nil || info.Mode().Perm() != 0o600 || !regexp.MustCompile(`^[0-9a-f]{64}$`).Match(token) {
		t.Fatalf("expected the owner's file with a token of 64 digits, got %v, %v, %q", info.Mode(), err, token)
	}
	second := script(t, dir, "up", env...)
	if again, err := os.ReadFile(secret); err != nil || !bytes.Equal(again, token) {
		t.Errorf("expected the same token, got %q (%v)", again, err)
	}
	const next = "\n  ENTRAPROOF_MANAGEMENT_TOKEN=$(cat .compose/mine/token) go run ./cmd/entraproof run --target .compose/mine/fix1.yaml\n"
	for _, up := range []call{first, second} {
		if up.code != 0 || !strings.Contains(up.out, next) || !strings.Contains(up.out, "http://127.0.0.1:19931/orders") || !strings.Contains(up.out, "PROJECT=mine make down") {
			t.Errorf("expected the addresses and the command to type, got %+v", up)
		}
		if strings.Contains(up.out+up.told, string(token)) {
			t.Error("the token is printed")
		}
	}
	moved, err := os.ReadFile(filepath.Join(dir, ".compose", "mine", "fix1.yaml"))
	if err != nil || strings.Contains(string(moved), ":184") || strings.Count(string(moved), "//127.0.0.1:199") != 6 {
		t.Errorf("expected six addresses with ports of the project, got %s (%v)", moved, err)
	}
	if down := script(t, dir, "down", env...); down.code != 0 {
		t.Errorf("expected exit code 0, got %+v", down)
	}
	if _, err := os.Stat(filepath.Join(dir, ".compose")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("expected nothing kept, got %v", err)
	}
}

// TestScriptWithDefaults names the target files as they are committed.
func TestScriptWithDefaults(t *testing.T) {
	t.Parallel()
	dir := checkout(t)
	up := script(t, dir, "up", "ENTRAPROOF_COMPOSE_IMAGE=some:image", "PATH="+programs(t, map[string]string{"docker": engineWithCompose}))
	if up.code != 0 || !strings.Contains(up.out, "--target deploy/compose/fix1.yaml") || !strings.Contains(up.out, "http://127.0.0.1:18431/orders") {
		t.Errorf("expected the committed target, got %+v", up)
	}
}

// TestScriptRefuses: what cannot come up is named, and nothing of it stays.
func TestScriptRefuses(t *testing.T) {
	t.Parallel()
	const failing = composeOf1 + "\ncase \"$*\" in *' up '*) echo 'bind: address already in use' >&2; exit 1 ;; esac"
	for name, row := range map[string]struct {
		verb, compose, env string
		told               string
		down               bool
	}{
		"port taken":       {"up", failing, "A=", "ENTRAPROOF_COMPOSE_PORTS=194 make up", true},
		"never healthy":    {"up", composeOf1, "HEALTH=unhealthy", "not all containers became healthy", true},
		"ports":            {"up", composeOf1, "ENTRAPROOF_COMPOSE_PORTS=18480", `expected three digits from 100 to 599, got "18480"`, false},
		"ports beyond all": {"up", composeOf1, "ENTRAPROOF_COMPOSE_PORTS=700", `got "700"`, false},
		"project":          {"up", composeOf1, "ENTRAPROOF_COMPOSE_PROJECT=../x", `got "../x"`, false},
		"verb":             {"restart", composeOf1, "A=", `expected up or down, got "restart"`, false},
		"no verb":          {"", composeOf1, "A=", `expected up or down, got ""`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := checkout(t)
			path := programs(t, map[string]string{"docker": engine, "docker-compose": row.compose})
			got := script(t, dir, row.verb, "PATH="+path, "ENTRAPROOF_COMPOSE_IMAGE=some:image", row.env)
			called, _ := os.ReadFile(filepath.Join(dir, "called"))
			if got.code != 1 || !strings.Contains(got.told, row.told) || strings.Contains(string(called), " down ") != row.down {
				t.Errorf("expected %+v, got %+v after %s", row, got, called)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, ".compose", "*")); len(left) > 0 {
				t.Errorf("expected nothing kept, got %q", left)
			}
		})
	}
}

// TestScriptInterrupted: Ctrl-C removes what was started.
func TestScriptInterrupted(t *testing.T) {
	t.Parallel()
	dir := checkout(t)
	const interrupted = composeOf1 + "\ncase \"$*\" in *' up '*) kill -INT $PPID ;; esac"
	path := programs(t, map[string]string{"docker": engine, "docker-compose": interrupted})
	up := script(t, dir, "up", "PATH="+path, "ENTRAPROOF_COMPOSE_IMAGE=some:image")
	called, _ := os.ReadFile(filepath.Join(dir, "called"))
	if up.code != 130 || !strings.Contains(string(called), " down ") {
		t.Errorf("expected exit code 130 after down, got %+v after %s", up, called)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".compose", "*")); len(left) > 0 {
		t.Errorf("expected nothing kept, got %q", left)
	}
}

// TestScriptAddsGateways: the images of those that are installed, each container
// configured before it starts, and a target for it; nothing stays of one that dies.
func TestScriptAddsGateways(t *testing.T) {
	t.Parallel()
	const docker = `case "$1" in
version) echo amd64 ;;
port) echo 127.0.0.1:19951 ;;
ps) case "$*" in *service=*) echo real1 ;; *) echo c1 ;; esac ;;
inspect) case "$*" in *Health*) echo "/c1 running healthy" ;; *) echo "${REAL:-running}" ;; esac ;;
logs) echo "planted: cannot listen" >&2 ;;
cp) cat >/dev/null ;;
esac`
	const program = `case "$3 $4" in
"lab image") [ "$6" = none ] || echo entraproof-lab-haproxy:2.6 ;;
"lab config") mkdir -p "$8" ;;
"health "*) [ "${REAL:-running}" = running ] ;;
esac`
	for name, row := range map[string]struct {
		wanted, state, told string
		code                int
		calls               []string
	}{
		"started": {"all", "running", "", 0, []string{
			"--profile gateways rm -s -f -v haproxy-dev haproxy-test haproxy-uat", "up --no-start --no-deps haproxy-dev",
			"docker cp - real1:/lab", "up -d --no-deps haproxy-dev haproxy-test haproxy-uat",
		}},
		"dies":             {"all", "exited", "planted: cannot listen", 1, []string{"--profile gateways down"}},
		"nobody installed": {"none", "running", "none of these gateways is installed here", 1, []string{"--profile gateways down"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := checkout(t)
			path := programs(t, map[string]string{"docker": docker, "docker-compose": composeOf1, "go": program, "uname": "echo Elsewhere"})
			up := script(t, dir, "up", "PATH="+path, "ENTRAPROOF_COMPOSE_IMAGE=some:image", "ENTRAPROOF_COMPOSE_GATEWAYS="+row.wanted, "REAL="+row.state, "ENTRAPROOF_COMPOSE_PORTS=199")
			called, _ := os.ReadFile(filepath.Join(dir, "called"))
			if up.code != row.code || !strings.Contains(up.told, row.told) {
				t.Errorf("expected %+v, got %+v after %s", row, up, called)
			}
			for _, c := range row.calls {
				if !strings.Contains(string(called), c) {
					t.Errorf("expected %q among %s", c, called)
				}
			}
			target, err := os.ReadFile(filepath.Join(dir, ".compose", "entraproof", "haproxy.yaml"))
			if row.code != 0 {
				if !errors.Is(err, os.ErrNotExist) {
					t.Errorf("expected nothing kept, got %s, %v", target, err)
				}
				return
			}
			for _, want := range []string{"name: haproxy\n", "jwks: static", "http://127.0.0.1:19951/orders", "http://127.0.0.1:19980"} {
				if !strings.Contains(string(target), want) {
					t.Errorf("expected a target with %q, got %s (%v)", want, target, err)
				}
			}
		})
	}
}

// TestScriptLoadsTheImage: packed where it is missing, and loaded each time.
func TestScriptLoadsTheImage(t *testing.T) {
	t.Parallel()
	dir := checkout(t)
	const packs = `mkdir -p dist; echo tar >dist/entraproof-image-amd64.tar`
	path := programs(t, map[string]string{"docker": engineWithCompose, "make": packs})
	for range 2 {
		if up := script(t, dir, "up", "PATH="+path); up.code != 0 {
			t.Fatalf("expected exit code 0, got %+v", up)
		}
	}
	called, _ := os.ReadFile(filepath.Join(dir, "called"))
	if made, loaded := strings.Count(string(called), "make image"), strings.Count(string(called), "docker load -i dist/entraproof-image-amd64.tar"); made != 1 || loaded != 2 {
		t.Errorf("expected it packed once and loaded twice, got %s", called)
	}
	other := programs(t, map[string]string{"docker": strings.Replace(engineWithCompose, "amd64", "riscv64", 1)})
	if up := script(t, dir, "up", "PATH="+other); up.code != 1 || !strings.Contains(up.told, "expected amd64 or arm64, got riscv64") {
		t.Errorf("expected the architecture to be refused, got %+v", up)
	}
}

// TestScriptKeepsPorts: a project that is up is not moved.
func TestScriptKeepsPorts(t *testing.T) {
	t.Parallel()
	dir := checkout(t)
	path := programs(t, map[string]string{"docker": engineWithCompose})
	env := []string{"PATH=" + path, "ENTRAPROOF_COMPOSE_IMAGE=some:image"}
	if up := script(t, dir, "up", env...); up.code != 0 {
		t.Fatalf("expected exit code 0, got %+v", up)
	}
	up := script(t, dir, "up", append(env, "ENTRAPROOF_COMPOSE_PORTS=199")...)
	if up.code != 1 || !strings.Contains(up.told, "project entraproof is up with ports 184") {
		t.Errorf("expected the project to keep its ports, got %+v", up)
	}
}

// TestPage: docs/compose.md shows what make up prints.
func TestPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/compose.md")
	if err != nil {
		t.Fatal(err)
	}
	path := programs(t, map[string]string{"docker": engineWithCompose})
	up := script(t, checkout(t), "up", "ENTRAPROOF_COMPOSE_IMAGE=some:image", "PATH="+path)
	if shown := "```console\n$ make up\n..." + up.out + "```\n"; up.out == "" || !strings.Contains(string(page), shown) {
		t.Errorf("expected the page to show:\n%s", shown)
	}
}
