package reports

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// ErrNoHeader is returned for a journal that was cut before its first line was
// complete: nothing can be said of that run.
var ErrNoHeader = errors.New("journal has no header")

// mostForeseen is for how many cases a journal makes room before it has seen
// them: a header may say anything.
const mostForeseen = 1 << 17

// Read reads the results of a run from its folder, its results file or its
// journal. A last line that was torn is dropped; a journal without footer is
// an interrupted run.
func Read(path string) (*Results, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reports: read: %w", err)
	}
	if info.IsDir() {
		return readFolder(path)
	}
	return readFile(path)
}

func readFolder(dir string) (*Results, error) {
	r, err := readFile(filepath.Join(dir, ResultsFile))
	if errors.Is(err, os.ErrNotExist) {
		return readFile(filepath.Join(dir, JournalFile))
	}
	return r, err
}

func readFile(path string) (*Results, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reports: read: %w", err)
	}
	defer file.Close() //nolint:errcheck // only read
	r, err := Decode(file)
	if err != nil {
		return nil, fmt.Errorf("reports: read %s: %w", path, err)
	}
	return r, nil
}

// Decode reads results, or a journal, from in, and concludes them anew.
func Decode(in io.Reader) (*Results, error) {
	r, err := decode(bufio.NewReader(in))
	if err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	r.Conclude()
	return r, nil
}

// decode tells the two forms apart by the first value: of a journal it is a
// record, of results it is the whole.
func decode(in *bufio.Reader) (*Results, error) {
	first, err := in.ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err //nolint:wrapcheck // the caller says what was read
	}
	var rec record
	if err := unmarshal(first, &rec); err == nil && rec.Header != nil {
		return joined(*rec.Header, in)
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return nil, err //nolint:wrapcheck // the caller says what was read
	}
	text = append(first, text...)
	var r Results
	if err := unmarshal(text, &r); err != nil {
		if begun := []byte(`{"header":`); bytes.HasPrefix(text, begun) || bytes.HasPrefix(begun, text) {
			return nil, fmt.Errorf("%w: %w", ErrNoHeader, err)
		}
		return nil, err
	}
	return &r, nil
}

// joined reads the lines of a journal after its header.
func joined(h Header, in *bufio.Reader) (*Results, error) {
	r := &Results{}
	r.begin(h) // interrupted until the footer
	controls, known := map[[2]string]int{}, words{}
	for n := 2; ; n++ {
		line, err := in.ReadBytes('\n')
		if torn := errors.Is(err, io.EOF); err != nil && !torn || torn && len(line) == 0 {
			return r, eofIsNone(err)
		}
		var rec record
		switch failed := unmarshal(line, &rec); {
		case failed != nil && err != nil:
			return r, nil // torn by the death of its writer
		case failed != nil:
			return nil, fmt.Errorf("line %d: %w", n, failed)
		}
		if rec.Case != nil {
			known.share(rec.Case)
		}
		if err := r.add(rec, controls); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
}

func eofIsNone(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func (r *Results) add(rec record, controls map[[2]string]int) error {
	switch {
	case rec.Header != nil:
		return errors.New("a second header: two runs in one journal")
	case rec.Case != nil:
		r.Cases = append(r.Cases, *rec.Case)
	case rec.Control != nil:
		r.addControl(*rec.Control, controls)
	case rec.Footer != nil:
		r.end(*rec.Footer)
	default:
		return errors.New("expected a header, case, control or footer, got none of them")
	}
	return nil
}

func (r *Results) begin(h Header) {
	r.Schema, r.Tool, r.Catalogue, r.Run = h.Schema, h.Tool, h.Catalogue, h.Run
	r.Selection, r.Targets, r.Waivers = h.Selection, h.Targets, h.Waivers
	r.Run.Interrupted = true
	r.Cases = make([]Case, 0, min(max(h.Selection.Selected, 0), mostForeseen)) // it would be copied again and again
}

func (r *Results) end(f Footer) {
	r.Run.DurationMS, r.Run.Clocks, r.Run.Interrupted = f.DurationMS, f.Clocks, f.Interrupted
	r.Causes, r.Learnt = f.Causes, f.Learnt
}

func (r *Results) addControl(c Control, at map[[2]string]int) {
	key := [2]string{c.Target, c.ID}
	if i, ok := at[key]; ok {
		r.Controls[i].Shots = append(r.Controls[i].Shots, c.Shots...)
		return
	}
	at[key] = len(r.Controls)
	c.Shots = slices.Clip(c.Shots) // they may be the caller's
	r.Controls = append(r.Controls, c)
}

// check refuses what would be misread.
func (r *Results) check() error {
	if r.Schema != SchemaVersion {
		return fmt.Errorf("schema: expected %q, got %q", SchemaVersion, r.Schema)
	}
	seen := map[[2]string]bool{}
	for _, c := range r.Cases {
		if !r.hasTarget(c.Target) {
			return fmt.Errorf("case %s: target %q is not among the targets", c.ID, c.Target)
		}
		key := [2]string{c.Target, c.ID}
		if seen[key] {
			return fmt.Errorf("case %s at target %s: judged twice", c.ID, c.Target)
		}
		seen[key] = true
	}
	return nil
}

func (r *Results) hasTarget(name string) bool {
	return slices.ContainsFunc(r.Targets, func(t Target) bool { return t.Name == name })
}

// unmarshal reads JSON in which an outcome may be a word of a later version: it
// is read as the worst that this one knows.
func unmarshal(text []byte, into any) error {
	err := json.Unmarshal(text, into)
	if err == nil {
		return nil
	}
	var tree any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if d.Decode(&tree) != nil || !worsen(tree) {
		return err
	}
	known, err := json.Marshal(tree)
	if err != nil {
		return err
	}
	return json.Unmarshal(known, into)
}

// worsen makes every unknown outcome in the tree an error, and reports whether
// there was one.
func worsen(tree any) bool {
	found := false
	switch v := tree.(type) {
	case []any:
		for _, item := range v {
			found = worsen(item) || found
		}
	case map[string]any:
		for name, member := range v {
			var o Outcome
			if word, ok := member.(string); ok && name == "outcome" && o.UnmarshalText([]byte(word)) != nil {
				v[name], found = Error.String(), true
			}
			found = worsen(member) || found
		}
	}
	return found
}
