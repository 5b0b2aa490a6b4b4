package gateway

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

func formBody(text string) io.ReadCloser { return io.NopCloser(strings.NewReader(text)) }

func mustDecode(segment string) []byte {
	plain, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		panic(err)
	}
	return plain
}

// tailBit sets an unused bit of the last character: 256 bytes leave four.
func tailBit(segment string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, segment[len(segment)-1])
	return segment[:len(segment)-1] + string(alphabet[last|1])
}

func utf16Of(text string) string {
	out := bytes.NewBufferString("\xff\xfe")
	for _, unit := range utf16.Encode([]rune(text)) {
		out.Write([]byte{byte(unit), byte(unit >> 8)})
	}
	return out.String()
}

// judged fires the row once at strict with the given checks lacking or softened.
func (b *bench) judged(r row, lacks, softens []string) (fired, Refusal) {
	b.t.Helper()
	var refusal Refusal
	o := b.options("strict")
	o.Lacks, o.Softens = lacks, softens
	o.Report = func(r Refusal) { refusal = r }
	request := again(r.ask).Clone(r.ask.Context())
	if r.ask.Body != nil {
		body, err := io.ReadAll(r.ask.Body)
		if err != nil {
			b.t.Fatal(err)
		}
		r.ask.Body, request.Body = io.NopCloser(bytes.NewReader(body)), io.NopCloser(bytes.NewReader(body))
	}
	return fire(b.t, b.gateway(o), request), refusal
}

func namesOf(checks []Check) []string {
	var names []string
	for _, c := range checks {
		names = append(names, c.Name)
	}
	return names
}

// TestStrictJudgesEveryRow: what must be accepted is, what must be refused is
// with its status; the row's guard is among the checks that refuse, the refusal
// falls away without all of them, and stands with the guard alone.
func TestStrictJudgesEveryRow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, r := range b.rows() {
		t.Run(r.id, func(t *testing.T) {
			got, refusal := b.judged(r, nil, nil)
			if r.status == 0 {
				if !got.forwarded {
					t.Fatalf("expected it to be accepted, refused by %v", namesOf(refusal.Checks))
				}
				return
			}
			if got.forwarded || got.status != r.status {
				t.Fatalf("expected refusal with %d, got forwarded %t, status %d by %v", r.status, got.forwarded, got.status, namesOf(refusal.Checks))
			}
			if refusal.Case != "case-1" || refusal.Status != r.status {
				t.Errorf("expected a report of case-1 with %d, got %+v", r.status, refusal)
			}
			b.proves(t, r, refusal)
		})
	}
}

// proves is the third proof of design.md 5.9 for one row.
func (b *bench) proves(t *testing.T, r row, refusal Refusal) {
	t.Helper()
	var guard, others []string
	for _, c := range refusal.Checks {
		if c.Guards == r.guards {
			guard = append(guard, c.Name)
		} else {
			others = append(others, c.Name)
		}
	}
	if len(guard) == 0 {
		t.Fatalf("expected a check that guards %s, refused by %v", r.guards, namesOf(refusal.Checks))
	}
	if got, left := b.judged(r, append(guard, others...), nil); !got.forwarded {
		t.Errorf("lacking %v %v: still refused by %v", guard, others, namesOf(left.Checks))
	}
	if got, _ := b.judged(r, others, nil); got.forwarded {
		t.Errorf("lacking %v: let through although %v are left", others, guard)
	}
}

// TestEveryCheckRefusesSomething: a check that no row can make refuse is dead.
func TestEveryCheckRefusesSomething(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	seen := []string{"key-set", "key-use", "foreign-key", "authentication-context"} // need another key set or environment: TestStrictKeySets, TestElsewhere
	for _, r := range b.rows() {
		_, refusal := b.judged(r, nil, nil)
		seen = append(seen, namesOf(refusal.Checks)...)
	}
	for _, c := range Checks() {
		if c.Status != 0 && !slices.Contains(seen, c.Name) {
			t.Errorf("%s: no row makes it refuse", c.Name)
		}
		if c.Sentence == "" || c.Guards == "" {
			t.Errorf("%s: expected guards and a sentence, got %+v", c.Name, c)
		}
	}
}

// TestMutantsFailTheirRows: each planted defect changes the outcome of each row
// that it names, and leaves the controls and half of the rows alone.
func TestMutantsFailTheirRows(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	rows, elsewhere := b.rows(), b.elsewhereRows()
	for _, m := range Mutants() {
		t.Run(m.Name, func(t *testing.T) {
			for _, id := range m.Rows {
				if _, own := elsewhere[id]; own || flowRow(id) || upstreamRow(id) {
					continue
				}
				if !b.fails(t, m, id) {
					t.Errorf("%s: expected the mutant to fail it", id)
				}
			}
			if len(m.Rows) == 0 || m.Sentence == "" {
				t.Errorf("expected rows and a sentence, got %+v", m)
			}
			b.stillGateway(t, rows, m)
		})
	}
}

// fails reports whether a mutant fails one of the variants of a row.
func (b *bench) fails(t *testing.T, m Mutant, id string) (fails bool) {
	t.Helper()
	found := false
	for _, r := range b.rows() {
		if name, _, _ := strings.Cut(r.id, "/"); name != id {
			continue
		}
		found = true
		got, _ := b.judged(r, m.Lacks, m.Softens)
		fails = fails || got.forwarded != (r.status == 0) || wrongView(id, got) || got.status >= 500
	}
	if !found {
		t.Errorf("%s: no such row here", id)
	}
	return fails
}

// flowRow tells rows that one request cannot make, or whose verdict is not the
// status; they have tests of their own.
func flowRow(id string) bool {
	_, here := flows()[id]
	told := []string{
		"client-header-other-registered", "fmt-proto-pollution", "user-email-of-victim",
		"exp-passes-on-open-connection", "client-contract-revoked", "discovery-issuer-mismatch",
	}
	return here || slices.Contains(told, id) || slices.ContainsFunc([]string{"dos-", "state-", "jwks-", "rsp-"}, func(p string) bool { return strings.HasPrefix(id, p) })
}

// wrongView: the row accepts either, but the upstream must not see the line
// that nobody checked.
func wrongView(id string, got fired) bool {
	return id == "auth-two-headers-upstream-view" && len(got.echo.Authorization) > 1
}

// stillGateway: a mutant that fails more than half of the rows proves nothing.
func (b *bench) stillGateway(t *testing.T, rows []row, m Mutant) {
	t.Helper()
	failed := 0
	h := b.strictWith(m.Lacks, m.Softens)
	for _, r := range rows {
		if r.guards == "cost" {
			continue // they are large, and few
		}
		if got := fire(t, h, r.ask); got.forwarded != (r.status == 0) {
			failed++
		}
	}
	if failed*2 > len(rows) {
		t.Errorf("fails %d of %d rows", failed, len(rows))
	}
}

// TestMutantsCoverEveryGuard: each word of the catalogue's column has a mutant.
func TestMutantsCoverEveryGuard(t *testing.T) {
	t.Parallel()
	words := strings.Fields("signature algorithm key format time issuer tenant audience client scope role token-kind placement route upstream-identity state cost response")
	for _, word := range words {
		if !slices.ContainsFunc(Mutants(), func(m Mutant) bool { return m.Guards == word }) {
			t.Errorf("%s: no mutant", word)
		}
	}
	for _, m := range Mutants() {
		if !slices.Contains(words, m.Guards) {
			t.Errorf("%s: guards %q is no word of the catalogue", m.Name, m.Guards)
		}
	}
	for _, s := range Softenings() {
		if !slices.ContainsFunc(Mutants(), func(m Mutant) bool { return slices.Contains(m.Softens, s.Name) }) {
			t.Errorf("%s: a softening without mutant", s.Name)
		}
	}
}

// TestStrictRefusalsTellNothing: challenge and code as RFC 6750 says, and no
// piece of the token.
func TestStrictRefusalsTellNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	codes := map[int]string{400: "invalid_request", 401: "invalid_token", 403: "insufficient_scope"}
	for _, r := range b.rows() {
		got, refusal := b.judged(r, nil, nil)
		if r.status == 0 {
			continue
		}
		challenge := got.header.Get("WWW-Authenticate")
		want := codes[got.status]
		if slices.ContainsFunc(refusal.Checks, func(c Check) bool { return c.Name == "credentials" }) {
			want = "" // nothing was presented, whatever is refused first
		}
		if want != "" && !strings.Contains(challenge, `error="`+want+`"`) || want == "" && strings.Contains(challenge, "error=") {
			t.Errorf("%s: status %d: expected error %q in the challenge, got %q", r.id, got.status, want, challenge)
		}
		for _, line := range r.ask.Header.Values("Authorization") {
			for _, piece := range strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '.' }) {
				if len(piece) > 12 && strings.Contains(got.body+challenge, piece) {
					t.Errorf("%s: the answer repeats a piece of the token", r.id)
				}
			}
		}
	}
}

// TestStrictEnforces: what the environment does not enforce is not checked, and
// nothing else can be declared away.
func TestStrictEnforces(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o := b.options("strict")
	o.Environment.Enforces = []string{"audience", "client"}
	h := b.gateway(o)
	for id, forwarded := range map[string]bool{
		"role-app-only-no-roles": true, "client-multi-tenant-twin": true, "scope-missing-genuine": true,
		"aud-missing": false, "client-unregistered-genuine": false, "sig-bit-flipped": false, "exp-missing": false, "scope-other-route": false,
	} {
		rows := b.rows()
		i := slices.IndexFunc(rows, func(r row) bool { return r.id == id })
		if got := fire(t, h, rows[i].ask); got.forwarded != forwarded {
			t.Errorf("%s: expected forwarded %t, got %t", id, forwarded, got.forwarded)
		}
	}
}

// TestStrictCriteria: one of several scopes is enough only if the environment
// says so; the word for users is scp, for daemons roles.
func TestStrictCriteria(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, row := range map[string]struct {
		criteria, scopes string
		forwarded        bool
	}{
		"and, one missing": {"and", "DEV.Access", false},
		"and, all there":   {"and", "DEV.Write DEV.Access", true},
		"or, one there":    {"or", "DEV.Write", true},
		"or, none there":   {"or", "DEV.Admin", false},
	} {
		o := b.options("strict")
		o.Environment.Scopes, o.Environment.ScopeCriteria = []string{"DEV.Access", "DEV.Write"}, row.criteria
		got := fire(t, b.gateway(o), ask("Bearer "+b.sign(b.claims(v2User, grant{scopes: row.scopes}))))
		if got.forwarded != row.forwarded {
			t.Errorf("%s: expected forwarded %t, got %t", name, row.forwarded, got.forwarded)
		}
	}
	for kind, only := range map[string]func(*Environment){
		v2User: func(e *Environment) { e.Scopes = nil },
		v2App:  func(e *Environment) { e.Roles = nil },
	} {
		o := b.options("strict")
		only(&o.Environment)
		if fire(t, b.gateway(o), ask("Bearer "+b.genuine(kind))).forwarded {
			t.Errorf("%s: admitted where nothing admits this sort of caller", kind)
		}
	}
}

// TestStrictIdentity: the upstream sees the gateway's word on the caller only.
func TestStrictIdentity(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	injected := []string{"X-User-Id", "X-AGW-client_id", "X_User_Id", "x-ms-client-principal", "X-Forwarded-User", "client_id", "X-AGW-sub"}
	request := func() *http.Request {
		r := ask("Bearer " + b.genuine(v2App))
		r.Header.Set("Connection", "X-AGW-client_id")
		for _, name := range injected {
			r.Header.Set(name, "victim")
		}
		return r
	}
	got := fire(t, b.gateway(b.options("strict")), request())
	for _, pair := range got.echo.Header {
		if pair.Value == "victim" || pair.Name == "Connection" {
			t.Errorf("the upstream saw %s: %s", pair.Name, pair.Value)
		}
	}
	if id := got.echo.Values("X-AGW-client_id"); !slices.Equal(id, []string{worker}) {
		t.Errorf("expected X-AGW-client_id %s, got %v", worker, id)
	}
	for _, name := range []string{"X-AGW-sub", "X-AGW-oid", "X-AGW-tid"} {
		if values := got.echo.Values(name); len(values) != 1 || values[0] == "" {
			t.Errorf("expected the token's claim in %s, got %v", name, values)
		}
	}
	o := b.options("strict")
	o.Softens = []string{"hop-by-hop"}
	dropped := fire(t, b.gateway(o), with(request(), "Connection", "close, Authorization, X-AGW-client_id"))
	if id := dropped.echo.Values("X-AGW-client_id"); len(id) > 0 || len(dropped.echo.Authorization) > 0 {
		t.Errorf("hop-by-hop: expected neither field upstream, got %v and %v", id, dropped.echo.Authorization)
	}
	o.Softens = []string{"identity-spelling"}
	spelled := fire(t, b.gateway(o), request())
	if id := spelled.echo.Values("X_User_Id"); !slices.Equal(id, []string{"victim"}) || len(spelled.echo.Values("X-User-Id")) > 0 {
		t.Errorf("identity-spelling: expected the odd spelling only, got %v", id)
	}
	o = b.options("strict")
	o.Lacks = []string{"identity-headers"}
	leaky := fire(t, b.gateway(o), request())
	if victims := leaky.echo.Values("X-User-Id"); !slices.Equal(victims, []string{"victim"}) {
		t.Errorf("no-upstream-identity: expected the client's header upstream, got %v", victims)
	}
}
