package reports

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Encode writes the concluded results as indented JSON, the form of
// ResultsFile.
func (r *Results) Encode(w io.Writer) error {
	if err := encode(w, r.Concluded()); err != nil {
		return fmt.Errorf("reports: encode: %w", err)
	}
	return nil
}

// WriteFile writes the results to path, whole or not at all.
func (r *Results) WriteFile(path string) error { return r.Concluded().writeFile(path) }

// writeFile is WriteFile for results that are concluded.
func (r *Results) writeFile(path string) error {
	temp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // 0600
	if err != nil {
		return fmt.Errorf("reports: write: %w", err)
	}
	err = errors.Join(encode(temp, r), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("reports: write %s: %w", path, err), os.Remove(temp.Name()))
	}
	return nil
}
