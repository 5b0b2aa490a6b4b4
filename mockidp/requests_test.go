package mockidp

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestRequests is one row a request and what is remembered of it, in the
// process and over management alike; nothing that was sent in confidence.
func TestRequests(t *testing.T) {
	managed(t, func(t *testing.T, m Management, i *Issuer, c *clock) {
		t.Helper()
		token := i.URL() + "/" + tenantA + "/oauth2/v2.0/token"
		ask := func(id, secret string) url.Values {
			return form("grant_type", "client_credentials", "client_id", id, "client_secret", secret, "scope", apiV2+"/.default")
		}
		rows := []struct {
			reason string
			send   func() answer
			want   Request
		}{
			{"a token", func() answer { return post(t, token, ask(worker, secret), nil) }, Request{Method: "POST", Endpoint: "/{tenant}/oauth2/v2.0/token", Tenant: tenantA, ClientID: worker, Status: 200}},
			{"a wrong secret", func() answer { return post(t, token, ask(worker, "wrong"), nil) }, Request{Method: "POST", Endpoint: "/{tenant}/oauth2/v2.0/token", Tenant: tenantA, ClientID: worker, Status: 401, AADSTS: 7000215}},
			{"the secret in the wrong place", func() answer { return post(t, token, ask(secret, worker), nil) }, Request{Method: "POST", Endpoint: "/{tenant}/oauth2/v2.0/token", Tenant: tenantA, Status: 400, AADSTS: 700038}},
			{"the client by Basic", func() answer {
				return post(t, token, form("grant_type", "client_credentials", "scope", apiV2+"/.default"), func(r *http.Request) {
					r.SetBasicAuth(worker, url.QueryEscape(secret))
				})
			}, Request{Method: "POST", Endpoint: "/{tenant}/oauth2/v2.0/token", Tenant: tenantA, ClientID: worker, Status: 200}},
			{"a client in the query", func() answer { return fetch(t, i.URL()+"/common/discovery/keys?client_id="+worker) }, Request{Method: "GET", Endpoint: "/{tenant}/discovery/keys", Tenant: "common", ClientID: worker, Status: 200}},
			{"no such tenant", func() answer { return fetch(t, i.URL()+"/contoso/discovery/keys") }, Request{Method: "GET", Endpoint: "/{tenant}/discovery/keys", Status: 400, AADSTS: 900023}},
			{"no such path", func() answer { return fetch(t, i.URL()+"/nowhere/"+url.PathEscape(secret)) }, Request{Method: "GET", Endpoint: "unknown path", Status: 404}},
		}
		for _, row := range rows {
			sent := row.send()
			fetch(t, i.URL()+"/entraproof/health")
			got, err := m.Requests(t.Context())
			if err != nil || len(got) == 0 {
				t.Fatalf("%s: %v %v", row.reason, got, err)
			}
			row.want.Time, row.want.Address, row.want.ID = c.Now(), "127.0.0.1", sent.header.Get("x-ms-request-id")
			if row.want.Status == http.StatusNotFound {
				row.want.ID = got[0].ID // nothing of Entra's answers there
			}
			if diff := cmp.Diff(row.want, got[0], cmpopts.IgnoreFields(Request{}, "Duration")); diff != "" || got[0].Duration <= 0 {
				t.Errorf("%s: %s, took %s", row.reason, diff, got[0].Duration)
			}
			c.advance(1)
		}
		all, _ := m.Requests(t.Context())
		text, err := json.Marshal(all)
		if err != nil || len(all) != len(rows) || strings.Contains(string(text), strings.SplitN(secret, " ", 2)[0]) || strings.Contains(string(text), "eyJ") {
			t.Errorf("%d requests, want %d, %v: %s", len(all), len(rows), err, text)
		}
	})
}

// TestRecent keeps what came last, in its order.
func TestRecent(t *testing.T) {
	r := recent[int]{most: 3}
	for n, want := range [][]int{{0}, {1, 0}, {2, 1, 0}, {3, 2, 1}, {4, 3, 2}, {5, 4, 3}, {6, 5, 4}} {
		if r.add(n); !cmp.Equal(r.newest(), want) {
			t.Errorf("after %d: expected %v, got %v", n, want, r.newest())
		}
	}
}
