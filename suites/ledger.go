package suites

import (
	"sync"

	"github.com/entraproof/entraproof/reports"
)

// recorder is what a session writes to: a reports.Journal in a folder, or
// memory.
type recorder interface {
	Case(c reports.Case) error
	Control(c reports.Control) error
	Close(f reports.Footer) (*reports.Results, error)
}

// newRecorder starts the journal of a run; without a folder, memory.
func newRecorder(dir string, h reports.Header) (recorder, error) {
	if dir != "" {
		return reports.Create(dir, h)
	}
	h.Schema = reports.SchemaVersion
	return &memory{results: reports.Results{
		Schema: h.Schema, Tool: h.Tool, Catalogue: h.Catalogue, Run: h.Run, Selection: h.Selection, Targets: h.Targets, Waivers: h.Waivers,
	}, controls: map[[2]string]int{}}, nil
}

// memory keeps what a run finds until its end.
type memory struct {
	mu       sync.Mutex
	results  reports.Results
	controls map[[2]string]int
}

// Case keeps a judged case.
func (m *memory) Case(c reports.Case) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.results.Cases = append(m.results.Cases, c)
	return nil
}

// Control keeps shots of a control, those of one id together.
func (m *memory) Control(c reports.Control) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := [2]string{c.Target, c.ID}
	if i, ok := m.controls[key]; ok {
		m.results.Controls[i].Shots = append(m.results.Controls[i].Shots, c.Shots...)
		return nil
	}
	m.controls[key] = len(m.results.Controls)
	m.results.Controls = append(m.results.Controls, c)
	return nil
}

// Close concludes.
func (m *memory) Close(f reports.Footer) (*reports.Results, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.results
	r.Run.DurationMS, r.Run.Clocks, r.Run.Interrupted = f.DurationMS, f.Clocks, f.Interrupted
	r.Causes, r.Learnt = f.Causes, f.Learnt
	return r.Concluded(), nil
}

// ledger stands between the engine and a recorder: it knows what is waived.
type ledger struct {
	recorder
	progress func(reports.Case)
	waivers  []reports.Waiver

	mu    sync.Mutex
	extra map[[2]string]bool // target and case
}

// Case writes a case down, then tells whoever watches. A measuring row that one
// batch has fired is not written down for another.
func (l *ledger) Case(c reports.Case) error {
	if c.Extra && !l.first(c) {
		return nil
	}
	l.waive(&c)
	err := l.recorder.Case(c)
	if l.progress != nil {
		l.progress(c)
	}
	return err
}

func (l *ledger) first(c reports.Case) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := [2]string{c.Target, c.ID}
	if l.extra[key] {
		return false
	}
	l.extra[key] = true
	return true
}

// waive notes on a judged case what the engine does not know.
func (l *ledger) waive(c *reports.Case) {
	if !c.Extra {
		waive(c, l.waivers)
	}
}
