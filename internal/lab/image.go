package lab

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ory/dockertest/v3/docker"
)

// contentsLabel is the fingerprint of what an image was built from.
const contentsLabel = "com.github.entraproof.lab.contents"

// image is an image that the engine has.
type image struct {
	id      string
	program string // the executable in it
	// foreign is set for an image that was not built here. What a recipe needs
	// beside its program is then copied into the container.
	foreign *imageFiles
}

// Image is what [Engine.Build] made sure of.
type Image struct {
	Name    string // repository and tag
	ID      string
	Built   bool   // false: it was there, and nothing has changed since
	Size    int64  // of the files in it
	Warning string // of another version than the one that was tried
}

// ImageName is the image of a recipe: entraproof-lab-NAME:VERSION.
func (r Recipe) ImageName(tag string) string {
	if tag == "" {
		tag = r.Version
	}
	return resources + r.Name + ":" + tag
}

// Build makes sure that the engine has the image of a recipe under a tag; an
// empty one is the version that the recipe was tried with. The image holds the
// program of this machine, what it needs, and nothing else; or it is the one
// that the engine's options name for the recipe.
func (e *Engine) Build(ctx context.Context, r Recipe, f Finder, tag string) (Image, error) {
	if ref := e.options.Images[r.Name]; ref != "" {
		return e.adopt(ctx, r.ImageName(tag), ref)
	}
	p, err := f.Find(ctx, r)
	if err != nil {
		return Image{}, err
	}
	made, _, err := e.build(ctx, imageOrder{r, p, r.ImageName(tag), f.filled()})
	made.Warning = p.Warning
	return made, err
}

// imageOrder says what an image is built from.
type imageOrder struct {
	recipe  Recipe
	program Program
	name    string
	finder  Finder
}

// build builds an image unless it is there and nothing has changed.
func (e *Engine) build(ctx context.Context, o imageOrder) (Image, image, error) {
	path, err := o.finder.executable(ctx, o.recipe, o.program.Path)
	if err != nil {
		return Image{}, image{}, err
	}
	files, err := collect(ctx, o, path)
	if err != nil {
		return Image{}, image{}, fmt.Errorf("lab: %s: collect the files of the image: %w", o.recipe.Name, err)
	}
	text := buildFile(o, path)
	want := files.fingerprint(text)
	made := Image{Name: o.name, Size: files.size()}
	old, err := e.inspect(o.name)
	if err != nil {
		return made, image{}, err
	}
	if old != nil && old.Config != nil && old.Config.Labels[contentsLabel] == want {
		made.ID = old.ID
		return made, image{id: old.ID, program: path}, nil
	}
	made.Built = true
	made.ID, err = e.send(ctx, o.name, parcel{files, text, want})
	return made, image{id: made.ID, program: path}, err
}

// collect finds the files of an image.
func collect(ctx context.Context, o imageOrder, program string) (*imageFiles, error) {
	f := &imageFiles{entries: map[string]imageEntry{}, ctx: ctx}
	if err := f.addProgram(program); err != nil {
		return nil, err
	}
	if err := f.addBeside(o.recipe, o.program); err != nil {
		return nil, err
	}
	maps.Copy(f.entries, map[string]imageEntry{
		"/etc/passwd":        {text: "root:x:0:0:root:/:/\nnobody:x:65534:65534:nobody:/:/\nlab:x:" + labUser + ":" + labUser + ":lab:" + labHome + ":/\n"},
		"/etc/group":         {text: "root:x:0:\nnogroup:x:65534:\nlab:x:" + labUser + ":\n"},
		"/etc/nsswitch.conf": {text: "passwd: files\ngroup: files\nhosts: files dns\n"},
	})
	return f, nil
}

// addBeside takes in what a recipe names beside its program.
func (f *imageFiles) addBeside(r Recipe, p Program) error {
	paths := slices.Sorted(maps.Values(p.Parts))
	for _, pattern := range p.filled(r.files) {
		if !filepath.IsAbs(pattern) {
			pattern = filepath.Join(f.home, pattern)
		}
		matches, err := globbed(pattern)
		if err != nil {
			return err
		}
		paths = append(paths, matches...)
	}
	for _, path := range paths {
		if err := f.add(path); err != nil {
			return err
		}
	}
	return nil
}

// parcel is what is sent to the engine to build an image.
type parcel struct {
	files     *imageFiles
	buildFile string
	contents  string
}

// send has the engine build an image from what is written while it reads.
func (e *Engine) send(ctx context.Context, name string, p parcel) (string, error) {
	r, end := stream(func(w *tar.Writer) error {
		err := packText(w, &tar.Header{Name: "Dockerfile", Mode: 0o644}, p.buildFile)
		for _, dir := range []struct {
			name string
			mode int64
		}{{"root/tmp/", 0o1777}, {"root" + labHome + "/", 0o755}} {
			err = errors.Join(err, w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir.name, Mode: dir.mode}))
		}
		return errors.Join(err, p.files.pack(w, "root"))
	})
	err := e.pool.Client.BuildImage(docker.BuildImageOptions{
		Name: name, InputStream: r, OutputStream: io.Discard, Context: ctx,
		NoCache: true, RmTmpContainer: true, ForceRmTmpContainer: true, Labels: map[string]string{contentsLabel: p.contents},
	})
	if ended := end(); err == nil || ended != nil && !errors.Is(ended, errUnwanted) {
		err = errors.Join(err, ended)
	}
	if err != nil {
		return "", e.failed("build the image "+name, err)
	}
	made, err := e.inspect(name)
	if err != nil || made == nil {
		return "", e.failed("look at the image "+name, errors.Join(err, docker.ErrNoSuchImage))
	}
	return made.ID, nil
}

// inspect asks for an image; nil if there is none.
func (e *Engine) inspect(name string) (*docker.Image, error) {
	found, err := e.pool.Client.InspectImage(name)
	if errors.Is(err, docker.ErrNoSuchImage) {
		return nil, nil
	}
	if err != nil {
		return nil, e.failed("look at the image "+name, err)
	}
	return found, nil
}

// buildFile is the Dockerfile of an image. Run as it is, the image reads its
// configuration from the folder labHome.
func buildFile(o imageOrder, program string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "FROM scratch\nCOPY root /\nWORKDIR %s\nUSER %s:%s\nEXPOSE %s\n", labHome, labUser, labUser, insidePort)
	for _, entry := range o.program.filled(o.recipe.environment(false)) {
		name, value, _ := strings.Cut(entry, "=")
		fmt.Fprintf(&b, "ENV %s=\"%s\"\n", name, strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`).Replace(value))
	}
	words := func(list []string) string {
		text, err := json.Marshal(list)
		if err != nil {
			panic("lab: " + err.Error()) // strings always can
		}
		return string(text)
	}
	fmt.Fprintf(&b, "ENTRYPOINT %s\nCMD %s\n", words([]string{program}), words(o.program.filled(o.recipe.run)))
	return b.String()
}

// executable is the program itself where path is a script that the recipe's
// question finds it behind.
func (f Finder) executable(ctx context.Context, r Recipe, path string) (string, error) {
	head, script, err := startsWith(path, "#!")
	if err != nil {
		return "", fmt.Errorf("lab: %s: read the program: %w", r.Name, err)
	}
	if !script || len(r.ask) == 0 {
		return path, nil
	}
	line, _, _ := strings.Cut(strings.TrimPrefix(head, "#!"), "\n")
	interpreter, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	out, err := f.Output(exec.CommandContext(ctx, interpreter, r.ask[1:]...))
	if err != nil {
		return "", &ProgramError{r.Name, "ask where the program is", lastLines(string(out)), err}
	}
	return strings.TrimSpace(string(out)), nil
}
