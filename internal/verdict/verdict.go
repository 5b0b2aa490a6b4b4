package verdict

// Verdict is what a case came to: its outcome, why, and one line about this
// case in particular. Outcome is always Reason.Outcome().
type Verdict struct {
	Outcome Outcome `json:"outcome"`
	Reason  Reason  `json:"reason"`
	Detail  string  `json:"detail,omitempty"`
	// Best is set on a refusal with the status that the row lists first.
	Best bool `json:"best,omitempty"`
}

// Because returns the verdict that reason means.
func Because(reason Reason, detail string) Verdict {
	return Verdict{Outcome: reason.Outcome(), Reason: reason, Detail: detail}
}

// Worse returns the verdict with the worse outcome, v where they are equal.
func (v Verdict) Worse(other Verdict) Verdict {
	if other.Outcome > v.Outcome {
		return other
	}
	return v
}
