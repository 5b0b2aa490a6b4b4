package main

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// program is the smallest ELF file that says for which machine it is, and
// whether it needs a loader.
func program(t *testing.T, machine elf.Machine, kind elf.ProgType) []byte {
	t.Helper()
	header := elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT),
		Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1, Shentsize: 64,
	}
	copy(header.Ident[:], elf.ELFMAG+"\x02\x01\x01")
	var b bytes.Buffer
	for _, part := range []any{header, elf.Prog64{Type: uint32(kind)}} {
		if err := binary.Write(&b, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// packed runs the command and gives the members of its archive in their order.
func packed(t *testing.T, text []byte, arch string) (names []string, members map[string][]byte) {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "program"), filepath.Join(dir, "image.tar")
	if err := os.WriteFile(in, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{"-program", in, "-arch", arch, "-out", out}, io.Discard); err != nil {
		t.Fatal(err)
	}
	archive, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return unpacked(t, archive)
}

func unpacked(t *testing.T, archive []byte) (names []string, members map[string][]byte) {
	t.Helper()
	members = map[string][]byte{}
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return names, members
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if header.Uid != 0 || header.Gid != 0 || header.ModTime.Unix() != 0 {
			t.Errorf("%s: expected no owner and no date, got %+v", header.Name, header)
		}
		names, members[header.Name] = append(names, header.Name), text
	}
}

// TestImage: the archive holds the program, what runs it and the list of both,
// each under its digest, and nothing else.
func TestImage(t *testing.T) {
	t.Parallel()
	for arch, machine := range machines() {
		text := program(t, machine, elf.PT_LOAD)
		names, members := packed(t, text, arch)
		var list []entry
		if err := json.Unmarshal(members["manifest.json"], &list); err != nil {
			t.Fatal(err)
		}
		layer, config := members[list[0].Layers[0]], members[list[0].Config]
		want := []entry{{Config: digest(config) + ".json", RepoTags: []string{"entraproof:local"}, Layers: []string{digest(layer) + ".tar"}}}
		if diff := cmp.Diff(want, list); diff != "" || len(names) != 3 {
			t.Errorf("%s: members %q: %s", arch, names, diff)
		}
		inLayer, files := unpacked(t, layer)
		if diff := cmp.Diff([]string{"entraproof"}, inLayer); diff != "" || !bytes.Equal(files["entraproof"], text) {
			t.Errorf("%s: expected the program alone: %s", arch, diff)
		}
		var got configuration
		if err := json.Unmarshal(config, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(image{arch: arch}.configuration(digest(layer)), got); diff != "" {
			t.Error(diff)
		}
		if got.Config.User != "65532:65532" || got.Architecture != arch {
			t.Errorf("expected a numeric user without rights on %s, got %+v", arch, got)
		}
	}
}

// TestImageIsReproducible: one program, one archive.
func TestImageIsReproducible(t *testing.T) {
	t.Parallel()
	text := program(t, elf.EM_X86_64, elf.PT_LOAD)
	_, first := packed(t, text, "amd64")
	_, second := packed(t, text, "amd64")
	if diff := cmp.Diff(first, second); diff != "" {
		t.Error(diff)
	}
}

// TestRefuses: what would not run in the image is not packed, and nothing is
// left of the attempt.
func TestRefuses(t *testing.T) {
	t.Parallel()
	static := program(t, elf.EM_X86_64, elf.PT_LOAD)
	for name, row := range map[string]struct {
		text []byte
		args []string
		want string
	}{
		"another machine":      {static, []string{"-arch", "arm64"}, "expected a program for EM_AARCH64, got one for EM_X86_64"},
		"needs a loader":       {program(t, elf.EM_X86_64, elf.PT_INTERP), []string{"-arch", "amd64"}, "expected a static program"},
		"no program":           {[]byte("#!/bin/sh\n"), []string{"-arch", "amd64"}, "expected a program for Linux"},
		"unknown architecture": {static, []string{"-arch", "vax"}, `expected architecture amd64 or arm64, got "vax"`},
		"no architecture":      {static, nil, "expected -program, -arch and -out"},
		"unknown flag":         {static, []string{"-nonsense"}, "nonsense"},
		"nowhere to write":     {static, []string{"-arch", "amd64", "-out", "none/image.tar"}, "write the archive"},
		"no such program":      {static, []string{"-arch", "amd64", "-program", "none"}, "read the program"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			in, out := filepath.Join(dir, "program"), filepath.Join(dir, "image.tar")
			if err := os.WriteFile(in, row.text, 0o600); err != nil {
				t.Fatal(err)
			}
			err := run(append([]string{"-program", in, "-out", out}, row.args...), io.Discard)
			if got := text(err); !strings.Contains(got, row.want) {
				t.Errorf("expected %q, got %q", row.want, got)
			}
			if left, _ := filepath.Glob(out + "*"); len(left) > 0 {
				t.Errorf("expected nothing left, got %q", left)
			}
		})
	}
}

// TestWriteWhole: an archive that could not be written whole is not there.
func TestWriteWhole(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "image.tar")
	full := errors.New("disk full")
	if err := writeWhole(name, func(io.Writer) error { return full }); !errors.Is(err, full) {
		t.Errorf("expected %v, got %v", full, err)
	}
	if left, _ := filepath.Glob(name + "*"); len(left) > 0 {
		t.Errorf("expected nothing left, got %q", left)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
