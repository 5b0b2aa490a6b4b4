package selftest

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/flows"
	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// stand is an embedded lab with an engine: one run at a time.
type stand struct {
	lab    *lab.Embedded
	issuer *lab.Remembering
	engine *engine.Engine
	places map[string]*place // by the words of their worlds
}

// place is where the gateways of a world stand, one mutant after the other.
type place struct {
	*lab.Emulation
	x     scenarios.Expansion
	cases []scenarios.Case
}

func newStand(target *targets.File, keys *lab.Keys, signed *lab.Signatures) (*stand, error) {
	world, err := keys.NewEmbedded(target)
	if err != nil {
		return nil, err
	}
	issuer := &lab.Remembering{Issuer: world.Issuer, Signed: signed}
	return &stand{world, issuer, &engine.Engine{
		Tokens: issuer, Former: world.Former, Seen: world.Seen, Log: world.Log, Operator: world,
		Prober: &probe.Prober{Now: world.Clock.Now}, Now: world.Clock.Now, Wait: world.Clock.Wait,
	}, map[string]*place{}}, nil
}

// bench is two stands: flows move the clock, and the tokens of the other rows
// are to stay good from mutant to mutant.
type bench struct{ still, moving *stand }

func newBench(target *targets.File, keys *lab.Keys, signed *lab.Signatures) (*bench, error) {
	still, err := newStand(target, keys, signed)
	if err != nil {
		return nil, err
	}
	moving, err := newStand(target, keys, signed)
	if err != nil {
		still.lab.Close()
		return nil, err
	}
	moving.lab.Clock.Stop() // what flows wait for is counted by it: not by how busy the machine is
	return &bench{still, moving}, nil
}

func (b *bench) close() {
	b.still.lab.Close()
	b.moving.lab.Close()
}

// firing is what a bench needs to know of the proof.
type firing struct {
	target *targets.File
	worlds []world
	runs   *atomic.Int64
}

// fire runs rows, or the named cases of them, at one gateway: each row in its
// own world.
func (b *bench) fire(ctx context.Context, f firing, s lab.Setup, keep func(scenarios.Case) bool) ([]reports.Case, error) {
	var all []reports.Case
	for _, w := range f.worlds {
		for _, part := range []struct {
			at   *stand
			flow bool
		}{{b.still, false}, {b.moving, true}} {
			cases, err := part.at.fireIn(ctx, f, w, shot{setup: s, keep: func(c scenarios.Case) bool {
				return (c.Scenario.Kind == scenarios.Flow) == part.flow && keep(c)
			}})
			if err != nil {
				return nil, err
			}
			all = append(all, cases...)
		}
	}
	return all, nil
}

func (a *stand) fireIn(ctx context.Context, f firing, w world, s shot) ([]reports.Case, error) {
	at, err := a.at(f.target, w)
	if err != nil {
		return nil, err
	}
	cases := slices.DeleteFunc(slices.Clone(at.cases), func(c scenarios.Case) bool { return !s.keep(c) })
	if len(cases) == 0 {
		return nil, nil
	}
	if err := at.Replace(s.setup); err != nil {
		return nil, err
	}
	sink := &engine.Memory{}
	run := a.engine.Start(ctx, engine.Plan{
		Expansion: at.x, Cases: cases, Flows: flows.All(), Run: fmt.Sprintf("selftest-%d", f.runs.Add(1)), Sink: sink, Bare: true, Unwaited: true,
	})
	if _, err := run.End(); err != nil {
		return nil, err
	}
	return sink.Cases(), nil
}

// at is the place of a world, made when it is first wanted.
func (a *stand) at(file *targets.File, w world) (*place, error) {
	if p := a.places[w.words()]; p != nil {
		return p, nil
	}
	gateways, err := a.lab.Open(lab.Setup{Name: "strict", Target: w.target(file)})
	if err != nil {
		return nil, err
	}
	p := &place{Emulation: gateways, x: scenarios.Expansion{Target: gateways.Target, Slow: true}}
	p.cases = slices.DeleteFunc(p.x.Expand(w.rows), func(c scenarios.Case) bool { return !firstHome(p.Target, c) })
	a.places[w.words()] = p
	return p, nil
}

// firstHome tells the cases of the first environment. The others are there for
// their tokens, and for what is sent to their gateways; judged by themselves they
// would show the same again.
func firstHome(target *targets.File, c scenarios.Case) bool {
	return c.Home.Name == target.Environments[0].Name
}
