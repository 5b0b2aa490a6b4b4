package mockidp

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
)

// Parameter is one value that a misbehaviour takes.
type Parameter struct {
	Name string `json:"name"`
	// Means says what it is.
	Means string `json:"means"`
	// Min and Max bound a number; both zero: it is a text.
	Min int `json:"min,omitempty"`
	Max int `json:"max,omitempty"`
	// Usual is what it is unless given; nil: nothing.
	Usual any `json:"usual,omitempty"`
	// Needed: it must be given.
	Needed bool `json:"needed,omitempty"`

	// in is where it stands: an int, a string or a []string.
	in func(*Misbehaviour) any
}

// maxParameterText bounds a text, in bytes.
const maxParameterText = 64 << 10

func numeric(name, means string, least, most int) Parameter {
	return Parameter{Name: name, Means: means, Min: least, Max: most, in: func(m *Misbehaviour) any {
		return map[string]*int{"milliseconds": &m.Milliseconds, "seconds": &m.Seconds, "status": &m.Status, "bytes": &m.Bytes, "count": &m.Count}[name]
	}}
}

func textual(name, means string) Parameter {
	return Parameter{Name: name, Means: means, in: func(m *Misbehaviour) any {
		return map[string]*string{"type": &m.Type, "text": &m.Text, "to": &m.To, "issuer": &m.Issuer, "key": &m.Key, "alg": &m.Alg, "use": &m.Use}[name]
	}}
}

func milliseconds(usual int) Parameter {
	return numeric("milliseconds", "for which it waits; never longer than the lease", 1, 5*60*1000).usually(usual)
}

func (p Parameter) usually(n int) Parameter           { p.Usual = n; return p }
func (p Parameter) usuallyText(text string) Parameter { p.Usual = text; return p }
func (p Parameter) needed() Parameter                 { p.Needed = true; return p }

// given reports whether a misbehaviour has a value for the parameter.
func (p Parameter) given(m Misbehaviour) bool {
	switch v := p.in(&m).(type) {
	case *int:
		return *v != 0
	case *string:
		return *v != ""
	case *[]string:
		return len(*v) > 0
	}
	return false
}

// complete fills in the usual values.
func (f *fault) complete() {
	if f.Path == "" {
		f.Path = f.kind.Path
	}
	for _, p := range f.kind.Parameters {
		if p.Usual == nil || p.given(f.Misbehaviour) {
			continue
		}
		switch v := p.in(&f.Misbehaviour).(type) {
		case *int:
			*v = p.Usual.(int)
		case *string:
			*v = p.Usual.(string)
		}
	}
}

// FieldError is one thing wrong with the body of a request to the management
// listener.
type FieldError struct {
	// Path leads to it, such as "misbehaviours.0.path".
	Path string `json:"path"`
	// Text says what was expected and what is there, Hint what may be meant; it
	// may be empty.
	Text string `json:"text"`
	Hint string `json:"hint,omitempty"`
}

func (e *FieldError) Error() string {
	text := e.Text
	if e.Path != "" {
		text = e.Path + ": " + text
	}
	if e.Hint != "" {
		text += " (" + e.Hint + ")"
	}
	return text
}

// misbehaviourCheck collects what is wrong with one misbehaviour.
type misbehaviourCheck struct {
	path     string
	m        Misbehaviour
	problems []error
}

func (c *misbehaviourCheck) problem(name, hint, format string, args ...any) {
	c.problems = append(c.problems, &FieldError{Path: c.path + "." + name, Text: fmt.Sprintf(format, args...), Hint: hint})
}

// checkMisbehaviours gives everything that is wrong at once.
func checkMisbehaviours(all []Misbehaviour) error {
	if len(all) > MaxMisbehaviours {
		return wrongRequest("expected at most %d misbehaviours, got %d", MaxMisbehaviours, len(all))
	}
	var problems []error
	for n, m := range all {
		c := misbehaviourCheck{path: fmt.Sprintf("misbehaviours.%d", n), m: m}
		c.check()
		problems = append(problems, c.problems...)
	}
	if len(problems) == 0 {
		return nil
	}
	return wrongRequest("%w", errors.Join(problems...))
}

func (c *misbehaviourCheck) check() {
	var names []string
	var known []Parameter
	var kind *MisbehaviourKind
	for _, k := range Misbehaviours() {
		names, known = append(names, k.Name), append(known, k.Parameters...)
		if k.Name == c.m.Name {
			kind = &k
		}
	}
	if kind == nil {
		c.problem("name", didYouMean(c.m.Name, names), "unknown misbehaviour %q", c.m.Name)
		return
	}
	c.checkPath(*kind)
	c.checkHow()
	for _, p := range kind.Parameters {
		c.checkParameter(p)
	}
	takes := slices.Collect(func(yield func(string) bool) {
		for _, p := range kind.Parameters {
			if !yield(p.Name) {
				return
			}
		}
	})
	for _, p := range known {
		if p.given(c.m) && !slices.Contains(takes, p.Name) {
			takes = append(takes, p.Name) // told once
			c.problem(p.Name, "", "%s takes no %s", kind.Name, p.Name)
		}
	}
}

// checkPath wants a pattern that fits an endpoint.
func (c *misbehaviourCheck) checkPath(kind MisbehaviourKind) {
	switch {
	case c.m.Path == "":
	case kind.Path == "":
		c.problem("path", "", "%s does not happen at endpoints, and takes no path", kind.Name)
	case !slices.ContainsFunc(routes(), func(r route) bool { return route{path: c.m.Path}.covers(r) }):
		var known []string
		for _, r := range routes() {
			known = append(known, r.path)
		}
		c.problem("path", didYouMean(c.m.Path, known), "no endpoint has a path like %q", c.m.Path)
	}
}

// covers reports whether a pattern takes in paths of a route. A {name} stands
// for the route's own names: {tenant} is no call-out.
func (r route) covers(other route) bool {
	mine, others := strings.Split(r.path, "/"), strings.Split(other.path, "/")
	for n := range max(len(mine), len(others)) {
		switch {
		case n < len(mine) && mine[n] == restOfPath, n < len(others) && others[n] == restOfPath:
			return true
		case n >= len(mine), n >= len(others):
			return false
		case mine[n] != others[n] && !strings.HasPrefix(others[n], "{"):
			return false
		}
	}
	return true
}

// checkHow looks at how often it happens.
func (c *misbehaviourCheck) checkHow() {
	if c.m.Every < 0 || c.m.Every > 1000 {
		c.problem("every", "", "expected 0 to 1000, got %d", c.m.Every)
	}
	if c.m.Probability < 0 || c.m.Probability > 1 || math.IsNaN(c.m.Probability) {
		c.problem("probability", "", "expected 0 to 1, got %v", c.m.Probability)
	}
	if c.m.Every > 0 && c.m.Probability > 0 {
		c.problem("probability", "", "expected every or probability, got both")
	}
}

func (c *misbehaviourCheck) checkParameter(p Parameter) {
	if !p.given(c.m) {
		if p.Needed {
			c.problem(p.Name, "", "expected %d to %d, got none", p.Min, p.Max)
		}
		return
	}
	switch v := p.in(&c.m).(type) {
	case *int:
		if *v < p.Min || *v > p.Max {
			c.problem(p.Name, "", "expected %d to %d, got %d", p.Min, p.Max, *v)
		}
	case *string:
		c.checkText(p.Name, *v)
	case *[]string:
		c.checkText(p.Name, strings.Join(*v, " "))
	}
}

// checkText: what may stand in a header must not end it.
func (c *misbehaviourCheck) checkText(name, text string) {
	if len(text) > maxParameterText {
		c.problem(name, "", "expected at most %d bytes, got %d", maxParameterText, len(text))
	}
	if name != "text" && strings.ContainsFunc(text, unicode.IsControl) {
		c.problem(name, "", "expected no control characters, got %q", text)
	}
}
