package probe_test

import (
	"strings"
	"testing"
	"time"

	"github.com/entraproof/entraproof/internal/probe"
)

// A gateway may answer anything, and a row may send a megabyte: redaction must
// not be what is slow. The bound is far above what a linear pass takes.
func TestRedactTextIsLinear(t *testing.T) {
	texts := []string{
		"a", ".", "a.", "%2E", "=eyJ9", "/eyJ9.", "bearer a1b2c3d4e5 ", "client_secret=", "client_secret='",
		"signature: \\", "\"", "e30.", "Bearer ", "tag:'", "\\", testToken,
	}
	for _, piece := range texts {
		text := strings.Repeat(piece, (256<<10)/len(piece))
		began := time.Now()
		probe.RedactText(text)
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("256 KiB of %q took %s", piece, took)
		}
	}
}
