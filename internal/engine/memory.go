package engine

import (
	"slices"
	"strings"
	"sync"

	"github.com/entraproof/entraproof/reports"
)

// Memory is a Sink that keeps the cases of a run in memory, for programs that
// need no journal. What controls came to stands with the cases, so it keeps no
// controls. The zero value is ready.
type Memory struct {
	mu    sync.Mutex
	cases []reports.Case
}

// Case keeps a case.
func (m *Memory) Case(c reports.Case) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cases = append(m.cases, c)
	return nil
}

// Control keeps nothing.
func (m *Memory) Control(reports.Control) error { return nil }

// Cases are the kept cases, sorted by id.
func (m *Memory) Cases() []reports.Case {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.SortedFunc(slices.Values(m.cases), func(a, b reports.Case) int { return strings.Compare(a.ID, b.ID) })
}
