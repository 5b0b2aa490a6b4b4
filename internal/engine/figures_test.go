//go:build figures && linux

package engine_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/flows"
	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// The stated figures (issue 3); a test fails only beyond tolerance times them
// (design 9), because machines are noisy.
const (
	tolerance       = 1.3
	ratioStated     = 1.5
	overheadStated  = 100 // µs
	signatureStated = time.Millisecond
	reproduceStated = 5 * time.Second
	measured        = 7 // rounds
	attempts        = 3 // where a busy machine may be the reason
	repeats         = 4 // of a case
	reproduceRounds = 3
	answerPatience  = 10 * time.Second
	shortestPause   = 5 * time.Millisecond  // between requests; a run at work takes less
	longestPause    = 25 * time.Millisecond // in a replay; a longer one makes a core no colder
	writtenAside    = 16 << 10
	writesExpected  = 256 // of a connection, so that noting them costs little
	signatureLength = 256 // RSA-2048
	tokenLength     = 1000
	compactRunes    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
)

// TestFigureRun holds the CPU time of a full run, journal and results
// included, against that of its signatures and of a bare replay of its
// requests: same bytes, same connections, same gateways in the same process.
// What else runs on a machine can only add to it, so the best of a few attempts
// is nearest to the truth.
func TestFigureRun(t *testing.T) {
	b := newBench(t)
	best := b.fullRun(t)
	for n := 1; n < attempts && best > ratioStated; n++ {
		best = min(best, b.fullRun(t))
	}
	judge(t, "full run ÷ (signing + bare replay)", best, ratioStated, "")
}

// fullRun is the median ratio of the rounds.
func (b *bench) fullRun(t *testing.T) float64 {
	t.Helper()
	var ratios, walls []float64
	for _, r := range b.rounds(t, b.rows, b.written) {
		ratios, walls = append(ratios, r.ratio()), append(walls, r.wall.Seconds())
	}
	t.Logf("full run ÷ (signing + bare replay) %.2f, wall time %.2f s", median(ratios), median(walls))
	return median(ratios)
}

// TestFigureOverhead holds what the harness itself costs for a case: expanding,
// making token and request, controls, judging, recording. Each case is fired
// several times, as in a catalogue of that size; flows are left out, which send
// hundreds of requests for one case. Tokens and signatures are those of the
// first run: the difference of large numbers would be noise. The stated time is
// that of a core which signs in signatureStated; it is scaled to the machine.
// The best of a few attempts counts, as in [TestFigureRun].
func TestFigureOverhead(t *testing.T) {
	b := newBench(t)
	b.memo, b.repeat = map[string][]byte{}, repeats
	// The listed profiles, which the figure was stated for: rows that age, change
	// the keys or are large cost what they are about.
	rows := slices.DeleteFunc(slices.Clone(b.rows), func(s scenarios.Scenario) bool { return s.Kind == scenarios.Flow || len(s.Profiles) == 0 })
	best := b.overhead(t, rows)
	for n := 1; n < attempts && best > overheadStated; n++ {
		best = min(best, b.overhead(t, rows))
	}
	judge(t, fmt.Sprintf("overhead per case where a signature takes %v", signatureStated), best, overheadStated, " µs")
}

// overhead is the median of the rounds, in µs.
func (b *bench) overhead(t *testing.T, rows []scenarios.Scenario) float64 {
	t.Helper()
	var cases, requests, signatures, scaled []float64
	for _, r := range b.rounds(t, rows, b.kept) {
		over := (r.cpu - r.signing - r.replay).Seconds() * 1e6
		cases, requests = append(cases, over/float64(r.fired)), append(requests, over/float64(r.requests))
		signature := b.sign(t, 200).Seconds() * 1e6 / 200
		signatures, scaled = append(signatures, signature), append(scaled, over/float64(r.fired)*float64(signatureStated.Microseconds())/signature)
	}
	t.Logf("overhead per case %.0f µs, per fired request (controls included) %.0f µs, where a signature takes %.0f µs; scaled %.0f µs",
		median(cases), median(requests), median(signatures), median(scaled))
	return median(scaled)
}

// TestFigureReproduce holds the CPU time of the built program's first command,
// spread over the cores, against the stated time. Wall time is printed.
func TestFigureReproduce(t *testing.T) {
	program := filepath.Join(t.TempDir(), "entraproof")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", program, "github.com/entraproof/entraproof/cmd/entraproof")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v: %s", err, out)
	}
	var cpus, walls []float64
	for range reproduceRounds {
		cmd := exec.CommandContext(t.Context(), program, "reproduce")
		started := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("reproduce: %v: %s", err, out)
		}
		walls = append(walls, time.Since(started).Seconds())
		cpus = append(cpus, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds())
	}
	t.Logf("reproduce: CPU %.2f s on %d cores, wall time %.2f s", median(cpus), runtime.NumCPU(), median(walls))
	judge(t, "reproduce, CPU time ÷ cores", median(cpus)/float64(runtime.NumCPU()), reproduceStated.Seconds(), " s")
}

func judge(t *testing.T, name string, got, stated float64, unit string) {
	t.Helper()
	t.Logf("%s: %.2f%s (stated: at most %g%s)", name, got, unit, stated, unit)
	if got > stated*tolerance {
		t.Errorf("%s: %.2f%s, expected at most %g × %g%s", name, got, unit, tolerance, stated, unit)
	}
}

func median(all []float64) float64 {
	all = slices.Sorted(slices.Values(all))
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}

// bench is an issuer with gateways: the embedded lab, with strict at three
// environments, unless a test says otherwise.
type bench struct {
	issuer *mockidp.Issuer
	// world is the embedded lab, whose clock is moved where flows wait; nil: this
	// machine's clock, and real gateways.
	world *lab.Embedded
	seen  func(ctx context.Context, run, id string) ([]probe.Echo, error)
	x     scenarios.Expansion
	rows  []scenarios.Scenario
	own   *mint.Key
	key   *rsa.PrivateKey
	memo  map[string][]byte // see countingIssuer
	round int
	// repeat is how often each case is fired, under ids of its own; 0: once.
	repeat int
	// faulty says that the gateways fail some rows.
	faulty bool
}

func newBench(t *testing.T) *bench {
	t.Helper()
	world, err := lab.NewEmbedded(targets.Default())
	must(t, err)
	t.Cleanup(world.Close)
	target, stop, err := world.Serve(lab.Setup{Name: "strict"})
	must(t, err)
	t.Cleanup(stop)
	b := &bench{issuer: world.Issuer, world: world, seen: world.Seen, x: scenarios.Expansion{Target: target}}
	b.fill(t)
	return b
}

// fill adds the rows and the keys.
func (b *bench) fill(t *testing.T) {
	t.Helper()
	engine.CollectRarely() // as the verb run does
	all, err := scenarios.Builtin()
	must(t, err)
	b.rows, err = all.Select(scenarios.Selection{})
	must(t, err)
	// What is written byte by byte cannot be sent again at once, and no head of a
	// megabyte is what a run is about.
	b.rows = slices.DeleteFunc(b.rows, func(s scenarios.Scenario) bool { return s.Guards == "cost" })
	b.own, err = mint.NewKey(nil, time.Now())
	must(t, err)
	b.key, err = rsa.GenerateKey(rand.Reader, signatureLength*8)
	must(t, err)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ran is what one run cost and did, and what its signatures and requests cost
// by themselves.
type ran struct {
	cpu, keys, wall             time.Duration
	signing, replay             time.Duration
	signatures, requests, fired int
}

func (r ran) ratio() float64 { return r.cpu.Seconds() / (r.signing + r.replay).Seconds() }

// rounds measures runs and their bounds in turn, after one round that makes
// everything that is made once.
func (b *bench) rounds(t *testing.T, rows []scenarios.Scenario, fire firing) []ran {
	t.Helper()
	var all []ran
	for n := range measured + 1 {
		r := b.run(t, rows, fire)
		if n == 0 {
			continue
		}
		t.Logf("run %s, and %s for key pairs that flows publish; %d signatures %s, %d requests %s: ratio %.2f",
			r.cpu, r.keys, r.signatures, r.signing, r.requests, r.replay, r.ratio())
		all = append(all, r)
	}
	return all
}

// firing fires the cases of a plan and gives the results.
type firing func(t *testing.T, eng *engine.Engine, plan engine.Plan) []reports.Case

// written leaves journal and results in a folder, as the verb run does.
func (b *bench) written(t *testing.T, eng *engine.Engine, plan engine.Plan) []reports.Case {
	t.Helper()
	journal, err := reports.Create(t.TempDir(), reports.Header{
		Tool: reports.Tool{Name: "entraproof"}, Run: reports.Run{ID: plan.Run, Started: time.Now()}, Targets: []reports.Target{engine.Describe(b.x)},
	})
	must(t, err)
	plan.Sink = journal
	summary, err := eng.Start(t.Context(), plan).End()
	must(t, err)
	results, err := journal.Close(reports.Footer{Clocks: summary.Clocks, Causes: summary.Causes})
	must(t, err)
	return results.Cases
}

// kept leaves the results in memory.
func (b *bench) kept(t *testing.T, eng *engine.Engine, plan engine.Plan) []reports.Case {
	t.Helper()
	sink := &memory{cases: make([]reports.Case, 0, len(plan.Cases))}
	plan.Sink = sink
	_, err := eng.Start(t.Context(), plan).End()
	must(t, err)
	return sink.cases
}

// memory is a sink.
type memory struct {
	mu    sync.Mutex
	cases []reports.Case
}

func (m *memory) Case(c reports.Case) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cases = append(m.cases, c)
	return nil
}

func (m *memory) Control(reports.Control) error { return nil }

// run is what the verb run does with a target, from expansion to the results.
func (b *bench) run(t *testing.T, rows []scenarios.Scenario, fire firing) ran {
	t.Helper()
	b.round++
	source := &countingIssuer{Issuer: b.issuer, t: t, memo: b.memo, signed: map[string]bool{}}
	recorder := &recorder{}
	eng := &engine.Engine{Tokens: source, Seen: b.seen, Own: b.own, Prober: &probe.Prober{Dial: recorder.dial}}
	if b.world != nil {
		eng.Now, eng.Wait, eng.Operator, eng.Log = b.world.Clock.Now, b.world.Clock.Wait, b.world, b.world.Log
		eng.Prober.Now = b.world.Clock.Now
	}
	runtime.GC()
	started, before := time.Now(), cpuTime(t)
	cases := fire(t, eng, engine.Plan{Expansion: b.x, Cases: b.expand(rows), Flows: flows.All(), Run: fmt.Sprint("figure-", b.round)})
	r := ran{cpu: cpuTime(t) - before - source.keys, keys: source.keys, wall: time.Since(started)}
	for _, c := range cases {
		if !b.faulty && c.Outcome >= verdict.Inconclusive {
			t.Fatalf("expected a run that strict passes, got %s: %s, %s, %s", c.ID, c.Outcome, c.Reason, c.Detail)
		}
		if c.Status != 0 {
			r.fired++
		}
	}
	for _, tape := range recorder.tapes {
		r.requests += len(tape.writes)
	}
	r.signatures = len(source.signed) + b.signedByUs(t, recorder.tapes)
	r.signing, r.replay = b.sign(t, r.signatures), b.replay(t, recorder.tapes)
	return r
}

func (b *bench) expand(rows []scenarios.Scenario) []scenarios.Case {
	once := b.x.Expand(rows)
	all := slices.Clone(once)
	for n := 2; n <= b.repeat; n++ {
		for _, c := range once {
			c.ID += fmt.Sprint("/again-", n)
			all = append(all, c)
		}
	}
	return all
}

// signedByUs counts the tokens in the requests, wherever they stand, that carry
// an RSA signature of our own key: a case makes its own.
func (b *bench) signedByUs(t *testing.T, tapes []*tape) int {
	t.Helper()
	public, err := x509.ParsePKIXPublicKey(b.own.DER())
	must(t, err)
	ours := 0
	for _, tape := range tapes {
		for _, write := range tape.writes {
			for _, word := range bytes.FieldsFunc(write.bytes, func(r rune) bool { return !strings.ContainsRune(compactRunes, r) }) {
				dot := bytes.LastIndexByte(word, '.')
				signature, err := base64.RawURLEncoding.DecodeString(string(word[dot+1:]))
				if dot > 0 && err == nil && len(signature) == signatureLength && verifies(public.(*rsa.PublicKey), word[:dot], signature) {
					ours++
				}
			}
		}
	}
	return ours
}

func verifies(key *rsa.PublicKey, input, signature []byte) bool {
	for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA1} {
		digest := hash.New()
		digest.Write(input)
		sum := digest.Sum(nil)
		if rsa.VerifyPKCS1v15(key, hash, sum, signature) == nil || rsa.VerifyPSS(key, hash, sum, signature, nil) == nil {
			return true
		}
	}
	return false
}

// sign makes n signatures over distinct inputs on all cores.
func (b *bench) sign(t *testing.T, n int) time.Duration {
	t.Helper()
	input := bytes.Repeat([]byte("a"), tokenLength)
	runtime.GC()
	before := cpuTime(t)
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		work.Go(func() error {
			sum := sha256.Sum256(strconv.AppendInt(input[:len(input):len(input)], int64(i), 10))
			_, err := rsa.SignPKCS1v15(rand.Reader, b.key, crypto.SHA256, sum[:])
			return err
		})
	}
	must(t, work.Wait())
	return cpuTime(t) - before
}

// replay sends what a run has sent: with the target's concurrency, and what
// flows and all after them have sent one after the other, with the pauses that
// the run made. A core that slept, and whose caches others have used meanwhile,
// is a part of the round trip: it made the same run cost 1.4 and 3.5 times its
// bound within two hours, as long as the bound was sent without a pause.
func (b *bench) replay(t *testing.T, tapes []*tape) time.Duration {
	t.Helper()
	runtime.GC()
	before := cpuTime(t)
	var work errgroup.Group
	work.SetLimit(b.x.Target.Pace.Concurrency)
	for _, tape := range tapes {
		work.Go(func() error { return tape.replay(t.Context(), tape.alone()) })
	}
	must(t, work.Wait())
	later := inOrder(tapes)
	for i, w := range later {
		if i > 0 && w.at.Sub(later[i-1].at) > shortestPause {
			<-time.After(min(w.at.Sub(later[i-1].at), longestPause))
		}
		must(t, w.tape.replay(t.Context(), w.tape.sent+1))
	}
	for _, tape := range tapes {
		tape.close()
	}
	return cpuTime(t) - before
}

// later is a request that was sent by a flow or after one.
type later struct {
	write
	tape *tape
}

// inOrder is what was sent one after the other, on whatever connection.
func inOrder(tapes []*tape) []later {
	var all []later
	for _, tape := range tapes {
		for _, w := range tape.writes[tape.alone():] {
			all = append(all, later{w, tape})
		}
	}
	slices.SortStableFunc(all, func(a, b later) int { return a.at.Compare(b.at) })
	return all
}

// cpuTime is user and system time so far, of this process.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	must(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// countingIssuer counts the distinct signatures that a run asks for. Key pairs
// that it publishes for flows cost some ten signatures to some thousand, as
// chance has it: their time is taken, to be left out. Flows run one after the
// other, so that nothing else goes on meanwhile.
type countingIssuer struct {
	*mockidp.Issuer
	t *testing.T
	// memo, where there is one, answers what was asked in an earlier run, so that
	// signing takes no part in what is measured.
	memo map[string][]byte

	mu     sync.Mutex
	signed map[string]bool
	keys   time.Duration
}

func (c *countingIssuer) Genuine(ctx context.Context, grants []mint.Grant) ([]string, error) {
	tokens := make([]string, len(grants))
	var missing []mint.Grant
	var places []int
	for i, g := range grants {
		if known, ok := c.recall(g.Key()); ok {
			tokens[i] = string(known)
			continue
		}
		missing, places = append(missing, g), append(places, i)
	}
	if len(missing) == 0 {
		return tokens, nil
	}
	fresh, err := c.Issuer.Genuine(ctx, missing)
	for i, token := range fresh {
		tokens[places[i]] = token
		c.keep(missing[i].Key(), token, []byte(token), strings.Count(token, ".") == 2)
	}
	return tokens, err
}

func (c *countingIssuer) Sign(ctx context.Context, r mint.SignRequest) ([]byte, error) {
	key := r.Alg + " " + r.Key + " " + string(r.Input) // no more than must be: it counts as the harness's
	if r.PKCS1 != nil {
		key += fmt.Sprintf(" %+v", *r.PKCS1)
	}
	if known, ok := c.recall(key); ok {
		return known, nil
	}
	signature, err := c.Issuer.Sign(ctx, r)
	if err == nil {
		c.keep(key, key, signature, len(signature) == signatureLength)
	}
	return signature, err
}

func (c *countingIssuer) recall(key string) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.memo[key]
	return known, ok
}

func (c *countingIssuer) keep(key, id string, answer []byte, counts bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if counts {
		c.signed[id] = true
	}
	if c.memo != nil {
		c.memo[key] = answer
	}
}

func (c *countingIssuer) Rotate(ctx context.Context, q mockidp.RotateRequest) ([]mint.PublicKey, error) {
	before := cpuTime(c.t)
	keys, err := c.Issuer.Rotate(ctx, q)
	c.keys += cpuTime(c.t) - before
	return keys, err
}

// recorder notes what each connection of a run carries.
type recorder struct {
	mu    sync.Mutex
	tapes []*tape
}

// tape is the requests of one connection, and the connection that replays
// them.
type tape struct {
	address string
	writes  []write

	conn net.Conn
	r    *bufio.Reader
	sent int
}

// write is a request and when it was sent.
type write struct {
	bytes []byte
	at    time.Time
}

// recorded is a connection; what it is given to write is not changed later.
type recorded struct {
	*net.TCPConn
	tape *tape
}

func (c recorded) Write(b []byte) (int, error) {
	c.tape.writes = append(c.tape.writes, write{b, time.Now()})
	return c.TCPConn.Write(b)
}

func (r *recorder) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tapes = append(r.tapes, &tape{address: address, writes: make([]write, 0, writesExpected)})
	return recorded{conn.(*net.TCPConn), r.tapes[len(r.tapes)-1]}, nil
}

// alone is how many requests come before the first one of a flow.
func (p *tape) alone() int {
	for i, request := range p.writes {
		if bytes.Contains(request.bytes, []byte("/step-")) {
			return i
		}
	}
	return len(p.writes)
}

// replay writes the requests up to a number and reads status and body of each
// answer. What a server may answer before it has read it all is written aside,
// as a run does.
func (p *tape) replay(ctx context.Context, until int) (err error) {
	if p.conn == nil && until > 0 {
		if p.conn, err = new(net.Dialer).DialContext(ctx, "tcp", p.address); err != nil {
			return err
		}
		p.r = bufio.NewReader(p.conn)
	}
	for ; p.sent < until; p.sent++ {
		request := p.writes[p.sent].bytes
		_ = p.conn.SetDeadline(time.Now().Add(answerPatience))
		if len(request) > writtenAside {
			go func() { _, _ = p.conn.Write(request) }()
		} else if _, err := p.conn.Write(request); err != nil {
			return err
		}
		if err := readStatusAndBody(p.r, bytes.HasPrefix(request, []byte("HEAD "))); err != nil {
			return fmt.Errorf("replay %.60q: %w", request, err)
		}
	}
	return nil
}

func (p *tape) close() {
	if p.conn != nil {
		p.conn.Close()
	}
}

func readStatusAndBody(r *bufio.Reader, noBody bool) error {
	length, chunked, status := int64(-1), false, 0
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		line = bytes.TrimRight(line, "\r\n")
		name, v, _ := bytes.Cut(line, []byte(":"))
		switch {
		case status == 0:
			status, err = strconv.Atoi(string(line[9:12]))
			if err != nil {
				return err
			}
		case len(line) == 0 && status < 200:
			status = 0
		case len(line) == 0:
			return discard(r, length, chunked, noBody || status == 204 || status == 304)
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.ParseInt(string(bytes.TrimSpace(v)), 10, 64); err != nil {
				return err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		}
	}
}

func discard(r *bufio.Reader, length int64, chunked, noBody bool) (err error) {
	switch {
	case noBody:
	case chunked:
		if _, err = io.Copy(io.Discard, httputil.NewChunkedReader(r)); err == nil {
			_, err = r.Discard(2)
		}
	case length >= 0:
		_, err = r.Discard(int(length))
	default:
		_, err = io.Copy(io.Discard, r)
	}
	return err
}
