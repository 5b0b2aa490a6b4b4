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
	switch asks, contract := d.said[i].rights, slices.ContainsFunc(d.subject.Members[i].Instance.Policies, policy.Applied.LooksForContract); {
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
