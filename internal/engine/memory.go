package engine

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/entraproof/entraproof/reports"
)

// Memory is a Sink that keeps what a run finds in memory, for programs that need
// no journal. The zero value is ready.
type Memory struct {
	mu       sync.Mutex
	cases    []reports.Case
	controls map[string]*reports.Control
}

// Case keeps a case.
func (m *Memory) Case(c reports.Case) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cases = append(m.cases, c)
	return nil
}

// Control keeps the shots of a control, behind those that it had.
func (m *Memory) Control(c reports.Control) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known := m.controls[c.ID]; known != nil {
		known.Shots = append(known.Shots, c.Shots...)
		return nil
	}
	if m.controls == nil {
		m.controls = map[string]*reports.Control{}
	}
	m.controls[c.ID] = &c
	return nil
}

// Controls are the kept controls, sorted by id.
func (m *Memory) Controls() []reports.Control {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []reports.Control
	for _, id := range slices.Sorted(maps.Keys(m.controls)) {
		all = append(all, *m.controls[id])
	}
	return all
}

// Cases are the kept cases, sorted by id.
func (m *Memory) Cases() []reports.Case {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.SortedFunc(slices.Values(m.cases), func(a, b reports.Case) int { return strings.Compare(a.ID, b.ID) })
}
