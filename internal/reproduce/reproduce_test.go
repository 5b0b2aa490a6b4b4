package reproduce_test

import (
	"context"
	"os"
	"testing"

	"github.com/entraproof/entraproof/internal/reproduce"
)

// TestReproduce holds every cell to the oracle.
func TestReproduce(t *testing.T) {
	table, err := reproduce.Run(context.Background(), reproduce.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Write(os.Stdout); err != nil {
		t.Fatal(err)
	}
	for _, d := range table.Differing() {
		t.Error(d)
	}
}
