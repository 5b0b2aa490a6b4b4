package gateway

import (
	"net/http"
	"strings"
	"sync/atomic"
)

// Setup is a named chain of policies.
type Setup struct {
	// Name is what --setup takes.
	Name string `json:"name"`
	// Title says in one line what it shows.
	Title string `json:"title"`
	// Chain names its policies, in order.
	Chain []string `json:"chain"`
	// MuleSoft tells the set-ups of the oracle from those that only test the harness.
	MuleSoft bool `json:"mulesoft"`
}

type setup struct {
	Setup
	strict, instance bool
	build            func(Options) (http.Handler, error)
}

// title is how messages call it.
func (s setup) title() string {
	if s.instance {
		return "instance " + s.Name
	}
	return "set-up " + s.Name
}

// Setups returns every set-up in the order of the design's table: those of the
// oracle, strict, and those for the checks of the harness itself.
func Setups() []Setup {
	var all []Setup
	for _, s := range setups() {
		all = append(all, s.Setup)
	}
	return all
}

// SetupNames returns the names of Setups.
func SetupNames() []string {
	var names []string
	for _, s := range setups() {
		names = append(names, s.Name)
	}
	return names
}

// The policies by their asset names.
const (
	oidcPolicy = "openidconnect-access-token-enforcement"
	jwtPolicy  = "jwt-validation"
)

func setups() []setup {
	return []setup{
		mulesoft("oidc-client-check", "OIDC, client check on: the 403", oidcLink(oidcClientCheck)),
		mulesoft("oidc-check-skipped", "OIDC, client check skipped, no scopes: the false positive", oidcLink(oidcCheckSkipped)),
		mulesoft("fix1-as-written", "JWT Validation, client id in appid, audience = the App ID URIs", jwtLink(fix1AsWritten)),
		mulesoft("fix1", "JWT Validation, client id by version, audience = URIs and GUIDs", jwtLink(fix1)),
		mulesoft("fix2", "OIDC, client check skipped, scope of the environment", oidcLink(fix2)),
		mulesoft("fix2-roles", "as fix2, with a shim that makes scope of scp and roles", shimLink(fix2)),
		mulesoft("both", "fix1, then fix2-roles", jwtLink(fix1), shimLink(fix2)),
		mulesoft("both-issuer", "both, with iss and tid as custom claims, exp and nbf mandatory", jwtLink(fix1Issuer), shimLink(fix2)),
		{Setup: Setup{Name: "strict", Title: "the reference gateway: the strictest reading of every row"}, strict: true, build: newStrict},
		{Setup: Setup{Name: "accept-all", Title: "forwards everything"}, build: acceptAll},
		{Setup: Setup{Name: "deny-all", Title: "refuses everything"}, build: denyAll},
		{Setup: Setup{Name: "wrong-path", Title: "answers 404 to everything"}, build: wrongPath},
		{Setup: Setup{Name: "turns-deny", Title: "strict, until it refuses everything"}, strict: true, build: turnsDeny},
	}
}

func acceptAll(o Options) (http.Handler, error) { return o.Upstream, nil }

func denyAll(Options) (http.Handler, error) {
	return denial{status: unauthorized, code: "invalid_token"}, nil
}

func wrongPath(Options) (http.Handler, error) {
	return denial{status: http.StatusNotFound}, nil
}

// ServeHTTP answers every request with the denial.
func (d denial) ServeHTTP(w http.ResponseWriter, _ *http.Request) { d.write(w) }

// deniesAfter is the default of Options.DeniesAfter.
const deniesAfter = 150

func turnsDeny(o Options) (http.Handler, error) {
	s, err := strictOf(o)
	if err != nil {
		return nil, err
	}
	turning := &turning{strict: s, limit: int64(o.DeniesAfter)}
	if turning.limit == 0 {
		turning.limit = deniesAfter
	}
	return turning, nil
}

// turning is strict until it has served so many requests.
type turning struct {
	*strict
	limit  int64
	served atomic.Int64
}

func (t *turning) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if t.served.Add(1) > t.limit {
		takeHead(r)
		denial{status: unauthorized, code: "invalid_token"}.write(w)
		return
	}
	t.strict.ServeHTTP(w, r)
}

func lacksAny(names []string, c Check) bool {
	for _, name := range names {
		if strings.EqualFold(name, c.Name) || strings.EqualFold(name, c.Guards) {
			return true
		}
	}
	return false
}
