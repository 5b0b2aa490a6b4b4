package lab

import (
	"strings"
	"testing"
)

// nginxAttempts are the requests that only docs/gateways-nginx.md tells of.
func nginxAttempts() []attempt {
	raw := func(claim, text string) func(*rig) answer {
		return payload(claims{claim: 0}, replace(`"`+claim+`":0`, `"`+claim+`":`+text))
	}
	return []attempt{
		{"exp-digit-string: hexadecimal", raw("exp", `"0x7fffffff"`)},
		{"exp-digit-string: Infinity", raw("exp", `"Infinity"`)},
		{"exp-array", func(g *rig) answer { return signed("user", claims{"exp": []int64{in(3600)}})(g) }},
		{"exp-beyond-double", raw("exp", "1e400")},
		{"nbf-string", signed("user", claims{"nbf": "tomorrow"})},
		{"nbf-missing", signed("user", claims{"nbf": nil})},
		{"kid-array", header(`{"typ":"JWT","alg":"RS256","kid":["kid-0"]}`)},
		{"kid-inherited-member", header(`{"typ":"JWT","alg":"RS256","kid":"constructor"}`)},
		{"path-reserved", at("GET /_jwt HTTP/1.1", "Authorization: Bearer %s")},
		{"path-dot-segments: with a token", pathSeen(at("GET /v1/x/../ping HTTP/1.1", "Authorization: Bearer %s"))},
		{"path-dot-segments: no token", at("GET /v1/x/../ping HTTP/1.1")},
		{"path-encoded-slash", pathSeen(at("GET /v1%2Fping HTTP/1.1", "Authorization: Bearer %s"))},
		{"upstream-header-with-underscore", upstreamSees("X_Under", presented("Authorization: Bearer %s", "X_Under: 1"))},
	}
}

// pathSeen notes the path that the upstream saw.
func pathSeen(fire func(*rig) answer) func(*rig) answer {
	return func(g *rig) answer {
		a := fire(g)
		if a.Reached {
			a.Note = "upstream sees " + a.Seen.RequestURI
		}
		return a
	}
}

// The script is as much of a configuration as nginx.conf.
func TestValidatorsAreAsReviewed(t *testing.T) {
	for _, m := range Modes() {
		for size, site := range map[string]Site{"wide": wide(), "narrow": narrow()} {
			name := "nginx-" + string(m) + "-" + size + ".js"
			t.Run(name, func(t *testing.T) {
				r := nginx()
				r.config = "jwt.js.tmpl"
				golden(t, name, rendered(t, r, m, site))
			})
		}
	}
}

// nginx says which error the script had, and the client is told nothing.
func TestNginxLogsWhatTheScriptThrows(t *testing.T) {
	g := newRig(t, nginx(), FixedScope)
	got := g.bearer(good().with(claims{"scp": []string{"DEV.Access"}}).token(t, 0))
	if got.Reached || got.Status != 401 {
		t.Fatalf("expected refused 401, got %s", got.outcome())
	}
	waitFor(t, "the script's error in the log", func() bool { return strings.Contains(g.gateway.Log(), "jwt: TypeError") })
	if strings.Contains(got.Body, "TypeError") {
		t.Errorf("answer: expected no word of the script, got %s", got.Body)
	}
}
