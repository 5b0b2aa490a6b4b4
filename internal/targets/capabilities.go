package targets

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// CapabilityType is the type of what supports declares of a capability.
type CapabilityType string

// The types: true or false, one word, several words, a length of time, a whole
// number.
const (
	BooleanType  CapabilityType = "boolean"
	WordType     CapabilityType = "word"
	WordsType    CapabilityType = "words"
	DurationType CapabilityType = "duration"
	NumberType   CapabilityType = "number"
)

// Capability is one entry of the closed list of what a target can declare and
// a row can need. The list is data: capabilities.yaml.
type Capability struct {
	Key  string
	Type CapabilityType
	// Says is what declaring it tells, one sentence.
	Says string
	// Found says where the target file or the run answers it without a line in
	// supports; empty where only that line does.
	Found string
	// Decides are the catalogue's rows that are accepted or refused by it.
	Decides []string
	// Values are the known values; of a duration, its words.
	Values []CapabilityValue
	// From are the answers of a duration, from each length on, shortest first.
	From []CapabilityValue
	// Other is what a word that is not in Values means; nil: none other is
	// taken.
	Other *CapabilityValue
	// Least and Most are the limits of a number; 0: none.
	Least, Most int
	// StatusOf are the rows whose refusal has the declared number as its status,
	// SizeOf those whose largest header field is taken up to that many bytes.
	StatusOf, SizeOf []string
}

// CapabilityValue is one value of a capability and what it makes of rows.
type CapabilityValue struct {
	Value string
	Says  string
	// Makes is the answer to the rows that leave it to the capability; nil:
	// the capability decides none.
	Makes *Answer
	// Except are the rows that get another answer.
	Except []RowAnswer
	least  time.Duration
}

// Answer is what must happen to a request: accepted, or refused with one of
// the statuses, the best first.
type Answer struct {
	Accept bool
	Refuse []int
}

// RowAnswer is the answer to one row.
type RowAnswer struct {
	Row    string
	Answer Answer
}

// Capabilities are the closed list, sorted by key.
func Capabilities() []Capability { return slices.Clone(capabilities()) }

// CapabilityOf finds a capability by its key.
func CapabilityOf(key string) (Capability, bool) {
	i, ok := slices.BinarySearchFunc(capabilities(), key, func(c Capability, k string) int { return cmp.Compare(c.Key, k) })
	if !ok {
		return Capability{}, false
	}
	return capabilities()[i], true
}

// CapabilityKeys are all keys, sorted.
func CapabilityKeys() []string {
	keys := make([]string, 0, len(capabilities()))
	for _, c := range capabilities() {
		keys = append(keys, c.Key)
	}
	return keys
}

// DecidingKeys are the keys that a row's either may name, sorted: those whose
// values make something of rows.
func DecidingKeys() []string {
	var keys []string
	for _, c := range capabilities() {
		if len(c.Decides) > 0 {
			keys = append(keys, c.Key)
		}
	}
	return keys
}

// Known are the values that supports may give, as a message lists them.
func (c Capability) Known() []string {
	var all []string
	for _, v := range c.Values {
		all = append(all, v.Value)
	}
	return all
}

// Makes is what a declared value makes of a row whose expectation is either;
// false where the value says nothing about rows. The words of a list are
// joined by commas, as Declaration has them.
func (c Capability) Makes(value, row string) (Answer, bool) {
	v := c.meaning(value)
	if v == nil || v.Makes == nil {
		return Answer{}, false
	}
	for _, e := range v.Except {
		if e.Row == row {
			return e.Answer, true
		}
	}
	return *v.Makes, true
}

// Sentence is what a declared value says, empty for one that is not known.
func (c Capability) Sentence(value string) string {
	if v := c.meaning(value); v != nil {
		return v.Says
	}
	return ""
}

// meaning is the entry that a declared value stands for. Of a list it is the
// first known word that decides something.
func (c Capability) meaning(value string) *CapabilityValue {
	for _, word := range c.words(value) {
		for i, v := range c.Values {
			if v.Value == word && (c.Type != WordsType || v.Makes != nil) {
				return &c.Values[i]
			}
		}
	}
	if d, err := time.ParseDuration(value); err == nil && c.Type == DurationType {
		return c.lasting(d)
	}
	return c.Other
}

// words are the words of a declared value.
func (c Capability) words(value string) []string {
	if c.Type == WordsType {
		return strings.Split(value, ",")
	}
	return []string{value}
}

// lasting is the entry of the longest length that d reaches.
func (c Capability) lasting(d time.Duration) *CapabilityValue {
	for i := len(c.From) - 1; i >= 0; i-- {
		if d >= c.From[i].least {
			return &c.From[i]
		}
	}
	return nil
}

// Need is one entry of a row's needs or unless.
type Need struct {
	Key string
	// Value is what the key must be; of a boolean it is true.
	Value string
}

// String is the need as a row writes it.
func (n Need) String() string {
	if n.Value == "true" {
		return n.Key
	}
	return n.Key + "-" + n.Value
}

// NeedOf reads a need: a boolean capability's key, or key-value.
func NeedOf(text string) (Need, bool) {
	for _, n := range needs() {
		if n.String() == text {
			return n, true
		}
	}
	return Need{}, false
}

// NeedNames are all needs that a row may name, sorted.
func NeedNames() []string {
	var names []string
	for _, n := range needs() {
		names = append(names, n.String())
	}
	slices.Sort(names)
	return names
}

func needs() []Need {
	var all []Need
	for _, c := range capabilities() {
		switch c.Type {
		case BooleanType:
			all = append(all, Need{c.Key, "true"})
		case WordType, WordsType:
			for _, v := range c.Values {
				all = append(all, Need{c.Key, v.Value})
			}
		default: // nobody needs a certain length or number
		}
	}
	return all
}

// Met reports whether a declared value of the key is what is needed.
func (n Need) Met(value string) bool { return slices.Contains(strings.Split(value, ","), n.Value) }

// Excludes reports whether both cannot be met at once: one key, two values.
// Of a list of words several can hold.
func (n Need) Excludes(other Need) bool {
	c, ok := CapabilityOf(n.Key)
	return ok && c.Type != WordsType && n.Key == other.Key && n.Value != other.Value
}
