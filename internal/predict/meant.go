package predict

import (
	"slices"

	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/internal/targets"
)

// leave declares away what an export does not mean to check, so that nothing is
// judged by a demand that was made up here. Who may call is said by a contract,
// by a scope or role, or by both: where one of them is asked for, the other is
// left open. Where none is, nobody says who may call, and all of it is judged.
// Audience, issuer and tenant are judged always, and so is the other environment's
// token as its client gets it (design 5).
func (d *derivation) leave(i int, e *targets.Environment) {
	asks := len(d.said[i].scopes)+len(d.said[i].roles) > 0
	switch contract := asksForContract(d.subject.Members[i].Instance); {
	case contract && !asks:
		d.declareAway(e, "scope", "role")
		d.left = append(d.left, e.Name+": scope and role, which the export asks for nowhere: who may call is said by the contracts alone")
	case asks && !contract:
		d.declareAway(e, "client")
		d.left = append(d.left, e.Name+": the client, for no policy looks for a contract: who may call is said by scopes and roles alone")
	}
}

func (d *derivation) declareAway(e *targets.Environment, guards ...string) {
	e.Declared = true
	e.Enforces = slices.DeleteFunc(targets.Declarable(), func(guard string) bool { return slices.Contains(guards, guard) })
}

// asksForContract reports whether any policy looks for the contract of a client.
func asksForContract(instance policy.Instance) bool {
	return slices.ContainsFunc(instance.Policies, func(a policy.Applied) bool {
		switch c := a.Config.(type) {
		case *policy.JWTValidation:
			return !c.SkipClientIDValidation
		case *policy.OpenIDConnect:
			return !c.SkipClientIDValidation
		case *policy.Introspection:
			return !c.SkipClientIDValidation
		case *policy.ClientIDEnforcement:
			return true
		}
		return false
	})
}
