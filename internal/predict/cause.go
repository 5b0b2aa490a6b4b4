package predict

import (
	"fmt"
	"slices"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
)

// Cause is a parameter that a case's outcome comes from.
type Cause struct {
	Key string
	At  document.Position
	// Set says whether the document sets it; otherwise its default counts.
	Set bool
}

// String is a cause as it is printed.
func (c Cause) String() string {
	if c.Set {
		return fmt.Sprintf("%s %s", c.At, c.Key)
	}
	return fmt.Sprintf("%s %s (left out)", c.At, c.Key)
}

// causeOf is the parameter that a change is about; the instance, where it has no
// policy.
func (s Subject) causeOf(c Change) Cause {
	if c.Policy < 0 {
		return Cause{"policies", c.At, false}
	}
	return causeOf(s.policiesOf(c.Environment)[c.Policy], c.Key)
}

func causeOf(a policy.Applied, key string) Cause {
	at := a.Where(key)
	return Cause{key, at, at != a.At || key == a.Asset}
}

// blame notes, before anything is changed, what each case hangs on.
func blame(out *Prediction, s *stand) {
	for _, c := range out.Results.Cases {
		if c.FalseReject() {
			out.Causes[c.ID] = refusedBy(out.Subject, c, s.heard.refusals[c.ID])
		}
		if c.Form == "flow" && c.Reason == verdict.Measured {
			continue // how long something took judges nothing, and where its token ran out meanwhile is chance
		}
		for _, name := range s.heard.switches[c.ID] {
			out.Hangs[name] = append(out.Hangs[name], c.ID)
		}
	}
}

// refusedBy are the parameters that a refusal hangs on: of a flow, the last one
// that was answered as the case was.
func refusedBy(s Subject, c reports.Case, refusals []gateway.Refusal) []Cause {
	policies := s.policiesOf(c.Environment)
	var found []Cause
	for _, r := range refusals {
		if r.Policy >= len(policies) || len(found) > 0 && r.Status != c.Status {
			continue
		}
		found = nil
		for _, key := range r.Keys {
			found = append(found, causeOf(policies[r.Policy], key))
		}
		if len(found) == 0 {
			found = []Cause{causeOf(policies[r.Policy], policies[r.Policy].Asset)}
		}
	}
	return found
}

func (s Subject) policiesOf(environment string) []policy.Applied {
	i := slices.IndexFunc(s.Members, func(m Member) bool { return m.Environment == environment })
	if i < 0 {
		return nil
	}
	return s.Members[i].Instance.Policies
}

// causesOf are the parameters of a failed case: those that refused it, those of
// the change that closes it, else those that are about what the row guards.
func (p *Prediction) causesOf(c reports.Case) []Cause {
	if causes := p.Causes[c.ID]; len(causes) > 0 {
		return causes
	}
	for _, closed := range p.Closed {
		if closed.closes(c.ID) {
			return []Cause{p.Subject.causeOf(closed.Change)}
		}
	}
	for _, a := range p.Subject.policiesOf(c.Environment) {
		if key := keyAbout(a.Config, c.Guards); key != "" {
			return []Cause{causeOf(a, key)}
		}
	}
	return nil
}

func (c Closed) closes(id string) bool {
	return slices.Contains(idsOf(c.Accepts), id) || slices.Contains(idsOf(c.Rejects), id)
}

// keyAbout is the parameter of a policy that is about what a row guards; empty
// where it has none.
func keyAbout(config any, guards string) string {
	switch c := config.(type) {
	case *policy.JWTValidation:
		return jwtKeyAbout(c, guards)
	case *policy.OpenIDConnect:
		return map[string]string{"scope": "scopes", "role": "scopes", "client": "skipClientIdValidation"}[guards]
	case *policy.Introspection:
		return map[string]string{"scope": "scopes", "role": "scopes", "client": "skipClientIdValidation"}[guards]
	}
	return ""
}

func jwtKeyAbout(c *policy.JWTValidation, guards string) string {
	switch guards {
	case "audience":
		if !c.ValidateAudClaim {
			return "validateAudClaim"
		}
		return "supportedAudiences"
	case "client":
		if c.SkipClientIDValidation {
			return "skipClientIdValidation"
		}
		return "clientIdExpression"
	case "issuer", "tenant", "scope", "role", "token-kind":
		if !c.ValidateCustomClaim {
			return "validateCustomClaim"
		}
		return "mandatoryCustomClaims"
	case "time":
		return "mandatoryExpClaim"
	case "algorithm", "signature":
		return "signingMethod"
	case "key":
		return "jwksUrl"
	}
	return ""
}
