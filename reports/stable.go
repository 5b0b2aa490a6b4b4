package reports

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Stable returns a copy of the concluded results without their volatile fields:
// two runs with one seed against one gateway have equal ones.
func (r *Results) Stable() (*Results, error) {
	text, err := json.Marshal(r.Concluded())
	if err != nil {
		return nil, fmt.Errorf("reports: stable: %w", err)
	}
	var stable Results
	if err := json.Unmarshal(text, &stable); err != nil {
		return nil, fmt.Errorf("reports: stable: %w", err)
	}
	dropVolatile(reflect.ValueOf(&stable).Elem())
	return &stable, nil
}

// dropVolatile zeroes every field that is marked volatile.
func dropVolatile(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			dropVolatile(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			dropVolatile(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			switch field := v.Type().Field(i); {
			case strings.Contains(field.Tag.Get("jsonschema_extras"), "volatile=true"):
				v.Field(i).SetZero()
			case field.IsExported():
				dropVolatile(v.Field(i))
			}
		}
	default: // a scalar holds no fields
	}
}
