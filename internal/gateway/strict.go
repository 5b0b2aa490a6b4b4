package gateway

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/entraproof/entraproof/internal/probe"
)

// strict is the reference gateway: every check is evaluated for every request,
// and whatever one of them refuses is refused.
type strict struct {
	env      Environment
	upstream http.Handler
	keys     *keyring
	foreign  *keyring // of another trusted issuer; nil if there is none
	now      func() time.Time
	wait     func(context.Context, time.Duration) error
	report   func(Refusal)
	checks   []check
	// contracts are asked for with each request.
	contracts func() []string
	process   *Process
	// What follows is the zero value unless Lacks or Softens say otherwise.
	reading       reading
	dialect       dialect
	bypasses      []bypass
	keepsIdentity bool
	echoesToken   bool
	fallsOver     bool
	overrides     bool
	// spends are what a request costs, crashes whether it ends the process, and
	// throws whether reading it ends in a 500.
	spends          []func(*call) time.Duration
	crashes, throws []func(*call) bool
	// identity reads a claim for the upstream; nil is its last text.
	identity func(claims object, name string) (string, bool)
	// kept looks for an answer that is kept; nil keeps none.
	kept *answersByURL
	// alters change what is answered to a refused request.
	alters []func(*call, Check, *denial)
	// forwards: what only some of the refusals are about is forwarded all the same.
	forwards func([]Check) bool
	// believesHeader tells the upstream the client that the request names.
	believesHeader bool
	// keeps names identity headers of the client that are forwarded; nil: none.
	keeps func(name string) bool
	// finish is done to each request that is forwarded, at the end.
	finish []func(received, forwarded *http.Request)
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
	// Policy is the place in its chain of the policy of MuleSoft's that refused.
	Policy int
	// Keys are the parameters of that policy that the check hangs on, the first one
	// first; none where it is no parameter's affair.
	Keys []string
	// Switches are those of Switches that it hangs on, by name (SwitchTable).
	Switches []string
	// NotEvaluated is set where the gateway does not know what the product does: a
	// *dataweave.NotEvaluatedError that only the request's values brought about.
	NotEvaluated error
}

// bypass is a way around the checks that only mutants have.
type bypass struct {
	admits func(*call) bool
	// accepted is told of each request that was forwarded; nil if not wanted.
	accepted func(*call)
}

func (s *strict) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.kept != nil {
		if s.kept.serve(w, r) {
			return
		}
		w = s.kept.keeping(w, r)
	}
	c := s.call(r)
	if c.head != nil && c.head.last {
		w.Header().Set("Connection", "close")
	}
	if s.answers != nil {
		s.answers(w, c)
	}
	s.spend(c)
	if anyOf(s.throws, c) {
		denial{status: http.StatusInternalServerError}.write(w)
		return
	}
	refusing := s.refusing(c)
	if len(refusing) > 0 && !slices.ContainsFunc(s.bypasses, func(b bypass) bool { return b.admits(c) }) {
		if s.forwards != nil && s.forwards(refusing) {
			s.upstream.ServeHTTP(unheard{http.Header{}}, s.forwarded(c))
		}
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

// spend lets a request cost what it costs a careless gateway.
func (s *strict) spend(c *call) {
	for _, spends := range s.spends {
		if d := spends(c); d > 0 {
			_ = s.wait(c.request.Context(), d) // a client that is gone waits no longer
		}
	}
	if anyOf(s.crashes, c) {
		panic(http.ErrAbortHandler) // the connection ends without an answer
	}
}

func anyOf(all []func(*call) bool, c *call) bool {
	return slices.ContainsFunc(all, func(is func(*call) bool) bool { return is(c) })
}

func (s *strict) call(r *http.Request) *call {
	c := &call{
		request: r, env: &s.env, contracts: s.contracts(), now: s.now(), presented: s.reading.presented(r), path: targetPath(r.RequestURI),
		head: takeHead(r), ingress: ingressOf(r.Context()),
	}
	if c.presented.compact == "" {
		return c
	}
	c.token = s.dialect.read(r, c.presented.compact)
	id, _ := c.header().soleText("kid")
	c.keys, c.keysErr = s.keys.knowing(r.Context(), id)
	if s.foreign != nil {
		c.foreign = sync.OnceValue(func() []publishedKey {
			keys, _ := s.foreign.knowing(r.Context(), id) // without its keys the other issuer has signed nothing
			return keys
		})
	}
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
	if method := r.Header.Get(overrideField); s.overrides && method != "" {
		r.Method = method
	}
	if s.keepsIdentity {
		return r
	}
	named := r.Header.Get("client_id")
	// What Connection names, a proxy behind would drop: the gateway's own headers too.
	r.Header.Del("Connection")
	maps.DeleteFunc(r.Header, func(name string, _ []string) bool {
		return identityField(name) && (s.keeps == nil || !s.keeps(name))
	})
	own, _ := c.clientClaim()
	// Of a guest, sub says too little: oid and tid name a person (entra-tokens 1.3).
	for name, claim := range map[string]string{"X-Agw-Client_id": own, "X-Agw-Sub": "sub", "X-Agw-Oid": "oid", "X-Agw-Tid": "tid"} {
		if text, ok := s.told(c.claims(), claim); ok {
			r.Header.Set(name, text)
		}
	}
	if s.believesHeader && named != "" {
		r.Header.Set("X-Agw-Client_id", named)
	}
	for _, finish := range s.finish {
		finish(c.request, r)
	}
	return r
}

func (s *strict) told(claims object, name string) (string, bool) {
	if s.identity != nil {
		return s.identity(claims, name)
	}
	return claims.lastText(name)
}

func (s *strict) refuse(w http.ResponseWriter, c *call, refusing []Check) {
	first := refusing[0]
	if s.report != nil {
		s.report(Refusal{
			Run: c.request.Header.Get(probe.RunHeader), Case: c.request.Header.Get(probe.CaseHeader),
			Checks: refusing, Status: first.Status,
		})
	}
	answer := denial{status: first.Status, code: errorCode(first, c.presented)}
	switch {
	case s.fallsOver:
		answer.status = http.StatusInternalServerError
	case s.echoesToken && c.presented.compact != "":
		answer.description = "token " + c.presented.compact + " was refused"
	}
	if first.Status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", routeOf(s.env.Route).method)
	}
	for _, alter := range s.alters {
		alter(c, first, &answer)
	}
	answer.write(w)
}

// unheard is where an answer goes that the client does not get.
type unheard struct{ header http.Header }

func (u unheard) Header() http.Header         { return u.header }
func (u unheard) Write(b []byte) (int, error) { return len(b), nil }
func (u unheard) WriteHeader(int)             {}
