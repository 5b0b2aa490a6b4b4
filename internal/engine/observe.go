package engine

import (
	"context"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/scenarios"
)

// observe judges the rows that look at the answers of all others at their
// environment.
func (r *Run) observe(ctx context.Context, cases []*scenarios.Case) {
	observers := verdict.Observers()
	for _, c := range cases {
		i := slices.IndexFunc(observers, func(o verdict.Observer) bool { return o.ID == c.Scenario.ID })
		if i < 0 {
			r.report(&shot{c: c}, verdict.Because(verdict.HarnessFailed, "no observer has this id"))
			continue
		}
		v := observers[i].Observe(r.finished(ctx, c.Home.Name))
		if ctx.Err() != nil && v.Outcome != verdict.Fail {
			v = verdict.Because(verdict.Interrupted, "") // what was never fired may have shown it
		}
		r.report(&shot{c: c}, v)
	}
}

// finished is what there is to look at, at one environment. Observers do not
// change it. What the issuer or the gateway's log does not tell is not there,
// and an observer says so.
func (r *Run) finished(ctx context.Context, environment string) verdict.Finished {
	f := verdict.Finished{KeyFetches: append(slices.Clip(r.earlier), r.keyFetches(ctx, r.began)...), Local: r.desk()}
	if r.engine.Log != nil {
		f.Log, _ = r.engine.Log(ctx, r.plan.Run)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	f.Records = slices.Clip(r.records[environment])
	return f
}

// witness is an issuer that tells who asked it for what.
type witness interface {
	Requests(ctx context.Context) ([]mockidp.Request, error)
}

// desk reports whether somebody tries a gateway and an issuer out on this
// machine, where no key set goes over a wire. Of a gateway that this program runs
// no less is asked than of one in production.
func (r *Run) desk() bool { return r.engine.Operator == nil && loopback(r.keys.callout) }

// loopback reports whether a URL is that of a server on this machine.
func loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// FetchedPlainly reports whether the issuer remembers that the key set was
// fetched without TLS since a time of its clock, and what that comes to.
func (s *Stage) FetchedPlainly(ctx context.Context, since time.Time) (verdict.Reason, bool) {
	plainly := slices.ContainsFunc(s.run.keyFetches(ctx, since), func(f verdict.KeyFetch) bool { return !f.TLS })
	if s.run.desk() {
		return verdict.KeysOverLoopback, plainly
	}
	return verdict.KeysOverPlainHTTP, plainly
}

// keyFetches are the fetches of the key set since a time, of those that the
// issuer remembers.
func (r *Run) keyFetches(ctx context.Context, since time.Time) []verdict.KeyFetch {
	source, ok := r.engine.Tokens.(witness)
	if !ok {
		return nil
	}
	all, err := source.Requests(ctx)
	if err != nil {
		return nil
	}
	var fetches []verdict.KeyFetch
	for _, q := range all {
		if strings.HasSuffix(q.Endpoint, "/keys") && !q.Time.Before(since) {
			fetches = append(fetches, verdict.KeyFetch{Address: q.Address, TLS: q.TLS})
		}
	}
	return fetches
}
