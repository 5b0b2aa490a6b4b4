package gateway

import (
	"net/http"
	"testing"

	"github.com/entraproof/entraproof/internal/policy"
)

// TestProfiles: what the gateways do with the same policy.
func TestProfiles(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	skipped, checked := policy.NewOpenIDConnect(), policy.NewOpenIDConnect()
	skipped.SkipClientIDValidation = true
	jwt := b.keyed(nil)
	curve := signatureOnly("es", 512, ofText(pemBody(t, curvesOfTest()[512].Public())))
	null := b.keyed(func(p *policy.JWTValidation) {
		p.ValidateCustomClaim = true
		p.MandatoryCustomClaims = []policy.CustomClaim{{Key: "tid", Value: "#[vars.claimSet.idtyp == null]"}}
	})
	both := b.keyed(func(p *policy.JWTValidation) { p.SkipClientIDValidation = false })
	const taken = "taken"
	for name, row := range map[string]struct {
		config any
		// want is the parameter that stands in the way, in the order of the gateways.
		want map[string]string
	}{
		"OIDC, client check skipped": {&skipped, map[string]string{Mule4: taken, FlexConnected: taken, FlexLocal: "", FlexLocal + FlexFormer: taken}},
		"OIDC, client check":         {&checked, map[string]string{Mule4: taken, FlexConnected: taken, FlexLocal: "", FlexLocal + FlexFormer: "skipClientIdValidation"}},
		"JWT, client check skipped":  {jwt, map[string]string{Mule4: taken, FlexConnected: taken, FlexLocal: taken, FlexLocal + FlexFormer: taken}},
		"JWT, client check":          {both, map[string]string{Mule4: taken, FlexConnected: taken, FlexLocal: "skipClientIdValidation", FlexLocal + FlexFormer: "skipClientIdValidation"}},
		"JWT, es 512":                {curve, map[string]string{Mule4: taken, FlexConnected: "signingKeyLength", FlexLocal: "signingKeyLength", FlexLocal + FlexFormer: "signingKeyLength"}},
		"JWT, null":                  {null, map[string]string{Mule4: taken, FlexConnected: taken, FlexLocal: taken, FlexLocal + FlexFormer: "mandatoryCustomClaims.0.value"}},
	} {
		for profile, want := range row.want {
			o := b.options("")
			o.Switches.Profile = profile
			if profile == FlexLocal+FlexFormer {
				o.Switches.Profile, o.Switches.FlexVersion = FlexLocal, FlexFormer
			}
			o.Instance = &policy.Instance{Policies: []policy.Applied{applied(row.config)}}
			_, err := New(o)
			got := taken
			if problems := PolicyErrors(err); len(problems) == 1 {
				got = problems[0].Key
			}
			if got != want || (err == nil) != (want == taken) {
				t.Errorf("%s on %s: expected %q, got %v", name, profile, want, err)
			}
		}
	}
}

// TestHugeExp: an exp beyond what nanoseconds can say ends the filter of Flex, if
// the field report is believed.
func TestHugeExp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, row := range map[string]struct {
		profile string
		crashes bool
		exp     int64
		status  int
		told    bool
	}{
		"not believed":    {FlexConnected, false, 10_000_000_000, 200, true},
		"believed":        {FlexConnected, true, 10_000_000_000, 503, true},
		"in local mode":   {FlexLocal, true, 10_000_000_000, 503, true},
		"half of it":      {FlexConnected, true, 5_000_000_000, 200, false},
		"the last second": {FlexConnected, true, 9_223_372_036, 200, false},
		"on Mule":         {Mule4, true, 10_000_000_000, 200, false},
	} {
		t.Run(name, func(t *testing.T) {
			h, refusals, acceptances := b.instance(func(o *Options) {
				o.Switches.Profile, o.Switches.HugeExpCrashes = row.profile, row.crashes
			}, applied(b.keyed(nil)))
			want := hangRow{policyRow: policyRow{request: bearerOf(b.with(v2App, map[string]any{"exp": row.exp})), status: row.status}}
			if row.told {
				want.switches = []string{"huge-exp"}
			}
			if row.status == 503 {
				want.check = "jwt-crash"
			}
			want.run(t, h, refusals, acceptances)
		})
	}
}

// TestSwitchesTold: a verdict names the switches that it hangs on, and no other.
func TestSwitchesTold(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	oidc := policy.NewOpenIDConnect()
	oidc.SkipClientIDValidation, oidc.Scopes = true, home.access
	jwt := b.keyed(nil)
	at := func(seconds int64) int64 { return b.now.Unix() + seconds }
	for name, row := range map[string]struct {
		config   any
		want     policyRow
		switches []string
	}{
		"genuine":            {jwt, policyRow{request: bearerOf(b.genuine(v2App)), status: 200}, nil},
		"no kid":             {jwt, policyRow{request: b.rowAsk("kid-missing-many-keys"), status: 200}, []string{"missing-key-id"}},
		"no kid, not signed": {jwt, policyRow{request: bearerOf(b.headed(header(nil, "kid")) + "x"), status: 401}, nil},
		"unknown kid":        {jwt, policyRow{request: b.rowAsk("kid-unknown-genuine-signature"), status: 401}, []string{"unknown-key-id"}},
		"just expired":       {jwt, policyRow{request: bearerOf(b.with(v2App, map[string]any{"exp": at(-1)})), status: 401}, []string{"skew"}},
		"expired for longer": {jwt, policyRow{request: bearerOf(b.with(v2App, map[string]any{"exp": at(-301)})), status: 401}, nil},
		"nearly expired":     {jwt, policyRow{request: bearerOf(b.with(v2App, map[string]any{"exp": at(0)})), status: 200}, nil},
		"not quite valid":    {jwt, policyRow{request: bearerOf(b.with(v2App, map[string]any{"nbf": at(300)})), status: 401}, []string{"skew"}},
		"OIDC":               {&oidc, policyRow{request: bearerOf(b.genuine(v2User)), status: 200}, []string{"oidc-model"}},
		"OIDC, no token":     {&oidc, policyRow{request: ask(), status: 400}, nil},
		"OIDC, two tokens":   {&oidc, policyRow{request: askFor("GET", homePath+"?access_token=x", "Bearer "+b.genuine(v2User)), status: 400}, []string{"two-tokens"}},
		"OIDC, scope a list": {&oidc, policyRow{request: bearerOf(b.with(v2User, map[string]any{"scp": []string{home.access}})), status: 403}, []string{"oidc-model", "scope-arrays"}},
		"OIDC, just expired": {&oidc, policyRow{request: bearerOf(b.with(v2User, map[string]any{"exp": at(-300)})), status: 401, challenge: realm}, []string{"oidc-model", "skew"}},
		"OIDC, not a token":  {&oidc, policyRow{request: bearerOf("x"), status: 401, challenge: realm}, []string{"oidc-model"}},
	} {
		t.Run(name, func(t *testing.T) {
			h, refusals, acceptances := b.instance(nil, applied(row.config))
			hangRow{policyRow: row.want, keys: anyKeys(), switches: row.switches}.run(t, h, refusals, acceptances)
		})
	}
}

// TestEmptyAudiences: nobody says what a list with no value in it comes to.
func TestEmptyAudiences(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	genuine, without := bearerOf(b.genuine(v2App)), bearerOf(b.with(v2App, map[string]any{"aud": nil}))
	for name, row := range map[string]struct {
		list    string
		skips   bool
		request *http.Request
		status  int
		told    bool
	}{
		"refused":           {"", false, genuine, 401, true},
		"an empty aud":      {"", false, bearerOf(b.with(v2App, map[string]any{"aud": ""})), 401, true},
		"not checked":       {" , ", true, genuine, 200, true},
		"its own":           {"x, " + home.appV2, true, genuine, 200, false},
		"another's":         {"api://other", true, genuine, 401, false},
		"no aud, mandatory": {"", true, without, 401, false},
	} {
		t.Run(name, func(t *testing.T) {
			h, refusals, acceptances := b.instance(func(o *Options) { o.Switches.SkipEmptyAudiences = row.skips }, applied(b.keyed(func(p *policy.JWTValidation) {
				p.ValidateAudClaim, p.MandatoryAudClaim, p.SupportedAudiences = true, true, row.list
			})))
			want := hangRow{policyRow: policyRow{request: row.request, status: row.status}, keys: anyKeys()}
			if row.told {
				want.switches = []string{"empty-audiences"}
			}
			want.run(t, h, refusals, acceptances)
		})
	}
}

// TestShortSecret: RFC 7518 3.2 forbids what textKey is by default.
func TestShortSecret(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const usual = "your-256-bit-secret"
	found := signatureOnly("hmac", 256, func(p *policy.JWTValidation) {
		p.JWTKeyOrigin, p.CustomKeyExpression = "customExpression", "#['"+usual+"']"
	})
	signed := func(secret string) *http.Request {
		return bearerOf(sealed(t, []byte(`{"alg":"HS256"}`), mustJSON(t, b.claims(v2App, grant{})), "HS256", []byte(secret)))
	}
	for name, row := range map[string]struct {
		config   *policy.JWTValidation
		refuses  bool
		secret   string
		status   int
		switches []string
	}{
		"taken":                 {signatureOnly("hmac", 256, nil), false, usual, 200, []string{"short-secret"}},
		"refused":               {signatureOnly("hmac", 256, nil), true, usual, 401, []string{"short-secret"}},
		"found, taken":          {found, false, usual, 200, []string{"short-secret"}},
		"found, refused":        {found, true, usual, 401, []string{"short-secret"}},
		"another's":             {signatureOnly("hmac", 256, nil), false, usual + "?", 401, nil},
		"as long as the hash":   {signatureOnly("hmac", 256, ofText(secretOfTest[:32])), true, secretOfTest[:32], 200, nil},
		"a byte less than that": {signatureOnly("hmac", 256, ofText(secretOfTest[:31])), true, secretOfTest[:31], 401, []string{"short-secret"}},
	} {
		t.Run(name, func(t *testing.T) {
			h, refusals, acceptances := b.instance(func(o *Options) { o.Switches.RefuseShortSecret = row.refuses }, applied(row.config))
			want := hangRow{policyRow: policyRow{request: signed(row.secret), status: row.status}, keys: anyKeys(), switches: row.switches}
			want.run(t, h, refusals, acceptances)
		})
	}
}
