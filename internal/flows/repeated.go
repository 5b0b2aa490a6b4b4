package flows

import (
	"context"
	"fmt"
	"net/http"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// repeats is how often a request is repeated (catalogue, STA). One bad replica
// of n is missed with a chance of (1-1/n) to the power of it: 3 in a thousand
// for four of them.
const repeats = 20

// replicaAgreement repeats a refusal of every sort, each time on a connection of
// its own: replicas, and what stands before them, must agree. Rows that are
// repeated one by one are asked for with --repeat.
func replicaAgreement() engine.Flow {
	return engine.Flow{ID: "state-replica-agreement", Run: func(ctx context.Context, s *engine.Stage) error {
		all, err := refusals(ctx, s)
		if err != nil {
			return err
		}
		for _, r := range all {
			arrived := 0
			for i := range repeats {
				step, err := s.Do(ctx, fmt.Sprintf("%s, %d of %d", r.title, i+1, repeats), engine.Refuse(r.statuses...), engine.Send{Token: r.token, Fresh: true})
				if err != nil {
					return err
				}
				if step.Reach.Arrived() {
					arrived++
				}
			}
			if arrived > 0 && arrived < repeats {
				s.Conclude(verdict.ReplicasDisagree, fmt.Sprintf("%s: let in %d times of %d", r.title, arrived, repeats))
			}
		}
		return nil
	}}
}

// refusal is one request that must be refused.
type refusal struct {
	title, token string
	statuses     []int
}

// refusals are what no gateway may let in: one for each of the checks that
// cannot be declared away, and for the client where it is enforced.
func refusals(ctx context.Context, s *engine.Stage) ([]refusal, error) {
	expired, err := s.Signed(ctx, func(claims value.Value) value.Value {
		return claims.Set("exp", value.Int(s.Now().Add(-usualSkew*2).Unix()))
	})
	if err != nil {
		return nil, err
	}
	input, err := underKey(s, "unknown")
	if err != nil {
		return nil, err
	}
	signature, err := ownSignature(s, input)
	if err != nil {
		return nil, err
	}
	all := []refusal{
		{"no token", "", []int{http.StatusUnauthorized, http.StatusForbidden}},
		{"a changed signature", tampered(s.Token), []int{http.StatusUnauthorized, http.StatusForbidden}},
		{"a key that nobody published", input + "." + signature, []int{http.StatusUnauthorized, http.StatusForbidden}},
		{"an expired token", expired, []int{http.StatusUnauthorized, http.StatusForbidden}},
	}
	if id := s.Client(targets.Stranger); id != "" && s.Case.Home.Enforced("client") {
		stranger, err := s.Granted(ctx, func(g *mint.Grant) { g.Client.ID = id })
		if err != nil {
			return nil, err
		}
		all = append(all, refusal{"a client without contract", stranger, []int{http.StatusForbidden, http.StatusUnauthorized}})
	}
	return all, nil
}

// replay presents one token many times and records how often it is taken: a
// bearer token is good as often as one likes (RFC 9700 4.10), unless the gateway
// says otherwise.
func replay() engine.Flow {
	return engine.Flow{ID: "state-replay", Run: func(ctx context.Context, s *engine.Stage) error {
		accepted := 0
		for i := range repeats {
			step, err := s.Do(ctx, fmt.Sprintf("the same token, %d of %d", i+1, repeats), verdict.Expectation{Measure: "replays"}, engine.Send{Token: s.Token})
			if err != nil {
				return err
			}
			if step.Reach.Arrived() {
				accepted++
			}
		}
		s.Conclude(verdict.Measured, fmt.Sprintf("accepted %d times of %d", accepted, repeats))
		return nil
	}}
}
