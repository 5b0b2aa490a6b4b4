package predict

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/reports"
)

// Collected is what is kept of the predictions of one call: their exit codes, and
// what is asked for.
type Collected struct {
	// KeepResults is for Results, KeepEntries for JSON, which takes much less.
	KeepResults, KeepEntries bool

	results []*reports.Results
	entries []predictionEntry
	codes   map[int]bool
}

// Add takes one more.
func (c *Collected) Add(p *Prediction) {
	if c.codes == nil {
		c.codes = map[int]bool{}
	}
	c.codes[p.ExitCode()] = true
	if c.KeepResults && p.Results != nil {
		c.results = append(c.results, p.Results)
	}
	if c.KeepEntries {
		c.entries = append(c.entries, p.entry())
	}
}

// ExitCode is the worst: a proven hole first, because nothing else undoes it.
func (c *Collected) ExitCode() int {
	for _, code := range []int{reports.ExitDoesNotConform, reports.ExitCouldNotRun, reports.ExitUnproven} {
		if c.codes[code] {
			return code
		}
	}
	return reports.ExitConforms
}

// Results are those of all predictions as one run of several targets.
func (c *Collected) Results() *reports.Results {
	var r *reports.Results
	for _, one := range c.results {
		if r == nil {
			first := *one
			r = &first
			continue
		}
		r.Targets = append(r.Targets, one.Targets...)
		r.Cases = append(r.Cases, one.Cases...)
		r.Controls = append(r.Controls, one.Controls...)
		r.Causes = append(r.Causes, one.Causes...)
		r.Learnt = append(r.Learnt, one.Learnt...)
		r.Selection.Selected += one.Selection.Selected
		r.Selection.Cross = r.Selection.Cross || one.Selection.Cross
		r.Run.Interrupted = r.Run.Interrupted || one.Run.Interrupted
	}
	if r == nil {
		r = &reports.Results{Schema: reports.SchemaVersion}
	}
	r.Conclude()
	return r
}

// DocumentSchema is the version of the JSON of predictions.
const DocumentSchema = "entraproof.prediction/1"

// entries are the JSON of predictions.
type entries struct {
	Schema      string            `json:"schema"`
	ExitCode    int               `json:"exit_code"`
	Predictions []predictionEntry `json:"predictions"`
}

type predictionEntry struct {
	Name         string             `json:"name"`
	Environments []environmentEntry `json:"environments"`
	Assumed      []string           `json:"assumed,omitempty"`
	Left         []string           `json:"left_open,omitempty"`
	Everybody    []string           `json:"open_to_everybody,omitempty"`
	Problem      string             `json:"problem,omitempty"`
	ExitCode     int                `json:"exit_code"`
	Answers      *reports.Answers   `json:"answers,omitempty"`
	Rejects      []caseEntry        `json:"false_rejects"`
	Accepts      []caseEntry        `json:"false_accepts"`
	Changes      []changeEntry      `json:"changes"`
	Together     *Together          `json:"together,omitempty"`
	Switches     []switchEntry      `json:"switches"`
	Cases        int                `json:"cases"`
}

type environmentEntry struct {
	Name     string `json:"name"`
	Instance string `json:"instance"`
	At       string `json:"at"`
}

// caseEntry is one failed case with its cause, and the place in changes of what
// closes it, counted from 1; 0 where nothing does.
type caseEntry struct {
	ID       string   `json:"id"`
	Scenario string   `json:"scenario"`
	Title    string   `json:"title"`
	Severity string   `json:"severity"`
	Guards   string   `json:"guards"`
	Kind     string   `json:"kind,omitempty"`
	Status   int      `json:"status,omitempty"`
	Causes   []string `json:"causes,omitempty"`
	ClosedBy int      `json:"closed_by,omitempty"`
}

type changeEntry struct {
	Environment string     `json:"environment"`
	At          string     `json:"at"`
	Key         string     `json:"key"`
	Set         []setEntry `json:"set"`
	Refused     []string   `json:"now_refused,omitempty"`
	Accepted    []string   `json:"now_accepted,omitempty"`
	Opens       []string   `json:"opens,omitempty"`
}

type setEntry struct {
	Label string `json:"label"`
	Key   string `json:"key"`
	Value string `json:"value"`
}

type switchEntry struct {
	Name     string `json:"name"`
	Value    string `json:"value"`
	Cases    int    `json:"cases"`
	Sentence string `json:"sentence"`
}

// JSON writes the predictions.
func (c *Collected) JSON(w io.Writer) error {
	d := entries{Schema: DocumentSchema, ExitCode: c.ExitCode(), Predictions: append([]predictionEntry{}, c.entries...)}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(d); err != nil {
		return fmt.Errorf("predict: write: %w", err)
	}
	return nil
}

func (p *Prediction) entry() predictionEntry {
	out := predictionEntry{
		Name: p.Subject.Name, Assumed: p.Assumed, Left: p.Left, Everybody: p.Everybody, ExitCode: p.ExitCode(), Together: p.Together,
		Rejects: []caseEntry{}, Accepts: []caseEntry{}, Changes: []changeEntry{}, Switches: []switchEntry{},
	}
	for _, m := range p.Subject.Members {
		out.Environments = append(out.Environments, environmentEntry{m.Environment, m.Instance.Name, m.Instance.At.String()})
	}
	if p.Results == nil {
		out.Problem = p.Problem.Error()
		return out
	}
	answers := p.Results.Answers // a pointer into the results would keep all of them
	out.Answers, out.Cases = &answers, len(p.Results.Cases)
	closedBy := map[string]int{}
	for i, c := range p.Closed {
		entry := changeEntry{Environment: c.Environment, At: c.At.String(), Key: c.Key, Opens: c.Opens, Refused: idsOf(c.Accepts), Accepted: idsOf(c.Rejects)}
		for _, s := range c.Set {
			entry.Set = append(entry.Set, setEntry{s.Label, s.Key, s.Value})
		}
		out.Changes = append(out.Changes, entry)
		for _, id := range append(entry.Refused, entry.Accepted...) {
			closedBy[id] = i + 1
		}
	}
	out.Rejects = append(out.Rejects, p.entries((*reports.Case).FalseReject, closedBy)...)
	out.Accepts = append(out.Accepts, p.entries((*reports.Case).FalseAccept, closedBy)...)
	for _, row := range gateway.SwitchTable() {
		if n := len(p.Hangs[row.Name]); n > 0 {
			out.Switches = append(out.Switches, switchEntry{row.Name, p.Switches.Value(row.Name), n, row.Sentence})
		}
	}
	return out
}

func (p *Prediction) entries(sort func(*reports.Case) bool, closedBy map[string]int) []caseEntry {
	var all []caseEntry
	for _, c := range p.failing(sort) {
		entry := caseEntry{
			ID: c.ID, Scenario: c.Scenario, Title: c.Title, Severity: c.Severity, Guards: c.Guards, Kind: c.Kind, Status: c.Status, ClosedBy: closedBy[c.ID],
		}
		for _, cause := range p.causesOf(c) {
			entry.Causes = append(entry.Causes, cause.String())
		}
		all = append(all, entry)
	}
	return all
}

func idsOf(cases []reports.Case) []string {
	var ids []string
	for _, c := range cases {
		ids = append(ids, c.ID)
	}
	return ids
}
