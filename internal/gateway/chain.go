package gateway

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/dataweave"
	"github.com/entraproof/entraproof/internal/policy"
)

// chain is a gateway of MuleSoft's policies: the first one judges first, and
// what all of them let through is forwarded.
type chain struct {
	options  Options
	policies []placed
}

// placed is one policy of a chain.
type placed struct {
	applied policy.Applied
	judge   judge
}

// judge is what a policy does with a request: nil lets it pass.
type judge func(*exchange) *refusal

// exchange is one request on its way through a chain.
type exchange struct {
	request *http.Request
	// fields are added to what the upstream gets. Later policies cannot read them
	// (mulesoft-policies.md 1.5).
	fields http.Header
	// claims are those of the token that a policy is judging: vars.claimSet.
	claims object
	// authentication is what policies have found out for those behind them.
	authentication dataweave.Authentication
	// switches are those that had a say so far.
	switches []string
	// unevaluated is set where what becomes of the request hangs on an expression
	// of which that is not known; it is the value of unevaluatedKey.
	unevaluated    error
	unevaluatedKey string
}

// mattered notes that what becomes of the request hangs on a switch.
func (x *exchange) mattered(name string) {
	if !slices.Contains(x.switches, name) {
		x.switches = append(x.switches, name)
	}
}

// add has the upstream get a field, whatever the client sent under its name.
func (x *exchange) add(name, value string) {
	if x.fields == nil {
		x.fields = http.Header{}
	}
	x.fields.Set(name, value)
}

// newChain places the policies of all sites, or says of each that cannot be
// placed why.
func newChain(o Options, sites []site) (*chain, error) {
	c := &chain{options: o}
	var problems problems
	for i, s := range sites {
		s.options, s.index = o, i
		judge, err := s.place()
		problems.add(err)
		c.policies = append(c.policies, placed{s.applied, judge})
	}
	return c, problems.err()
}

func (c *chain) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{request: r}
	at := c.pointcut(r)
	for i, p := range c.policies {
		if p.judge == nil || !p.applied.AppliesTo(at) {
			continue
		}
		x.claims = nil
		refused := p.judge(x)
		if x.unevaluated != nil {
			refused = x.unknown()
		}
		if refused != nil {
			c.refuse(w, x, i, *refused)
			return
		}
	}
	c.options.accepted(x)
	c.options.Upstream.ServeHTTP(w, x.forwarded())
}

// pointcut is the request as rules see it: its path is what was received behind
// the instance's own, as it stands there. Whether a gateway decodes it first is
// not known.
func (c *chain) pointcut(r *http.Request) *http.Request {
	path := targetPath(r.RequestURI)
	rest, ok := strings.CutPrefix(path, strings.TrimSuffix(c.options.BasePath, "/"))
	if ok && (rest == "" || rest[0] == '/') {
		path = rest
	}
	at := *r
	at.URL = &url.URL{Path: path}
	return &at
}

// forwarded is the request with the fields for the upstream.
func (x *exchange) forwarded() *http.Request {
	if len(x.fields) == 0 {
		return x.request
	}
	r := x.request.Clone(x.request.Context())
	for name, values := range x.fields {
		r.Header[name] = values
	}
	return r
}
