package mockidp

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHeaderNames reads an answer as it comes over the wire: the names of headers
// are written as Entra writes them, because not every client folds their case.
func TestHeaderNames(t *testing.T) {
	i := Start(t, testConfig(t))
	body := form("grant_type", "client_credentials", "client_id", worker, "client_secret", secret, "scope", apiV2+"/.default").Encode()
	c, err := net.Dial("tcp", strings.TrimPrefix(i.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /%s/oauth2/v2.0/token HTTP/1.1\r\nHost: localhost\r\nreturn-client-request-id: true\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", tenantA, len(body), body)
	names := map[string]bool{}
	for lines := bufio.NewScanner(c); lines.Scan() && lines.Text() != ""; {
		name, _, _ := strings.Cut(lines.Text(), ":")
		names[name] = true
	}
	for _, want := range []string{
		"Cache-Control", "Pragma", "Content-Type", "Expires", "Strict-Transport-Security", "X-Content-Type-Options", "P3P", "client-request-id",
		"x-ms-request-id", "x-ms-ests-server", "x-ms-clitelem", "X-XSS-Protection", "Set-Cookie", "Date", "Content-Length",
	} {
		if !names[want] {
			t.Errorf("no header is called %s: %v", want, names)
		}
	}
}

// TestFixedHeaders says that no handler changes the headers that all answers
// share: those of Graph and of key files are others, and are set anew.
func TestFixedHeaders(t *testing.T) {
	before := fixedHeaders.Clone()
	i := Start(t, testConfig(t))
	for _, path := range []string{"/v1.0/me", "/entraproof/authority.pem", "/" + tenantA + "/discovery/keys", "/none"} {
		_ = fetch(t, i.URL()+path)
	}
	if diff := cmp.Diff(before, fixedHeaders); diff != "" {
		t.Error(diff)
	}
}
