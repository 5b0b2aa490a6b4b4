package engine_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shortWhile is long for an answer on loopback and short for a test.
const shortWhile = 2 * time.Second

// The secrets of the site; no output may hold a piece of them.
const (
	managementToken = "management-token-0123456789"
	workerSecret    = "worker-secret-0123456789"
	formerToken     = "former-token-0123456789"
)

// siteText is a target of two environments, for daemons only; tests spoil it.
const siteText = `version: 1
name: site
tenant: {id: 7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40}
tokens:
  mock: {url: "http://127.0.0.1:1", management: "http://127.0.0.1:2", token: "${MANAGEMENT}"}
apis:
  dev-v2: {app-id: 6e740000-0d0e-4a10-8001-0123456789d2, uris: [api://orders.dev], version: 2, scopes: [DEV.Access, DEV.Admin], roles: [DEV.Access]}
  uat-v2: {app-id: 91d00000-0a7a-4a10-8003-0123456789f2, uris: [api://orders.uat], version: 2, scopes: [UAT.Access], roles: [UAT.Access]}
environments:
  dev:
    api: dev-v2
    gateways: [{url: "%GATEWAY%/dev"}]
    routes: {home: GET /ping}
  uat:
    api: uat-v2
    gateways: [{url: "%GATEWAY%/uat"}]
    routes: {home: GET /ping}
clients:
  worker: {id: 0d2c0000-0001-4c11-8000-00000000d001, credential: {secret: "${WORKER}"}, contracts: [dev], granted: [dev]}
  uatter: {id: 0d2c0000-0001-4c11-8000-00000000f001, contracts: [uat], granted: [uat]}
  both: {id: 77ab0000-0003-4c11-8000-00000000a003, contracts: [dev, uat], granted: [dev, uat]}
accepted: echo
supports: {user-tokens: false}
pace: {concurrency: 4}
`

// Audiences of the site's environments, and its clients.
const (
	devAudience = "6e740000-0d0e-4a10-8001-0123456789d2"
	uatAudience = "91d00000-0a7a-4a10-8003-0123456789f2"
	workerID    = "0d2c0000-0001-4c11-8000-00000000d001"
	bothID      = "77ab0000-0003-4c11-8000-00000000a003"
)

// signer is the issuer that tests share; it listens nowhere.
var signer = sync.OnceValues(func() (*mockidp.Issuer, error) {
	return mockidp.New(mockidp.Config{Addr: mockidp.Off, TLSAddr: mockidp.Off, ManagementAddr: mockidp.Off})
})

var ownKey = sync.OnceValues(func() (*mint.Key, error) { return mint.NewKey(nil, time.Now()) })

// source is the issuer, counting what it is asked for and failing on demand.
type source struct {
	mockidp.Authority

	mu      sync.Mutex
	asked   map[string]int
	genuine map[string]bool
	fail    func(grants []mint.Grant) error
	keysErr error
	counts  func() (map[string]int, error)
}

func newSource(t *testing.T) *source {
	t.Helper()
	issuer, err := signer()
	if err != nil {
		t.Fatal(err)
	}
	return &source{Authority: issuer, asked: map[string]int{}, genuine: map[string]bool{}}
}

func (s *source) Genuine(ctx context.Context, grants []mint.Grant) ([]string, error) {
	if s.fail != nil {
		if err := s.fail(grants); err != nil {
			return nil, err
		}
	}
	tokens, err := s.Authority.Genuine(ctx, grants)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range grants {
		s.asked[g.Key()]++
	}
	for _, token := range tokens {
		s.genuine[token] = true
	}
	return tokens, err
}

func (s *source) Keys(ctx context.Context, tenant string) ([]mint.PublicKey, error) {
	if s.keysErr != nil {
		return nil, s.keysErr
	}
	return s.Authority.Keys(ctx, tenant)
}

func (s *source) Counters(ctx context.Context) (map[string]int, error) {
	if s.counts != nil {
		return s.counts()
	}
	return s.Authority.Counters(ctx)
}

func (s *source) gave(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.genuine[token]
}

// visit is one request as a scripted gateway sees it.
type visit struct {
	// Case is the id in the header, N counts the requests with one prefix: all
	// shots of a control count together.
	Case string
	N    int
	// Env is the environment asked, Token what was presented, Genuine whether
	// the issuer gave it, Audience and Client what it says.
	Env, Token       string
	Genuine          bool
	Audience, Client string
	Payload          value.Value
	w                http.ResponseWriter
	r                *http.Request
	site             *world
}

func (v visit) control() bool { return strings.HasPrefix(v.Case, "control/") }

// good reports whether a careful gateway admits the request.
func (v visit) good() bool {
	return v.Genuine && v.Audience == map[string]string{"dev": devAudience, "uat": uatAudience}[v.Env]
}

// admit forwards the request to the echo.
func (v visit) admit() { v.site.echo.ServeHTTP(v.w, v.r) }

func (v visit) refuse(status int) { http.Error(v.w, "refused", status) }

// careful is what a gateway should do.
func careful(v visit) {
	if v.good() {
		v.admit()
		return
	}
	v.refuse(http.StatusUnauthorized)
}

// world is a site with a scripted gateway, and what a run over it found.
type world struct {
	t      *testing.T
	script func(visit)
	source *source
	target *targets.File
	engine *engine.Engine
	echo   *gateway.Echo
	plan   engine.Plan

	mu       sync.Mutex
	counts   map[string]int
	order    []string
	cases    map[string]reports.Case
	twice    []string
	controls map[string][]reports.Shot
	ctls     []reports.Control
	summary  engine.Summary
	sinkErr  error
}

// newWorld starts a gateway that does as script says, and reads the site's
// text with old and new exchanged.
func newWorld(t *testing.T, script func(visit), oldnew ...string) *world {
	t.Helper()
	w := &world{
		t: t, script: script, source: newSource(t), echo: &gateway.Echo{},
		counts: map[string]int{}, cases: map[string]reports.Case{}, controls: map[string][]reports.Shot{},
	}
	server := httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(server.Close)
	src := siteText
	for i := 0; i < len(oldnew); i += 2 {
		if !strings.Contains(src, oldnew[i]) {
			t.Fatalf("the text to exchange is not there: %q", oldnew[i])
		}
		src = strings.ReplaceAll(src, oldnew[i], oldnew[i+1])
	}
	src = strings.ReplaceAll(src, "%GATEWAY%", server.URL)
	var err error
	if w.target, err = targets.Parse("site.yaml", []byte(src), secrets); err != nil {
		t.Fatal(err)
	}
	own, err := ownKey()
	if err != nil {
		t.Fatal(err)
	}
	w.engine = &engine.Engine{Tokens: w.source, Own: own, Prober: &probe.Prober{}, Seen: w.seen}
	w.plan = engine.Plan{Run: "r", Sink: w, Command: "entraproof run"}
	return w
}

func secrets(name string) (string, bool) {
	return map[string]string{"MANAGEMENT": managementToken, "WORKER": workerSecret, "FORMER": formerToken}[name], true
}

func (w *world) seen(_ context.Context, run, id string) ([]probe.Echo, error) {
	return w.echo.Seen(run, id), nil
}

func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	v := visit{Case: r.Header.Get(probe.CaseHeader), w: rw, r: r, site: w}
	v.Env, _, _ = strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	v.Token = strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	v.Genuine = w.source.gave(v.Token)
	if _, payload, err := mint.Decode(v.Token); err == nil {
		v.Payload, v.Audience = payload, payload.GetText("aud")
		v.Client = payload.GetText("azp") + payload.GetText("appid")
	}
	key := v.Case
	if i := strings.LastIndex(key, "/shot-"); i > 0 {
		key = key[:i]
	}
	w.mu.Lock()
	w.counts[key]++
	v.N = w.counts[key]
	w.order = append(w.order, v.Case)
	w.mu.Unlock()
	w.script(v)
}

// Case takes a judged case.
func (w *world) Case(c reports.Case) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.cases[c.ID]; ok {
		w.twice = append(w.twice, c.ID)
	}
	w.cases[c.ID] = c
	return w.sinkErr
}

// Control takes further shots of a control.
func (w *world) Control(c reports.Control) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.controls[c.ID] = append(w.controls[c.ID], c.Shots...)
	w.ctls = append(w.ctls, c)
	return w.sinkErr
}

// start begins a run of the rows and checks nothing.
func (w *world) start(ctx context.Context, rows string) *engine.Run {
	w.t.Helper()
	c, err := scenarios.Parse("rows.yaml", []byte(rows))
	if err != nil {
		w.t.Fatal(err)
	}
	x := scenarios.Expansion{Target: w.target}
	w.plan.Expansion, w.plan.Cases = x, x.Expand(c.All())
	return w.engine.Start(ctx, w.plan)
}

// run runs the rows to the end and checks that every case was reported, once.
func (w *world) run(rows string) {
	w.t.Helper()
	w.runIn(w.t.Context(), rows)
}

func (w *world) runIn(ctx context.Context, rows string) {
	w.t.Helper()
	var err error
	if w.summary, err = w.start(ctx, rows).End(); err != nil {
		w.t.Fatal(err)
	}
	for _, c := range w.plan.Cases {
		if _, ok := w.cases[c.ID]; !ok {
			w.t.Errorf("%s was never reported", c.ID)
		}
	}
	if len(w.twice) > 0 {
		w.t.Errorf("reported twice: %v", w.twice)
	}
}

// want compares a case's verdict.
func (w *world) want(id string, reason reports.Reason) {
	w.t.Helper()
	c, ok := w.cases[id]
	if !ok {
		w.t.Fatalf("no case %s among %d", id, len(w.cases))
	}
	if c.Reason != reason {
		w.t.Errorf("%s: expected %s, got %s %s (%d %s, control %+v)", id, reason, c.Outcome, c.Reason, c.Status, c.Detail, c.Control)
	}
}

// count is how many cases have a reason.
func (w *world) count(reason reports.Reason) int {
	n := 0
	for _, c := range w.cases {
		if c.Reason == reason {
			n++
		}
	}
	return n
}

// states are the states of a control's shots, in the order of firing.
func (w *world) states(id string) string {
	var words []string
	for _, s := range w.controls[id] {
		words = append(words, string(s.State))
	}
	return strings.Join(words, " ")
}

// manyRefusals is a row of n requests without token, at dev alone.
func manyRefusals(n int) string {
	var b strings.Builder
	b.WriteString("- id: many\n  guards: placement\n  source: real\n  base: none\n  expect: refuse 401\n  variants:\n")
	for i := range n {
		b.WriteString("    v" + strconv.Itoa(1000+i) + ": {request: {authorization: [], headers: [[X-N, \"" + strconv.Itoa(i) + "\"]]}}\n")
	}
	return b.String()
}

// Rows of most tests.
const (
	goodRow    = "- {id: good, guards: audience, source: real, base: exactly v2 app home, expect: accept}\n"
	noneRow    = "- {id: none, guards: placement, source: real, base: none, expect: refuse 401}\n"
	forgedRow  = "- {id: forged, guards: signature, source: forged, base: forged, expect: refuse 401}\n"
	foreignRow = "- {id: foreign, guards: audience, source: real, base: v2 app other, expect: refuse 401 403}\n"
)

// devOnly leaves uat without gateway, so that each row is one case.
func devOnly() []string {
	return []string{"    gateways: [{url: \"%GATEWAY%/uat\"}]\n", ""}
}
