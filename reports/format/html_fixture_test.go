package format_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
)

// request is one request with its answer, before it is recorded.
type request struct {
	line, extra    string // request line; further header lines, each with CRLF
	authorization  string // "Bearer" where empty; "-" for none
	header, claims string // JSON of the token
	status         int
	body           string
	echo           *probe.Echo
}

const (
	genuineHeader = `{"typ":"JWT","alg":"RS256","kid":"k1"}`
	genuineClaims = `{"aud":"api://orders.dev","iss":"https://login.microsoftonline.com/7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40/v2.0",` +
		`"iat":100,"exp":4000,"aio":"AbC","azp":"0d2c","roles":["DEV.Access"],"uti":"u-1","ver":"2.0"}`
)

// recordedOf is the request as the engine records it.
func recordedOf(q request) *reports.Exchange {
	segment := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	scheme := q.authorization
	if scheme == "" {
		scheme = "Bearer"
	}
	if q.line == "" {
		q.line = "GET /orders/v1/ping HTTP/1.1"
	}
	sent := q.line + "\r\nHost: dev.gw.example\r\n" + q.extra
	if scheme != "-" {
		sent += "Authorization: " + scheme + " " + segment(q.header) + "." + segment(q.claims) + "." + signature + "\r\n"
	}
	o := probe.Observation{
		Status: q.status, Proto: "HTTP/1.1", Body: []byte(q.body), Echo: q.echo, Sent: []byte(sent + "\r\n"),
		Header:  []probe.Pair{{Name: "Content-Type", Value: "application/json"}, {Name: "Cache-Control", Value: "no-store"}},
		Started: time.Date(2026, 11, 23, 18, 30, 1, 0, time.UTC), Elapsed: 12 * time.Millisecond,
	}
	x := o.Record(probe.Redaction{Secrets: []string{clientSecret}})
	return &x
}

// compared is a run with one failure whose control kept its exchange.
func compared(guards string, sent request) *reports.Results {
	r := staging(allChecks)
	controls(r, reports.ControlAccepted, because(verdict.AcceptedAsRequired, ""), 200)
	for i := range r.Controls {
		r.Controls[i].Shots[0].Exchange = recordedOf(request{header: genuineHeader, claims: genuineClaims, status: 200})
	}
	rw := rowAlone
	rw.guards = guards
	rw.refs = []string{"CWE-697", "MS-at", "8725§3.9", "ASVS 9.2.3", "8725bis§2.11", "PS-2", "NIST AC-3", "API2", "envoyproxy/gateway#8027"}
	c := add(r, rw, "dev", "dev", "v2 app", because(verdict.ReachedUpstream, "answered 200"))
	c.By = []string{"audience"}
	accepted(c)
	c.Exchange = recordedOf(sent)
	refused(add(r, rowNone, "dev", "dev", "v2 user", because(verdict.RefusedAsRequired, "")), 401)
	r.Cases[len(r.Cases)-1].Exchange = recordedOf(request{header: `{"typ":"JWT","alg":"none"}`, claims: genuineClaims, status: 401, body: `{"error":"invalid_token"}`})
	return selectAll(r)
}

// otherAudience is a genuine token but for its audience, let in.
func otherAudience() request {
	return request{
		header: genuineHeader, claims: strings.Replace(genuineClaims, "api://orders.dev", "api://orders.uat", 1), status: 200, body: `{"case":"x"}`,
		echo: &probe.Echo{Method: "GET", Target: "/orders/v1/ping", Authorization: []probe.Seen{probe.See("Bearer x")}, Header: []probe.Pair{{Name: "Accept", Value: "*/*"}}},
	}
}

// large is a run of 60 rows, 3 environments and 4 gateways, with pairs and
// variants: one gateway refuses everything, one lets everything in, two are
// mended. With all set every case fails.
func large(all bool) *reports.Results {
	r := staging(allChecks)
	proto := r.Targets[0]
	r.Targets = nil
	for _, name := range []string{"apache-broken", "envoy-leaky", "haproxy-fixed", "nginx-fixed"} {
		t := proto
		t.Name = name
		r.Targets = append(r.Targets, t)
		one := staging(allChecks)
		controls(one, reports.ControlAccepted, because(verdict.AcceptedAsRequired, ""), 200)
		for i := range one.Controls {
			one.Controls[i].Target = name
			one.Controls[i].Shots[0].Exchange = largeExchange(name+one.Controls[i].ID, 200)
		}
		r.Controls = append(r.Controls, one.Controls...)
		for row := range 60 {
			largeRow(r, name, row, all)
		}
	}
	return selectAll(r)
}

// largeRow adds the cases of one row: every third row has all pairs, every
// fifth two variants.
func largeRow(r *reports.Results, target string, n int, all bool) {
	groups := strings.Fields("ALG AUD CLI CTL FMT HTP ISS KID SCP SIG TIM")
	rw := row{
		scenario: fmt.Sprintf("row-%02d-of-the-catalogue", n), title: fmt.Sprintf("A token that differs from a genuine one in way %d", n),
		group: groups[n%len(groups)], severity: reports.Severities()[n%3], guards: "audience", expected: "refuse 401 403",
		refs: []string{"MS-at (confused deputy)", "8725§2.7", "8725§3.9", "9700§4.10.2", "CWE-441", "CWE-863", "ASVS 9.2.3", "ASVS 10.3.1", "API2"},
	}
	for _, to := range environments {
		for _, from := range environments {
			switch {
			case n%3 != 0 && from != to:
			case n%5 == 0:
				for _, variant := range []string{"/upper", "/lower"} {
					largeCase(r, target, rw, [3]string{from, to, variant}, all)
				}
			default:
				largeCase(r, target, rw, [3]string{from, to}, all)
			}
		}
	}
}

func largeCase(r *reports.Results, target string, rw row, at [3]string, all bool) {
	v := because(verdict.RefusedAsRequired, "answered 401")
	switch {
	case all || target == "envoy-leaky":
		v = because(verdict.ReachedUpstream, "answered 200")
	case target == "apache-broken":
		v = because(verdict.ControlRefused, "controls: refused before, refused after")
	}
	c := add(r, rw, at[0], at[1], "v2 app", v)
	c.Target, c.ID, c.By = target, c.ID+at[2], []string{"audience"}
	if v.Outcome == verdict.Fail {
		accepted(c)
	} else {
		refused(c, 401)
	}
	if v.Outcome != verdict.Pass || strings.HasPrefix(at[0]+at[1], "devdev") {
		c.Exchange = largeExchange(target+c.ID, c.Status)
	}
}

// largeExchange is as large as those of a real run, and as little alike.
func largeExchange(name string, status int) *reports.Exchange {
	sum := sha256.Sum256([]byte(name))
	id := hex.EncodeToString(sum[:])
	text := base64.RawURLEncoding.EncodeToString(sum[:])
	seen := probe.See("Bearer " + id)
	return recordedOf(request{
		extra:  "User-Agent: entraproof\r\nAccept: */*\r\nX-Entraproof-Run: r-7f3a\r\nX-Entraproof-Case: " + strings.ReplaceAll(name, "→", "-") + "\r\n",
		header: `{"typ":"JWT","alg":"RS256","kid":"LeBmDUH0Vv44ZsEeO1SqUA5_L2U"}`,
		claims: fmt.Sprintf(`{"aud":"7a510000-7e57-4a10-8002-0123456789e2","iss":"https://login.microsoftonline.com/7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40/v2.0",`+
			`"iat":1795471251,"nbf":1795471251,"exp":1795475151,"aio":"%s","azp":"0d2c0000-0001-4c11-8000-00000000d001","azpacr":"1","oid":"%s","rh":"%s",`+
			`"roles":["DEV.Access"],"sub":"%s","tid":"7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40","uti":"%s","ver":"2.0","xms_ftd":"%s"}`,
			text, id[:36], text[4:], id[:36], text[:22], text+text),
		status: status,
		body:   fmt.Sprintf(`{"case":%q,"run":"r-7f3a","method":"GET","target":"/orders/v1/ping","authorization":[{"scheme":"Bearer","sha256":"%s","length":1278}]}`, name, id),
		echo:   &probe.Echo{Case: name, Run: "r-7f3a", Method: "GET", Target: "/orders/v1/ping", Host: "127.0.0.1:36689", Authorization: []probe.Seen{seen}, Header: []probe.Pair{{Name: "Accept", Value: "*/*"}, {Name: "User-Agent", Value: "entraproof"}}},
	})
}
