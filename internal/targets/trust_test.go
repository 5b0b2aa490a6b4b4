package targets

import "testing"

// TestTrustsMock is one row a target file: whether the environment dev trusts a
// mock where others can reach it.
func TestTrustsMock(t *testing.T) {
	t.Parallel()
	const (
		gateway = `gateways: [{url: "https://dev.example/orders"}]`
		tenant  = "id: 7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40\n"
	)
	issuers := func(v1, v2 string) string { return tenant + "  issuers: {v1: \"" + v1 + "\", v2: \"" + v2 + "\"}\n" }
	for _, row := range []struct {
		reason, old, text string
		want              bool
	}{
		{"entras-names-by-default", "", "", true},
		{"loopback", gateway, `gateways: [{url: "http://127.0.0.1:8081/orders"}]`, false},
		{"loopback-other-address", gateway, `gateways: [{url: "http://127.9.9.9/orders"}]`, false},
		{"loopback-v6", gateway, `gateways: [{url: "http://[::1]:8081/orders"}]`, false},
		{"loopback-mapped", gateway, `gateways: [{url: "http://[::ffff:127.0.0.1]/orders"}]`, false},
		{"localhost", gateway, `gateways: [{url: "http://localhost:8081/orders"}]`, false},
		{"below-localhost", gateway, `gateways: [{url: "http://dev.LOCALHOST/orders"}]`, false},
		{"private-address", gateway, `gateways: [{url: "http://10.0.0.1/orders"}]`, true},
		{"every-address", gateway, `gateways: [{url: "http://0.0.0.0/orders"}]`, true},
		{"name-like-loopback", gateway, `gateways: [{url: "http://127.0.0.1.example/orders"}]`, true},
		{"replica-beyond", gateway, `gateways: [{url: "http://127.0.0.1/orders", replicas: ["127.0.0.1:1", "10.0.0.1:443"]}]`, true},
		{"replicas-here", gateway, `gateways: [{url: "http://127.0.0.1/orders", replicas: ["127.0.0.1:1", "[::1]:443"]}]`, false},
		{"one-of-two-gateways", gateway, `gateways: [{url: "http://127.0.0.1/orders"}, {url: "https://dev.example/orders"}]`, true},
		{"no-gateway", gateway, "", false},
		{"own-names", tenant, issuers("https://issuer.example/t/", "https://issuer.example/t/v2.0"), false},
		{"name-of-the-other-version", tenant, issuers("https://sts.windows.net/t/", "https://issuer.example/t/v2.0"), false},
		{"name-of-its-version", tenant, issuers("https://issuer.example/t/", "https://login.microsoftonline.com/t/v2.0"), true},
		{"national-cloud", tenant, issuers("https://issuer.example/t/", "https://login.microsoftonline.us/t/v2.0"), true},
		{"name-like-entras", tenant, issuers("https://issuer.example/t/", "https://login.microsoftonline.com.example/t/v2.0"), false},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			f := parsed(t, row.old, row.text)
			if got := f.TrustsMock(f.Environment("dev")); got != row.want {
				t.Errorf("expected %t, got %t", row.want, got)
			}
		})
	}
	f := parsed(t, "", "")
	for reason, tokens := range map[string]Tokens{"embedded, which ends with the process": {Embedded: true}, "real": {Entra: &Entra{}}} {
		if f.Tokens = tokens; f.TrustsMock(f.Environment("dev")) {
			t.Errorf("tokens are %s: expected no trust in a mock", reason)
		}
	}
}
