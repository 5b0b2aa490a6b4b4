package lab

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ory/dockertest/v3/docker"
)

// registry serves one image, by digest only.
type registry struct {
	blobs    map[string][]byte // by digest, the manifest among them
	manifest string            // its digest
}

func (r *registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	digest := req.URL.Path[strings.LastIndexByte(req.URL.Path, '/')+1:]
	blob, known := r.blobs[digest]
	switch {
	case req.URL.Path == "/v2/":
		return
	case !known:
		http.NotFound(w, req)
		return
	case digest == r.manifest:
		w.Header().Set("Content-Type", "application/vnd.docker.distribution.manifest.v2+json")
		w.Header().Set("Docker-Content-Digest", digest)
	}
	http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(blob))
}

func (r *registry) add(blob []byte) string {
	sum := sha256.Sum256(blob)
	digest := "sha256:" + hex.EncodeToString(sum[:])
	r.blobs[digest] = blob
	return digest
}

// descriptor names a blob in a manifest.
type descriptor struct {
	MediaType string `json:"mediaType"`
	Size      int    `json:"size"`
	Digest    string `json:"digest"`
}

// newRegistry publishes an image of the engine.
func newRegistry(t *testing.T, e *Engine, image string) *registry {
	t.Helper()
	var exported bytes.Buffer
	if err := e.pool.Client.ExportImage(docker.ExportImageOptions{Name: image, OutputStream: &exported}); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for archive := tar.NewReader(&exported); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[h.Name], err = io.ReadAll(archive); err != nil {
			t.Fatal(err)
		}
	}
	var index []struct {
		Config string
		Layers []string
	}
	if err := json.Unmarshal(files["manifest.json"], &index); err != nil || len(index) != 1 {
		t.Fatalf("the exported image: %v, %v", index, err)
	}
	r := &registry{blobs: map[string][]byte{}}
	describe := func(kind, name string) descriptor {
		return descriptor{"application/vnd.docker." + kind, len(files[name]), r.add(files[name])}
	}
	var layers []descriptor
	for _, name := range index[0].Layers {
		layers = append(layers, describe("image.rootfs.diff.tar.gzip", name))
	}
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
		"config": describe("container.image.v1+json", index[0].Config), "layers": layers,
	})
	if err != nil {
		t.Fatal(err)
	}
	r.manifest = r.add(manifest)
	return r
}

// TestImageByDigestRuns pulls an image from a registry on loopback and runs it.
func TestImageByDigestRuns(t *testing.T) {
	e := openEngine(t)
	recipe, err := Lookup("haproxy")
	if err != nil {
		t.Fatal(err)
	}
	const tag = "published"
	built, err := e.Build(t.Context(), recipe, Finder{}, tag)
	var missing *MissingError
	if errors.As(err, &missing) {
		optional(t, missing, "haproxy")
	}
	if err != nil {
		t.Fatal(err)
	}
	r := newRegistry(t, e, built.Name)
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	ref := strings.TrimPrefix(s.URL, "http://") + "/lab/haproxy@" + r.manifest
	t.Cleanup(func() {
		for _, name := range []string{built.Name, ref} {
			if err := e.pool.Client.RemoveImage(name); err != nil {
				t.Errorf("remove %s: %v", name, err)
			}
		}
	})

	foreign, err := OpenEngine(t.Context(), EngineOptions{Images: map[string]string{"haproxy": ref}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := foreign.Close(); err != nil {
			t.Error(err)
		}
	})
	g := newStage(t)
	nothing := Finder{LookPath: func(string) (string, error) { return "", errors.New("planted: no program here") }}
	g.gateway = startInstalled(t, Options{Recipe: recipe, Mode: FixedAudience, Site: g.site(), Engine: foreign, Finder: nothing})
	if got := g.gateway.Program.Version; !strings.HasPrefix(got, "2.") {
		t.Errorf("version: expected the one that the image says, got %q", got)
	}
	if got := g.bearer(genuine("v2", "user").token(t, 0)).outcome(); got != "accepted" {
		t.Errorf("genuine token: expected accepted, got %s", got)
	}
	if got := g.bearer(genuine("v2", "user").with(claims{"aud": otherID}).token(t, 0)).outcome(); got != "refused 403" {
		t.Errorf("other environment: expected refused 403, got %s", got)
	}
	absent := strings.Replace(ref, r.manifest, "sha256:"+strings.Repeat("0", 64), 1)
	_, err = foreign.pull(context.WithoutCancel(t.Context()), absent)
	wantProblem(t, err, EngineFailed, "")
}

func TestImageByDigestIsPulledOnce(t *testing.T) {
	t.Parallel()
	const digest = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	f := &fakeEngine{}
	o := f.serve(t)
	o.Images = map[string]string{"haproxy": "registry.test/lab/haproxy" + digest}
	e, err := ConnectEngine(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	recipe, err := Lookup("haproxy")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := e.Build(t.Context(), recipe, Finder{}, ""); err != nil {
			t.Fatal(err)
		}
	}
	var pulls []string
	for _, a := range f.asked {
		if strings.HasPrefix(a, "POST /images/create") {
			pulls = append(pulls, a)
		}
	}
	if len(pulls) != 1 || !strings.Contains(pulls[0], "fromImage=registry.test/lab/haproxy") || !strings.Contains(pulls[0], digest[1:]) {
		t.Errorf("expected one pull by digest, got %q", pulls)
	}
	if !f.was("POST /images/sha256:2/tag force=1&repo=entraproof-lab-haproxy&tag=2.6") {
		t.Errorf("expected the lab's name for it, got %q", f.asked)
	}
}

func TestImageReferences(t *testing.T) {
	t.Parallel()
	digest := "@sha256:" + strings.Repeat("0a", 32)
	for _, row := range []struct {
		reason, gateway, reference string
		good                       bool
	}{
		{"digest", "haproxy", "haproxy" + digest, true},
		{"registry-and-port", "haproxy", "127.0.0.1:5000/lab/haproxy" + digest, true},
		{"tag-and-digest", "envoy", "envoyproxy/envoy:v1.40.0" + digest, true},
		{"tag-only", "haproxy", "haproxy:lts", false},
		{"bare", "haproxy", "haproxy", false},
		{"short-digest", "haproxy", "haproxy@sha256:0a0a", false},
		{"other-digest", "haproxy", "haproxy@md5:" + strings.Repeat("0a", 32), false},
		{"upper-case-digest", "haproxy", "haproxy@sha256:" + strings.Repeat("0A", 32), false},
		{"blank", "haproxy", "ha proxy" + digest, false},
		{"no-such-gateway", "squid", "squid" + digest, false},
	} {
		err := CheckImage(row.gateway, row.reference)
		var misnamed *ImageError
		if row.good != (err == nil) || !row.good && !errors.As(err, &misnamed) {
			t.Errorf("%s: expected good %v, got %v", row.reason, row.good, err)
		}
	}
	_, err := ConnectEngine(t.Context(), EngineOptions{Images: map[string]string{"haproxy": "haproxy:lts"}})
	var misnamed *ImageError
	if !errors.As(err, &misnamed) {
		t.Errorf("an engine with a reference that may change: expected an *ImageError, got %v", err)
	}
}
