package format

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/entraproof/entraproof/reports"
)

// Progress tells how a run goes on: on a terminal one line that is drawn anew,
// elsewhere plain lines, one for each tenth of the run. Failures are told as
// they are judged in both. It is fed with events and may be used by several
// goroutines.
type Progress struct {
	mu       sync.Mutex
	w        io.Writer
	terminal bool
	total    int
	done     int
	told     int // tenths
	counts   reports.Counts
	phase    string
	drawn    bool
}

// NewProgress returns a Progress that writes to w, a terminal or not.
func NewProgress(w io.Writer, terminal bool) *Progress {
	return &Progress{w: w, terminal: terminal}
}

// Start says how many cases are to be judged.
func (p *Progress) Start(total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total = total
	p.draw()
}

// Phase says what the run is doing now, e.g. "controls".
func (p *Progress) Phase(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.phase = name
	if p.terminal {
		p.draw()
		return
	}
	p.line(name)
}

// Case tells a judged case.
func (p *Progress) Case(c reports.Case) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.Extra {
		return
	}
	p.done++
	o := c.Effective()
	p.counts.Add(o)
	if o >= reports.Fail {
		p.clear()
		p.line(fmt.Sprintf("%s %s: %s", o, c.ID, c.Reason))
	}
	if p.terminal {
		p.draw()
	} else if tenth := p.done * 10 / max(1, p.total); tenth > p.told {
		p.told = tenth
		p.line(p.status())
	}
}

// End removes the drawn line. What follows is the summary's.
func (p *Progress) End() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

func (p *Progress) status() string {
	parts := []string{fmt.Sprintf("%d/%d", p.done, p.total)}
	for _, o := range []reports.Outcome{reports.Fail, reports.Error, reports.Inconclusive} {
		if n := p.counts.Of(o); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, o))
		}
	}
	if p.phase != "" && p.terminal {
		parts = append(parts, p.phase)
	}
	return strings.Join(parts, ", ")
}

// statusWidth keeps the drawn line on one line of a narrow terminal.
const statusWidth = 78

func (p *Progress) draw() {
	if p.terminal {
		fmt.Fprintf(p.w, "\r\x1b[K%s", oneLine(p.status(), statusWidth))
		p.drawn = true
	}
}

func (p *Progress) clear() {
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.drawn = false
	}
}

func (p *Progress) line(text string) { fmt.Fprintln(p.w, oneLine(text, 2*statusWidth)) }
