package main

import (
	"fmt"
	"os"
	"strings"
)

// The marks between which a page holds what is written anew.
const (
	beginMark = "<!-- measured: written by make bench-peers -->\n"
	endMark   = "<!-- end -->\n"
)

// writeTo writes the tables of a page anew.
func (m *measurement) writeTo(page string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return fmt.Errorf("peers: write the page: %w", err)
	}
	before, rest, found := strings.Cut(string(text), beginMark)
	_, after, ended := strings.Cut(rest, endMark)
	if !found || !ended {
		return fmt.Errorf("peers: write the page: expected %q and %q in %s", beginMark, endMark, page)
	}
	if err := os.WriteFile(page, []byte(before+beginMark+m.markdown()+endMark+after), 0o600); err != nil {
		return fmt.Errorf("peers: write the page: %w", err)
	}
	return nil
}

// markdown has ratios only: times are the machine's.
func (m *measurement) markdown() string {
	rows := [][]string{{"figure", "stated", "measured"}}
	for _, f := range m.figures() {
		rows = append(rows, f.row())
	}
	servers := [][]string{{"server", "tokens per second ÷ ours", "CPU per token ÷ one signature", "distinct tokens of 1,000", "RssAnon at the end", "time to start ÷ ours"}}
	for _, s := range m.subjects {
		ours := m.subjects[0]
		servers = append(servers, []string{
			s.server.title(), number(median(pairwise(s.rates, ours.rates))), number(median(pairwise(s.cpus, m.signatures))),
			number(float64(s.distinct) * 1000 / float64(s.tokens)), fmt.Sprintf("%d MB", s.anonymous>>10), number(median(pairwise(s.starts, ours.starts))),
		})
	}
	return table(rows) + "\n" + table(servers) + "\nThese are " + m.conditions() + ".\n"
}

// table is a table of Markdown; the first row is its head.
func table(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(row)) + "|\n")
		}
	}
	return b.String()
}
