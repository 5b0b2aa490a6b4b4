package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// formerRow is the catalogue's row about the former mock.
const formerRow = "- {id: former, guards: key, source: forged, base: {kind: each, issuer: former}, expect: refuse 401}\n"

// otherSigner is a second issuer, with keys of its own, that listens nowhere.
var otherSigner = sync.OnceValues(func() (*mockidp.Issuer, error) {
	return mockidp.New(mockidp.Config{Addr: mockidp.Off, TLSAddr: mockidp.Off, ManagementAddr: mockidp.Off})
})

// newFormer is the second issuer as a run asks it.
func newFormer(t *testing.T) *source {
	t.Helper()
	s := newSource(t)
	issuer, err := otherSigner()
	if err != nil {
		t.Fatal(err)
	}
	s.Authority = issuer
	return s
}

// afterwards is a site whose target names a former mock. It is for users too.
func afterwards(t *testing.T, script func(visit), oldnew ...string) *world {
	t.Helper()
	former := []string{
		`token: "${MANAGEMENT}"}`, `token: "${MANAGEMENT}"}` + "\n" + `  former: {mock: {url: "http://127.0.0.1:3", management: "http://127.0.0.1:4", token: "${FORMER}"}}`,
		"user-tokens: false", "app-tokens: true",
	}
	return newWorld(t, script, append(append(former, devOnly()...), oldnew...)...)
}

// relabelled is an issuer whose tokens carry the signature of nobody.
type relabelled struct{ engine.Source }

func (r relabelled) Genuine(ctx context.Context, grants []mint.Grant) ([]string, error) {
	tokens, err := r.Source.Genuine(ctx, grants)
	for i, token := range tokens {
		tokens[i] = token[:strings.LastIndexByte(token, '.')] + "." + strings.Repeat("A", 342)
	}
	return tokens, err
}

// TestFormer is one row a gateway and a former mock: what their case comes to.
func TestFormer(t *testing.T) {
	t.Parallel()
	trusting := func(former *source) func(visit) {
		return func(v visit) {
			if v.good() || former.gave(v.Token) {
				v.admit()
				return
			}
			v.refuse(http.StatusUnauthorized)
		}
	}
	old, gone, silent := newFormer(t), newFormer(t), newFormer(t)
	gone.fail = func([]mint.Grant) error { return errors.New("connection refused, " + formerToken) }
	silent.keysErr = errors.New("connection refused, " + formerToken)
	for _, row := range []struct {
		reason verdict.Reason
		name   string
		script func(visit)
		former engine.Source
		told   string
	}{
		{verdict.RefusedAsRequired, "a gateway put back", careful, old, "401"},
		{verdict.ReachedUpstream, "a gateway that trusts both", trusting(old), old, "200"},
		{verdict.ReachedUpstream, "a gateway that trusts the former mock alone", func(v visit) {
			if old.gave(v.Token) {
				v.admit()
			} else {
				v.refuse(http.StatusUnauthorized)
			}
		}, old, "200"},
		{verdict.ControlRefused, "a gateway that refuses all", func(v visit) { v.refuse(http.StatusUnauthorized) }, old, "controls: refused"},
		{verdict.RefusedWithToleratedStatus, "refused for want of a role", func(v visit) {
			if v.good() {
				v.admit()
			} else {
				v.refuse(http.StatusForbidden)
			}
		}, old, "403"},
		{verdict.TokenNotObtained, "gone", careful, gone, "the former mock: engine: a genuine v2"},
		{verdict.TokenNotObtained, "keys not told", careful, silent, "the former mock: its keys: connection refused"},
		{verdict.TokenNotObtained, "nobody", careful, nil, "nobody was given as the former mock"},
		{verdict.NothingToChange, "the present issuer by another name", careful, newSource(t), "both are one issuer"},
		{verdict.ForeignTokenUnproven, "a signature of nobody", careful, relabelled{newFormer(t)}, "does not verify with a key that it publishes"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := afterwards(t, row.script)
			w.engine.Former = row.former
			w.run(formerRow)
			for _, id := range []string{"former/dev/v2-app", "former/dev/v2-user"} {
				w.want(id, row.reason)
				w.wantTold(id, row.told)
			}
		})
	}
}

// wantTold wants a text in what is told of a case, and no secret in any of it.
func (w *world) wantTold(id, text string) {
	w.t.Helper()
	if detail := w.cases[id].Detail; !strings.Contains(detail, text) {
		w.t.Errorf("%s: expected %q, got %q", id, text, detail)
	}
	said, err := json.Marshal(w.cases[id])
	if err != nil || strings.Contains(string(said), formerToken) {
		w.t.Errorf("%s tells a secret, or cannot be told (%v): %s", id, err, said)
	}
}

// TestFormerToken: what is presented is the former mock's, with the claims of
// the genuine token beside it, and its signature is in no record.
func TestFormerToken(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	presented := map[string]visit{}
	w := afterwards(t, func(v visit) {
		mu.Lock()
		kind := strings.TrimPrefix(strings.TrimPrefix(v.Case, "control/dev/"), "former/dev/")
		kind, _, _ = strings.Cut(kind, "/")
		if presented[kind+map[bool]string{true: " control"}[v.control()]] = v; v.control() {
			mu.Unlock()
			v.admit()
			return
		}
		mu.Unlock()
		v.refuse(http.StatusForbidden)
	})
	w.engine.Former = newFormer(t)
	w.run(formerRow)
	for _, kind := range []string{"v2-app", "v2-user"} {
		token, control := presented[kind], presented[kind+" control"]
		for _, claim := range []string{"iss", "aud", "tid", "azp", "ver", "roles", "scp"} {
			got, _ := token.Payload.Get(claim)
			if want, _ := control.Payload.Get(claim); !got.Equal(want) {
				t.Errorf("%s: expected the control's %s, %s, got %s", kind, claim, want.JSON(), got.JSON())
			}
		}
		if !control.Genuine || token.Genuine {
			t.Errorf("%s: expected a genuine control and a token of another issuer", kind)
		}
		said, err := json.Marshal(w.cases["former/dev/"+kind])
		signature := token.Token[strings.LastIndexByte(token.Token, '.')+1:]
		if err != nil || w.cases["former/dev/"+kind].Exchange == nil || strings.Contains(string(said), signature[:40]) {
			t.Errorf("%s: expected the exchange without the signature, got %s", kind, said)
		}
	}
}

// TestFormerAppKey: a registration with a signing key of its own has one at the
// former mock as well, which its key set of the tenant does not hold.
func TestFormerAppKey(t *testing.T) {
	t.Parallel()
	w := afterwards(t, careful, "version: 2, scopes: [DEV.Access, DEV.Admin]", "version: 2, keys: app, scopes: [DEV.Access, DEV.Admin]")
	w.engine.Former = newFormer(t)
	w.run(formerRow)
	w.want("former/dev/v2-app", verdict.RefusedAsRequired)
	report := w.cases["former/dev/v2-app"]
	if report.Kind != "v2 app" || report.Expected != "refuse 401" {
		t.Errorf("expected a v2 app token to be refused, got %s, %s", report.Kind, report.Expected)
	}
}

// TestFormerOf: the former mock is asked at its own management listener; one in
// this process is not looked for.
func TestFormerOf(t *testing.T) {
	t.Parallel()
	w := afterwards(t, careful)
	if engine.FormerOf(w.target) == nil {
		t.Error("expected a client of the former mock")
	}
	for reason, tokens := range map[string]targets.Tokens{
		"none named":      {Mock: &targets.Mock{}},
		"in this process": {Embedded: true, Former: &targets.Mock{}},
	} {
		if engine.FormerOf(&targets.File{Tokens: tokens}) != nil {
			t.Errorf("%s: expected nobody", reason)
		}
	}
}

// TestFormerAlone: the present issuer is not asked for what the former mock is
// to issue.
func TestFormerAlone(t *testing.T) {
	t.Parallel()
	w := afterwards(t, careful)
	former := newFormer(t)
	w.engine.Former = former
	w.run(strings.Replace(formerRow, "{kind: each,", "{client: stranger,", 1))
	w.want("former/dev", verdict.RefusedAsRequired)
	if len(w.source.asked) != 2 || len(former.asked) != 1 {
		t.Errorf("expected the tokens of two controls, and one of the former mock, got %d and %d", len(w.source.asked), len(former.asked))
	}
}

// TestFormerSignsAgain: what a row changes in the former mock's token, the
// former mock signs.
func TestFormerSignsAgain(t *testing.T) {
	t.Parallel()
	w := afterwards(t, careful)
	w.engine.Former = newFormer(t)
	w.run(strings.Replace(strings.Replace(formerRow, "{kind: each,", "{version: v2,", 1), "expect:", "token: [{set: {note: x}}], expect:", 1))
	w.want("former/dev", verdict.RefusedAsRequired)
}
