package lab

import (
	"archive/tar"
	"fmt"
	"io"
	"io/fs"
	"os"
	slashpath "path"
	"time"
)

// pack writes the files below prefix as a tar archive, folders first. All
// belongs to root, and everybody may read it.
func (f *imageFiles) pack(w *tar.Writer, prefix string) error {
	paths := f.paths()
	for _, dir := range sortedParents(paths) {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: prefix + dir + "/", Mode: 0o755}); err != nil {
			return err
		}
	}
	for _, path := range paths {
		if err := packEntry(w, prefix+path, path, f.entries[path]); err != nil {
			return fmt.Errorf("pack %s: %w", path, err)
		}
	}
	return nil
}

func packEntry(w *tar.Writer, name, path string, e imageEntry) error {
	switch {
	case e.target != "":
		return w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: e.target, Mode: 0o777})
	case e.info == nil:
		return packText(w, &tar.Header{Name: name, Mode: 0o644}, e.text)
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	mode := int64(0o644)
	if e.info.Mode().Perm()&0o111 != 0 {
		mode = 0o755
	}
	err = w.WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: e.info.Size(), ModTime: e.info.ModTime(), Format: tar.FormatPAX,
	})
	if err != nil {
		return err
	}
	_, err = io.CopyN(w, file, e.info.Size())
	return err
}

func packText(w *tar.Writer, h *tar.Header, text string) error {
	h.Typeflag, h.Size = tar.TypeReg, int64(len(text))
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	_, err := io.WriteString(w, text)
	return err
}

// packFolder writes a folder of this machine under another name, owned by one
// user and readable by nobody else.
func packFolder(w *tar.Writer, dir, name string, user int) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	return fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		h := &tar.Header{Name: slashpath.Join(name, path), Mode: 0o600, Uid: user, Gid: user, ModTime: time.Unix(0, 0)}
		if d.IsDir() {
			h.Typeflag, h.Mode, h.Name = tar.TypeDir, 0o700, h.Name+"/"
			return w.WriteHeader(h)
		}
		text, err := root.ReadFile(path)
		if err != nil {
			return err
		}
		return packText(w, h, string(text))
	})
}

// stream gives what pack writes while it is being written. end ends it early
// and waits; its error is pack's.
func stream(pack func(*tar.Writer) error) (r io.Reader, end func() error) {
	near, far := io.Pipe()
	done := make(chan error, 1)
	go func() {
		w := tar.NewWriter(far)
		err := pack(w)
		if err == nil {
			err = w.Close()
		}
		_ = far.CloseWithError(err) // always nil
		done <- err
	}()
	return near, func() error {
		_ = near.CloseWithError(errUnwanted) // always nil
		return <-done
	}
}

// errUnwanted ends the writing of an archive that nobody reads any more.
var errUnwanted = fmt.Errorf("lab: the reader has ended: %w", io.ErrClosedPipe)
