package mockidp

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// keyStore keeps keys in a folder, or nowhere where dir is empty.
type keyStore struct{ dir string }

// The files of a key folder: the key that signs and the other one that is
// published, each with its certificate, and the authority of the TLS
// certificates.
const (
	signingFile   = "signing.pem"
	publishedFile = "published.pem"
	authorityFile = "tls-authority.pem"
)

// signingKeys are the two keys of the issuer, the one that signs first; those
// that are missing are made, at the same time.
func (s keyStore) signingKeys(fresh func() (*mint.Key, error)) ([]*mint.Key, error) {
	if err := s.prepare(); err != nil {
		return nil, err
	}
	keys := make([]*mint.Key, 2)
	var work errgroup.Group
	for n, file := range []string{signingFile, publishedFile} {
		work.Go(func() (err error) { keys[n], err = s.key(file, fresh); return err })
	}
	return keys, work.Wait()
}

func (s keyStore) key(file string, fresh func() (*mint.Key, error)) (*mint.Key, error) {
	text, err := s.read(file)
	switch {
	case err != nil:
		return nil, err
	case text != nil:
		k, err := mint.ReadKey(text)
		if err != nil {
			return nil, fmt.Errorf("mockidp: key file %s: %w", filepath.Join(s.dir, file), err)
		}
		return k, nil
	}
	k, err := fresh()
	if err != nil {
		return nil, err
	}
	return k, s.keep(file, k)
}

// keep writes a key to its file.
func (s keyStore) keep(file string, k *mint.Key) error {
	text, err := k.PrivatePEM()
	if err != nil {
		return fmt.Errorf("mockidp: keep a key: %w", err)
	}
	return s.write(file, text)
}

// save keeps the keys of a ring: what signs, and what is next.
func (s keyStore) save(r ring) error {
	if err := s.keep(signingFile, r.signing); err != nil {
		return err
	}
	if next := r.next(); next != nil {
		return s.keep(publishedFile, next)
	}
	return s.remove(publishedFile)
}

// prepare makes the folder, for its owner only.
func (s keyStore) prepare() error {
	if s.dir == "" {
		return nil
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("mockidp: make the key folder: %w", err)
	}
	return nil
}

// read is the text of a file, nil where there is none. A file that others may
// read is refused: its key is no secret any more.
func (s keyStore) read(file string) ([]byte, error) {
	if s.dir == "" {
		return nil, nil
	}
	path := filepath.Join(s.dir, file)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("mockidp: read a key file: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("mockidp: key file %s: expected mode 0600, got %#o", path, mode)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("mockidp: read a key file: %w", err)
	}
	return text, nil
}

// write replaces a file in one step, so that a crash leaves the old or the new.
func (s keyStore) write(file string, text []byte) error {
	if s.dir == "" {
		return nil
	}
	path := filepath.Join(s.dir, file)
	if err := s.remove(file + ".new"); err != nil { // of a crash, or of somebody who would like to read along
		return err
	}
	if err := writeNew(path+".new", text); err != nil {
		return fmt.Errorf("mockidp: write a key file: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("mockidp: write a key file: %w", err)
	}
	return nil
}

// writeNew writes a file that is not there yet, for its owner only.
func writeNew(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

func (s keyStore) remove(file string) error {
	if s.dir == "" {
		return nil
	}
	if err := os.Remove(filepath.Join(s.dir, file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("mockidp: remove a key file: %w", err)
	}
	return nil
}
