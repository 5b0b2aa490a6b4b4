package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// docPage is a page of documentation as its tests see it: files that it shows
// and commands that it has the reader type, in the order of the page.
type docPage struct {
	name  string
	steps []docStep
}

// docStep is a file to write or a command to run.
type docStep struct {
	at    int // the line of the page
	file  string
	text  string // the file's text, or the command
	needs []string
	exit  int
	// background: the command runs until it is stopped.
	background bool
	// shown is the output that the page shows, nil where it shows none. Its
	// lines are shownAt and those after it.
	shown   []string
	shownAt int
}

var (
	fence     = regexp.MustCompile("^( *)(`{3,})([^`]*)$")
	fileTitle = regexp.MustCompile(`^(?:#|//) file: (\S+)$`)
	exitsWith = regexp.MustCompile(`\s+# exits (\d+)$`)
	indented  = regexp.MustCompile(`^(?: {4}|\t)(entraproof|go|make|docker|apt-get|pip3?|python3|npm|mvn|curl|git|sudo) `)
)

// readPage takes a page apart. Commands that no test could find are a problem:
// those in blocks that are not marked as console, and indented ones.
func readPage(name, text string) (docPage, error) {
	r := pageReader{page: docPage{name: name}}
	for i, line := range strings.Split(text, "\n") {
		r.line(i+1, line)
	}
	if r.block != nil {
		r.problem(r.block.at, "the block has no end")
	}
	return r.page, errors.Join(r.problems...)
}

// pageReader reads a page line by line.
type pageReader struct {
	page     docPage
	block    *docBlock
	problems []error
}

// docBlock is a fenced block while it is read.
type docBlock struct {
	at            int
	indent, ticks string
	language      string
	needs         []string
	lines         []string
}

func (r *pageReader) problem(at int, format string, a ...any) {
	r.problems = append(r.problems, fmt.Errorf("%s:%d: %s", r.page.name, at, fmt.Sprintf(format, a...)))
}

func (r *pageReader) line(at int, line string) {
	m := fence.FindStringSubmatch(line)
	switch {
	case r.block == nil && m != nil:
		r.open(at, m)
	case r.block != nil && m != nil && m[2] == r.block.ticks && strings.TrimSpace(m[3]) == "":
		r.close()
		r.block = nil
	case r.block != nil:
		r.block.lines = append(r.block.lines, strings.TrimPrefix(line, r.block.indent))
	case indented.MatchString(line):
		r.problem(at, "an indented command: write it in a block of console, so that it is run")
	}
}

func (r *pageReader) open(at int, m []string) {
	r.block = &docBlock{at: at, indent: m[1], ticks: m[2]}
	words := strings.Fields(m[3])
	if len(words) == 0 {
		return
	}
	r.block.language = words[0]
	for _, word := range words[1:] {
		names, is := strings.CutPrefix(word, "needs=")
		if !is || names == "" {
			r.problem(at, "unknown word %q after %s: expected needs=NAME", word, words[0])
			continue
		}
		r.block.needs = append(r.block.needs, strings.Split(names, ",")...)
	}
}

// close turns a block into steps.
func (r *pageReader) close() {
	b := r.block
	prompts := slices.ContainsFunc(b.lines, func(l string) bool { return strings.HasPrefix(l, "$ ") })
	switch {
	case slices.Contains([]string{"sh", "bash", "shell", "zsh"}, b.language):
		r.problem(b.at, "a block of %s: write console and prompts, so that it is run", b.language)
	case b.language == "console" || (b.language == "" && prompts):
		r.console(b)
	case len(b.needs) > 0:
		r.problem(b.at, "needs= beside %s: only commands need something", b.language)
	case len(b.lines) > 0 && fileTitle.MatchString(b.lines[0]):
		title := fileTitle.FindStringSubmatch(b.lines[0])[1]
		r.page.steps = append(r.page.steps, docStep{at: b.at, file: title, text: strings.Join(b.lines[1:], "\n") + "\n"})
	}
}

// console reads commands after prompts and the output below each.
func (r *pageReader) console(b *docBlock) {
	found := false
	for i := 0; i < len(b.lines); i++ {
		command, is := strings.CutPrefix(b.lines[i], "$ ")
		if !is {
			r.problem(b.at+1+i, "expected a command after $, got %q", b.lines[i])
			return
		}
		found = true
		s := docStep{at: b.at + 1 + i, needs: b.needs}
		for strings.HasSuffix(command, `\`) && i+1 < len(b.lines) {
			i++
			command += "\n" + b.lines[i]
		}
		s.command(command)
		for s.shownAt = b.at + 2 + i; i+1 < len(b.lines) && !strings.HasPrefix(b.lines[i+1], "$ "); i++ {
			s.shown = append(s.shown, b.lines[i+1])
		}
		r.page.steps = append(r.page.steps, s)
	}
	if !found {
		r.problem(b.at, "a block of console without a command")
	}
}

// command reads what stands at the end of a command: # exits N, or &.
func (s *docStep) command(text string) {
	if m := exitsWith.FindStringSubmatch(text); m != nil {
		s.exit, _ = strconv.Atoi(m[1]) // digits only
		text = strings.TrimSuffix(text, m[0])
	}
	s.text, s.background = strings.CutSuffix(strings.TrimSpace(text), " &")
}

// left is what a page shows of output that is left out or differs each time.
const left = "..."

// elides reports whether the shown output leaves something out.
func (s docStep) elides() bool {
	return slices.ContainsFunc(s.shown, func(line string) bool { return strings.Contains(line, left) })
}

// differs says where an output is not the shown one, or is empty. A line of
// three dots stands for any lines, three dots in a line for any text.
func (s docStep) differs(output string) string {
	output = strings.TrimRight(output, "\n") + "\n"
	if regexp.MustCompile("^" + patternOf(s.shown) + "$").MatchString(output) {
		return ""
	}
	for n := range s.shown {
		if !regexp.MustCompile("^" + patternOf(s.shown[:n+1])).MatchString(output) {
			return fmt.Sprintf("the page shows:\n%s\nand the output is, there or as a whole, another:\n%s", s.shown[n], output)
		}
	}
	return "the page ends and the output goes on:\n" + output
}

// patternOf is what the shown lines stand for.
func patternOf(shown []string) string {
	var pattern strings.Builder
	for _, line := range shown {
		if strings.TrimSpace(line) == left {
			pattern.WriteString(`(?:[^\n]*\n)*`)
			continue
		}
		for i, piece := range strings.Split(strings.TrimRight(line, " "), left) {
			if i > 0 {
				pattern.WriteString(`[^\n]*`)
			}
			pattern.WriteString(regexp.QuoteMeta(piece))
		}
		pattern.WriteString(` *\n`)
	}
	return pattern.String()
}
