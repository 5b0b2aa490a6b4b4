package suites

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/flows"
	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// labs are the embedded issuers, gateways and echoes of a session, by target.
type labs struct {
	running map[string]*lab.Embedded
	served  map[string]*Target
}

// start starts what the targets need that live in this process.
func (l *labs) start(plans []*Plan, setup string) error {
	l.running, l.served = map[string]*lab.Embedded{}, map[string]*Target{}
	for _, p := range plans {
		if !p.Target.Tokens.Embedded {
			continue
		}
		e, err := lab.NewEmbedded(p.Target)
		if err != nil {
			return err
		}
		l.running[p.Target.Name] = e
		served, _, err := e.Serve(lab.Setup{Name: setup}) // ends with e
		if err != nil {
			return err
		}
		l.served[p.Target.Name] = served
	}
	return nil
}

// of is the plan's target with the addresses of its gateways.
func (l *labs) of(p *Plan) *Target {
	if served := l.served[p.Target.Name]; served != nil {
		return served
	}
	return p.Target
}

func (l *labs) close() {
	for _, e := range l.running {
		e.Close()
	}
}

// engine is what fires at the plan's target.
func (s *Session) engine(p *Plan) (*engine.Engine, error) {
	if e := s.labs.running[p.Target.Name]; e != nil {
		return &engine.Engine{Tokens: e.Issuer, Former: formerOf(e), Seen: e.Seen}, nil
	}
	if stand := s.cfg.Stand; stand != nil {
		return &engine.Engine{Tokens: stand.Issuer, Former: engine.FormerOf(p.Target), Seen: stand.Seen, Started: stand.Started}, nil
	}
	source, err := engine.SourceOf(p.Target)
	if err != nil {
		return nil, fmt.Errorf("suites: %w", err)
	}
	return &engine.Engine{Tokens: source, Former: engine.FormerOf(p.Target)}, nil
}

// formerOf is the mock that embedded gateways trusted once, if there is one.
func formerOf(e *lab.Embedded) engine.Source {
	if e.Former == nil {
		return nil // and not an interface that holds nil
	}
	return e.Former
}

// batch is one engine run: the specs of one target that were started together.
type batch struct {
	target string
	wanted map[string]bool
	began  chan struct{} // closed when run or err is set
	done   chan struct{}
	run    *engine.Run
	err    error
	end    engine.Summary
}

// start runs the wanted specs, one batch for each target. Targets that share a
// source of tokens run one after the other, because flows change it.
func (s *Session) start(wanted map[string]bool) {
	for i, p := range s.plans {
		if !p.hasAny(wanted) {
			continue
		}
		b := &batch{target: p.Target.Name, wanted: wanted, began: make(chan struct{}), done: make(chan struct{})}
		last := s.lastOf(p)
		s.batches = append(s.batches, b)
		go s.work(b, i, last)
	}
}

// lastOf is the latest batch that uses the plan's source of tokens, or nil.
func (s *Session) lastOf(p *Plan) *batch {
	var last *batch
	for _, b := range s.batches {
		for _, other := range s.plans {
			if other.Target.Name == b.target && source(other.Target) == source(p.Target) {
				last = b
			}
		}
	}
	return last
}

// source names whoever gives a target's tokens.
func source(t *Target) string {
	switch {
	case t.Tokens.Mock != nil:
		return t.Tokens.Mock.Management
	case t.Tokens.Entra != nil:
		return t.Tokens.Entra.Authority + "/" + t.Tenant.ID
	}
	return "embedded " + t.Name
}

// work runs one batch when the one before it is over.
func (s *Session) work(b *batch, i int, last *batch) {
	defer close(b.done)
	if last != nil {
		<-last.done
	}
	p := s.plans[i]
	e, err := s.engine(p)
	if err != nil {
		b.err = err
		close(b.began)
		return
	}
	x, cases, probes := p.at(s.labs.of(p), func(c *PlannedCase) bool { return b.wanted[p.key(c)] })
	b.run = e.Start(s.ctx, engine.Plan{
		Expansion: x, Cases: cases, Probes: probes, Repeat: s.cfg.Repeat, Flows: flows.All(), Run: s.runOf(i), Command: s.cfg.Command, Sink: s.ledger,
	})
	close(b.began)
	b.end, b.err = b.run.End()
	for _, source := range []engine.Source{e.Tokens, e.Former} {
		if remote, ok := source.(interface{ CloseIdleConnections() }); ok {
			remote.CloseIdleConnections()
		}
	}
}

// runOf names the run at one target: two targets may share an echo.
func (s *Session) runOf(i int) string {
	if len(s.plans) == 1 {
		return s.id
	}
	return s.id + "-" + strconv.Itoa(i+1)
}

// wait gives the cases of a spec when all of them are judged. A spec that was
// not started is started now, with controls of its own.
func (s *Session) wait(ctx context.Context, spec Spec) ([]Case, error) {
	b, err := s.batchOf(spec)
	if err != nil {
		return nil, err
	}
	select {
	case <-b.began:
	case <-ctx.Done():
		return nil, fmt.Errorf("suites: %s: %w", spec.Key(), context.Cause(ctx))
	}
	if b.run == nil {
		return nil, b.err
	}
	cases, err := b.run.Wait(ctx, spec.name)
	if err != nil {
		return nil, err
	}
	all := make([]Case, 0, len(cases))
	for _, c := range cases {
		s.ledger.waive(&c)
		all = append(all, c)
	}
	return all, nil
}

func (s *Session) batchOf(spec Spec) (*batch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ledger == nil {
		return nil, errors.Join(ErrNotBegun, s.err)
	}
	for _, b := range s.batches {
		if b.target == spec.Target && b.wanted[spec.Key()] {
			return b, nil
		}
	}
	s.start(map[string]bool{spec.Key(): true})
	return s.batches[len(s.batches)-1], nil
}

// key is the key of the case's spec.
func (p *Plan) key(c *PlannedCase) string { return p.Target.Name + "/" + c.Spec() }

func (p *Plan) hasAny(wanted map[string]bool) bool {
	for i := range p.Cases {
		if wanted[p.key(&p.Cases[i])] {
			return true
		}
	}
	return false
}

// describe is the target as the results know it.
func (p *Plan) describe(target *Target) reports.Target {
	x := scenarios.Expansion{Target: target, Slow: p.expansion.Slow}
	t := engine.Describe(x)
	if src, err := os.ReadFile(target.Path); err == nil && !target.Tokens.Embedded {
		sum := sha256.Sum256(src)
		t.Digest = hex.EncodeToString(sum[:])
	}
	return t
}
