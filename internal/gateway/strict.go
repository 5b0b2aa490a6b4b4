package gateway

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/entraproof/entraproof/internal/probe"
)

// strict is the reference gateway: every check is evaluated for every request,
// and whatever one of them refuses is refused.
type strict struct {
	env      Environment
	upstream http.Handler
	keys     *keyring
	now      func() time.Time
	report   func(Refusal)
	checks   []check
	// What follows is the zero value unless Lacks or Softens say otherwise.
	reading       reading
	bypasses      []bypass
	keepsIdentity bool
	// keeps names identity headers of the client that are forwarded; nil: none.
	keeps func(name string) bool
	// finish is done to each request that is forwarded, at the end.
	finish      []func(received, forwarded *http.Request)
	echoesToken bool
	fallsOver   bool
	// answers is done to each answer, before anything is judged; nil: nothing.
	answers func(w http.ResponseWriter, c *call)
}

// Refusal is what a gateway tells about a request that it refused.
type Refusal struct {
	// Run and Case are those of the request's headers; empty if it had none.
	Run, Case string
	// Checks are all checks that refused; the policies of MuleSoft stop at the first.
	Checks []Check
	// Status is the status answered.
	Status int
}

// bypass is a way around the checks that only mutants have.
type bypass struct {
	admits func(*call) bool
	// accepted is told of each request that was forwarded; nil if not wanted.
	accepted func(*call)
}

func (s *strict) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := s.call(r)
	if c.head != nil && c.head.last {
		w.Header().Set("Connection", "close")
	}
	if s.answers != nil {
		s.answers(w, c)
	}
	refusing := s.refusing(c)
	if len(refusing) > 0 && !slices.ContainsFunc(s.bypasses, func(b bypass) bool { return b.admits(c) }) {
		s.refuse(w, c, refusing)
		return
	}
	for _, b := range s.bypasses {
		if b.accepted != nil {
			b.accepted(c)
		}
	}
	s.upstream.ServeHTTP(w, s.forwarded(c))
}

// readsHeads asks Serve for the front.
func (s *strict) readsHeads() {}

func (s *strict) call(r *http.Request) *call {
	c := &call{
		request: r, env: &s.env, now: s.now(), presented: s.reading.presented(r), path: targetPath(r.RequestURI),
		head: takeHead(r), ingress: ingressOf(r.Context()),
	}
	if c.presented.compact == "" {
		return c
	}
	c.token = readToken(c.presented.compact)
	id, _ := c.header().soleText("kid")
	c.keys, c.keysErr = s.keys.knowing(r.Context(), id)
	return c
}

func (s *strict) refusing(c *call) []Check {
	var all []Check
	for _, check := range s.checks {
		if check.refuses(c) {
			all = append(all, check.Check)
		}
	}
	return all
}

// forwarded is the request as the upstream gets it: without the client's own
// identity headers, with those of the token that was checked.
func (s *strict) forwarded(c *call) *http.Request {
	r := c.request.Clone(c.request.Context())
	if s.keepsIdentity {
		return r
	}
	// What Connection names, a proxy behind would drop: the gateway's own headers too.
	r.Header.Del("Connection")
	maps.DeleteFunc(r.Header, func(name string, _ []string) bool {
		return identityField(name) && (s.keeps == nil || !s.keeps(name))
	})
	own, _ := c.clientClaim()
	for i, claim := range []string{own, "sub"} {
		if text, ok := c.claims().lastText(claim); ok {
			r.Header.Set(ownFields()[i], text)
		}
	}
	for _, finish := range s.finish {
		finish(c.request, r)
	}
	return r
}

func (s *strict) refuse(w http.ResponseWriter, c *call, refusing []Check) {
	first := refusing[0]
	if s.report != nil {
		s.report(Refusal{
			Run: c.request.Header.Get(probe.RunHeader), Case: c.request.Header.Get(probe.CaseHeader),
			Checks: refusing, Status: first.Status,
		})
	}
	answer := denial{status: first.Status, code: errorCode(first)}
	switch {
	case s.fallsOver:
		answer.status = http.StatusInternalServerError
	case s.echoesToken && c.presented.compact != "":
		answer.description = "token " + c.presented.compact + " was refused"
	}
	if first.Status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", routeOf(s.env.Route).method)
	}
	answer.write(w)
}
