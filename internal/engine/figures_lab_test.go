//go:build figures

package engine_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/scenarios"
)

// TestFigureLab holds the CPU time that the harness takes for judging every
// real gateway of this machine in every mode, issuer and echo included, against
// that of its signatures and of a bare replay. The gateways are processes of
// their own and count for neither. It fires the rows of the listed profiles, which
// the figure was stated for: among the others are requests that end a connection
// at one gateway, but not at another.
func TestFigureLab(t *testing.T) {
	stand, err := lab.NewStand(t.Context(), lab.StandOptions{Target: targets.Default()})
	must(t, err)
	t.Cleanup(func() { must(t, stand.Close()) })
	b := &bench{issuer: stand.Issuer, seen: stand.Seen, faulty: true}
	b.fill(t)
	b.rows = slices.DeleteFunc(b.rows, func(s scenarios.Scenario) bool { return len(s.Profiles) == 0 })
	var all ran
	for _, recipe := range lab.Recipes() {
		for _, mode := range lab.Modes() {
			r, fired := b.judgeReal(t, stand, lab.Order{Recipe: recipe, Mode: mode, Environments: []string{"dev", "uat"}})
			if !fired {
				break
			}
			t.Logf("%s %s: run %s, %d signatures %s, %d requests %s: ratio %.2f", recipe.Name, mode, r.cpu, r.signatures, r.signing, r.requests, r.replay, r.ratio())
			all.cpu, all.signing, all.replay, all.wall = all.cpu+r.cpu, all.signing+r.signing, all.replay+r.replay, all.wall+r.wall
		}
	}
	if all.cpu == 0 {
		t.Skip("no real gateway is installed here: entraproof lab list")
	}
	t.Logf("all gateways and modes: judged in %s", all.wall.Round(time.Second))
	judge(t, "lab run ÷ (signing + bare replay)", all.ratio(), ratioStated, "")
}

// judgeReal starts gateways, judges them and stops them; false: the program is
// not on this machine.
func (b *bench) judgeReal(t *testing.T, stand *lab.Stand, order lab.Order) (ran, bool) {
	t.Helper()
	up, err := stand.Start(t.Context(), order)
	var missing *lab.MissingError
	if errors.As(err, &missing) {
		t.Log(missing)
		return ran{}, false
	}
	must(t, err)
	defer func() { must(t, up.Stop()) }()
	b.x = scenarios.Expansion{Target: up.Target}
	return b.run(t, b.rows, b.written), true
}
