package main

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// The exit codes of design 5. reports gives those that results bear; wrong
// usage and what could not be run at all are known only here.
const (
	exitWrongUsage  = reports.ExitWrongUsage
	exitCouldNotRun = reports.ExitCouldNotRun
)

// failure is an error with its exit code and, where there is one, a hint.
type failure struct {
	code int
	err  error
	hint string
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// wrongUsage is an error of whoever typed the command or wrote its files.
func wrongUsage(err error, hint string) error {
	if err == nil {
		return nil
	}
	return &failure{exitWrongUsage, err, hint}
}

// misused is wrongUsage of a sentence.
func misused(hint, format string, args ...any) error {
	return wrongUsage(fmt.Errorf(format, args...), hint)
}

// outcome is the exit code of a verb that has said all that there is to say.
type outcome int

func (o outcome) Error() string { return reports.ExitMeaning(int(o)) }

// came is the error for an exit code: none for 0.
func came(code int) error {
	if code == 0 {
		return nil
	}
	return outcome(code)
}

// exitCode is the one place where an error becomes an exit code.
func exitCode(err error) int {
	var f *failure
	var o outcome
	switch {
	case err == nil:
		return 0
	case errors.As(err, &o):
		return int(o)
	case errors.As(err, &f):
		return f.code
	}
	return exitCouldNotRun
}

// tell writes an error for people: each problem a line, each hint below its
// own.
func (p *program) tell(err error) {
	told := map[string]bool{}
	for _, one := range each(err) {
		text, hint := said(one)
		fmt.Fprintf(p.err, "entraproof: error: %s\n", text)
		if hint != "" && !told[hint] {
			fmt.Fprintf(p.err, "hint: %s\n", hint)
		}
		told[hint] = true
	}
}

// problem is one error to tell, with the hint of what wraps it.
type problem struct {
	err  error
	hint string
}

// each takes joined errors apart. An outcome has been told by its verb.
func each(err error) []problem {
	var f *failure
	if err == nil || reflect.TypeOf(err) == reflect.TypeFor[outcome]() {
		return nil
	}
	if reflect.TypeOf(err) == reflect.TypeOf(f) && errors.As(err, &f) {
		all := each(f.err)
		if n := len(all); n > 0 && all[n-1].hint == "" {
			all[n-1].hint = f.hint
		}
		return all
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok && isJoin(err) {
		var all []problem
		for _, one := range joined.Unwrap() {
			all = append(all, each(one)...)
		}
		return all
	}
	return []problem{{err: err}}
}

// isJoin tells errors.Join from fmt.Errorf with several %w, whose own words
// count.
func isJoin(err error) bool {
	return reflect.TypeOf(err) == reflect.TypeOf(errors.Join(io.EOF))
}

// said is one problem as text and hint.
func said(p problem) (text, hint string) {
	var place *document.Problem
	var nothing *scenarios.NothingSelectedError
	err, hint := p.err, p.hint
	switch {
	case errors.As(err, &place) && place.Hint != "" && errors.Is(err, place) && err.Error() == place.Error():
		plain := *place
		plain.Hint = ""
		err, hint = &plain, place.Hint
	case errors.As(err, &nothing) && nothing.Hint != "" && err.Error() == nothing.Error():
		plain := *nothing
		plain.Hint = ""
		err, hint = &plain, nothing.Hint
	}
	return oneLine(err.Error()), hint
}

// oneLine keeps an error on its line whatever it quotes.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.TrimSpace(text))
}
