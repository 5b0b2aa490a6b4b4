package verdict_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/internal/verdict"
)

// echoOf is an arrival with these Authorization values and header fields.
func echoOf(authorization []string, fields ...string) probe.Echo {
	var e probe.Echo
	for _, a := range authorization {
		e.Authorization = append(e.Authorization, probe.See(a))
	}
	for i := 0; i+1 < len(fields); i += 2 {
		e.Header = append(e.Header, probe.Pair{Name: fields[i], Value: fields[i+1]})
	}
	return e
}

func TestUpstreamConditions(t *testing.T) {
	bearer := []string{"Bearer a"}
	tests := []struct {
		name, upstream string
		seen           []probe.Echo
		identity       []string
		want           verdict.Reason
	}{
		{"identity in a field", "{identity: c1}", []probe.Echo{echoOf(nil, "X-Client", "c1")}, nil, verdict.AcceptedAsRequired},
		{"identity within a value", "{identity: c1}", []probe.Echo{echoOf(nil, "X-Client", "id=c1;v")}, nil, verdict.AcceptedAsRequired},
		{"identity in the forwarded token", "{identity: c1}", []probe.Echo{echoOf(bearer, "X-Client", "c2")}, nil, verdict.AcceptedAsRequired},
		{"identity nowhere", "{identity: c1}", []probe.Echo{echoOf(nil, "X-Client", "c2")}, nil, verdict.IdentityNotShown},
		{"identity in the declared field", "{identity: c1}", []probe.Echo{echoOf(bearer, "x-client", "c1", "client_id", "c2")}, []string{"X-Client"}, verdict.AcceptedAsRequired},
		{"another in the declared field", "{identity: c1}", []probe.Echo{echoOf(bearer, "X-Client", "c2")}, []string{"X-Client"}, verdict.IdentityNotForwarded},
		{"two in the declared field", "{identity: c1}", []probe.Echo{echoOf(bearer, "X-Client", "c1", "X-Client", "c2")}, []string{"X-Client"}, verdict.IdentityNotForwarded},
		{"declared field missing", "{identity: c1}", []probe.Echo{echoOf(bearer, "client_id", "c1")}, []string{"X-Client"}, verdict.IdentityNotForwarded},
		{"not the victim", "{not-identity: victim}", []probe.Echo{echoOf(bearer, "X-User", "other")}, nil, verdict.AcceptedAsRequired},
		{"the victim", "{not-identity: victim}", []probe.Echo{echoOf(bearer, "X-User", "victim")}, nil, verdict.IdentityTakenOver},
		{"the victim in a field that tells nobody", "{not-identity: victim}", []probe.Echo{echoOf(bearer, "X-Note", "victim")}, []string{"X-User"}, verdict.AcceptedAsRequired},
		{"one of two victims", "{not-identity: [a1, victim]}", []probe.Echo{echoOf(bearer, "X-User", "victim")}, nil, verdict.IdentityTakenOver},
		{"made-up value dropped", "{no-header-value: victim}", []probe.Echo{echoOf(bearer, "X-User", "me")}, []string{"X-User"}, verdict.AcceptedAsRequired},
		{"made-up value forwarded", "{no-header-value: victim}", []probe.Echo{echoOf(bearer, "X-Other", "a, victim")}, []string{"X-User"}, verdict.HeaderValueForwarded},
		{"the checked line only", `{authorization: "Bearer a"}`, []probe.Echo{echoOf(bearer)}, nil, verdict.AcceptedAsRequired},
		{"both lines", `{authorization: "Bearer a"}`, []probe.Echo{echoOf([]string{"Bearer a", "Bearer b"})}, nil, verdict.AuthorizationDiffers},
		{"the other line", `{authorization: "Bearer a"}`, []probe.Echo{echoOf([]string{"Bearer b"})}, nil, verdict.AuthorizationDiffers},
		{"in another order", `{authorization: ["Bearer a", "Bearer b"]}`, []probe.Echo{echoOf([]string{"Bearer b", "Bearer a"})}, nil, verdict.AuthorizationDiffers},
		{"none wanted, none seen", "{authorization: []}", []probe.Echo{echoOf(nil)}, nil, verdict.AcceptedAsRequired},
		{"none wanted, one seen", "{authorization: []}", []probe.Echo{echoOf(bearer)}, nil, verdict.AuthorizationDiffers},
		{"the method that was sent", "{method: GET}", []probe.Echo{{Method: "GET"}}, nil, verdict.AcceptedAsRequired},
		{"another method", "{method: GET}", []probe.Echo{{Method: "DELETE"}}, nil, verdict.MethodReplaced},
		{"the second arrival breaks it", "{no-header-value: victim}", []probe.Echo{echoOf(bearer), echoOf(bearer, "X", "victim")}, nil, verdict.HeaderValueForwarded},
		{"all four hold", `{identity: me, not-identity: you, no-header-value: x, authorization: "Bearer a"}`, []probe.Echo{echoOf(bearer, "U", "me")}, nil, verdict.AcceptedAsRequired},
		{"identity of several conditions fails", "{identity: me, no-header-value: x}", []probe.Echo{echoOf(nil, "U", "you")}, nil, verdict.IdentityNotShown},
		{"nothing wanted, something seen", "{reached: false}", []probe.Echo{echoOf(nil)}, nil, verdict.ReachedUpstream},
		{"nothing wanted, nothing tells", "{reached: false}", nil, nil, verdict.ReachedUpstream},
		{"nothing tells what was seen", "{identity: me}", nil, nil, verdict.UpstreamUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := expect(t, "{accept: true, upstream: "+tt.upstream+"}")
			wanted, err := e.Upstream.Eval(value.Map{})
			if err != nil {
				t.Fatal(err)
			}
			v := verdict.Judge(verdict.Evidence{Expect: e, Wanted: wanted, Observed: status(200), Reach: reached, Seen: tt.seen, IdentityHeaders: tt.identity})
			if v.Reason != tt.want {
				t.Errorf("expected %s, got %s (%s)", tt.want, v.Reason, v.Detail)
			}
		})
	}
}

func TestUpstreamConditionsOfWhatNeverArrived(t *testing.T) {
	wanted := verdict.Wanted{NotIdentity: []string{"victim"}}
	answered := byEcho()
	answered.Echo = &probe.Echo{Header: []probe.Pair{{Name: "X-User", Value: "victim"}}}
	tests := []struct {
		name     string
		observed probe.Observation
		reach    verdict.Reach
		want     verdict.Reason
	}{
		{"refused", status(401), away, verdict.ConditionsHold},
		{"refused, weak", status(401), unknown, verdict.ConditionsHold},
		{"accepted, bare status", status(200), unknown, verdict.UpstreamUnknown},
		{"forwarded", status(401), forwarded, verdict.UpstreamUnknown},
		{"the answer's own echo", answered, reached, verdict.IdentityTakenOver},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := verdict.Judge(verdict.Evidence{Wanted: wanted, Observed: tt.observed, Reach: tt.reach, Before: yes, After: yes})
			if v.Reason != tt.want {
				t.Errorf("expected %s, got %s", tt.want, v.Reason)
			}
		})
	}
}

func TestUpstreamEval(t *testing.T) {
	e := expect(t, `{accept: true, upstream: {identity: "${home.client.id}", not-identity: ["${home.user.sub}", x], authorization: "Bearer ${token}"}}`)
	if diff := cmp.Diff([]string{"home.client.id", "home.user.sub", "token"}, e.Refs()); diff != "" {
		t.Error(diff)
	}
	scope := value.Map{"home.client.id": value.String("c"), "home.user.sub": value.String("s"), "token": value.String("t")}
	got, err := e.Upstream.Eval(scope)
	want := verdict.Wanted{Identity: []string{"c"}, NotIdentity: []string{"s", "x"}, Authorization: []string{"Bearer t"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, err := e.Upstream.Eval(value.Map{}); err == nil || !strings.Contains(err.Error(), "home.client.id") {
		t.Errorf("got %v", err)
	}
}

func TestMarkReach(t *testing.T) {
	with := func(o probe.Observation, header, body string) probe.Observation {
		if header != "" {
			o.Header = append(o.Header, probe.Pair{Name: "X-Backend", Value: header})
		}
		o.Body = []byte(body)
		return o
	}
	cut := with(status(200), "", "ord")
	cut.Truncated = true
	echo := verdict.Mark{Echo: true}
	header := verdict.Mark{Header: []probe.Pair{{Name: "x-backend", Value: "orders"}}}
	body := verdict.Mark{Body: "orders"}
	both := verdict.Mark{Header: header.Header, Body: "orders"}
	tests := []struct {
		name     string
		mark     verdict.Mark
		observed probe.Observation
		want     verdict.Reach
	}{
		{"echo's answer", echo, byEcho(), reached},
		{"no echo's answer", echo, status(401), away},
		{"2xx, not the echo's", echo, status(200), away},
		{"500 of the gateway", echo, status(500), away},
		{"502 may have arrived", echo, status(502), unknown},
		{"504 may have arrived", echo, status(504), unknown},
		{"time-out may have arrived", echo, fault(probe.FaultTimeout), unknown},
		{"never sent", echo, unconnected(probe.FaultRefused), away},
		{"no TLS", echo, fault(probe.FaultTLS), away},
		{"dial timed out", echo, unconnected(probe.FaultTimeout), away},
		{"header", header, with(status(200), "orders", ""), reached},
		{"header, backend's own 401", header, with(status(401), "orders", ""), reached},
		{"header of another", header, with(status(401), "billing", ""), away},
		{"no header", header, status(403), away},
		{"no header, 500", header, status(500), unknown},
		{"body", body, with(status(200), "", "the orders"), reached},
		{"body without", body, with(status(401), "", "no"), away},
		{"body missing", body, status(200), unknown},
		{"body missing, redirected", body, status(300), away},
		{"body missing, refused", body, status(401), away},
		{"body cut off", body, cut, unknown},
		{"both", both, with(status(200), "orders", "orders"), reached},
		{"one of both", both, with(status(200), "orders", "x"), away},
		{"no mark", verdict.Mark{}, byEcho(), unknown},
		{"no mark, refused", verdict.Mark{}, status(401), unknown},
		{"no mark, never sent", verdict.Mark{}, unconnected(probe.FaultDNS), away},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.mark.Reach(tt.observed); got != tt.want {
				t.Errorf("expected %s, got %s", tt.want, got)
			}
		})
	}
	if !(verdict.Mark{}).IsZero() || echo.IsZero() || header.IsZero() || body.IsZero() {
		t.Error("IsZero does not tell them apart")
	}
}

func TestReachAsked(t *testing.T) {
	tests := []struct {
		from verdict.Reach
		seen bool
		want verdict.Reach
	}{
		{unknown, true, forwarded},
		{unknown, false, away},
		{away, true, forwarded},
		{away, false, away},
		{reached, true, reached},
		{reached, false, reached},
		{forwarded, true, forwarded},
	}
	for _, tt := range tests {
		if got := tt.from.Asked(tt.seen); got != tt.want {
			t.Errorf("%s, seen %t: expected %s, got %s", tt.from, tt.seen, tt.want, got)
		}
	}
}

func TestReachArrived(t *testing.T) {
	for r, want := range map[verdict.Reach]bool{unknown: false, away: false, forwarded: true, reached: true} {
		if r.Arrived() != want {
			t.Errorf("%s: expected %t", r, want)
		}
	}
}
