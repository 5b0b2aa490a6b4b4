package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/reports"
)

// labFinding is what one gateway in one mode was found to do.
type labFinding struct {
	Gateway string `json:"gateway"`
	Mode    string `json:"mode"`
	// AsExpected: nothing is missed, and nothing differs that counts.
	AsExpected bool `json:"as_expected"`
	// Misses are what the mode must show and did not.
	Misses           []string `json:"misses,omitempty"`
	InvalidClient    string   `json:"invalid_client,omitempty"`
	CrossEnvironment string   `json:"cross_environment,omitempty"`
	// Causes say why genuine tokens are refused.
	Causes       []string `json:"causes,omitempty"`
	FalseRejects []string `json:"false_rejects,omitempty"`
	FalseAccepts []string `json:"false_accepts,omitempty"`
	LeftOpen     string   `json:"left_open,omitempty"`
	// Differences are the cells that are not as the gateway's matrix has them.
	Differences []lab.Difference `json:"differences,omitempty"`
	// Warnings are what is unusual about the gateway: another version of its
	// program, with which differences do not count.
	Warnings []string `json:"warnings,omitempty"`
	// ReadyMS is how long it took from start to answer, by environment.
	ReadyMS  []int64 `json:"ready_ms,omitempty"`
	ExitCode int     `json:"exit_code"`
	// Broke is why it could not be judged.
	Broke string `json:"broke,omitempty"`

	err error
}

// brokenFinding is that of a gateway that could not be judged.
func brokenFinding(c labCase, err error) labFinding {
	return labFinding{Gateway: c.recipe.Name, Mode: string(c.mode), Broke: fmt.Sprint(err), err: err}
}

func findingOf(c labCase, r *reports.Results) labFinding {
	f := labFinding{
		Gateway: c.recipe.Name, Mode: string(c.mode), ExitCode: r.ExitCode, LeftOpen: r.LeftOpenText(),
		InvalidClient:    r.Answers.InvalidClient.State + ": " + r.Answers.InvalidClient.Text,
		CrossEnvironment: r.Answers.CrossEnvironment.State + ": " + r.Answers.CrossEnvironment.Text,
	}
	for _, cause := range r.Causes {
		if text := fmt.Sprintf("%s (%s)", cause.Sentence, cause.Certainty); !contains(f.Causes, text) {
			f.Causes = append(f.Causes, text)
		}
	}
	for _, found := range r.Findings() {
		switch {
		case found.FalseReject:
			f.FalseRejects = append(f.FalseRejects, found.Scenario)
		case found.FalseAccept:
			f.FalseAccepts = append(f.FalseAccepts, found.Scenario)
		}
	}
	f.Misses = misses(c.mode, r, f)
	f.AsExpected = len(f.Misses) == 0
	return f
}

// labReport prints findings as they come and remembers the worst.
type labReport struct {
	p      *program
	format string
	all    []labFinding
	differ bool
	broke  []error
	ready  []readiness
}

// missing notes a gateway whose program is not here.
func (r *labReport) missing(err error, allowed bool) {
	told := labFailed(err)
	if allowed {
		r.p.tell(told)
		return
	}
	r.broke = append(r.broke, told)
}

func (r *labReport) add(f labFinding) {
	r.all = append(r.all, f)
	r.differ = r.differ || (f.Broke == "" && !f.AsExpected)
	for _, warning := range f.Warnings {
		fmt.Fprintf(r.p.err, "hint: %s\n", warning)
	}
	r.timed(f)
	if f.err != nil {
		r.broke = append(r.broke, fmt.Errorf("%s %s: %w", f.Gateway, f.Mode, f.err))
	}
	if r.format != asJSON {
		fmt.Fprint(r.p.out, f.text())
	}
}

// readiness is how long a gateway took from start to answer, all modes and
// environments together.
type readiness struct {
	gateway string
	took    time.Duration
}

// timed tells how long a gateway took in a mode.
func (r *labReport) timed(f labFinding) {
	if len(f.ReadyMS) == 0 {
		return
	}
	var took time.Duration
	for _, ms := range f.ReadyMS {
		took += time.Duration(ms) * time.Millisecond
	}
	if n := len(r.ready); n == 0 || r.ready[n-1].gateway != f.Gateway {
		r.ready = append(r.ready, readiness{gateway: f.Gateway})
	}
	r.ready[len(r.ready)-1].took += took
	fmt.Fprintf(r.p.err, "lab: %s %s: start to ready %.2f s for %d\n", f.Gateway, f.Mode, took.Seconds(), len(f.ReadyMS))
}

// timedAll tells how long each gateway took, and all together.
func (r *labReport) timedAll() {
	var total time.Duration
	var each []string
	for _, g := range r.ready {
		total += g.took
		each = append(each, fmt.Sprintf("%s %.2f s", g.gateway, g.took.Seconds()))
	}
	if len(each) > 0 {
		fmt.Fprintf(r.p.err, "lab: start to ready: %s; %.2f s in all\n", joined(each), total.Seconds())
	}
}

// end is the exit code: a gateway that differs counts before one that could not
// be run.
func (r *labReport) end() error {
	r.timedAll()
	if r.format == asJSON {
		if err := printJSON(r.p.out, r.all); err != nil {
			return err
		}
	}
	err := errors.Join(r.broke...)
	switch {
	case r.differ:
		return errors.Join(err, outcome(reports.ExitDoesNotConform))
	case err == nil && len(r.all) == 0:
		return &failure{exitCouldNotRun, errors.New("no gateway was judged"), "entraproof lab list names the commands that add them"}
	}
	return err
}
