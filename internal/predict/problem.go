package predict

import (
	"errors"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/policy"
)

// ErrNotPredicted is what every problem of a Prediction is.
var ErrNotPredicted = errors.New("could not be predicted")

// notPredicted is one reason with its place in the export.
type notPredicted struct{ document.Problem }

func (e *notPredicted) Error() string { return e.Problem.Error() }
func (e *notPredicted) Unwrap() error { return ErrNotPredicted }

func reasonAt(at document.Position, text, hint string) error {
	return &notPredicted{document.Problem{Pos: at, Text: "could not be predicted: " + text, Hint: hint}}
}

// unemulated says which policies of a subject are not known here, or have others
// see something else than the caller sent, so that nothing can be said of it; nil
// where there is none.
func unemulated(s Subject) error {
	var all []error
	for _, m := range s.Members {
		beside := m.Instance.Bystanders()
		meddlers := m.Instance.Meddlers()
		for _, meddler := range meddlers {
			all = append(all, reasonAt(meddler.At, meddler.String()+", and that is not emulated", "entraproof policy lint says what follows from it"))
		}
		for _, a := range m.Instance.Policies {
			same := func(b policy.Applied) bool { return a.At == b.At }
			meddles := slices.ContainsFunc(meddlers, func(m policy.Meddler) bool { return same(m.Applied) })
			if !gateway.Emulates(a) && !slices.ContainsFunc(beside, same) && !meddles {
				all = append(all, reasonAt(a.At, "the policy "+a.Asset+" "+a.NotEmulated(), ""))
			}
		}
	}
	return errors.Join(all...)
}

// Placed is what the emulator says against an instance, with the places of the
// parameters; nil where it says nothing.
func Placed(instance policy.Instance, err error) error {
	s := Subject{Members: []Member{{Instance: instance}}}
	if refused := gateway.PolicyErrors(err); len(refused) > 0 {
		err = placed(s, refused)
	}
	return errors.Join(unemulated(s), err)
}

// placed are the emulator's refusals with the places of the parameters.
func placed(s Subject, refused []*gateway.PolicyError) error {
	var all []error
	for _, e := range refused {
		if applied := policyOf(s, e); applied != nil {
			what := strings.TrimSpace(e.Asset + " " + e.Key)
			all = append(all, reasonAt(applied.Where(e.Key), what+": "+e.Err.Error(), hintOf(e)))
		}
	}
	return errors.Join(all...)
}

// policyOf is the policy that an error is about: of the first instance that has it
// at that place.
func policyOf(s Subject, e *gateway.PolicyError) *policy.Applied {
	for _, m := range s.Members {
		if e.Policy < len(m.Instance.Policies) && m.Instance.Policies[e.Policy].Asset == e.Asset {
			return &m.Instance.Policies[e.Policy]
		}
	}
	return nil
}

func hintOf(e *gateway.PolicyError) string {
	if errors.Is(e, gateway.ErrNotSupported) {
		return "the gateway of the profile does not take it; --gateway-profile names another"
	}
	return ""
}
