package scenarios

import (
	"testing"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// TestControlID: each control has an id of its own, which fits a header.
func TestControlID(t *testing.T) {
	t.Parallel()
	plain := Control{Environment: "dev", Number: 1, Kind: mint.Kind{Version: mint.V2, Subject: mint.SubjectApp}, Role: "contracted", Route: "home"}
	change := func(f func(*Control)) Control { c := plain; f(&c); return c }
	rows := map[string]Control{
		"control/dev/v2-app":                plain,
		"control/dev/v1-user":               change(func(c *Control) { c.Kind = mint.Kind{Version: mint.V1, Subject: mint.SubjectUser} }),
		"control/dev/v2-app/both":           change(func(c *Control) { c.Role = "both" }),
		"control/dev/v2-app/other":          change(func(c *Control) { c.Route = "other" }),
		"control/dev/v2-app/gw2":            change(func(c *Control) { c.Number = 2 }),
		"control/dev/v2-app/both/other/gw3": change(func(c *Control) { c.Role, c.Route, c.Number = "both", "other", 3 }),
	}
	for want, c := range rows {
		if got := c.ID(); got != want {
			t.Errorf("expected %s, got %s", want, got)
		}
	}
}

// TestEndpoint: where a request goes, by the row's to.
func TestEndpoint(t *testing.T) {
	t.Parallel()
	f := target(t)
	noGateway := target(t, `    gateways: [{url: "http://uat.example:8443/shop"}]`+"\n", "")
	replica := target(t, "origin", `replicas: ["10.0.0.1:80"], origin`)
	rows := []struct {
		name, to, url, dial, path, method string
		missing                           bool
	}{
		{name: "home", url: "http://dev.example/orders", path: "/orders/v1/ping", method: "GET"},
		{name: "other", to: "other", url: "http://uat.example:8443/shop", path: "/shop/v1/pong", method: "POST"},
		{name: "origin", to: "origin", url: "http://up.example", path: "/v1/ping", method: "GET"},
		{name: "plain-http", to: "plain-http", url: "http://plain.example/orders", path: "/orders/v1/ping", method: "GET"},
		{name: "other without gateway", to: "other", missing: true},
		{name: "replica", url: "http://dev.example/orders", dial: "10.0.0.1:80", path: "/orders/v1/ping", method: "GET"},
		{name: "origin is no replica", to: "origin", url: "http://up.example", path: "/v1/ping", method: "GET"},
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			from := f
			switch {
			case tt.missing:
				from = noGateway
			case tt.dial != "" || tt.name == "origin is no replica":
				from = replica
			}
			row := rowOf(t, "base: v2 home")
			if tt.to != "" {
				row = rowOf(t, "base: v2 home, expect: accept, request: {to: "+tt.to+"}")
			}
			c := Expansion{Target: from}.Expand([]Scenario{row})[0]
			e, ok := c.Endpoint()
			if ok == tt.missing {
				t.Fatalf("expected missing %t, got %+v", tt.missing, e)
			}
			if !tt.missing && (e.URL != tt.url || e.Dial != tt.dial || e.RoutePath != tt.path || e.Method != tt.method) {
				t.Errorf("expected %s %s %s %q, got %+v", tt.method, tt.url, tt.path, tt.dial, e)
			}
		})
	}
}
