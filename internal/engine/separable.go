package engine

import (
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// separators are the claims by which a gateway can tell two environments'
// tokens apart, with the check that reads each (design 5.6, 5.7).
func separators() []struct{ claim, check string } {
	return []struct{ claim, check string }{
		{"aud", "audience"},
		{"appid", "client"},
		{"azp", "client"},
		{"scp", "scope"},
		{"roles", "role"},
		{"iss", "issuer"},
		{"tid", "tenant"},
	}
}

// differing are the checks whose claims differ between two tokens, in the
// order of separators.
func differing(a, b value.Value) []string {
	var checks []string
	for _, s := range separators() {
		va, _ := a.Get(s.claim)
		vb, _ := b.Get(s.claim)
		if !va.Equal(vb) && !slices.Contains(checks, s.check) {
			checks = append(checks, s.check)
		}
	}
	return checks
}

// differs gives the checks whose claims differ between what is sent and the
// control; ok is false where one of them cannot be read.
func (s *shot) differs() (checks []string, ok bool) {
	if s.compared == nil {
		checks, ok = s.compare()
		s.compared = &comparison{checks, ok}
	}
	return s.compared.checks, s.compared.ok
}

// comparison is what differs between what is sent and the control.
type comparison struct {
	checks []string
	ok     bool
}

func (s *shot) compare() (checks []string, ok bool) {
	control, err := s.lane.claimsOf(s.control)
	if err != nil {
		return nil, false
	}
	_, sent, err := mint.Decode(s.token)
	if err != nil {
		return nil, false
	}
	return differing(sent, control), true
}

// by are the checks that may refuse the shot's token: those whose claims
// differ from the control's and which the environment enforces.
func (s *shot) by() []string {
	if samePayload(s.token, s.control) {
		return nil
	}
	checks, _ := s.differs()
	return slices.DeleteFunc(slices.Clone(checks), func(check string) bool { return !s.c.Home.Enforced(check) })
}

// samePayload spares decoding the many tokens of which only header or signature
// were changed.
func samePayload(a, b string) bool {
	_, a, _ = strings.Cut(a, ".")
	_, b, _ = strings.Cut(b, ".")
	i, j := strings.LastIndexByte(a, '.'), strings.LastIndexByte(b, '.')
	return i > 0 && j > 0 && a[:i] == b[:j]
}

// inseparable fails a pair of environments whose tokens nothing can tell apart:
// the registrations are to blame, and no gateway could do better.
func (s *shot) inseparable() *verdict.Verdict {
	if !s.c.Cross {
		return nil
	}
	if checks, ok := s.differs(); !ok || len(checks) > 0 {
		return nil
	}
	v := verdict.Because(verdict.EnvironmentsNotSeparable, "iss, tid, aud, client, scope and roles are those of "+s.c.Home.Name+"'s own token")
	return &v
}
