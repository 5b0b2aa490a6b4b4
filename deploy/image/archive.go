package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
)

// image is what goes into the archive.
type image struct {
	program   []byte
	arch, tag string
}

const (
	// user is a number, because the image has no list of users; 65532 is the
	// "nonroot" of other images without one.
	user = "65532:65532"
	// inside is where the program is found in a container.
	inside = "entraproof"
	// epoch stands for every date: the time of packing is nobody's business and
	// would make each archive differ.
	epoch = "1970-01-01T00:00:00Z"
)

// The documents of an image, after the OCI image specification 1.1 (config) and
// the format of `docker save` (manifest.json).
type (
	configuration struct {
		Created      string    `json:"created"`
		Architecture string    `json:"architecture"`
		OS           string    `json:"os"`
		Config       execution `json:"config"`
		RootFS       rootFS    `json:"rootfs"`
		History      []history `json:"history"`
	}
	execution struct {
		User       string            `json:"User"`
		Entrypoint []string          `json:"Entrypoint"`
		WorkingDir string            `json:"WorkingDir"`
		Labels     map[string]string `json:"Labels"`
	}
	rootFS struct {
		Type    string   `json:"type"`
		DiffIDs []string `json:"diff_ids"`
	}
	history struct {
		Created   string `json:"created"`
		CreatedBy string `json:"created_by"`
	}
	entry struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
)

// write writes the archive: one layer with one file, what runs in it, and the
// list that names both.
func (i image) write(w io.Writer) error {
	layer, err := pack(file{inside, 0o755, i.program})
	if err != nil {
		return err
	}
	config, err := json.Marshal(i.configuration(digest(layer)))
	if err != nil {
		return err
	}
	names := entry{Config: digest(config) + ".json", RepoTags: []string{i.tag}, Layers: []string{digest(layer) + ".tar"}}
	list, err := json.Marshal([]entry{names})
	if err != nil {
		return err
	}
	archive, err := pack(file{names.Config, 0o644, config}, file{names.Layers[0], 0o644, layer}, file{"manifest.json", 0o644, list})
	if err != nil {
		return err
	}
	_, err = w.Write(archive)
	return err
}

func (i image) configuration(layer string) configuration {
	return configuration{
		Created: epoch, Architecture: i.arch, OS: "linux",
		Config: execution{
			User: user, Entrypoint: []string{"/" + inside}, WorkingDir: "/",
			Labels: map[string]string{"org.opencontainers.image.title": "entraproof"},
		},
		RootFS:  rootFS{Type: "layers", DiffIDs: []string{"sha256:" + layer}},
		History: []history{{Created: epoch, CreatedBy: "entraproof-image"}},
	}
}

// file is one member of an archive.
type file struct {
	name string
	mode int64
	text []byte
}

// pack makes a tar archive whose bytes depend on the files alone.
func pack(files ...file) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: f.name, Mode: f.mode, Size: int64(len(f.text)), Format: tar.FormatUSTAR}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.text); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
