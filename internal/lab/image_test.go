package lab

import (
	"archive/tar"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// tree makes files and links below a folder: a text that begins with -> is
// where a link leads.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if target, link := strings.CutPrefix(text, "->"); link {
			err = os.Symlink(strings.ReplaceAll(target, "ROOT", root), path)
		} else {
			err = os.WriteFile(path, []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestFilesOfAnImage(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		reason string
		files  map[string]string
		add    string
		want   []string
		err    error
	}{
		{"file", map[string]string{"a": "1", "b": "2"}, "a", []string{"a"}, nil},
		{"folder", map[string]string{"d/a": "1", "d/e/b": "2", "c": "3"}, "d", []string{"d/a", "d/e/b"}, nil},
		{"link", map[string]string{"a": "->b", "b": "1"}, "a", []string{"a", "b"}, nil},
		{"chain", map[string]string{"a": "->b", "b": "->x/c", "x/c": "1"}, "a", []string{"a", "b", "x/c"}, nil},
		{"absolute-link", map[string]string{"a": "->ROOT/b", "b": "1"}, "a", []string{"a", "b"}, nil},
		{"linked-folder-on-the-way", map[string]string{"lib": "->usr/lib", "usr/lib/a": "1"}, "lib/a", []string{"lib", "usr/lib/a"}, nil},
		{"up-through-a-link", map[string]string{"l": "->x/y", "x/y/a": "->../b", "x/b": "1"}, "l/a", []string{"l", "x/y/a", "x/b"}, nil},
		{"dangling-in-a-folder", map[string]string{"d/a": "->nowhere", "d/b": "1"}, "d", []string{"d/a", "d/b"}, nil},
		{"dangling", map[string]string{"a": "->nowhere"}, "a", []string{"a"}, fs.ErrNotExist},
		{"missing", nil, "a", nil, fs.ErrNotExist},
		{"circle", map[string]string{"a": "->b", "b": "->a"}, "a", []string{"a", "b"}, errLinks},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			root := tree(t, row.files)
			f := &imageFiles{entries: map[string]imageEntry{}, ctx: t.Context()}
			if err := f.add(filepath.Join(root, row.add)); !errors.Is(err, row.err) {
				t.Fatalf("expected %v, got %v", row.err, err)
			}
			var got []string
			for _, path := range f.paths() {
				got = append(got, strings.TrimPrefix(path, root+"/"))
			}
			slices.Sort(row.want)
			if !slices.Equal(got, row.want) {
				t.Errorf("expected %q, got %q", row.want, got)
			}
		})
	}
}

func TestPackedFilesCanBeReadByAll(t *testing.T) {
	t.Parallel()
	root := tree(t, map[string]string{"d/a": "text", "l": "->d/a"})
	if err := os.Chmod(filepath.Join(root, "d/a"), 0o700); err != nil {
		t.Fatal(err)
	}
	f := &imageFiles{entries: map[string]imageEntry{"/etc/passwd": {text: "root"}}, ctx: t.Context()}
	if err := f.add(filepath.Join(root, "l")); err != nil {
		t.Fatal(err)
	}
	r, end := stream(func(w *tar.Writer) error { return f.pack(w, "root") })
	seen, parents := map[string]*tar.Header{}, map[string]bool{}
	for archive := tar.NewReader(r); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeDir {
			parents[strings.TrimSuffix(h.Name, "/")] = true
		} else if !parents[filepath.Dir(h.Name)] {
			t.Errorf("%s comes before its folder", h.Name)
		}
		seen[h.Name] = h
	}
	if err := end(); err != nil {
		t.Error(err)
	}
	if h := seen["root"+root+"/d/a"]; h == nil || h.Mode != 0o755 || h.Size != 4 || h.Uid != 0 {
		t.Errorf("program: expected 4 bytes that all may run, got %+v", h)
	}
	if h := seen["root"+root+"/l"]; h == nil || h.Linkname != "d/a" {
		t.Errorf("link: expected d/a, got %+v", h)
	}
	if h := seen["root/etc/passwd"]; h == nil || h.Mode != 0o644 {
		t.Errorf("text: expected 0644, got %+v", h)
	}
}

func TestStreamEndsWithItsReader(t *testing.T) {
	t.Parallel()
	planted := errors.New("planted")
	_, end := stream(func(w *tar.Writer) error { return packText(w, &tar.Header{Name: "a"}, "text") })
	if err := end(); !errors.Is(err, errUnwanted) {
		t.Errorf("unread: expected %v, got %v", errUnwanted, err)
	}
	r, end := stream(func(*tar.Writer) error { return planted })
	if _, err := io.ReadAll(r); !errors.Is(err, planted) {
		t.Errorf("failed: expected %v, got %v", planted, err)
	}
	if err := end(); !errors.Is(err, planted) {
		t.Errorf("failed: expected %v, got %v", planted, err)
	}
}

func TestFingerprintFollowsTheFiles(t *testing.T) {
	t.Parallel()
	root := tree(t, map[string]string{"a": "1", "l": "->a"})
	mark := func(buildFile string) string {
		f := &imageFiles{entries: map[string]imageEntry{}, ctx: t.Context()}
		if err := f.add(filepath.Join(root, "l")); err != nil {
			t.Fatal(err)
		}
		return f.fingerprint(buildFile)
	}
	first := mark("x")
	if again := mark("x"); again != first {
		t.Errorf("unchanged: expected %s, got %s", first, again)
	}
	if mark("y") == first {
		t.Error("another build file: expected another fingerprint")
	}
	if err := os.Chtimes(filepath.Join(root, "a"), time.Time{}, time.Unix(1, 1)); err != nil {
		t.Fatal(err)
	}
	touched := mark("x")
	if touched == first {
		t.Error("a touched file: expected another fingerprint")
	}
	if err := os.WriteFile(filepath.Join(root, "a"), []byte("12"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(filepath.Join(root, "a"), time.Time{}, time.Unix(1, 1)); err != nil {
		t.Fatal(err)
	}
	if mark("x") == touched {
		t.Error("a longer file: expected another fingerprint")
	}
}

// TestProgramBringsItsLibraries: what is collected is enough to run the program
// with nothing else around it, as its loader says.
func TestProgramBringsItsLibraries(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("ls")
	if err != nil {
		t.Skip("no program ls here")
	}
	f := &imageFiles{entries: map[string]imageEntry{}, ctx: t.Context()}
	if err := f.addProgram(path); err != nil {
		t.Fatal(err)
	}
	var libc bool
	for _, p := range f.paths() {
		libc = libc || strings.HasPrefix(filepath.Base(p), "libc.")
	}
	if f.loader == "" || !libc {
		t.Errorf("expected a loader and the C library, got %q among %q", f.loader, f.paths())
	}
	script := filepath.Join(tree(t, map[string]string{"s": "#!/bin/sh\n"}), "s")
	if err := f.addProgram(script); err == nil {
		t.Error("a script: expected an error")
	}
}

func TestLoaderListIsRead(t *testing.T) {
	t.Parallel()
	const list = "\tlinux-vdso.so.1 (0x00007ffd3b5f2000)\n" +
		"\tlibpcre2-8.so.0 => /lib/x86_64-linux-gnu/libpcre2-8.so.0 (0x00007f0e2f0d4000)\n" +
		"\tlibjvm.so => not found\n" +
		"\t/lib64/ld-linux-x86-64.so.2 (0x00007f0e2f3b5000)\n" +
		"\t/lib/ld-musl-x86_64.so.1 => /lib/ld-musl-x86_64.so.1 (0x7f0e2f3b5000)\n" +
		"\tstatically linked\n"
	found, missing := readList(list)
	want := []string{"/lib/x86_64-linux-gnu/libpcre2-8.so.0", "/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1"}
	if !slices.Equal(found, want) || !slices.Equal(missing, []string{"libjvm.so"}) {
		t.Errorf("expected %q and libjvm.so missing, got %q and %q", want, found, missing)
	}
}

// TestProgramBehindAScript: the executable of a package that is started by a
// script is asked of the interpreter that the script names.
func TestProgramBehindAScript(t *testing.T) {
	t.Parallel()
	root := tree(t, map[string]string{"s": "#!/opt/python3 -x\nimport gw\n", "p": "\x7fELF"})
	r := fake()
	r.ask = []string{"python3", "-c", "where"}
	var asked []string
	f := Finder{Output: func(cmd *exec.Cmd) ([]byte, error) {
		asked = cmd.Args
		return []byte("/opt/gw\n"), nil
	}}
	got, err := f.executable(t.Context(), r, filepath.Join(root, "s"))
	if err != nil || got != "/opt/gw" || !slices.Equal(asked, []string{"/opt/python3", "-c", "where"}) {
		t.Errorf("script: expected /opt/gw, got %s, %v, having asked %q", got, err, asked)
	}
	program := filepath.Join(root, "p")
	if got, err := f.executable(t.Context(), r, program); err != nil || got != program {
		t.Errorf("program: expected itself, got %s, %v", got, err)
	}
}

func TestBuildFileQuotes(t *testing.T) {
	t.Parallel()
	r := fake()
	r.env = []string{`A=say "$HOME" \n`, "FD=$FD"}
	r.run = []string{"-f", `{app}/"x"`}
	got := buildFile(imageOrder{recipe: r, program: Program{Parts: map[string]string{"app": "/opt/app"}}}, "/bin/gw")
	for _, want := range []string{
		`ENV A="say \"\$HOME\" \\n"`, `ENTRYPOINT ["/bin/gw"]`, `CMD ["-f","/opt/app/\"x\""]`, "FROM scratch\n", "USER 10001:10001\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("expected %s in it, got\n%s", want, got)
		}
	}
	if strings.Contains(got, "FD=") {
		t.Errorf("a socket is handed to nobody in a container, got\n%s", got)
	}
}
