package probe_test

import (
	"io"
	"log"
	"testing"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/value"
)

const (
	testHeader    = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0"
	testClaims    = "eyJhdWQiOiJhcGk6Ly9vcmRlcnMuZGV2Iiwib2lkIjoiMTFlNGQ3IiwibmFtZSI6IkFkYSBMb3ZlbGFjZSIsInV0aSI6InUtMSJ9"
	testSignature = "Kq3bW0u8-Zx1_pLmN4cVtYhJ9sDfGe7rAoXi2Q5wTkUyB6nRzMvCjHaSgPdElFqI"
	testToken     = testHeader + "." + testClaims + "." + testSignature
)

func testScope() value.Map {
	return value.Map{
		"token":               value.String("T.O.K"),
		"bad":                 value.String("B.A.D"),
		"home.client.id":      value.String("client-1"),
		"home.clients.two.id": value.String("client-2"),
		"home.route.path":     value.String("/orders/v1/ping"),
		"home.host":           value.String("gw.example"),
		"home.other-route":    value.String("/orders/v1/admin"),
	}
}

func testEndpoint() probe.Endpoint {
	return probe.Endpoint{URL: "https://gw.example/orders", RoutePath: "/orders/v1/ping"}
}

// decode reads a `request` member and fails the test on any problem.
func decode(t testing.TB, yaml string) probe.Request {
	t.Helper()
	n, err := document.Parse("row.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	r := probe.DecodeRequest(n)
	if err := n.Err(); err != nil {
		t.Fatal(err)
	}
	return r
}

func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }

// tryDecode reads a `request` member and reports whether it is without
// problems.
func tryDecode(yaml string) (probe.Request, bool) {
	n, err := document.Parse("row.yaml", []byte(yaml))
	if err != nil {
		return probe.Request{}, false
	}
	r := probe.DecodeRequest(n)
	return r, n.Err() == nil
}
