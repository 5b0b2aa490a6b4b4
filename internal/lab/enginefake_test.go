package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/ory/dockertest/v3/docker"
)

// fakeEngine speaks as much of the engine's API as a test needs.
type fakeEngine struct {
	api     string // "": 1.41
	ping    int    // status of the answer to a ping; 0: 200
	gateway string // of the network; "": 127.0.0.1, so that the forwarders can listen
	build   string // what is answered to a build; "": a good end
	refuses int    // status of the answer to a build; 0: 200
	code    int    // with which containers end; -1: they do not
	says    string // what containers print
	unnamed []docker.APIImages

	mu    sync.Mutex
	asked []string
	image *docker.Image
}

// serve starts the engine and gives options to connect to it.
func (f *fakeEngine) serve(t *testing.T) EngineOptions {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return EngineOptions{Endpoint: s.URL}
}

func (f *fakeEngine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if _, rest, ok := strings.Cut(path, "/v1."); ok {
		path = rest[strings.IndexByte(rest, '/'):]
	}
	query, err := url.QueryUnescape(r.URL.RawQuery)
	if err != nil {
		query = r.URL.RawQuery
	}
	f.mu.Lock()
	f.asked = append(f.asked, r.Method+" "+path+" "+query)
	f.mu.Unlock()
	switch {
	case path == "/_ping":
		f.answerStatus(w, f.ping)
	case path == "/version":
		reply(w, map[string]string{"Version": "99", "ApiVersion": or(f.api, "1.41")})
	case path == "/images/json":
		reply(w, slices.Concat([]docker.APIImages{}, f.unnamed))
	case path == "/build":
		f.answerBuild(w, r)
	case strings.HasPrefix(path, "/images/"):
		f.answerImage(w, path)
	case strings.HasPrefix(path, "/networks"):
		f.answerNetwork(w, r.Method+" "+path)
	case strings.HasPrefix(path, "/containers/"):
		f.answerContainer(w, r, path)
	}
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

func reply(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

func (f *fakeEngine) answerStatus(w http.ResponseWriter, status int) {
	if status != 0 {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"message":"no"}`)
	}
}

func (f *fakeEngine) answerBuild(w http.ResponseWriter, r *http.Request) {
	if f.refuses != 0 { // before all was read
		w.WriteHeader(f.refuses)
		_, _ = io.WriteString(w, f.build)
		return
	}
	_, _ = io.Copy(io.Discard, r.Body)
	labels := map[string]string{}
	_ = json.Unmarshal([]byte(r.URL.Query().Get("labels")), &labels)
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, or(f.build, `{"stream":"done"}`))
	if f.build == "" {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.image = &docker.Image{ID: "sha256:1", Config: &docker.Config{Labels: labels}}
	}
}

func (f *fakeEngine) answerImage(w http.ResponseWriter, path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case path == "/images/create":
		f.image = &docker.Image{ID: "sha256:2"}
		reply(w, map[string]string{"status": "pulled"})
	case strings.HasSuffix(path, "/json") && f.image == nil:
		http.NotFound(w, nil)
	case strings.HasSuffix(path, "/json"):
		reply(w, f.image)
	}
}

func (f *fakeEngine) answerNetwork(w http.ResponseWriter, call string) {
	network := docker.Network{ID: "n1", IPAM: docker.IPAMOptions{Config: []docker.IPAMConfig{{Gateway: or(f.gateway, "127.0.0.1")}}}}
	switch call {
	case "GET /networks":
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, a := range f.asked {
			if strings.HasPrefix(a, "POST /networks/create") {
				reply(w, []docker.Network{{ID: "n1", Labels: map[string]string{runLabel: "00000000"}}})
				return
			}
		}
		reply(w, []docker.Network{})
	case "POST /networks/create":
		w.WriteHeader(http.StatusCreated)
		reply(w, network)
	case "GET /networks/n1":
		reply(w, network)
	}
}

func (f *fakeEngine) answerContainer(w http.ResponseWriter, r *http.Request, path string) {
	switch {
	case path == "/containers/json":
		reply(w, []docker.APIContainers{})
	case path == "/containers/create":
		w.WriteHeader(http.StatusCreated)
		reply(w, map[string]string{"Id": "c1"})
	case strings.HasSuffix(path, "/archive"):
		_, _ = io.Copy(io.Discard, r.Body)
	case strings.HasSuffix(path, "/logs"):
		frame := append([]byte{2, 0, 0, 0, 0, 0, 0, byte(len(f.says))}, f.says...)
		_, _ = w.Write(frame)
	case strings.HasSuffix(path, "/wait"):
		reply(w, map[string]int{"StatusCode": f.code})
	case r.Method == http.MethodGet:
		reply(w, &docker.Container{ID: "c1", State: docker.State{OOMKilled: f.code == 137}, NetworkSettings: &docker.NetworkSettings{}})
	case r.Method == http.MethodDelete:
		w.WriteHeader(http.StatusNoContent)
	}
}

// was reports whether the engine was asked for something.
func (f *fakeEngine) was(call string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.asked, func(a string) bool { return strings.HasPrefix(a, call) })
}

// zeros names every run 00000000.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestEngineProblemsAreNamed(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		reason string
		engine *fakeEngine
		want   EngineProblem
		remedy string
	}{
		{"good", &fakeEngine{}, "", ""},
		{"forbidden", &fakeEngine{ping: 403}, EngineForbidden, "usermod -aG docker"},
		{"unauthorized", &fakeEngine{ping: 401}, EngineForbidden, "sudo"},
		{"broken", &fakeEngine{ping: 500}, EngineFailed, ""},
		{"api-too-old", &fakeEngine{api: "1.40"}, EngineOld, "Docker 20.10"},
		{"api-far-too-old", &fakeEngine{api: "1.9"}, EngineOld, "Docker 20.10"},
		{"api-newer", &fakeEngine{api: "1.100"}, "", ""},
		{"api-unreadable", &fakeEngine{api: "new"}, EngineFailed, ""},
		{"network-elsewhere", &fakeEngine{gateway: "192.0.2.1"}, EngineElsewhere, "Docker Desktop"},
		{"network-without-address", &fakeEngine{gateway: "fd00::1"}, EngineElsewhere, "Docker Desktop"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			o := row.engine.serve(t)
			o.Random = zeros{}
			e, err := OpenEngine(t.Context(), o)
			if err == nil {
				err = e.Close()
			}
			wantProblem(t, err, row.want, row.remedy)
			made, removed := row.engine.was("POST /networks/create"), row.engine.was("DELETE /networks/n1")
			if made != removed {
				t.Errorf("network: made %v, removed %v", made, removed)
			}
		})
	}
}

func wantProblem(t *testing.T, err error, want EngineProblem, remedy string) {
	t.Helper()
	var broken *EngineError
	switch {
	case want == "" && err != nil:
		t.Fatalf("expected no error, got %v", err)
	case want == "":
	case !errors.As(err, &broken) || broken.Problem != want:
		t.Errorf("expected %q, got %v", want, err)
	case !strings.Contains(broken.Problem.Remedy(), remedy):
		t.Errorf("remedy: expected %q in it, got %q", remedy, broken.Problem.Remedy())
	}
}

func TestEngineThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(nil)
	closed.Close()
	file := filepath.Join(t.TempDir(), "file.sock")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for reason, endpoint := range map[string]string{
		"nobody-listens": closed.URL, "no-socket": "unix:///nowhere/docker.sock", "no-address": "ftp://x", "a-file": "unix://" + file,
	} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			_, err := OpenEngine(t.Context(), EngineOptions{Endpoint: endpoint})
			wantProblem(t, err, EngineMissing, "apt-get install docker.io")
		})
	}
}

// TestRefusedBySocket: a socket of somebody else is told by the system's error.
func TestRefusedBySocket(t *testing.T) {
	t.Parallel()
	e := &Engine{}
	wantProblem(t, e.refused(fmt.Errorf("dial: %w", &fs.PathError{Op: "dial", Path: "s", Err: syscall.EACCES})), EngineForbidden, "group")
	wantProblem(t, e.refused(syscall.ENOENT), EngineMissing, "dockerd")
}

func TestFullDiskIsNamed(t *testing.T) {
	t.Parallel()
	const stream = `{"stream":"Step 1"}` + "\n" +
		`{"errorDetail":{"message":"write /var/x: no space left on device"},"error":"write /var/x: no space left on device"}`
	for _, row := range []struct {
		reason string
		engine *fakeEngine
		want   EngineProblem
	}{
		{"while-building", &fakeEngine{build: stream}, EngineFull},
		{"while-receiving", &fakeEngine{build: `{"message":"Error processing tar file: no space left on device"}`, refuses: 500}, EngineFull},
		{"another-failure", &fakeEngine{build: `{"errorDetail":{"message":"oops"},"error":"oops"}`}, EngineFailed},
		{"refused", &fakeEngine{build: `{"message":"oops"}`, refuses: 500}, EngineFailed},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			e, err := ConnectEngine(t.Context(), row.engine.serve(t))
			if err != nil {
				t.Fatal(err)
			}
			recipe, finder := contained("inside")
			_, err = e.Build(t.Context(), recipe, finder, "")
			wantProblem(t, err, row.want, "")
			if row.engine.was("POST /containers/create") {
				t.Error("a container was made of an image that is not there")
			}
		})
	}
}

func TestImageIsBuiltOnce(t *testing.T) {
	t.Parallel()
	f := &fakeEngine{}
	e, err := ConnectEngine(t.Context(), f.serve(t))
	if err != nil {
		t.Fatal(err)
	}
	recipe, finder := contained("inside")
	for i, want := range []bool{true, false, true} {
		if i == 2 {
			recipe.run = []string{"otherwise"} // the image would run another command
		}
		made, err := e.Build(t.Context(), recipe, finder, "")
		if err != nil || made.Built != want || made.Name != "entraproof-lab-fake-inside:1.2" {
			t.Errorf("build %d: expected built %v, got %+v, %v", i+1, want, made, err)
		}
	}
}

func TestContainerThatDies(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		reason string
		engine *fakeEngine
		want   []string
	}{
		{"dies-at-start", &fakeEngine{code: 3, says: "one\ncannot find my shoes\n"}, []string{"one\n", "cannot find my shoes", "exit status 3", "start"}},
		{"dies-silently", &fakeEngine{}, []string{"printed nothing", "program has ended"}},
		{"out-of-memory", &fakeEngine{code: 137}, []string{"exit status 137", "1024 MiB of memory"}},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			e, err := OpenEngine(t.Context(), row.engine.serve(t))
			if err != nil {
				t.Fatal(err)
			}
			recipe, finder := contained("inside")
			recipe.check = nil
			_, err = begin(t, Options{Recipe: recipe, Finder: finder, Engine: e})
			var failed *ProgramError
			if !errors.As(err, &failed) {
				t.Fatalf("expected a *ProgramError, got %v", err)
			}
			for _, want := range row.want[:len(row.want)-1] {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("expected %q in the error, got %v", want, err)
				}
			}
			if !row.engine.was("DELETE /containers/c1 force=1&v=1") {
				t.Errorf("the container was not removed with its volume: %q", row.engine.asked)
			}
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
