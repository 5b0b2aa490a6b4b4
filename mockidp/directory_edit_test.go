package mockidp

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const newcomer = "0d2c1111-0000-4000-8000-0000000000cc"

// errorSeen is the number of the error that a client meets; 0: it gets a token.
func errorSeen(t *testing.T, i *Issuer, client string) int {
	t.Helper()
	a := post(t, i.URL()+"/"+tenantA+"/oauth2/v2.0/token", form("grant_type", "client_credentials", "client_id", client, "client_secret", secret, "scope", "api://orders.dev/.default"), nil)
	codes, _ := a.json["error_codes"].([]any)
	if len(codes) == 0 {
		return 0
	}
	return int(codes[0].(float64))
}

// TestDirectoryEdit: a client that is put gets a token, one that is taken out
// gets none, and what is wrong changes nothing and is told by its path.
func TestDirectoryEdit(t *testing.T) {
	managed(t, func(t *testing.T, m Management, i *Issuer, _ *clock) {
		t.Helper()
		ctx := t.Context()
		before, err := m.Directory(ctx)
		if err != nil {
			t.Fatal(err)
		}
		reg := ClientRegistration{ID: newcomer, Secrets: []Secret{{Value: secret}}, Roles: map[string][]string{"orders-dev": {"DEV.Access"}}}
		steps := []struct {
			reason string
			do     func() error
			want   int
		}{
			{"before", func() error { return nil }, 700016},
			{"put", func() error { return m.PutEntry(ctx, Clients, "newcomer", reg) }, 0},
			{"another put", func() error { return m.PutEntry(ctx, Groups, "finance", apiOwn) }, 0},
			{"put anew", func() error { reg.Disabled = true; return m.PutEntry(ctx, Clients, "newcomer", reg) }, 7000112},
			{"taken out", func() error { return m.DeleteEntry(ctx, Clients, "newcomer") }, 700016},
			{"all at once", func() error {
				d := Directory{APIs: before.APIs, Clients: map[string]ClientRegistration{"only": {ID: newcomer, Secrets: reg.Secrets}}}
				return m.SetDirectory(ctx, d)
			}, 0},
		}
		for _, step := range steps {
			if err := step.do(); err != nil {
				t.Fatalf("%s: %v", step.reason, err)
			}
			if got := errorSeen(t, i, newcomer); got != step.want {
				t.Errorf("%s: expected AADSTS%d, got %d", step.reason, step.want, got)
			}
		}
		if got := errorSeen(t, i, worker); got != 700016 {
			t.Errorf("who is not in the new directory: AADSTS%d", got)
		}
		if err := m.SetDirectory(ctx, before); err != nil {
			t.Fatal(err)
		}
		after, err := m.Directory(ctx)
		if diff := cmp.Diff(before, after, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	})
}

// TestDirectoryEditProblems is one row a change that is refused.
func TestDirectoryEditProblems(t *testing.T) {
	managed(t, func(t *testing.T, m Management, _ *Issuer, _ *clock) {
		t.Helper()
		ctx := t.Context()
		before, _ := m.Directory(ctx)
		wrong := before
		wrong.APIs = map[string]API{"a": {AppID: "x"}, "b": {AppID: apiV1, URIs: []string{"orders"}}}
		wrong.Clients = nil
		for _, row := range []struct {
			reason string
			do     func() error
			is     error
			want   string
		}{
			{"an id that is none", func() error { return m.PutEntry(ctx, Clients, "x", ClientRegistration{ID: "y"}) }, ErrRequest, `clients.x.id: expected a GUID, got "y"`},
			{"an id twice", func() error { return m.PutEntry(ctx, Clients, "x", ClientRegistration{ID: worker}) }, ErrRequest, `clients.x.id: "` + worker + `" is that of clients.worker.id already`},
			{"near an API", func() error {
				return m.PutEntry(ctx, Clients, "x", ClientRegistration{ID: newcomer, Roles: map[string][]string{"orders-dv": nil}})
			}, ErrRequest, `clients.x.roles.orders-dv: expected the name of an API, got "orders-dv" (did you mean "orders-dev"?)`},
			{"others refer to it", func() error { return m.DeleteEntry(ctx, APIs, "orders-dev") }, ErrRequest, `clients.worker.roles.orders-dev: expected the name of an API`},
			{"not there", func() error { return m.DeleteEntry(ctx, APIs, "orders-dve") }, ErrUnknownEntry, `apis.orders-dve (did you mean "orders-dev"?)`},
			{"no such collection", func() error { return m.DeleteEntry(ctx, "api", "x") }, ErrRequest, `unknown collection "api" (did you mean "apis"?)`},
			{"of another collection", func() error { return m.PutEntry(ctx, APIs, "x", User{Username: "a@b.example"}) }, ErrRequest, `apis.x: `},
			{"nothing", func() error { return m.PutEntry(ctx, APIs, "x", nil) }, ErrRequest, `apis.x: `},
			{"all of what is wrong", func() error { return m.SetDirectory(ctx, wrong) }, ErrRequest, `apis.a.app-id: expected a GUID, got "x"`},
			{"all of what is wrong, the second", func() error { return m.SetDirectory(ctx, wrong) }, ErrRequest, `apis.b.uris.0: expected an App ID URI such as api://orders, got "orders"`},
		} {
			if err := row.do(); !errors.Is(err, row.is) || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%s: expected %s, got %v", row.reason, row.want, err)
			}
		}
		if after, err := m.Directory(ctx); err != nil || !cmp.Equal(before, after, cmpopts.EquateEmpty()) {
			t.Errorf("%v %s", err, cmp.Diff(before, after))
		}
	})
}

// TestDirectoryErrorsAreTheSame: path, text and hint, in the process and over
// management.
func TestDirectoryErrorsAreTheSame(t *testing.T) {
	i := Start(t, testConfig(t))
	reg := ClientRegistration{ID: "y", Roles: map[string][]string{"orders-dv": nil}}
	var here []FieldError
	for _, part := range parts(i.PutEntry(t.Context(), Clients, "x", reg)) {
		here = append(here, fieldErrors(part)...)
	}
	var there *ManagementError
	if err := NewClient(i.ManagementURL(), manager, client(t)).PutEntry(t.Context(), Clients, "x", reg); !errors.As(err, &there) {
		t.Fatal(err)
	}
	if diff := cmp.Diff(here, there.Problems); diff != "" || len(here) != 2 || here[1].Hint == "" {
		t.Errorf("%s\n%v", diff, here)
	}
}

// TestDirectoryIsACopy: what a caller has in hand is not what exists.
func TestDirectoryIsACopy(t *testing.T) {
	i := Start(t, testConfig(t))
	mine, err := i.Directory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	delete(mine.Clients, "worker")
	if got := errorSeen(t, i, worker); got != 0 {
		t.Errorf("a change of the copy: AADSTS%d", got)
	}
	if again, err := i.Directory(t.Context()); err != nil || len(again.Clients) != 2 {
		t.Errorf("a change of the copy: %v %v", again.Clients, err)
	}
	if err := i.SetDirectory(t.Context(), mine); err != nil {
		t.Fatal(err)
	}
	mine.Clients["newcomer"] = ClientRegistration{ID: newcomer}
	if d, _ := i.Directory(t.Context()); len(d.Clients) != 1 {
		t.Errorf("a change of what was set: %v", d.Clients)
	}
}

// TestDirectoryAllAtOnce: many edits at a time lose nothing, and no request
// meets half of a change.
func TestDirectoryAllAtOnce(t *testing.T) {
	i := Start(t, testConfig(t))
	var edits sync.WaitGroup
	for n := range 20 {
		edits.Go(func() {
			id := fmt.Sprintf("0d2c1111-0000-4000-8000-%012d", n)
			if err := i.PutEntry(t.Context(), Clients, fmt.Sprint("c", n), ClientRegistration{ID: id}); err != nil {
				t.Error(err)
			}
			if got := errorSeen(t, i, worker); got != 0 {
				t.Errorf("meanwhile: AADSTS%d", got)
			}
		})
	}
	edits.Wait()
	if d, _ := i.Directory(t.Context()); len(d.Clients) != 22 {
		t.Errorf("expected 22 clients, got %d", len(d.Clients))
	}
}

// TestCollectionsAreAll: every map of a Directory is a collection, by the name
// that its file has for it.
func TestCollectionsAreAll(t *testing.T) {
	known := map[string]bool{}
	for _, c := range collections() {
		known[string(c.name)] = true
	}
	maps := 0
	for n := range reflect.TypeFor[Directory]().NumField() {
		f := reflect.TypeFor[Directory]().Field(n)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Type.Kind() != reflect.Map {
			continue
		}
		if maps++; !known[name] {
			t.Errorf("%s is a map, and no collection", name)
		}
	}
	if maps != len(known) {
		t.Errorf("%d maps, %d collections", maps, len(known))
	}
}

// TestRedirected: who follows the redirect is noted at the call-out.
func TestRedirected(t *testing.T) {
	managed(t, func(t *testing.T, m Management, i *Issuer, _ *clock) {
		t.Helper()
		fetch(t, i.URL()+"/redirected/jku-open-redirect")
		got, err := m.Callouts(t.Context(), "")
		if err != nil || len(got) != 1 || got[0].Case != "jku-open-redirect" {
			t.Errorf("expected one call-out, got %v %v", got, err)
		}
	})
}

// TestCallouts: who followed which URL, the last ones, in a bounded memory.
func TestCallouts(t *testing.T) {
	managed(t, func(t *testing.T, m Management, i *Issuer, c *clock) {
		t.Helper()
		fetch(t, i.URL()+"/callout/jku-attacker/keys?token=secret")
		c.advance(1e9)
		post(t, i.URL()+"/callout/other/"+strings.Repeat("a", 300), nil, nil)
		want := []Callout{
			{Case: "other", Time: c.Now(), Address: "127.0.0.1", Method: "POST", Path: ("/callout/other/" + strings.Repeat("a", 300))[:200], UserAgent: "Go-http-client/1.1"},
			{Case: "jku-attacker", Time: c.Now().Add(-1e9), Address: "127.0.0.1", Method: "GET", Path: "/callout/jku-attacker/keys", UserAgent: "Go-http-client/1.1"},
		}
		for name, want := range map[string][]Callout{"": want, "other": want[:1], "jku-attacker": want[1:], "nobody": {}} {
			got, err := m.Callouts(t.Context(), name)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%q: %v %s", name, err, diff)
			}
		}
		text, _ := json.Marshal(i.callouts.newest())
		if strings.Contains(string(text), "secret") {
			t.Errorf("the query was kept: %s", text)
		}
		if err := m.ResetCounters(t.Context()); err != nil {
			t.Fatal(err)
		}
		if all, err := m.Counters(t.Context()); err != nil || len(all) != 0 {
			t.Errorf("after the reset: %v %v", all, err)
		}
		if all, _ := m.Callouts(t.Context(), ""); len(all) != 2 {
			t.Errorf("call-outs after the reset of the counters: %d", len(all))
		}
		for range maxCallouts + 10 {
			serveCallout(i, &request{Request: newRequest(t, "/callout/flood"), w: discard{}})
		}
		if all, _ := m.Callouts(t.Context(), ""); len(all) != maxCallouts {
			t.Errorf("after a flood: %d", len(all))
		}
	})
}
