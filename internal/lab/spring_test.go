package lab

import (
	"archive/zip"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// springAttempts are the requests that only docs/gateways-spring.md tells of.
func springAttempts() []attempt {
	return []attempt{
		{"exp-past-genuine: made before it expired, 45 s", signed("user", claims{"iat": in(-3600), "nbf": in(-3600), "exp": in(-45)})},
		{"iat-future: before exp", signed("user", claims{"iat": in(1800)})},
		{"scope-claim-beside-scp: ours in scp", signed("user", claims{"scope": "User.Read"})},
		{"scope-claim-beside-scp: ours in scope", signed("user", claims{"scope": "DEV.Access", "scp": "User.Read"})},
		{"scope-array-form: a number", signed("user", claims{"scp": []any{42}})},
		{"path-double-slash", at("GET /v1//ping HTTP/1.1", "Authorization: Bearer %s")},
		{"rsp-reasons-not-distinguishable: in the challenge", alikeInChallenge(
			signed("user", claims{"exp": in(-3600)}), forgedBy(entraHeader, rs256By(2)), signed("user", claims{"iss": "https://other.example/"}))},
		{"rsp-no-cache: of an accepted request", func(g *rig) answer {
			a := presented("Authorization: Bearer %s")(g)
			if a.Note = "cacheable"; strings.Contains(a.Header.Get("Cache-Control"), "no-store") {
				a.Note = "not to be stored"
			}
			return a
		}},
	}
}

// alikeInChallenge tells whether all attempts get one and the same challenge.
func alikeInChallenge(all ...func(*rig) answer) func(*rig) answer {
	return func(g *rig) answer {
		first := all[0](g)
		first.Note = "all alike"
		for _, fire := range all[1:] {
			if fire(g).Header.Get("WWW-Authenticate") != first.Header.Get("WWW-Authenticate") {
				first.Note = "told apart"
			}
		}
		return first
	}
}

// saying has every program print a text.
func saying(text string) func(*exec.Cmd) ([]byte, error) {
	return func(*exec.Cmd) ([]byte, error) { return []byte(text), nil }
}

func wantMissingPart(t *testing.T, reason string, err error, install string) {
	t.Helper()
	var missing *MissingError
	if !errors.As(err, &missing) || !strings.HasPrefix(missing.Install, install) {
		t.Errorf("%s: expected the command %s…, got %v", reason, install, err)
	}
}

func TestSpringLooksForItsApplication(t *testing.T) {
	dir := t.TempDir()
	f := nowhere(dir)
	f.LookPath = func(string) (string, error) { return executable(t, filepath.Join(dir, "java")), nil }
	f.Output = saying("openjdk version \"17.0.15\" 2025-04-15\n")
	_, err := f.Find(t.Context(), spring())
	wantMissingPart(t, "no-application", err, "make .lab/spring/app")
	app := filepath.Join(dir, ".lab", "spring", "app")
	if err := os.MkdirAll(app, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err = f.Find(t.Context(), spring())
	wantMissingPart(t, "no-jar", err, "make .lab/spring/app")
	for manifest, warning := range map[string]string{
		"Class-Path: lib/a-1.jar lib/spring-cloud-gateway-server-webflux-5.0\r\n .3.jar lib/b.jar\r\n": "",
		"Class-Path: lib/spring-cloud-gateway-server-webflux-4.3.1.jar\n":                              "Spring Cloud Gateway is version 4.3.1; the lab was tried with 5.0.3",
	} {
		writeJar(t, app, manifest)
		if p, err := f.Find(t.Context(), spring()); err != nil || p.Warning != warning {
			t.Errorf("%q: expected warning %q, got %q, %v", manifest, warning, p.Warning, err)
		}
	}
	writeJar(t, app, "Class-Path: lib/a-1.jar\n")
	if _, err := f.Find(t.Context(), spring()); !errors.Is(err, errNoSpring) {
		t.Errorf("other application: expected %v, got %v", errNoSpring, err)
	}
}

func writeJar(t *testing.T, app, manifest string) {
	t.Helper()
	file, err := os.Create(filepath.Join(app, "app.jar"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	jar := zip.NewWriter(file)
	entry, err := jar.Create("META-INF/MANIFEST.MF")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := entry.Write([]byte(manifest)); err != nil {
		t.Fatal(err)
	}
	if err := jar.Close(); err != nil {
		t.Fatal(err)
	}
}

// The address is known once host and port are, and the port is written last.
func TestSpringSaysWhereItListens(t *testing.T) {
	dir := t.TempDir()
	for _, step := range []struct{ file, text, want string }{
		{"application.host", "127.0.0.1", ""},
		{"application.port", "", ""},
		{"application.port", "40123", "127.0.0.1:40123"},
		{"application.host", "::1", "[::1]:40123"},
	} {
		if err := os.WriteFile(filepath.Join(dir, step.file), []byte(step.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := springAddress(t.Context(), dir)
		if (err == nil) != (step.want != "") || err == nil && got != step.want {
			t.Errorf("%s %q: expected %q, got %q, %v", step.file, step.text, step.want, got, err)
		}
	}
}

// Spring fills in ${…} wherever it stands in a configuration.
func TestSpringTakesValuesLiterally(t *testing.T) {
	g := newRig(t, spring(), Leaky)
	s := g.site()
	s.Audiences = []string{"api://${HOME}/#{1+1}/${none:x}"}
	g.gateway = startInstalled(t, Options{Recipe: spring(), Mode: FixedAudience, Site: s})
	for aud, want := range map[string]bool{s.Audiences[0]: true, "api://" + os.Getenv("HOME") + "/#{1+1}/x": false} {
		if got := g.bearer(good().with(claims{"aud": aud}).token(t, 0)); got.Reached != want {
			t.Errorf("aud %s: expected reached %v, got %s", aud, want, got.outcome())
		}
	}
}

// A connection outlives a refusal that follows a forwarded request: Reactor
// Netty 1.3.7 stopped reading it.
func TestSpringGoesOnReading(t *testing.T) {
	g := newRig(t, spring(), Leaky)
	token, deadline := good().token(t, 0), time.Now().Add(20*time.Second)
	for range 10 {
		c := g.connect()
		if err := c.SetDeadline(deadline); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			for _, credentials := range []string{token, "x"} {
				if _, err := exchange(c, credentials); err != nil {
					c.Close()
					t.Fatalf("expected an answer, got %v", err)
				}
			}
		}
		c.Close()
	}
}
