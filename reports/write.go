package reports

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Encode writes the concluded results as indented JSON, the form of
// ResultsFile.
func (r *Results) Encode(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(r.Concluded()); err != nil {
		return fmt.Errorf("reports: encode: %w", err)
	}
	return nil
}

// WriteFile writes the results to path, whole or not at all.
func (r *Results) WriteFile(path string) error {
	temp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // 0600
	if err != nil {
		return fmt.Errorf("reports: write: %w", err)
	}
	err = errors.Join(r.Encode(temp), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("reports: write %s: %w", path, err), os.Remove(temp.Name()))
	}
	return nil
}
