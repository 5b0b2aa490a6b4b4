package mockidp

import (
	_ "embed" // the built-in directory and the schema are files
	"fmt"
)

//go:embed default.yaml
var defaultFile []byte

// DefaultDirectory is the built-in directory: DEV, TEST and UAT of one tenant,
// with daemons, applications and people. Its secrets and passwords are known to
// everybody, so it is for loopback.
func DefaultDirectory() Directory {
	d, err := ParseDirectory("default.yaml", defaultFile, nil)
	if err != nil {
		panic(fmt.Sprintf("mockidp: the built-in directory: %v", err))
	}
	return d
}

//go:embed mockidp.schema.json
var directorySchema []byte

// DirectorySchema is the JSON Schema of a mockidp.yaml, for editors. The reader
// refuses more than a schema can say.
func DirectorySchema() []byte { return directorySchema }
