package scenarios

import "testing"

func TestBuiltin(t *testing.T) {
	c, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	if c.Len() != 72 {
		t.Errorf("expected 72 rows, got %d", c.Len())
	}
	if err := c.Lint(); err != nil {
		t.Error(err)
	}
}
