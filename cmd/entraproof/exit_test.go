package main

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/scenarios"
)

// TestExitCodesAndErrors: each sort of error has its code and its lines.
func TestExitCodesAndErrors(t *testing.T) {
	t.Parallel()
	place := &document.Problem{Pos: document.Position{File: "t.yaml", Line: 3, Column: 5}, Text: `unknown key "urll"`, Hint: `did you mean "url"?`}
	nothing := &scenarios.NothingSelectedError{Filter: "id", Value: "x-*", Hint: "nearest"}
	for _, row := range []struct {
		reason string
		err    error
		code   int
		text   string
	}{
		{"nothing-wrong", nil, 0, ""},
		{"does-not-conform", outcome(1), 1, ""},
		{"unproven", outcome(4), 4, ""},
		{"broke", errors.New("it broke"), 3, "entraproof: error: it broke\n"},
		{"wrong-usage", misused("type it", "no verb"), 2, "entraproof: error: no verb\nhint: type it\n"},
		{"with-place", wrongUsage(place, ""), 2, "entraproof: error: t.yaml:3:5: unknown key \"urll\"\nhint: did you mean \"url\"?\n"},
		{"place-in-a-sentence", wrongUsage(fmt.Errorf("the file: %w", place), ""), 2, "entraproof: error: the file: t.yaml:3:5: unknown key \"urll\" (did you mean \"url\"?)\n"},
		{"filter", wrongUsage(nothing, "list them"), 2, "entraproof: error: scenarios: no row matches id \"x-*\"\nhint: nearest\n"},
		{
			"several", errors.Join(misused("a", "one"), errors.Join(misused("a", "two"), nil), misused("b", "three")), 2,
			"entraproof: error: one\nhint: a\nentraproof: error: two\nentraproof: error: three\nhint: b\n",
		},
		{"wrapped-several", wrongUsage(errors.Join(errors.New("one"), errors.New("two")), "look"), 2, "entraproof: error: one\nentraproof: error: two\nhint: look\n"},
		{"two-causes-one-sentence", fmt.Errorf("x: %w, %w", errors.New("a"), errors.New("b")), 3, "entraproof: error: x: a, b\n"},
		{"hole-beats-broken-report", errors.Join(errors.New("disk full"), outcome(1)), 1, "entraproof: error: disk full\n"},
		{"control-characters", errors.New("a\x1b[2Jb\nc"), 3, "entraproof: error: a [2Jb c\n"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			if got := exitCode(row.err); got != row.code {
				t.Errorf("expected exit code %d, got %d", row.code, got)
			}
			var text bytes.Buffer
			(&program{err: &text}).tell(row.err)
			if got := text.String(); got != row.text {
				t.Errorf("expected:\n%sgot:\n%s", row.text, got)
			}
		})
	}
}

// TestTerminal: on a terminal a long program redraws one line and removes it;
// elsewhere it says nothing.
func TestTerminal(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		reason   string
		terminal bool
		want     string
	}{
		{"terminal", true, "\r\x1b[Kone\r\x1b[Ktwo\r\x1b[K"},
		{"pipe", false, ""},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Parallel()
			var text bytes.Buffer
			s := steps{p: &program{err: &text, terminal: row.terminal}}
			s.say("one")
			s.say("two\n")
			s.end()
			if got := text.String(); got != row.want {
				t.Errorf("expected %q, got %q", row.want, got)
			}
		})
	}
}
