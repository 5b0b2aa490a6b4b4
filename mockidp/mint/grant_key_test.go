package mint

import (
	"reflect"
	"testing"
)

// TestGrantKeyCoversEveryField changes one member after the other: a member
// that the key leaves out would make two tokens one.
func TestGrantKeyCoversEveryField(t *testing.T) {
	keys := map[string]string{testGrant().Key(): "none"}
	var walk func(name string, at func(*Grant) reflect.Value)
	walk = func(name string, at func(*Grant) reflect.Value) {
		g := testGrant()
		v := at(&g)
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				walk(name+"."+v.Type().Field(i).Name, func(g *Grant) reflect.Value { return at(g).Field(i) })
			}
			return
		case reflect.String:
			v.SetString("changed")
		case reflect.Slice:
			v.Set(reflect.Append(v, reflect.ValueOf("changed")))
		default:
			t.Fatalf("grant%s: expected a text or a list, got %s: see to it that Key covers it", name, v.Kind())
		}
		if other, found := keys[g.Key()]; found {
			t.Errorf("grant%s: the key does not change (as with %s)", name, other)
		}
		keys[g.Key()] = name
	}
	walk("", func(g *Grant) reflect.Value { return reflect.ValueOf(g).Elem() })
}

// TestGrantKeyBounds says that no text runs into the next.
func TestGrantKeyBounds(t *testing.T) {
	a, b := testGrant(), testGrant()
	a.Scopes, a.Roles = []string{"x", "y"}, nil
	for name, lists := range map[string][2][]string{
		"one text": {{"xy"}, nil}, "the other list": {{"x"}, {"y"}}, "a size within": {{"x1:y"}, nil},
	} {
		b.Scopes, b.Roles = lists[0], lists[1]
		if a.Key() == b.Key() {
			t.Errorf("%s: one key for two grants", name)
		}
	}
}
