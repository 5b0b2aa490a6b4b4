package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	// warmTokens and warmTime bound the load that is not measured: until then a
	// virtual machine still compiles what it runs.
	warmTokens = 6000
	warmTime   = 20 * time.Second
	// early is after how many tokens the memory is read first.
	early = 10_000
	// longStart, in seconds, is what a server may take that is started often, and
	// fewStarts how often the others are.
	longStart, fewStarts = 1, 3
	// signingTime is one of two bursts around each load of the issuer.
	signingTime = 250 * time.Millisecond
)

// subject is one server and what was measured of it, a value a round.
type subject struct {
	server  server
	process *process

	starts, rates, cpus []float64 // seconds, tokens per second, seconds per token
	tokens, distinct    int
	// anonymous is RssAnon in kilobytes: after early tokens, and at the end.
	anonymousEarly, anonymous int
}

// measurement is a run: the issuer first, its peers behind it.
type measurement struct {
	options  options
	subjects []*subject
	signer   *signer
	// ratios are the issuer's CPU time per token in signatures, a value a round.
	ratios, signatures []float64
	lost               int64
}

// measure takes all rounds. The order within a round turns, so that nobody is
// always behind the same neighbour.
func measure(ctx context.Context, o options, folder string) (m *measurement, err error) {
	m = &measurement{options: o}
	if m.subjects, err = lineUp(ctx, o, folder); err != nil {
		return nil, err
	}
	if m.signer, err = newSigner(); err != nil {
		return nil, err
	}
	if err := m.measureStarts(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.stop()) }()
	for _, s := range m.subjects {
		if s.process, err = start(ctx, s.server); err != nil {
			return nil, err
		}
		if _, err := s.load(ctx, load{tokens: warmTokens, time: warmTime}); err != nil {
			return nil, err
		}
	}
	for n := range o.rounds {
		for i := range m.subjects {
			if err := m.round(ctx, m.subjects[(n+i)%len(m.subjects)]); err != nil {
				return nil, err
			}
		}
	}
	return m, m.measureIssuer(ctx)
}

// lineUp are the servers, each with a key that is kept in folder.
func lineUp(ctx context.Context, o options, folder string) ([]*subject, error) {
	all := []*subject{{server: issuer(o.program, o.directory, filepath.Join(folder, "keys"))}}
	if o.npm != "" {
		saved := filepath.Join(folder, "npm")
		if err := os.Mkdir(saved, 0o700); err != nil {
			return nil, err
		}
		s, err := oauth2MockServer(ctx, o.npm, saved)
		if err != nil {
			return nil, err
		}
		all = append(all, &subject{server: s})
	}
	if o.jars != "" {
		s, err := navikt(ctx, o.jars)
		if err != nil {
			return nil, err
		}
		all = append(all, &subject{server: s})
	}
	return all, nil
}

// measureStarts starts and stops each server again and again, twice a round,
// because a start is short; one that takes seconds a few times. The first start
// is left out: it makes the issuer's keys.
func (m *measurement) measureStarts(ctx context.Context) error {
	for n := range 2*m.options.rounds + 1 {
		for _, s := range m.subjects {
			if n > fewStarts && median(s.starts) > longStart {
				continue
			}
			p, err := start(ctx, s.server)
			if err != nil {
				return err
			}
			if n > 0 {
				s.starts = append(s.starts, p.ready.Seconds())
			}
			if err := p.stop(); err != nil {
				return err
			}
		}
	}
	return nil
}

// round loads one server once; the issuer between two bursts of signatures.
func (m *measurement) round(ctx context.Context, s *subject) error {
	var signing burst
	sign := func() error {
		if s != m.subjects[0] {
			return nil
		}
		b, err := m.signer.sign(ctx, signingTime)
		signing = signing.plus(b)
		return err
	}
	if err := sign(); err != nil {
		return err
	}
	h, err := s.load(ctx, load{time: m.options.each})
	if err != nil {
		return err
	}
	s.rates, s.cpus = append(s.rates, h.rate()), append(s.cpus, h.cpuPerToken())
	if err := sign(); err != nil || signing.signatures == 0 {
		return err
	}
	m.signatures = append(m.signatures, signing.cpuPerSignature())
	m.ratios = append(m.ratios, h.cpuPerToken()/signing.cpuPerSignature())
	return nil
}

// load loads the server and keeps count.
func (s *subject) load(ctx context.Context, l load) (harvest, error) {
	l.process = s.process
	h, err := l.run(ctx)
	if err != nil {
		return h, err
	}
	s.tokens, s.distinct = s.tokens+h.tokens, s.distinct+h.distinct
	if s.anonymous, err = s.process.anonymous(); s.tokens >= early && s.anonymousEarly == 0 {
		s.anonymousEarly = s.anonymous
	}
	return h, err
}

// measureIssuer gets the rest of the tokens after which the memory is read, and
// sends the crowd.
func (m *measurement) measureIssuer(ctx context.Context) error {
	s := m.subjects[0]
	for _, enough := range []int{early, m.options.tokens} {
		if left := enough - s.tokens; left > 0 {
			if _, err := s.load(ctx, load{tokens: left}); err != nil {
				return err
			}
		}
	}
	m.lost = crowd(ctx, s.process.addr, [][]byte{get(s.server.discovery), get(s.server.keySet)})
	return nil
}

// stop ends what still runs.
func (m *measurement) stop() error {
	var problems []error
	for _, s := range slices.Backward(m.subjects) {
		if s.process != nil {
			problems = append(problems, s.process.stop())
		}
	}
	return errors.Join(problems...)
}
