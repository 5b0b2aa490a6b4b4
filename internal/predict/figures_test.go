//go:build figures && linux

package predict

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/entraproof/entraproof/internal/policy"
)

// The stated figures (issue 7); a test fails only beyond tolerance times them
// (design 9), because machines are noisy. Wall time is printed. What is judged is
// CPU time: two cores have twice as much of it.
const (
	tolerance   = 1.3
	cores       = 2
	oneStated   = 2 * time.Second
	manyStated  = 60 * time.Second
	manyExports = 200
	manyMemory  = 300 << 20
	someExports = 25 // one of each form, of which the time of many is reckoned
	// manySignatures is what one of many exports costs, as so many bare signatures:
	// it signs some 310 tokens, and 1,500 requests are made, verified and judged.
	manySignatures = 800
	rounds         = 9
)

// TestFigureOne is a full prediction of one export by a process that has no key
// yet, with what closes its false accepts, beside bare verification of as many
// tokens as requests were made.
func TestFigureOne(t *testing.T) {
	verification := verified(t, 1000) / 1000
	var all []float64
	for range rounds {
		requests, spent, wall := once(t, "good-v2-orders-uat.json")
		ratio := spent.Seconds() / (time.Duration(requests) * verification).Seconds()
		t.Logf("one export: CPU %v, wall %v, %d requests; %.1f times their bare verification", spent, wall, requests, ratio)
		all = append(all, spent.Seconds())
	}
	slices.Sort(all)
	judge(t, "one export, CPU s", all[len(all)/2], (cores * oneStated).Seconds())
}

// TestFigureMany reckons the CPU time of many exports, each of a registration of
// its own, from that of some, without what only the first ones cost: time grows
// with their number, and memory does not. An export is judged beside bare signatures
// as well, which are made before and after.
func TestFigureMany(t *testing.T) {
	debug.SetMemoryLimit(240 << 20) // as the verb has it
	before := signature(t)
	got := reckoned(t, many(t, someExports, someExports))
	one := (before + signature(t)) / 2
	t.Logf("a signature takes %.2f ms", one*1000)
	judge(t, strconv.Itoa(manyExports)+" exports, each of a registration of its own, CPU s", got.spent, (cores * manyStated).Seconds())
	judge(t, "one of many exports, in signatures", got.each/one, manySignatures)
	t.Logf("memory: RssAnon %d MB, stated %d", got.memory>>20, manyMemory>>20)
	if got.memory > manyMemory {
		t.Errorf("memory: expected %d MB at most, got %d", manyMemory>>20, got.memory>>20)
	}
}

// reckoning is what some exports show: the CPU time of many, that of each after
// the first, in s, and the most memory that was seen, in bytes.
type reckoning struct {
	spent, each float64
	memory      int
}

// reckoned predicts some exports.
func reckoned(t *testing.T, instances []policy.Instance) (out reckoning) {
	t.Helper()
	began, spent := time.Now(), cpuTime(t)
	var first time.Duration
	n := 0
	err := Run(context.Background(), Options{Instances: instances}, func(*Prediction) error {
		out.memory = max(out.memory, anonymous(t))
		if n++; n == cores {
			first = cpuTime(t) - spent
		}
		return nil
	})
	if err != nil || n != someExports {
		t.Fatalf("expected %d predictions, got %d (%v)", someExports, n, err)
	}
	out.each = (cpuTime(t) - spent - first).Seconds() / float64(someExports-cores)
	out.spent = first.Seconds() + out.each*(manyExports-cores)
	t.Logf("%d exports: wall %v; CPU %.2f s for each after the first", someExports, time.Since(began), out.each)
	return out
}

// anonymous is the memory of this process that no file stands behind (RssAnon of
// proc_pid_status(5)), in bytes.
func anonymous(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "RssAnon:")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kilobytes, err := strconv.Atoi(number)
	if err != nil {
		t.Fatalf("expected RssAnon in kB, got %q", number)
	}
	return kilobytes << 10
}

// signature is the CPU time of one bare signature, in s.
func signature(t *testing.T) float64 {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	const signatures = 500
	before := cpuTime(t)
	for i := range signatures {
		digest := sha256.Sum256([]byte{byte(i)})
		if _, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:]); err != nil {
			t.Fatal(err)
		}
	}
	return (cpuTime(t) - before).Seconds() / signatures
}

// once predicts one export from the start and gives the requests that gateways
// saw, the CPU time and the wall time.
func once(t *testing.T, name string) (requests int, spent, wall time.Duration) {
	t.Helper()
	began, before := time.Now(), cpuTime(t)
	p, err := newPredictor(Options{Instances: exported(name)})
	if err != nil {
		t.Fatal(err)
	}
	w, err := openWorlds(p.subjects[0].target, p.tenants(), newKeys())
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	if _, err := p.predict(context.Background(), w, p.subjects[0]); err != nil {
		t.Fatal(err)
	}
	return int(w.requests.Load()), cpuTime(t) - before, time.Since(began)
}

// many are exports of so many registrations.
func many(t *testing.T, n, registrations int) []policy.Instance {
	t.Helper()
	names, err := filepath.Glob("testdata/exports/*-orders-uat.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("expected exports, got %v (%v)", names, err)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return strings.Contains(name, "outside") || strings.Contains(name, "unknown") })
	var all []policy.Instance
	for i := range n {
		one := exported(filepath.Base(names[i%len(names)]))[0]
		one.Name = fmt.Sprintf("api%d-uat", i)
		for j, a := range one.Policies {
			if c, is := a.Config.(*policy.JWTValidation); is {
				own := *c
				own.SupportedAudiences = strings.NewReplacer("orders-uat", fmt.Sprintf("api%d-uat", i%registrations), "0123456789f2", fmt.Sprintf("%012d", i%registrations)).Replace(c.SupportedAudiences)
				one.Policies[j].Config = &own
			}
		}
		all = append(all, one)
	}
	return all
}

// verified is the CPU time of n bare verifications.
func verified(t *testing.T, n int) time.Duration {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(strings.Repeat("x", 1000)))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	before := cpuTime(t)
	for range n {
		digest := sha256.Sum256([]byte(strings.Repeat("x", 1000)))
		if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], signature); err != nil {
			t.Fatal(err)
		}
	}
	return cpuTime(t) - before
}

func judge(t *testing.T, what string, got, stated float64) {
	t.Helper()
	t.Logf("%s: %.2f, stated %.2f", what, got, stated)
	if got > tolerance*stated {
		t.Errorf("%s: expected %.2f at most, got %.2f", what, tolerance*stated, got)
	}
}

// cpuTime is what this process has used, user and system.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
