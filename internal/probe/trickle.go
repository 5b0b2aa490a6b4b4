package probe

import (
	"context"
	"errors"
	"os"
	"time"
)

// glance is how long Trickle looks for an answer after each byte.
const glance = 5 * time.Millisecond

// Trickle writes w byte by byte on a connection of its own, each byte after wait
// returned, and gives what comes back: an answer, or how the connection ended.
// An error of wait ends the writing with FaultTimeout.
func (p *Prober) Trickle(ctx context.Context, w Wire, wait func() error) Observation {
	l, o := p.open(ctx, w)
	if l == nil {
		return o
	}
	defer l.close()
	o = Observation{Address: w.Address, Connected: true, Sent: w.Bytes, secrets: w.Secrets, Started: p.now()}
	fault, err := l.trickle(ctx, w.Bytes, wait)
	if err == nil {
		_ = l.conn.SetDeadline(time.Now().Add(p.timeout()))
		var a answer
		if a, err = readAnswer(l.r, w.NoBody, p.maxBody()); err == nil {
			o.take(a)
		} else {
			fault = exchangeFault(err)
		}
	}
	o.Elapsed = p.now().Sub(o.Started)
	if err != nil {
		o.Fault, o.FaultText = fault, err.Error()
	}
	return o
}

// trickle writes until the server answers, ends the connection, or has
// everything.
func (l *link) trickle(ctx context.Context, text []byte, wait func() error) (Fault, error) {
	for i := range text {
		if _, err := l.conn.Write(text[i : i+1]); err != nil {
			return exchangeFault(err), err
		}
		if err := errors.Join(wait(), ctx.Err()); err != nil {
			return FaultTimeout, err
		}
		_ = l.conn.SetReadDeadline(time.Now().Add(glance))
		_, err := l.r.Peek(1)
		switch {
		case err == nil:
			return NoFault, nil
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return exchangeFault(err), err
		}
	}
	return NoFault, nil
}
