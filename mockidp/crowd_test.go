package mockidp

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// crowdSize is how many clients are connected at the same time.
const crowdSize = 1000

// TestCrowd: a thousand connections, all open before the first request is sent,
// each get discovery and key set, and nothing of them is left behind while the
// issuer goes on.
func TestCrowd(t *testing.T) {
	i := Start(t, testConfig(t))
	_, issuer, _ := strings.Cut(i.URL(), "://")
	paths := []string{"/" + tenantA + "/v2.0/.well-known/openid-configuration", strings.TrimPrefix(i.JWKSURL(tenantA, mint.V2), i.URL())}
	before := goleak.IgnoreCurrent()
	var here, work sync.WaitGroup
	here.Add(crowdSize)
	for range crowdSize {
		work.Go(func() {
			c, err := net.Dial("tcp", issuer)
			here.Done()
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			here.Wait()
			if err := getEach(c, paths); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	if n, err := i.Counters(t.Context()); err != nil || n["/{tenant}/discovery/v2.0/keys 127.0.0.1"] != crowdSize {
		t.Errorf("expected %d key sets, got %v and %v", crowdSize, n, err)
	}
	goleak.VerifyNone(t, before)
}

// getEach gets each path over one connection.
func getEach(c io.ReadWriter, paths []string) error {
	r := bufio.NewReader(c)
	for _, path := range paths {
		if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: issuer.example\r\n\r\n", path); err != nil {
			return err
		}
		if err := readObject(r); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

// readObject reads an answer that is a JSON object.
func readObject(r *bufio.Reader) error {
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK || !strings.HasPrefix(string(body), "{") {
		return fmt.Errorf("expected 200 and an object, got %d and %.100q", res.StatusCode, body)
	}
	return nil
}
