package gateway

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// FuzzReadObject holds the reader to encoding/json of the standard library.
func FuzzReadObject(f *testing.F) {
	seeds := []string{
		`{}{}`, "{\"\xff\":\"\xff\"}", `{"a":01}`, `{"a":1,}`, `{"a" 1}`, `{1:2}`, `{"a":[1 2]}`,
		`{"\ud800":"\udc00\ud83d\ude00","a":-0.1e+9,"a":[null,true,false,{}]} `,
		`{"a":` + strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1) + `}`,
		`{"a":` + strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth) + `}`,
	}
	for _, compact := range newBench(f).tokens() {
		for segment := range strings.SplitSeq(compact, ".") {
			if plain, _ := decodeSegment(segment); bytes.HasPrefix(plain, []byte("{")) {
				seeds = append(seeds, string(plain))
			}
		}
	}
	if len(seeds) < 200 {
		f.Fatalf("expected 200 seeds and more, got %d", len(seeds))
	}
	for _, text := range seeds {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, _, err := readObject([]byte(text))
		want, known := objectOf(text)
		if (err == nil) != known || known && !reflect.DeepEqual(want, got) {
			t.Errorf("expected %#v (%t), got %#v (%v)", want, known, got, err)
		}
	})
}

// objectOf is the object at the start of a text, as encoding/json reads it; false
// where there is none, or one that is nested too deeply.
func objectOf(text string) (object, bool) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	v, ok := valueOf(decoder, 0)
	o, is := v.(object)
	return o, ok && is
}

// valueOf is the next value, so many levels down.
func valueOf(decoder *json.Decoder, depth int) (any, bool) {
	first, err := decoder.Token()
	delim, is := first.(json.Delim)
	if err != nil || !is {
		return first, err == nil
	}
	o, items := object{}, []any{}
	for decoder.More() {
		name := ""
		if delim == '{' {
			token, _ := decoder.Token()
			name, is = token.(string)
		}
		v, ok := valueOf(decoder, depth+1)
		if !is || !ok {
			return nil, false
		}
		o, items = append(o, member{name, v}), append(items, v)
	}
	_, err = decoder.Token()
	if delim == '{' {
		return o, err == nil && depth < maxDepth
	}
	return items, err == nil && depth < maxDepth
}
