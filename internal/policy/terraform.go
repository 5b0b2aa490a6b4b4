package policy

import "github.com/entraproof/entraproof/internal/document"

// terraform refuses what it cannot read.
func (r *reading) terraform(f File) {
	r.add(document.Position{File: f.Name, Line: 1, Column: 1}, "", "Terraform is not read")
}
