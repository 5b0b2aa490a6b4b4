package lab

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// expressAttempts are the requests that docs/gateways-express-jwt.md tells of
// besides those that all gateways get.
func expressAttempts() []attempt {
	return []attempt{
		{"options-preflight", preflight},
		{"options-preflight: the header not named", at("OPTIONS /v1/ping HTTP/1.1", "Origin: https://elsewhere.example", "Access-Control-Request-Method: GET")},
		{"options-preflight: where a claim is asked for", preflight},
		{"auth-two-headers-upstream-view: good, bad", upstreamCounts("Authorization", presented("Authorization: Bearer %s", "Authorization: Bearer %bad"))},
		{"auth-missing: POST", at("POST /v1/ping HTTP/1.1", "Content-Length: 0")},
		{"state-anonymous-on-warm-connection: is it kept", kept},
		{"upstream-forwarded-for: said by the client", upstreamSees("X-Forwarded-For", presented("Authorization: Bearer %s", "X-Forwarded-For: 203.0.113.9"))},
		{"jwks-key-retired-in-cache-window", retiredKey(func(*rig) {})},
		{"jwks-key-retired-in-cache-window: after a fetch", retiredKey(func(g *rig) { unknown(g) })},
		{"jwks-new-key-after-flood", newKeyAfterFlood},
		{"jwks-down-cold", down},
		{"jwks-down-warm", issuerAway(signed("user", nil))},
		{"jwks-down-forged", issuerAway(unknown)},
		{"rsp-never-5xx", issuerAway(unknown)},
		{"jwks-unknown-kid-flood: the last answer", func(g *rig) answer {
			a := unknownKeyFlood(newRig(g.t, g.gateway.Recipe, g.gateway.Mode))
			a.Note = ""
			return a
		}},
	}
}

// preflight asks, without a token, whether a page of another origin may send
// one.
func preflight(g *rig) answer {
	return at("OPTIONS /v1/ping HTTP/1.1", "Origin: https://elsewhere.example",
		"Access-Control-Request-Method: GET", "Access-Control-Request-Headers: authorization")(g)
}

// upstreamCounts notes how many lines of that name the upstream saw.
func upstreamCounts(name string, fire func(*rig) answer) func(*rig) answer {
	return func(g *rig) answer {
		a := fire(g)
		if a.Reached {
			a.Note = fmt.Sprintf("upstream sees %d", len(a.Seen.Header.Values(name)))
		}
		return a
	}
}

// kept notes whether the connection lasts longer than the request.
func kept(g *rig) answer {
	a := presented("Authorization: Bearer %s")(g)
	c := g.connect()
	defer c.Close()
	closes, err := exchange(c, compact(entraHeader, good().json()))
	if err != nil {
		g.t.Fatal(err)
	}
	if a.Note = "connection kept"; closes {
		a.Note = "connection closed"
	}
	return a
}

// exchange sends a token on a connection that may live on, reads the whole
// answer and tells whether that closes the connection.
func exchange(c net.Conn, token string) (closes bool, err error) {
	_, err = io.WriteString(c, "GET /v1/ping HTTP/1.1\r\nHost: gateway.example\r\nAuthorization: Bearer "+token+"\r\n\r\n")
	if err != nil {
		return false, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.Close, err
}

// unknownKey is a token that names a key nobody published.
func unknownKey(kid string) string {
	return compact(fmt.Sprintf(`{"typ":"JWT","alg":"RS256","kid":%q}`, kid), good().json())
}

// retiredKey uses a key, has the issuer take it out of its set, and uses it again.
func retiredKey(between func(*rig)) func(*rig) answer {
	return func(g *rig) answer {
		own := newRig(g.t, g.gateway.Recipe, g.gateway.Mode)
		if a := own.bearer(good().token(g.t, 1)); !a.Reached {
			g.t.Errorf("the key before: expected accepted, got %s", a.outcome())
		}
		own.publish.Store(1)
		between(own)
		return own.bearer(good().token(g.t, 1))
	}
}

// newKeyAfterFlood floods a fresh gateway and then uses a key that was
// published this moment. It notes the fetches.
func newKeyAfterFlood(g *rig) answer {
	own := newRig(g.t, g.gateway.Recipe, g.gateway.Mode)
	unknownKeyFlood(own)
	a := newKey(own)
	a.Note = fmt.Sprintf("%d fetches", own.fetches.Load())
	return a
}

// issuerAway lets a gateway get to know the keys, takes the issuer away and
// presents a key id that makes it notice; then it fires.
func issuerAway(fire func(*rig) answer) func(*rig) answer {
	return func(g *rig) answer {
		own := newRig(g.t, g.gateway.Recipe, g.gateway.Mode)
		if a := own.bearer(good().token(g.t, 0)); !a.Reached {
			g.t.Errorf("before: expected accepted, got %s", a.outcome())
		}
		own.keySet.Close()
		own.secure.Close()
		unknown(own)
		return fire(own)
	}
}

// unknown sends a token that names a key nobody published.
func unknown(g *rig) answer { return g.bearer(unknownKey("nobody's")) }

// down uses a good token at a gateway whose issuer has been away since before
// it started.
func down(g *rig) answer {
	own := newRig(g.t, g.gateway.Recipe, g.gateway.Mode, func(s *Site) { s.IssuerURL = "http://127.0.0.1:1" })
	return own.bearer(good().token(g.t, 0))
}

// Half an installation is none, and another version than the tried one is
// told, not refused.
func TestExpressLooksForItsModules(t *testing.T) {
	dir := t.TempDir()
	f := nowhere(dir)
	f.LookPath = func(string) (string, error) { return executable(t, filepath.Join(dir, "node")), nil }
	f.Output = saying("v20.19.2\n")
	wantMissing := func(reason string) {
		t.Helper()
		_, err := f.Find(t.Context(), express())
		wantMissingPart(t, reason, err, "npm install --prefix .lab/express-jwt ")
	}
	wantMissing("no-modules")
	modules := filepath.Join(dir, ".lab", "express-jwt", "node_modules", "express-jwt")
	if err := os.MkdirAll(modules, 0o700); err != nil {
		t.Fatal(err)
	}
	wantMissing("empty-modules")
	for manifest, warning := range map[string]string{
		`{"version": "8.5.1"}`:  "",
		`{"version": "8.50.1"}`: "express-jwt is version 8.50.1; the lab was tried with 8.5",
	} {
		if err := os.WriteFile(filepath.Join(modules, "package.json"), []byte(manifest), 0o600); err != nil {
			t.Fatal(err)
		}
		if p, err := f.Find(t.Context(), express()); err != nil || p.Warning != warning {
			t.Errorf("%s: expected warning %q, got %q, %v", manifest, warning, p.Warning, err)
		}
	}
	if err := os.WriteFile(filepath.Join(modules, "package.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Find(t.Context(), express()); err == nil || !strings.Contains(err.Error(), "read the version of express-jwt") {
		t.Errorf("broken manifest: got %v", err)
	}
}

// The libraries that are installed are those of the command in the hint.
func TestExpressInstallsWhatIsPinned(t *testing.T) {
	text := string(must(os.ReadFile(filepath.Join("express", "package.json"))))
	_, packages, found := strings.Cut(express().parts[0].install, ".lab/express-jwt ")
	if !found {
		t.Fatal("expected an npm install into .lab/express-jwt")
	}
	for _, each := range strings.Fields(packages) {
		name, version, _ := strings.Cut(each, "@")
		if !strings.Contains(text, fmt.Sprintf("%q: %q", name, version)) {
			t.Errorf("package.json: expected %s at %s", name, version)
		}
	}
}
