package mockidp_test

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/entraproof/entraproof/mockidp"
)

// fidelityTime is when everything here happens.
const fidelityTime = 1_795_428_000

// viewer looks at an issuer over TLS and knows nothing else of it.
type viewer struct {
	url  string
	http *http.Client
}

func newViewer(t *testing.T) *viewer {
	t.Helper()
	now := func() time.Time { return time.Unix(fidelityTime, 0) }
	i := mockidp.Start(t, mockidp.Config{Addr: mockidp.Off, Now: now, Directory: clientDirectory(t, newIdentity(t), newIdentity(t))})
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: i.RootCAs(), MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return &viewer{i.TLSURL(), &http.Client{Transport: transport}}
}

// seen is an answer that has been read.
type seen struct {
	status int
	header http.Header
	text   string
	object
}

// object is a JSON object with the order of its members.
type object struct {
	names   []string
	members map[string]any
}

func readObject(t *testing.T, text []byte) object {
	t.Helper()
	var o object
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&o.members); err != nil {
		t.Fatalf("expected a JSON object, got %s: %v", text, err)
	}
	d = json.NewDecoder(bytes.NewReader(text))
	_, _ = d.Token() // it is an object
	for d.More() {
		name, err := d.Token()
		var skipped json.RawMessage
		if err != nil || d.Decode(&skipped) != nil {
			t.Fatalf("cannot read %s", text)
		}
		o.names = append(o.names, name.(string))
	}
	return o
}

func (v *viewer) do(t *testing.T, r *http.Request, err error) seen {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	res, err := v.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return seen{res.StatusCode, res.Header, string(text), readObject(t, text)}
}

func (v *viewer) get(t *testing.T, path string) seen {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.url+path, nil)
	return v.do(t, r, err)
}

// ask posts to the token endpoint of a version, as the worker unless the pairs
// say otherwise; an empty text takes a parameter away.
func (v *viewer) ask(t *testing.T, version string, pairs ...string) seen {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {worker}, "client_secret": {secret}}
	for i := 0; i < len(pairs); i += 2 {
		if form.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			form.Del(pairs[i])
		}
	}
	path := map[string]string{"v1": "/oauth2/token", "v2": "/oauth2/v2.0/token"}[version]
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, v.url+"/"+tenant+path, strings.NewReader(form.Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return v.do(t, r, err)
}

// parts are header and claims of the access token in an answer.
func (a seen) parts(t *testing.T) (header, claims object) {
	t.Helper()
	return readObject(t, a.segment(t, "access_token", 0)), a.claims(t, "access_token")
}

// claims are those of a token in an answer.
func (a seen) claims(t *testing.T, member string) object {
	t.Helper()
	return readObject(t, a.segment(t, member, 1))
}

func (a seen) segment(t *testing.T, member string, n int) []byte {
	t.Helper()
	token, _ := a.members[member].(string)
	segments := strings.Split(token, ".")
	if len(segments) != 3 {
		t.Fatalf("expected %s, got %d %s", member, a.status, a.text)
	}
	return decoded(t, segments[n])
}

func decoded(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// dev and uat ask for a token of the v2 and of the v1 API.
func (v *viewer) dev(t *testing.T) seen { t.Helper(); return v.ask(t, "v2", "scope", devScope) }
func (v *viewer) uat(t *testing.T) seen { t.Helper(); return v.ask(t, "v2", "scope", uatScope) }

func (o object) integer(t *testing.T, name string) int64 {
	t.Helper()
	number, _ := o.members[name].(json.Number)
	n, err := number.Int64()
	if err != nil {
		t.Fatalf("%s: expected an integer, got %v", name, o.members[name])
	}
	return n
}

func want(t *testing.T, what string, got, wanted any) {
	t.Helper()
	if got != wanted {
		t.Errorf("%s: expected %v, got %v", what, wanted, got)
	}
}

func wantNames(t *testing.T, what string, got []string, wanted string) {
	t.Helper()
	want(t, what, strings.Join(got, " "), wanted)
}
