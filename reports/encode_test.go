package reports_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/reports"
)

// TestEncodeIsJSON holds what is written case by case against encoding/json.
func TestEncodeIsJSON(t *testing.T) {
	full := sample()
	full.Cases[0].Title = "a <b> & \"c\"\nd \u2028"
	full.Cases[0].Steps = []reports.Step{{Title: "one"}, {Title: "two"}}
	full.Causes = []reports.Cause{{Target: "t", From: []string{"control/dev/v2 app"}}}
	full.Learnt = []reports.Learnt{{Target: "t", Environment: "dev", Key: "kid-required", Value: "true"}}
	full.Waivers = []reports.Waiver{{ID: "w", Reason: "known"}}
	for name, r := range map[string]*reports.Results{"empty": {}, "full": full} {
		t.Run(name, func(t *testing.T) {
			var want, got bytes.Buffer
			e := json.NewEncoder(&want)
			e.SetEscapeHTML(false)
			e.SetIndent("", "  ")
			if err := errors.Join(e.Encode(r.Concluded()), r.Encode(&got)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(want.String(), "\n"), strings.Split(got.String(), "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// fullDisk takes nothing.
type fullDisk struct{}

var errFull = errors.New("no space left")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestEncodeToFullDisk(t *testing.T) {
	if err := sample().Encode(fullDisk{}); !errors.Is(err, errFull) {
		t.Errorf("expected %v, got %v", errFull, err)
	}
}
