package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// stat is a line of /proc/PID/stat with the fields that count.
func stat(pid, parent, name, times string) string {
	return pid + " (" + name + ") S " + parent + " 1 1 0 -1 4194304 9 9 9 9 " + times + " 20 0 1 0 100 1000 200"
}

func TestParseStat(t *testing.T) {
	for _, row := range []struct {
		name, text string
		want       processTimes
		reason     string
	}{
		{name: "plain", text: stat("7", "1", "node", "10 2 30 4"), want: processTimes{7, 1, 46}},
		{name: "name with brackets", text: stat("7", "1", "a) S (b", "1 1 1 1"), want: processTimes{7, 1, 4}},
		{name: "cut short", text: "7 (node) S 1 1", reason: "fields"},
		{name: "no number", text: stat("7", "1", "node", "x 2 30 4"), reason: "number"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := parseStat(row.text)
			if (err != nil) != (row.reason != "") || (err == nil && got != row.want) {
				t.Errorf("expected %+v, got %+v and %v", row.want, got, err)
			}
		})
	}
}

// TestCPUOf: children and theirs count, neighbours do not.
func TestCPUOf(t *testing.T) {
	proc := t.TempDir()
	for pid, text := range map[string]string{
		"7":  stat("7", "1", "java", "10 0 0 0"),
		"8":  stat("8", "7", "child", "0 5 0 0"),
		"9":  stat("9", "8", "grandchild", "0 0 1 0"),
		"10": stat("10", "1", "neighbour", "100 0 0 0"),
	} {
		if err := os.MkdirAll(filepath.Join(proc, pid), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(proc, pid, "stat"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := cpuOf(proc, 7); err != nil || got != 160*time.Millisecond {
		t.Errorf("expected 160ms, got %s and %v", got, err)
	}
	if _, err := cpuOf(proc, 11); err == nil {
		t.Error("expected a process that has ended to be an error")
	}
}
