package main

import (
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"
)

// The figures as they are stated.
const (
	cpuStated    = 1.15
	npmStated    = 0.95
	naviktStated = 1.5
	startStated  = 6
	memoryStated = 20 // MB
	growthStated = 1.1
)

// figures are those that this run could measure.
func (m *measurement) figures() []figure {
	s := m.subjects[0]
	thousands := func(n int) string { return fmt.Sprintf("%d,%03d", n/1000, n%1000) }
	late := thousands(m.options.tokens)
	all := []figure{{name: "CPU per token ÷ CPU of one bare RSA-2048 signature", stated: cpuStated, measured: median(m.ratios)}}
	for _, peer := range m.subjects[1:] {
		f := figure{name: "tokens per second ÷ those of " + peer.server.name, atLeast: true, stated: naviktStated}
		if peer.server.name == nameOfNPM {
			f.stated = npmStated
		}
		f.measured = median(pairwise(s.rates, peer.rates))
		all = append(all, f)
	}
	for _, peer := range m.subjects[1:] {
		if peer.server.name == nameOfNPM {
			all = append(all, figure{
				name: "start to first key set: time of " + nameOfNPM + " ÷ ours", atLeast: true, stated: startStated,
				measured: median(pairwise(peer.starts, s.starts)),
			})
		}
	}
	return append(
		all,
		figure{name: "RssAnon after " + late + " tokens", stated: memoryStated, measured: float64(s.anonymous) / 1024, unit: " MB"},
		figure{name: "RssAnon after " + late + " tokens ÷ after " + thousands(early), stated: growthStated, measured: float64(s.anonymous) / float64(s.anonymousEarly)},
		figure{name: "answers missing of " + thousands(2*crowdSize) + " over " + thousands(crowdSize) + " open connections", measured: float64(m.lost)},
	)
}

// pairwise divides round by round.
func pairwise(above, below []float64) []float64 {
	all := make([]float64, min(len(above), len(below)))
	for i := range all {
		all[i] = above[i] / below[i]
	}
	return all
}

// fails reports whether a figure is beyond what is tolerated.
func (m *measurement) fails() bool {
	for _, f := range m.figures() {
		if f.fails() {
			return true
		}
	}
	return false
}

// text is the report for a terminal: the figures, then what was seen of each
// server.
func (m *measurement) text() string {
	rows := [][]string{{"figure", "stated", "measured", ""}}
	for _, f := range m.figures() {
		rows = append(rows, append(f.row(), f.remark()))
	}
	servers := [][]string{{"server", "tokens/s", "CPU per token", "distinct tokens", "RssAnon", "start"}}
	for _, s := range m.subjects {
		servers = append(servers, []string{
			s.server.title(), number(median(s.rates)), fmt.Sprintf("%.0f µs", median(s.cpus)*1e6),
			fmt.Sprintf("%d of %d", s.distinct, s.tokens), fmt.Sprintf("%.1f MB", float64(s.anonymous)/1024), fmt.Sprintf("%.0f ms", median(s.starts)*1e3),
		})
	}
	return columns(rows) + "\n" + columns(servers) + "\n" +
		fmt.Sprintf("one bare signature: %.0f µs; %s\n", median(m.signatures)*1e6, m.conditions())
}

// columns aligns rows.
func columns(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			line += cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// conditions are what the figures depend on, without a name of a machine.
func (m *measurement) conditions() string {
	return fmt.Sprintf("medians of %d rounds, %s on %d cores of %s/%s", m.options.rounds, runtime.Version(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
}
