package gateway

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/entraproof/entraproof/internal/policy"
)

// TestClientIDEnforcement: statuses, challenges and bodies of mulesoft-policies.md
// section 3.
func TestClientIDEnforcement(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const client, challenge, realm = `{"error":"Invalid Client"}`, "Client-ID-Enforcement", `Basic realm="mule-realm"`
	byDefault, named, basic := policy.NewClientIDEnforcement(), policy.NewClientIDEnforcement(), policy.NewClientIDEnforcement()
	named.ClientIDExpression, named.ClientSecretExpression = "#[attributes.queryParams.client]", ""
	basic.CredentialsOrigin = "httpBasicAuthenticationHeader"
	with := func(fields ...string) *http.Request {
		r := ask()
		for i := 0; i < len(fields); i += 2 {
			r.Header.Set(fields[i], fields[i+1])
		}
		return r
	}
	proven := func(id, secret string) *http.Request {
		r := ask()
		r.SetBasicAuth(id, secret)
		return r
	}
	idKeys := []string{"clientIdExpression", "clientSecretExpression", credentialsKey}
	basicKeys := []string{credentialsKey, credentialsKey}
	for name, row := range map[string]struct {
		config    policy.ClientIDEnforcement
		request   *http.Request
		status    int
		check     string
		challenge string
		keys      []string
	}{
		"nothing":                      {byDefault, ask(), 401, "client-id", challenge, idKeys},
		"id and secret":                {byDefault, with("client_id", worker, "client_secret", "s3cret"), 200, "", "", nil},
		"a token is no id":             {byDefault, bearerOf(b.genuine(v2App)), 401, "client-id", challenge, idKeys},
		"empty id":                     {byDefault, with("client_id", "", "client_secret", "s3cret"), 401, "client-id", challenge, idKeys},
		"no secret":                    {byDefault, with("client_id", worker), 401, "client-id-secret", challenge, idKeys[1:]},
		"another secret":               {byDefault, with("client_id", worker, "client_secret", "S3cret"), 401, "client-id-secret", challenge, idKeys[1:]},
		"an application without":       {byDefault, with("client_id", second, "client_secret", ""), 401, "client-id-secret", challenge, idKeys[1:]},
		"no contract":                  {byDefault, with("client_id", stranger, "client_secret", "s3cret"), 401, "client-id-contract", challenge, idKeys},
		"no secret asked for":          {named, askFor("GET", homePath+"?client="+worker), 200, "", "", nil},
		"no contract, no secret asked": {named, askFor("GET", homePath+"?client="+stranger), 401, "client-id-contract", challenge, idKeys},
		"basic":                        {basic, proven(worker, "s3cret"), 200, "", "", nil},
		"basic, nothing":               {basic, ask(), 401, "client-id", realm, basicKeys},
		"basic, another place":         {basic, with("client_id", worker, "client_secret", "s3cret"), 401, "client-id", realm, basicKeys},
		"basic, a Bearer token":        {basic, bearerOf(b.genuine(v2App)), 401, "client-id", realm, basicKeys},
		"basic, another secret":        {basic, proven(worker, "secret"), 401, "client-id-secret", realm, basicKeys[1:]},
		"basic, an empty secret":       {basic, proven(worker, ""), 401, "client-id-secret", realm, basicKeys[1:]},
		"basic, no contract":           {basic, proven(stranger, "s3cret"), 401, "client-id-contract", realm, basicKeys},
	} {
		t.Run(name, func(t *testing.T) {
			secrets := func(o *Options) {
				o.Environment.ClientSecrets = map[string]string{worker: "s3cret", stranger: "s3cret"}
			}
			h, refusals, acceptances := b.instance(secrets, applied(&row.config))
			want := hangRow{policyRow: policyRow{request: row.request, status: row.status, check: row.check, challenge: row.challenge}, keys: row.keys}
			if row.status != 200 {
				want.body, want.switches, want.guards = client, []string{"client-id-status"}, "client"
			}
			want.run(t, h, refusals, acceptances)
			if row.status == 200 {
				return
			}
			h, refusals, acceptances = b.instance(func(o *Options) { secrets(o); o.Switches.ClientIDStatus = 403 }, applied(&row.config))
			want.status, want.challenge = 403, ""
			want.run(t, h, refusals, acceptances)
		})
	}
}

// TestClientIDParameters: what is not to be had of a configuration.
func TestClientIDParameters(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	basic := policy.NewClientIDEnforcement()
	basic.CredentialsOrigin, basic.ClientIDExpression = "httpBasicAuthenticationHeader", "#[sum(1)]"
	if h, _, _ := b.instance(nil, applied(&basic)); h == nil {
		t.Error("expected an expression that is not used to be left alone")
	}
	for name, row := range map[string]struct {
		change  func(*policy.ClientIDEnforcement)
		profile string
		want    string
		kind    error
	}{
		"origin":     {func(p *policy.ClientIDEnforcement) { p.CredentialsOrigin = "header" }, Mule4, credentialsKey, ErrNotSupported},
		"id":         {func(p *policy.ClientIDEnforcement) { p.ClientIDExpression = "#[sum(1)]" }, Mule4, "clientIdExpression", ErrNotEvaluated},
		"id of text": {func(p *policy.ClientIDEnforcement) { p.ClientIDExpression = "client_id" }, Mule4, "clientIdExpression", ErrNotEvaluated},
		"secret":     {func(p *policy.ClientIDEnforcement) { p.ClientSecretExpression = "#[sum(1)]" }, Mule4, "clientSecretExpression", ErrNotEvaluated},
		"local mode": {func(*policy.ClientIDEnforcement) {}, FlexLocal, "", ErrNotSupported},
	} {
		config := policy.NewClientIDEnforcement()
		row.change(&config)
		b.refused(t, name, row.profile, applied(&config), row.want, row.kind)
	}
}

// refused expects one problem of New's.
func (b *bench) refused(t *testing.T, name, profile string, a policy.Applied, key string, kind error) {
	t.Helper()
	o := b.options("")
	o.Switches.Profile = profile
	o.Instance = &policy.Instance{Policies: []policy.Applied{a}}
	_, err := New(o)
	if got := PolicyErrors(err); len(got) != 1 || got[0].Key != key || !errors.Is(err, kind) {
		t.Errorf("%s: expected %v at %q, got %v", name, kind, key, err)
	}
}

// TestContracts: the gateway's copy is refreshed in the background, so what
// changes is known later, and told to hang on that.
func TestContracts(t *testing.T) {
	t.Parallel()
	for name, delay := range map[string]time.Duration{"at once": 0, "after a minute": time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			now := []string{worker}
			h, refusals, acceptances := b.instance(func(o *Options) {
				o.Contracts = func() []string { return now }
				o.Switches.ContractRefresh = delay
			}, applied(new(fix1(b.environment()))))
			at := func(name, client string, status int, stale bool) {
				t.Helper()
				*acceptances = nil
				got := policyRow{request: bearerOf(b.with(v2App, map[string]any{"azp": client})), status: status}
				got.run(t, h, refusals)
				var told []string
				for _, r := range *refusals {
					told = append(told, r.Switches...)
				}
				for _, a := range *acceptances {
					told = append(told, a.Switches...)
				}
				if strings.Contains(strings.Join(told, " "), "contract-refresh") != stale {
					t.Errorf("%s: expected the switch to be told %t, got %v", name, stale, told)
				}
			}
			at("a contract", worker, 200, false)
			at("none", second, 403, false)
			now = []string{second}
			if delay > 0 {
				at("taken back, not known", worker, 200, true)
				at("made, not known", second, 403, true)
				b.now = b.now.Add(delay - 1)
				at("still not known", worker, 200, true)
				b.now = b.now.Add(1)
			}
			at("taken back", worker, 403, false)
			at("made", second, 200, false)
		})
	}
}
