package lab

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/ory/dockertest/v3/docker"
)

// byDigest is an image reference that can only ever mean one image.
var byDigest = regexp.MustCompile(`^(?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::[A-Za-z0-9_.-]+)?@sha256:[0-9a-f]{64}$`)

// ImageError is an image reference that may change its meaning, or one for a
// gateway that there is not.
type ImageError struct{ Gateway, Reference, Text string }

// Error says what is wrong with the reference.
func (e *ImageError) Error() string {
	return fmt.Sprintf("lab: image %s=%s: %s", e.Gateway, e.Reference, e.Text)
}

// checkImages complains about references that [CheckImage] refuses.
func checkImages(images map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(images)) {
		if err := CheckImage(name, images[name]); err != nil {
			return err
		}
	}
	return nil
}

// CheckImage complains about an image reference that is not by digest, or that
// is for a gateway that there is not.
func CheckImage(gateway, reference string) error {
	if _, err := Lookup(gateway); err != nil {
		return &ImageError{gateway, reference, "there is no such gateway"}
	}
	if !byDigest.MatchString(reference) {
		return &ImageError{gateway, reference, "expected a reference by digest, REPOSITORY@sha256: and 64 hexadecimal digits"}
	}
	return nil
}

// pull makes sure that the engine has an image by digest, and asks the registry
// only if it has not.
func (e *Engine) pull(ctx context.Context, ref string) (*docker.Image, error) {
	found, err := e.inspect(ref)
	if err != nil || found != nil {
		return found, err
	}
	err = e.pool.Client.PullImage(docker.PullImageOptions{Repository: ref, OutputStream: io.Discard, Context: ctx}, docker.AuthConfiguration{})
	if err != nil {
		return nil, e.failed("pull the image "+ref, err)
	}
	found, err = e.inspect(ref)
	if err == nil && found == nil {
		err = e.failed("look at the image "+ref, docker.ErrNoSuchImage)
	}
	return found, err
}

// adopt gives a pulled image the name of one built here.
func (e *Engine) adopt(ctx context.Context, name, ref string) (Image, error) {
	found, err := e.pull(ctx, ref)
	if err != nil {
		return Image{}, err
	}
	repository, tag := docker.ParseRepositoryTag(name)
	err = e.pool.Client.TagImage(found.ID, docker.TagImageOptions{Repo: repository, Tag: tag, Force: true, Context: ctx})
	if err != nil {
		return Image{}, e.failed("name the image "+name, err)
	}
	return Image{Name: name, ID: found.ID, Size: found.Size}, nil
}

// foreignImage is an image that was named for a recipe. Its program is found by
// name, and what the recipe needs beside it is this machine's.
func (e *Engine) foreignImage(ctx context.Context, o Options) (image, Program, error) {
	r, finder := o.Recipe, o.Finder.filled()
	found, err := e.pull(ctx, e.options.Images[r.Name])
	if err != nil {
		return image{}, Program{}, err
	}
	p := Program{Path: r.Program}
	if p.Parts, _, err = finder.parts(r); err != nil {
		return image{}, Program{}, err
	}
	beside := &imageFiles{entries: map[string]imageEntry{}, ctx: ctx}
	for _, path := range slices.Sorted(maps.Values(p.Parts)) {
		if err := beside.add(path); err != nil {
			return image{}, Program{}, fmt.Errorf("lab: %s: collect what the image lacks: %w", r.Name, err)
		}
	}
	return image{id: found.ID, program: p.Path, foreign: beside}, p, nil
}

// globbed are the files that a pattern means; a pattern that means none is an
// error.
func globbed(pattern string) ([]string, error) {
	matches, err := filepath.Glob(pattern)
	if err == nil && len(matches) == 0 {
		err = fmt.Errorf("%s: expected files, found none", pattern)
	}
	return matches, err
}

// foreignVersion reads the version that a program in an image says.
func foreignVersion(r Recipe, said string) (version, warning string) {
	m := r.version.pattern.FindStringSubmatch(said)
	if m == nil {
		return "", fmt.Sprintf("%s in the image printed no version; the lab was tried with %s", r.Program, r.Version)
	}
	warnings := untried(r.Program, m[1], r.Version)
	return m[1], cmp.Or(append(warnings, "")...)
}
