// Package flows holds the scenarios in which the world changes between two
// requests: a sequence on one connection, a key that is published a moment
// ago. Each is a value of engine.Flow, one file each, under the id of its row
// in the catalogue.
//
// The package knows no Ginkgo. It may import everything up to internal/engine.
package flows

import (
	"cmp"
	"slices"

	"github.com/entraproof/entraproof/internal/engine"
)

// All returns every flow, sorted by id.
func All() []engine.Flow {
	all := []engine.Flow{
		anonymousOnWarmConnection(),
		audienceAcrossAPIs(),
		badDoesNotPoison(),
		contractRevoked(),
		downCold(),
		downForged(),
		downWarm(),
		emergencyRoll(),
		expiredAfterCached(),
		expiresOnConnection(),
		issuerMismatch(),
		keyRetired(),
		keyRetiredInCacheWindow(),
		malformed(),
		newKeyAfterFlood(),
		newKeyJustPublished(),
		oversized(),
		redirected(),
		replay(),
		replicaAgreement(),
		revokedUser(),
		scopeAcrossRoutes(),
		sharedCache(),
		slowHeaders(),
		slowKeys(),
		tamperedAfterGood(),
		twoCallers(),
		unknownKeyFlood(),
		untrustedTLS(),
	}
	slices.SortFunc(all, func(a, b engine.Flow) int { return cmp.Compare(a.ID, b.ID) })
	for i := 1; i < len(all); i++ {
		if all[i].ID == all[i-1].ID {
			panic("flows: two flows are called " + all[i].ID)
		}
	}
	return all
}
