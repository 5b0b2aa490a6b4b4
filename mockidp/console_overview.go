package mockidp

import (
	"net/http"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// overviewPage answers what this issuer is, what it serves and what happened
// last.
type overviewPage struct {
	frame
	Now time.Time
	// URLs are where clients and gateways reach it.
	URLs    []string
	Issuers mint.Issuers
	// LeaseEnds is when the lease in force ends by itself; zero: none is.
	LeaseEnds time.Time
	Refused   int
	Requests  []requestView
	Known     int // requests that are remembered
	Keys      []keyView
	Tenants   []tenantView
	APIs      []apiView
	Clients   []clientView
	Users     []userView
	// Wrong is what the issuer is made to do wrong at present.
	Wrong []Misbehaviour
}

// shownRequests is how many requests the first page shows.
const shownRequests = 8

func (c *console) overview(w http.ResponseWriter, r *http.Request) {
	i := c.issuer
	known := i.directory.Load()
	last := c.lastRequests(r.Context())
	p := overviewPage{
		frame: frame{Title: "Overview", SignedIn: true},
		Now:   i.cfg.Now(), Issuers: i.Issuers(tenantTemplate), LeaseEnds: i.leaseEnds(),
		Requests: last[:min(len(last), shownRequests)], Known: len(last),
		Keys: i.current().keyViews(), Tenants: i.tenantViews(known.Directory), APIs: known.apiViews(), Clients: known.clientViews(), Users: known.userViews(),
	}
	for _, f := range i.current().faults.all() {
		p.Wrong = append(p.Wrong, f.Misbehaviour)
	}
	for _, u := range []string{i.cfg.PublicURL, i.URL(), i.TLSURL()} {
		if u != "" {
			p.URLs = append(p.URLs, u)
		}
	}
	for _, q := range last {
		if q.Status >= http.StatusBadRequest {
			p.Refused++
		}
	}
	c.page(w, http.StatusOK, "overview", p)
}

// leaseEnds is when the lease in force is over; zero: nobody holds one.
func (i *Issuer) leaseEnds() time.Time {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.expire()
	if i.lease == nil {
		return time.Time{}
	}
	return i.lease.Expires
}
