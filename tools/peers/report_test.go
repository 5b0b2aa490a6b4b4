package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFigure(t *testing.T) {
	for _, row := range []struct {
		name         string
		f            figure
		holds, fails bool
	}{
		{"at most, below", figure{stated: 2, measured: 1.9}, true, false},
		{"at most, tolerated", figure{stated: 2, measured: 2.5}, false, false},
		{"at most, beyond", figure{stated: 2, measured: 2.7}, false, true},
		{"at least, above", figure{atLeast: true, stated: 1.3, measured: 1.4}, true, false},
		{"at least, tolerated", figure{atLeast: true, stated: 1.3, measured: 1.1}, false, false},
		{"at least, beyond", figure{atLeast: true, stated: 1.3, measured: 0.9}, false, true},
		{"none, none", figure{}, true, false},
		{"none, one", figure{measured: 1}, false, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.f.holds() != row.holds || row.f.fails() != row.fails {
				t.Errorf("expected holds %t and fails %t, got %t and %t", row.holds, row.fails, row.f.holds(), row.f.fails())
			}
		})
	}
}

func TestNumber(t *testing.T) {
	for want, n := range map[string]float64{"1.15": 1.15, "6": 6, "0.95": 0.951, "1740": 1740.4, "100": 100, "20": 20, "0": 0} {
		if got := number(n); got != want {
			t.Errorf("expected %s, got %s", want, got)
		}
	}
}

func TestMedian(t *testing.T) {
	if got := median([]float64{9, 1, 2}); got != 2 {
		t.Errorf("of three: expected 2, got %g", got)
	}
	if got := median([]float64{4, 1, 2, 3}); got != 2.5 {
		t.Errorf("of four: expected 2.5, got %g", got)
	}
	if got := median(nil); got != 0 {
		t.Errorf("of none: expected 0, got %g", got)
	}
}

// measured is a run as it might have come out, whose figures all hold.
func measured() *measurement {
	return &measurement{
		options: options{rounds: 2, tokens: 100_000}, ratios: []float64{1.1, 1.12}, signatures: []float64{8e-4, 8e-4},
		subjects: []*subject{
			{
				server: server{name: "entraproof"}, starts: []float64{0.02, 0.02}, rates: []float64{1900, 1700}, cpus: []float64{9e-4, 9e-4},
				tokens: 100_000, distinct: 100_000, anonymousEarly: 9000, anonymous: 9216,
			},
			{
				server: server{name: nameOfNPM, version: "9.3.0"}, starts: []float64{0.3, 0.3}, rates: []float64{1700, 1700}, cpus: []float64{9e-4, 9e-4},
				tokens: 5000, distinct: 4, anonymous: 50_000,
			},
			{server: server{name: "navikt"}, starts: []float64{1, 1}, rates: []float64{900, 850}, cpus: []float64{2e-3, 2e-3}, tokens: 5000, distinct: 5000},
		},
	}
}

// TestReport: the run above holds; each defect fails it.
func TestReport(t *testing.T) {
	text := measured().text()
	if measured().fails() || strings.Contains(text, "FAILS") {
		t.Errorf("expected a run that holds, got\n%s", text)
	}
	for _, line := range []string{"CPU per token ÷ CPU of one bare RSA-2048 signature", "≤ 1.15", "4 of 5000", "2 rounds"} {
		if !strings.Contains(text, line) {
			t.Errorf("expected %q in\n%s", line, text)
		}
	}
	for name, defect := range map[string]func(*measurement){
		"signing":  func(m *measurement) { m.ratios = []float64{1.6} },
		"npm":      func(m *measurement) { m.subjects[1].rates = []float64{3000} },
		"navikt":   func(m *measurement) { m.subjects[2].rates = []float64{2000} },
		"start":    func(m *measurement) { m.subjects[1].starts = []float64{0.05} },
		"memory":   func(m *measurement) { m.subjects[0].anonymous, m.subjects[0].anonymousEarly = 30<<10, 30<<10 },
		"growth":   func(m *measurement) { m.subjects[0].anonymousEarly = 5000 },
		"answers":  func(m *measurement) { m.lost = 1 },
		"no round": func(m *measurement) { m.subjects[0].rates = nil },
	} {
		t.Run(name, func(t *testing.T) {
			m := measured()
			defect(m)
			if !m.fails() || !strings.Contains(m.text(), "FAILS") {
				t.Errorf("expected a failure, got\n%s", m.text())
			}
		})
	}
}

// TestPage: only what stands between the marks is written anew, and the same
// run writes the same page.
func TestPage(t *testing.T) {
	page := filepath.Join(t.TempDir(), "performance.md")
	write := func(text string) {
		if err := os.WriteFile(page, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := func() string {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	write("# Before\n\n" + beginMark + "old\n" + endMark + "\nafter\n")
	if err := measured().writeTo(page); err != nil {
		t.Fatal(err)
	}
	first := read()
	if !strings.HasPrefix(first, "# Before\n\n"+beginMark+"| figure | stated | measured |\n|---|---|---|\n") || !strings.HasSuffix(first, endMark+"\nafter\n") || strings.Contains(first, "old") {
		t.Errorf("got\n%s", first)
	}
	if err := measured().writeTo(page); err != nil || read() != first {
		t.Errorf("expected the same page again, got %v and\n%s", err, read())
	}
	write("# no marks\n")
	if err := measured().writeTo(page); err == nil {
		t.Error("expected a page without marks to be refused")
	}
}
