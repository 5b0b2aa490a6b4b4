package probe_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/entraproof/entraproof/internal/probe"
)

// BenchmarkRecord redacts what an ordinary case leaves: a token of Entra's
// size, the same one as that of the control, and a refusal.
func BenchmarkRecord(b *testing.B) {
	claims := `{"aud":"api://dev-orders","iss":"https://sts.windows.net/7d8ab6a9-1a0b-4f3e-9c5d-1b2a3c4d5e6f/",` + strings.Repeat(`"appid":"6f1c2d3e-4a5b-6c7d-8e9f-0a1b2c3d4e5f",`, 12) + `"ver":"1.0"}`
	token := testHeader + "." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + "." + strings.Repeat("Zm9vYmFy-_1", 31)
	sent := "GET /orders HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nX-Entraproof-Case: sig-none\r\nAuthorization: Bearer " + token + "\r\n\r\n"
	o := probe.Observation{Status: 401, Proto: "HTTP/1.1", Sent: []byte(sent), Body: []byte(`{"error":"invalid_token"}`), Header: []probe.Pair{
		{Name: "Content-Type", Value: "application/json"}, {Name: "WWW-Authenticate", Value: `Bearer error="invalid_token"`},
	}}
	red := probe.Redaction{Secrets: append(probe.SecretsOf(token), probe.SecretsOf(token)...)}
	b.ReportAllocs()
	for b.Loop() {
		o.Record(red)
	}
}
