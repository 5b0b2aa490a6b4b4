package verdict_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/verdict"
)

// TestObservers: each observer on what it is about, right and wrong, and on
// what it is not about.
func TestObservers(t *testing.T) {
	t.Parallel()
	demand := func(expectation string) verdict.Demand { return verdict.DemandOf(expect(t, expectation)) }
	away, bad, double := demand("refuse 401"), demand("refuse 403 401"), demand("refuse 400 401")
	refused := func(change func(*verdict.Record)) verdict.Record {
		r := verdict.Record{Case: "x", Status: 401, Reach: verdict.NotReached, Demand: away, Presented: verdict.Bearer, Challenge: `Bearer error="invalid_token"`}
		change(&r)
		return r
	}
	same := func(*verdict.Record) {}
	looking := func(guards string, look uint64) verdict.Record {
		return refused(func(r *verdict.Record) { r.Guards, r.Look, r.Case = guards, look, guards })
	}
	scoped := func(challenge string) verdict.Record {
		return refused(func(r *verdict.Record) { r.Guards, r.Status, r.Demand, r.Challenge = "scope", 403, bad, challenge })
	}
	twice := func(status int, challenge string) verdict.Record {
		return refused(func(r *verdict.Record) {
			r.Presented, r.Status, r.Demand, r.Challenge = verdict.Twice, status, double, challenge
		})
	}
	large := func(r verdict.Record, expectation string) verdict.Record {
		r.Status, r.Demand, r.Challenge = 431, demand(expectation), ""
		return r
	}
	table := []struct {
		name, id string
		records  []verdict.Record
		want     verdict.Reason
	}{
		{"challenge", "rsp-401-has-challenge", []verdict.Record{refused(same)}, verdict.ChallengeEverywhere},
		{"no challenge", "rsp-401-has-challenge", []verdict.Record{refused(same), refused(func(r *verdict.Record) { r.Challenge = "" })}, verdict.ChallengeMissing},
		{"the backend's 401", "rsp-401-has-challenge", []verdict.Record{{Status: 401, Reach: verdict.Reached}}, verdict.NothingObserved},
		{"403 needs none", "rsp-401-has-challenge", []verdict.Record{refused(func(r *verdict.Record) { r.Status, r.Challenge = 403, "" })}, verdict.NothingObserved},
		{"anonymous, no code", "rsp-no-error-code-without-credentials", []verdict.Record{refused(func(r *verdict.Record) { r.Presented, r.Challenge = verdict.Nothing, "Bearer" })}, verdict.ErrorCodeRight},
		{"anonymous, a code", "rsp-no-error-code-without-credentials", []verdict.Record{refused(func(r *verdict.Record) { r.Presented = verdict.Nothing })}, verdict.ErrorCodeWrong},
		{"not anonymous", "rsp-no-error-code-without-credentials", []verdict.Record{refused(same)}, verdict.NothingObserved},
		{"invalid_token", "rsp-invalid-token-code", []verdict.Record{refused(same)}, verdict.ErrorCodeRight},
		{"invalid_token without quotes", "rsp-invalid-token-code", []verdict.Record{refused(func(r *verdict.Record) { r.Challenge = "Bearer realm=x, error=invalid_token" })}, verdict.ErrorCodeRight},
		{"only its description", "rsp-invalid-token-code", []verdict.Record{refused(func(r *verdict.Record) { r.Challenge = `Bearer error_description="invalid_token"` })}, verdict.ErrorCodeWrong},
		{"insufficient_scope", "rsp-insufficient-scope-code", []verdict.Record{scoped(`Bearer error="insufficient_scope"`)}, verdict.ErrorCodeRight},
		{"insufficient_scope missing", "rsp-insufficient-scope-code", []verdict.Record{scoped(`Bearer`)}, verdict.ErrorCodeWrong},
		{"invalid_request", "rsp-invalid-request-code", []verdict.Record{twice(400, `Bearer error="invalid_request"`)}, verdict.ErrorCodeRight},
		{"invalid_request missing", "rsp-invalid-request-code", []verdict.Record{twice(400, `Bearer error="invalid_token"`)}, verdict.ErrorCodeWrong},
		{"invalid_request with 401", "rsp-invalid-request-code", []verdict.Record{twice(401, `Bearer error="invalid_request"`)}, verdict.ErrorCodeWrong},
		{"too large for a code", "rsp-invalid-request-code", []verdict.Record{twice(400, `Bearer error="invalid_request"`), large(twice(431, ""), "refuse 400 401 431")}, verdict.ErrorCodeRight},
		{"too large, which the row does not allow", "rsp-invalid-request-code", []verdict.Record{large(twice(431, ""), "refuse 400 401")}, verdict.ErrorCodeWrong},
		{"nothing told", "rsp-jwks-url-not-leaked", []verdict.Record{refused(same)}, verdict.InternalsKept},
		{"something told", "rsp-jwks-url-not-leaked", []verdict.Record{refused(func(r *verdict.Record) { r.Tells = []string{"the audience"} })}, verdict.InternalsTold},
		{"alike", "rsp-reasons-not-distinguishable", []verdict.Record{looking("key", 1), looking("time", 1)}, verdict.ReasonsAlike},
		{"not alike", "rsp-reasons-not-distinguishable", []verdict.Record{looking("key", 1), looking("time", 2)}, verdict.ReasonsDiffer},
		{"too large to be looked at", "rsp-reasons-not-distinguishable", []verdict.Record{looking("key", 1), looking("time", 1), large(looking("key", 2), "refuse 401 400 431")}, verdict.ReasonsAlike},
		{"too large, which no row allows", "rsp-reasons-not-distinguishable", []verdict.Record{looking("key", 1), looking("time", 1), large(looking("key", 2), "refuse 401 400")}, verdict.ReasonsDiffer},
		{"one reason only", "rsp-reasons-not-distinguishable", []verdict.Record{looking("key", 1), looking("key", 1), looking("scope", 2)}, verdict.NothingObserved},
		{"no redirect", "rsp-no-login-redirect", []verdict.Record{refused(same)}, verdict.NeverRedirected},
		{"redirect", "rsp-no-login-redirect", []verdict.Record{refused(func(r *verdict.Record) { r.Redirects = true })}, verdict.RedirectedAway},
		{"not stored", "rsp-not-cacheable", []verdict.Record{refused(same)}, verdict.RefusalsNotStored},
		{"stored", "rsp-not-cacheable", []verdict.Record{refused(func(r *verdict.Record) { r.Stored = true })}, verdict.RefusalStored},
		{"untouched", "rsp-upstream-untouched", []verdict.Record{refused(same)}, verdict.UpstreamUntouched},
		{"touched", "rsp-upstream-untouched", []verdict.Record{refused(func(r *verdict.Record) { r.Reach = verdict.Forwarded })}, verdict.UpstreamTouched},
		{"touched where it is lenient", "rsp-upstream-untouched", []verdict.Record{refused(func(r *verdict.Record) {
			r.Reach, r.Demand = verdict.Reached, demand("{refuse: [401], accept: warn}")
		})}, verdict.NothingObserved},
		{"nobody knows", "rsp-upstream-untouched", []verdict.Record{refused(func(r *verdict.Record) { r.Reach = verdict.ReachUnknown })}, verdict.NothingObserved},
	}
	for _, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if v := observe(t, tt.id, tt.records); v.Reason != tt.want {
				t.Errorf("expected %s, got %+v", tt.want, v)
			}
			if v := observe(t, tt.id, nil); v.Reason != verdict.NothingObserved {
				t.Errorf("without records: got %+v", v)
			}
		})
	}
}

// TestObserversOfOthers: what the issuer and the gateway's log tell.
func TestObserversOfOthers(t *testing.T) {
	t.Parallel()
	refused := []verdict.Record{{Case: "a/dev", Status: 401, Reach: verdict.NotReached}}
	secret := "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl"
	table := []struct {
		name, id string
		finished verdict.Finished
		want     verdict.Reason
	}{
		{"no fetch", "jwks-plain-http", verdict.Finished{}, verdict.NothingObserved},
		{"TLS", "jwks-plain-http", verdict.Finished{KeyFetches: []verdict.KeyFetch{{"10.0.0.1", true}}}, verdict.KeysOverTLS},
		{"once without", "jwks-plain-http", verdict.Finished{KeyFetches: []verdict.KeyFetch{{"10.0.0.1", true}, {"10.0.0.2", false}}}, verdict.KeysOverPlainHTTP},
		{"without, on one machine", "jwks-plain-http", verdict.Finished{Local: true, KeyFetches: []verdict.KeyFetch{{"127.0.0.1", false}}}, verdict.KeysOverLoopback},
		{"no log", "rsp-refusals-logged", verdict.Finished{Records: refused}, verdict.CapabilityAbsent},
		{"empty log", "rsp-refusals-logged", verdict.Finished{Records: refused, Log: []string{}}, verdict.RefusalNotLogged},
		{"logged", "rsp-refusals-logged", verdict.Finished{Records: refused, Log: []string{"401 a/dev"}}, verdict.RefusalsLogged},
		{"the token logged", "rsp-refusals-logged", verdict.Finished{Records: refused, Log: []string{"401 a/dev " + secret}}, verdict.TokenLogged},
		{"nothing refused", "rsp-refusals-logged", verdict.Finished{Log: []string{}}, verdict.NothingObserved},
	}
	for _, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, o := range verdict.Observers() {
				if o.ID == tt.id {
					if v := o.Observe(tt.finished); v.Reason != tt.want {
						t.Errorf("expected %s, got %+v", tt.want, v)
					}
				}
			}
		})
	}
}

// TestPresentedIn: how a request brought credentials, read from its bytes.
func TestPresentedIn(t *testing.T) {
	t.Parallel()
	table := []struct {
		name, sent string
		want       verdict.Presented
	}{
		{"nothing", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", verdict.Nothing},
		{"bearer", "GET / HTTP/1.1\r\nAuthorization: Bearer abc.def-_~+/==\r\n\r\n", verdict.Bearer},
		{"lower case", "GET / HTTP/1.1\r\nauthorization: bearer abc\r\n\r\n", verdict.Bearer},
		{"junk behind", "GET / HTTP/1.1\r\nAuthorization: Bearer abc def\r\n\r\n", verdict.Otherwise},
		{"another scheme", "GET / HTTP/1.1\r\nAuthorization: Basic abc\r\n\r\n", verdict.Otherwise},
		{"query alone", "GET /?access_token=abc HTTP/1.1\r\n\r\n", verdict.Otherwise},
		{"query and line", "GET /?access_token=abc HTTP/1.1\r\nAuthorization: Bearer abc\r\n\r\n", verdict.Twice},
		{"two lines", "GET / HTTP/1.1\r\nAuthorization: Bearer abc\r\nAuthorization: Bearer def\r\n\r\n", verdict.Twice},
		{"form and line", "POST / HTTP/1.1\r\nAuthorization: Bearer abc\r\n\r\naccess_token=abc", verdict.Twice},
		{"a token in a field of its own", "GET / HTTP/1.1\r\nX-Token: eyJhbGciOiJub25lIn0.e30.\r\n\r\n", verdict.Otherwise},
		{"no request at all", "", verdict.Nothing},
	}
	for _, tt := range table {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := verdict.PresentedIn([]byte(tt.sent)); got != tt.want {
				t.Errorf("expected %d, got %d", tt.want, got)
			}
		})
	}
}

// TestRecordOfAnswers: what is kept of an answer for the observers.
func TestRecordOfAnswers(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	answer := func(body string, fields ...string) verdict.Record {
		o := status(401)
		o.Started, o.Body = now, []byte(body)
		for i := 0; i < len(fields); i += 2 {
			o.Header = append(o.Header, probe.Pair{Name: fields[i], Value: fields[i+1]})
		}
		return verdict.RecordOf("x", verdict.Evidence{Observed: o, Reach: verdict.NotReached, Internals: []verdict.Internal{{Name: "the audience", Text: "api://a"}}})
	}
	stored := map[string][]string{
		"public": {"Cache-Control", "public"}, "for a time": {"Cache-Control", "max-age=60"}, "shared": {"Cache-Control", `s-maxage="5"`},
		"until": {"Expires", "Thu, 26 Nov 2026 12:00:01 GMT"}, "already old": {"Age", "3"}, "hit": {"X-Cache", "Hit from cloudfront"},
	}
	for name, fields := range stored {
		if !answer("", fields...).Stored {
			t.Errorf("%s: expected stored", name)
		}
	}
	fresh := map[string][]string{
		"nothing said": {}, "no-store": {"Cache-Control", "no-store, max-age=60"}, "private": {"Cache-Control", "private, max-age=60"}, "zero": {"Cache-Control", "max-age=0"},
		"over": {"Expires", "Thu, 26 Nov 2026 11:00:00 GMT"}, "Expires: 0": {"Expires", "0"}, "age 0": {"Age", "0"},
	}
	for name, fields := range fresh {
		if answer("", fields...).Stored {
			t.Errorf("%s: expected not stored", name)
		}
	}
	if a, b := answer(`{"id":"7f1c-4a2b","at":"2026-11-26T12:00:00Z"}`), answer(`{"id":"0d9e-77aa","at":"2026-11-26T12:00:09Z"}`); a.Look != b.Look {
		t.Error("expected ids and times not to count")
	}
	if answer("expired").Look == answer("unknown key").Look || answer("", "WWW-Authenticate", "Bearer").Look == answer("").Look {
		t.Error("expected texts to count")
	}
	told := map[string]verdict.Record{
		"the audience": answer("expected api://a"), "a version in Server": answer("", "Server", "nginx/1.25.3"),
		"a stack trace": answer("at com.mulesoft.Policy.apply(Policy.java:12)"),
	}
	for name, r := range told {
		if diff := cmp.Diff([]string{name}, r.Tells); diff != "" {
			t.Error(diff)
		}
	}
	if r := answer("unauthorized", "Server", "nginx", "WWW-Authenticate", "Bearer"); len(r.Tells) != 0 || r.Challenge != "Bearer" {
		t.Errorf("expected nothing told, got %+v", r)
	}
}
