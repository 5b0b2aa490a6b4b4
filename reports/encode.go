package reports

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// encode writes what encoding/json writes of results with an indent of two
// blanks, one case and one control at a time: it would hold the text of all of
// them in memory, twice.
func encode(w io.Writer, r *Results) error {
	out := bufio.NewWriter(w)
	e := &memberWriter{out: out, open: "{"}
	v := reflect.ValueOf(r).Elem()
	for i := range v.NumField() {
		name, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if options == "omitempty" && v.Field(i).Len() == 0 { // only lists may be left out
			continue
		}
		if err := e.member(name, v.Field(i)); err != nil {
			return err
		}
	}
	fmt.Fprint(out, "\n}\n")
	return out.Flush() //nolint:wrapcheck // the caller says what was written
}

// memberWriter writes the members of the outermost object.
type memberWriter struct {
	out  *bufio.Writer // keeps its first error for Flush
	open string        // stands before the next member
}

func (e *memberWriter) member(name string, v reflect.Value) error {
	fmt.Fprintf(e.out, "%s\n  %q: ", e.open, name)
	e.open = ","
	if v.Kind() != reflect.Slice || v.Len() == 0 {
		return e.value(v, "  ")
	}
	open := "["
	for i := range v.Len() {
		fmt.Fprintf(e.out, "%s\n    ", open)
		open = ","
		if err := e.value(v.Index(i), "    "); err != nil {
			return err
		}
	}
	fmt.Fprint(e.out, "\n  ]")
	return nil
}

// value writes one value, its lines after the first one behind the margin.
func (e *memberWriter) value(v reflect.Value, margin string) error {
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent(margin, "  ")
	if err := enc.Encode(v.Addr().Interface()); err != nil {
		return err //nolint:wrapcheck // the caller says what was written
	}
	fmt.Fprint(e.out, strings.TrimSuffix(text.String(), "\n"))
	return nil
}
