package predict

import (
	"context"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/reports"
)

// Closed is a change and what it closes.
type Closed struct {
	Findings []reports.Finding
}

// Cause is a parameter of an export that a finding comes from.
type Cause struct {
	Key string
	At  document.Position
}

func (p *predictor) blame(*Prediction, *stand) {}

func (p *predictor) close(context.Context, *Prediction, *stand, order) error { return nil }
