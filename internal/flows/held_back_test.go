package flows_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/internal/verdict"
)

// TestHeldBack: a gateway that has looked for many key ids in vain does not look
// at the key set at once; it is asked again when it may.
func TestHeldBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lab.Setup{Name: "strict"}, "jwks-refetch", "unknown-kid")
	w.foreign = true
	w.lab.Clock.Stop() // a busy machine is not to give the gateway time to get over the flood
	for i := range 40 {
		if err := w.lab.Clock.Wait(t.Context(), 60*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		w.present(fmt.Sprintf(`{"alg":"RS256","typ":"JWT","kid":"nobody-%d"}`, i))
	}
	before := w.lab.Clock.Now()
	c := w.run("jwks-down-cold")
	if waited := w.lab.Clock.Now().Sub(before); c.Reason != verdict.RefusedAsRequired || waited < time.Second || len(c.Steps) != 2 {
		t.Errorf("expected %s in two steps, asked once more after a while, got %s: %s, %d steps, %s waited",
			verdict.RefusedAsRequired, c.Reason, c.Detail, len(c.Steps), waited)
	}
}

// present sends the first environment's gateway a token of a header that it must
// refuse.
func (w *world) present(header string) {
	w.t.Helper()
	part := base64.RawURLEncoding.EncodeToString
	url := w.target.Environments[0].Gateways[0].URL + w.target.Environments[0].Home.Path
	q, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+part([]byte(header))+"."+part([]byte("{}"))+"."+part(make([]byte, 256)))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(q)
	if err != nil {
		w.t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusUnauthorized {
		w.t.Fatalf("expected 401, got %d", answer.StatusCode)
	}
}
