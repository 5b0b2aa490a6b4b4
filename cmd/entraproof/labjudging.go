package main

import (
	"context"
	"errors"
	"sync"

	"github.com/entraproof/entraproof/internal/lab"
)

// labJudging judges gateways, several at once.
type labJudging struct {
	p     *program
	o     labRunOptions
	cases []labCase
	// open makes a stand, one for each of those that are judged at once: what a row
	// does to the keys of an issuer must not be seen by another's gateway.
	open func() (*lab.Stand, error)

	next    chan int
	found   []chan labFinding
	telling sync.Mutex
}

// each gives what was found in the order of the cases. It returns when nothing
// runs any more; after an error no further case begins.
func (j *labJudging) each(ctx context.Context, tell func(labCase, labFinding) error) (err error) {
	ctx, stop := context.WithCancel(ctx)
	j.next = make(chan int)
	for range j.cases {
		j.found = append(j.found, make(chan labFinding, 1))
	}
	var working sync.WaitGroup
	closed := make(chan error, j.o.parallel)
	for range min(j.o.parallel, len(j.cases)) {
		working.Go(func() { closed <- j.work(ctx) })
	}
	working.Go(func() {
		defer close(j.next)
		for i := range j.cases {
			j.next <- i // a case that is not to begin any more is found at once
		}
	})
	defer func() {
		stop()
		working.Wait()
		close(closed)
		for problem := range closed {
			err = errors.Join(err, problem)
		}
	}()
	for i, c := range j.cases {
		f := <-j.found[i]
		j.telling.Lock()
		steps{p: j.p}.end()
		err := tell(c, f)
		j.telling.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// work judges one case after the other, with a stand of its own.
func (j *labJudging) work(ctx context.Context) error {
	stand, err := j.open()
	for i := range j.next {
		c := j.cases[i]
		switch {
		case err != nil:
			j.found[i] <- brokenFinding(c, err)
		case ctx.Err() != nil:
			j.found[i] <- brokenFinding(c, context.Cause(ctx))
		default:
			j.telling.Lock()
			steps{p: j.p}.say("lab: " + c.name())
			j.telling.Unlock()
			j.found[i] <- j.p.labJudge(ctx, stand, j.o, c)
		}
	}
	if err != nil {
		return nil // told with every case
	}
	return stand.Close()
}
