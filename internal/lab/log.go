package lab

import (
	"fmt"
	"slices"
	"sync"

	"github.com/entraproof/entraproof/internal/gateway"
)

// log is what strict gateways write of what they refuse. It keeps the lines of
// one run, the last that wrote any.
type log struct {
	mu    sync.Mutex
	run   string
	lines []string
}

// reporting writes each refusal down before it is reported; nil reports to
// nobody.
func (l *log) reporting(report func(gateway.Refusal)) func(gateway.Refusal) {
	return func(r gateway.Refusal) {
		l.write(r)
		if report != nil {
			report(r)
		}
	}
}

func (l *log) write(r gateway.Refusal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.run != r.Run {
		l.run, l.lines = r.Run, nil
	}
	l.lines = append(l.lines, fmt.Sprintf("refused %s with %d", r.Case, r.Status))
}

// of gives the lines of a run.
func (l *log) of(run string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.run != run {
		return []string{}
	}
	return slices.Clone(l.lines)
}
