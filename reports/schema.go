package reports

import (
	_ "embed" // the schema
	"slices"
)

//go:embed results.schema.json
var resultsSchema []byte

// Schema returns the JSON Schema (draft 2020-12) of the results model. It is
// made from the Go types and their comments by `go test ./reports -update`.
func Schema() []byte { return slices.Clone(resultsSchema) }
