package mockidp

import (
	"html/template"
	"strings"
	"time"
)

// consoleFuncs are what the pages are written with.
func consoleFuncs() template.FuncMap {
	return template.FuncMap{
		"join":   func(all []string) string { return printable(strings.Join(all, ", ")) },
		"plural": plural,
		"clock":  func(t time.Time) string { return t.UTC().Format("15:04:05") },
		"date":   func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05 UTC") },
		"stamp":  func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) },
		"took":   func(d time.Duration) string { return d.Round(10 * time.Microsecond).String() },
		"shown":  printable,
		// field is one field of a page, for the templates that are about fields.
		"field": func(page any, field string) map[string]any { return map[string]any{"page": page, "field": field} },
	}
}
