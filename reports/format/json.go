package format

import (
	"io"

	"github.com/entraproof/entraproof/reports"
)

// JSON writes the results model itself: what results.json holds.
func JSON(w io.Writer, r *reports.Results) error { return r.Encode(w) }
