package reports

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Names of the files that a run leaves in its folder.
const (
	// JournalFile holds a header, the cases as they are judged, and a footer.
	JournalFile = "results.ndjson"
	// ResultsFile is the sorted whole of the journal, written at the end.
	ResultsFile = "results.json"
)

// Header is what is known of a run before its first case.
type Header struct {
	Schema    string    `json:"schema"`
	Tool      Tool      `json:"tool"`
	Catalogue Catalogue `json:"catalogue"`
	Run       Run       `json:"run"`
	Selection Selection `json:"selection"`
	Targets   []Target  `json:"targets"`
	Waivers   []Waiver  `json:"waivers,omitempty"`
}

// Footer is what is known of a run after its last case.
type Footer struct {
	DurationMS  int64    `json:"duration_ms"`
	Clocks      []Clock  `json:"clocks,omitempty"`
	Interrupted bool     `json:"interrupted"`
	Causes      []Cause  `json:"causes,omitempty"`
	Learnt      []Learnt `json:"learnt,omitempty"`
}

// record is one line of the journal: exactly one member is set.
type record struct {
	Header  *Header  `json:"header,omitempty"`
	Case    *Case    `json:"case,omitempty"`
	Control *Control `json:"control,omitempty"`
	Footer  *Footer  `json:"footer,omitempty"`
}

// InUseError is returned for a folder that another run is writing to.
type InUseError struct{ Folder string }

func (e *InUseError) Error() string {
	return fmt.Sprintf("reports: folder %s: another run is writing to it; wait for it, or give another folder", e.Folder)
}

// Journal writes a run down while it happens. Each line is handed to the
// operating system before its call returns, so that a killed process loses
// nothing that it was told. It keeps none of it in memory. It may be used by
// several goroutines.
type Journal struct {
	mu   sync.Mutex
	dir  string
	file *os.File
	seen map[[2]string]bool
}

// Create starts the journal of a run in folder dir, which is made if needed;
// what an earlier run left there is removed, lest a crash leave its green
// results standing. The journal itself is the lock: the operating system drops
// it with the process, however that ends.
func Create(dir string, h Header) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("reports: journal: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, JournalFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("reports: journal: %w", err)
	}
	j := &Journal{dir: dir, file: file, seen: map[[2]string]bool{}}
	if err := j.begin(h); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return j, nil
}

func (j *Journal) begin(h Header) error {
	locked, err := lock(j.file)
	if err != nil {
		return fmt.Errorf("reports: journal: lock: %w", err)
	}
	if !locked {
		return &InUseError{Folder: j.dir}
	}
	if err := j.file.Truncate(0); err != nil {
		return fmt.Errorf("reports: journal: %w", err)
	}
	if err := j.file.Chmod(0o600); err != nil {
		return fmt.Errorf("reports: journal: %w", err)
	}
	if err := os.Remove(filepath.Join(j.dir, ResultsFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("reports: journal: earlier results: %w", err)
	}
	h.Schema = SchemaVersion
	return j.write(record{Header: &h})
}

// Case writes a judged case. An id that was written before is an error: two
// verdicts for one case are none.
func (j *Journal) Case(c Case) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	key := [2]string{c.Target, c.ID}
	if j.seen[key] {
		return fmt.Errorf("reports: journal: case %s at target %s: judged twice", c.ID, c.Target)
	}
	j.seen[key] = true
	return j.write(record{Case: &c})
}

// Control writes shots of a control. It may be called again with the same id
// and further shots, which are then joined in the order of the calls.
func (j *Journal) Control(c Control) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.write(record{Control: &c})
}

// Close ends the run: it writes the footer, then the sorted and concluded
// results beside the journal, and gives the folder free.
func (j *Journal) Close(f Footer) (*Results, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r, err := j.end(f)
	if closing := j.file.Close(); closing != nil {
		err = errors.Join(err, fmt.Errorf("reports: journal: %w", closing))
	}
	return r, err
}

// Abandon gives the folder free and writes no footer, so that readers take the
// run for interrupted.
func (j *Journal) Abandon() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.file.Close(); err != nil {
		return fmt.Errorf("reports: journal: %w", err)
	}
	return nil
}

func (j *Journal) end(f Footer) (*Results, error) {
	if err := j.write(record{Footer: &f}); err != nil {
		return nil, err
	}
	if _, err := j.file.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("reports: journal: %w", err)
	}
	r, err := Decode(j.file)
	if err != nil {
		return nil, fmt.Errorf("reports: journal: %w", err)
	}
	return r, r.writeFile(filepath.Join(j.dir, ResultsFile))
}

// write appends one line in one call. The caller holds the mutex.
func (j *Journal) write(rec record) error {
	var line strings.Builder
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false)
	if err := e.Encode(rec); err != nil {
		return fmt.Errorf("reports: journal: %w", err)
	}
	if _, err := j.file.WriteString(line.String()); err != nil {
		return fmt.Errorf("reports: journal: %w", err)
	}
	return nil
}
