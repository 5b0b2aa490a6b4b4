package suites

import (
	"errors"
	"fmt"
	"slices"

	"github.com/entraproof/entraproof/reports"
)

// Results are those of a session that was run, by itself or by its specs;
// before that, ErrNotBegun.
func (s *Session) Results() (*Results, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.results == nil && s.err == nil {
		return nil, ErrNotBegun
	}
	return s.results, s.err
}

// end waits for everything that was started, writes the results and stops what
// runs in this process. Called again, it gives the same results.
func (s *Session) end() (*Results, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.begun.IsZero() {
		return nil, ErrNotBegun
	}
	if s.results == nil && s.err == nil {
		s.results, s.err = s.close()
	}
	s.release()
	return s.results, s.err
}

// close gathers what the batches know beside their cases. What could not be
// written down is an error, with whatever results there are.
func (s *Session) close() (*reports.Results, error) {
	var footer reports.Footer
	var failed error
	for _, b := range s.batches {
		<-b.done
		failed = errors.Join(failed, b.err)
		footer.Causes = append(footer.Causes, unnamed(footer.Causes, b.end.Causes)...)
		footer.Learnt = slices.Concat(footer.Learnt, b.end.Learnt)
		footer.Clocks = slices.Concat(footer.Clocks, b.end.Clocks)
		footer.Interrupted = footer.Interrupted || b.end.Interrupted
	}
	footer.DurationMS = s.now().Sub(s.begun).Milliseconds()
	results, err := s.ledger.Close(footer)
	if failed = errors.Join(failed, err); failed != nil {
		return results, fmt.Errorf("suites: the results are not whole: %w", failed)
	}
	return results, nil
}

// interrupt gives up what is not judged yet.
func (s *Session) interrupt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel != nil {
		s.cancel()
	}
}

// unnamed are the causes for controls that known has none for: each batch looks
// for its own.
func unnamed(known, causes []reports.Cause) []reports.Cause {
	return slices.DeleteFunc(slices.Clone(causes), func(c reports.Cause) bool {
		return slices.ContainsFunc(known, func(k reports.Cause) bool {
			return k.Target == c.Target && k.Environment == c.Environment && k.Kind == c.Kind
		})
	})
}
