package suites

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// Session is one run of the suites over all targets: planned when it is made,
// begun once, ended once. It knows no Ginkgo.
type Session struct {
	cfg       Config
	catalogue scenarios.Catalogue
	plans     []*Plan
	waivers   []waiver
	now       func() time.Time
	id        string

	mu      sync.Mutex
	begun   time.Time
	cancel  context.CancelFunc
	ctx     context.Context //nolint:containedctx // the life of what was begun, which outlives each call
	ledger  *ledger
	labs    labs
	batches []*batch
	results *Results
	err     error
}

// ErrNotBegun is returned for the results of a session of which nothing ran
// yet, or here: no spec was chosen, or another Ginkgo process has them.
var ErrNotBegun = errors.New("suites: the session has no results: none of its specs ran in this process")

// NewSession plans a run: it reads the catalogue and the waivers, chooses rows
// and makes their cases. Every error is a *UsageError.
func NewSession(cfg Config) (*Session, error) {
	s, err := newSession(cfg)
	if err != nil {
		return nil, &UsageError{err}
	}
	return s, nil
}

func newSession(cfg Config) (*Session, error) {
	cfg, err := cfg.checked()
	if err != nil {
		return nil, err
	}
	s := &Session{cfg: cfg, now: time.Now, id: strings.ToLower(rand.Text()[:12])}
	s.cfg.Seed = cmp.Or(cfg.Seed, drawn())
	if s.catalogue, err = catalogueOf(cfg.Folders); err != nil {
		return nil, err
	}
	for _, target := range cfg.Targets {
		p, err := cfg.newPlan(s.catalogue, target)
		if err != nil {
			return nil, err
		}
		s.plans = append(s.plans, p)
	}
	if err := inShard(s.plans, cfg.Shard); err != nil {
		return nil, err
	}
	s.waivers, err = loadWaivers(cfg.Waivers, s.catalogue, s.plans)
	return s, err
}

// drawn is a seed that fits on a command line.
func drawn() int64 {
	var b [4]byte
	rand.Read(b[:])
	return int64(binary.BigEndian.Uint32(b[:])) + 1
}

// Plans are what the session does to each target, sorted by name. Nothing was
// fired for them: a dry run prints them.
func (s *Session) Plans() []*Plan { return s.plans }

// CatalogueSize is how many rows there are to choose from, Unselected how many
// of them no target's selection holds.
func (s *Session) CatalogueSize() int { return s.catalogue.Len() }

// Unselected is explained at CatalogueSize.
func (s *Session) Unselected() int {
	chosen := map[string]bool{}
	for _, p := range s.plans {
		for i := range p.rows {
			chosen[p.rows[i].ID] = true
		}
	}
	return s.catalogue.Len() - len(chosen)
}

// Specs are the specs of all targets.
func (s *Session) Specs() []Spec {
	var all []Spec
	for _, p := range s.plans {
		all = append(all, p.specs()...)
	}
	return all
}

// Run judges all that is planned, without Ginkgo, and returns when the results
// are written.
func (s *Session) Run(ctx context.Context) (*Results, error) {
	if err := s.begin(ctx, s.Specs()); err != nil {
		return nil, err
	}
	return s.end()
}

// begin writes the header and starts the specs.
func (s *Session) begin(ctx context.Context, specs []Spec) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.begun.IsZero() {
		return errors.New("suites: the session was begun before")
	}
	s.begun = s.now()
	s.ctx, s.cancel = context.WithCancel(ctx)
	if s.err = s.open(specs); s.err != nil {
		s.release()
	}
	return s.err
}

// release stops what runs in this process. The caller holds the mutex.
func (s *Session) release() {
	if s.cancel != nil {
		s.cancel()
		s.cancel = nil
		s.labs.close()
	}
}

func (s *Session) open(specs []Spec) error {
	if err := s.labs.start(s.plans, s.cfg.Setup); err != nil {
		return fmt.Errorf("suites: the embedded gateways: %w", err)
	}
	wanted := keys(specs)
	header := s.header(wanted)
	journal, err := newRecorder(s.cfg.Out, header)
	if inUse := (*InUseError)(nil); errors.As(err, &inUse) {
		return &UsageError{err}
	}
	if err != nil {
		return fmt.Errorf("suites: the results' folder: %w", err)
	}
	s.ledger = &ledger{recorder: journal, progress: s.cfg.Progress, waivers: header.Waivers, extra: map[[2]string]bool{}}
	if s.cfg.Begin != nil {
		s.cfg.Begin(header)
	}
	s.start(wanted)
	return nil
}

func keys(specs []Spec) map[string]bool {
	all := map[string]bool{}
	for _, spec := range specs {
		all[spec.Key()] = true
	}
	return all
}

// header is what is known before the first request.
func (s *Session) header(wanted map[string]bool) reports.Header {
	h := reports.Header{
		Schema: reports.SchemaVersion, Tool: s.cfg.Tool,
		Catalogue: reports.Catalogue{Digest: s.catalogue.Digest(), Scenarios: s.catalogue.Len()},
		Run:       reports.Run{ID: s.id, Seed: s.cfg.Seed, Started: s.begun},
		Selection: reports.Selection{Profile: profiles(s.plans), Filters: s.cfg.filters(), Shard: s.cfg.Shard.String(), Repeat: s.cfg.Repeat},
	}
	for _, dir := range s.cfg.Folders {
		h.Catalogue.Folders = append(h.Catalogue.Folders, filepath.Base(dir))
	}
	for _, p := range s.plans {
		target := s.labs.of(p)
		h.Targets = append(h.Targets, p.describe(target))
		for i := range p.Cases {
			if c := &p.Cases[i]; wanted[p.key(c)] {
				h.Selection.Selected++
				h.Selection.Cross = h.Selection.Cross || c.Cross || isCross(c.Scenario)
			}
		}
	}
	h.Waivers = settled(s.waivers, s.begun, func(w reports.Waiver) bool { return s.reaches(w, wanted) })
	return h
}

// reaches reports whether a wanted case is meant by the waiver.
func (s *Session) reaches(w reports.Waiver, wanted map[string]bool) bool {
	for _, p := range s.plans {
		for i := range p.Cases {
			if c := &p.Cases[i]; wanted[p.key(c)] && means(w, p.Target.Name, c.Scenario.ID, c.ID) {
				return true
			}
		}
	}
	return false
}
