package verdict

import "fmt"

// Outcome is the grade of one case. The zero value is Pass; greater is worse.
type Outcome uint8

// The ladder, worst last. Recorded is measured or seen but not judged,
// Unsupported is declared by the target, Skipped was never fired, Inconclusive
// was fired and proves nothing, Error is the harness's own failure.
const (
	Pass Outcome = iota
	Recorded
	Warn
	Unsupported
	Skipped
	Inconclusive
	Fail
	Error
)

// Outcomes returns the ladder, best first.
func Outcomes() []Outcome {
	return []Outcome{Pass, Recorded, Warn, Unsupported, Skipped, Inconclusive, Fail, Error}
}

// String returns the outcome's word.
func (o Outcome) String() string {
	switch o {
	case Pass:
		return "pass"
	case Recorded:
		return "recorded"
	case Warn:
		return "warn"
	case Unsupported:
		return "unsupported"
	case Skipped:
		return "skipped"
	case Inconclusive:
		return "inconclusive"
	case Fail:
		return "fail"
	case Error:
		return "error"
	}
	return fmt.Sprintf("outcome(%d)", uint8(o))
}

// Judged reports whether the outcome says something about the gateway.
func (o Outcome) Judged() bool { return o == Pass || o == Warn || o == Fail }

// MarshalText writes the outcome's word.
func (o Outcome) MarshalText() ([]byte, error) {
	if o > Error {
		return nil, fmt.Errorf("verdict: outcome: expected one of 8 words, got number %d", uint8(o))
	}
	return []byte(o.String()), nil
}

// UnmarshalText reads the outcome's word and no other.
func (o *Outcome) UnmarshalText(text []byte) error {
	for _, known := range Outcomes() {
		if known.String() == string(text) {
			*o = known
			return nil
		}
	}
	return fmt.Errorf("verdict: outcome: expected one of 8 words, got %q", text)
}

// Worst returns the worse of two outcomes.
func Worst(a, b Outcome) Outcome { return max(a, b) }
