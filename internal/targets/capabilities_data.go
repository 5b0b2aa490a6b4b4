package targets

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/entraproof/entraproof/internal/document"
)

//go:embed capabilities.yaml
var capabilitiesFile []byte

// capabilities is the list, sorted by key, read when it is first asked for.
var capabilities = sync.OnceValue(func() []Capability {
	all, err := readCapabilities("capabilities.yaml", capabilitiesFile)
	if err != nil {
		panic(fmt.Sprintf("targets: the embedded capabilities: %v", err))
	}
	return all
})

// readCapabilities reads the list and refuses a key that stands twice.
func readCapabilities(name string, src []byte) ([]Capability, error) {
	root, err := document.Parse(name, src)
	if err != nil {
		return nil, err
	}
	var all []Capability
	for _, item := range root.Items() {
		c := readCapability(item)
		if slices.ContainsFunc(all, func(o Capability) bool { return o.Key == c.Key }) {
			item.Problemf("", "capability %q stands twice", c.Key)
		}
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b Capability) int { return strings.Compare(a.Key, b.Key) })
	return all, root.Err()
}

func readCapability(n *document.Node) Capability {
	f := n.Fields()
	types := []string{string(BooleanType), string(WordType), string(WordsType), string(DurationType), string(NumberType)}
	c := Capability{
		Key: f.Need("key").Str(), Type: CapabilityType(f.Need("type").OneOf("type", types)),
		Says: f.Need("says").Str(), Found: f.Take("found").Str(), Decides: f.Take("decides").Strings(),
		StatusOf: f.Take("status-of").Strings(), SizeOf: f.Take("size-of").Strings(),
		Values: readValues(f.Take("values")), From: readValues(f.Take("from")),
	}
	if least := f.Take("least"); least != nil {
		c.Least = least.Int()
	}
	if most := f.Take("most"); most != nil {
		c.Most = most.Int()
	}
	if other := f.Take("other"); other != nil {
		v := readValue("", other)
		c.Other = &v
	}
	f.Rest()
	for i, v := range c.From {
		d, err := time.ParseDuration(v.Value)
		if err != nil || (i > 0 && d <= c.From[i-1].least) {
			n.Problemf("lengths such as 30s, the shortest first", "cannot read the length %q", v.Value)
		}
		c.From[i].least = d
	}
	if c.Type == BooleanType && !slices.Equal(c.Known(), []string{"true", "false"}) {
		n.Problemf("", "expected the values true and false, got %v", c.Known())
	}
	return c
}

func readValues(n *document.Node) []CapabilityValue {
	if n == nil {
		return nil
	}
	var all []CapabilityValue
	for _, m := range n.Members() {
		all = append(all, readValue(m.Key, m.Value))
	}
	return all
}

func readValue(word string, n *document.Node) CapabilityValue {
	f := n.Fields()
	v := CapabilityValue{Value: word, Says: f.Need("says").Str()}
	if makes := f.Take("makes"); makes != nil {
		a := readAnswer(makes)
		v.Makes = &a
	}
	if except := f.Take("except"); except != nil {
		for _, m := range except.Members() {
			v.Except = append(v.Except, RowAnswer{m.Key, readAnswer(m.Value)})
		}
	}
	f.Rest()
	return v
}

// readAnswer reads accept, or refuse and statuses.
func readAnswer(n *document.Node) Answer {
	words := strings.Fields(n.Str())
	if len(words) == 1 && words[0] == "accept" {
		return Answer{Accept: true}
	}
	var a Answer
	if len(words) > 1 && words[0] == "refuse" {
		for _, w := range words[1:] {
			if status, err := strconv.Atoi(w); err == nil {
				a.Refuse = append(a.Refuse, status)
			}
		}
	}
	if len(a.Refuse) == 0 || len(a.Refuse) != len(words)-1 {
		n.Problemf("accept, or refuse 401 403", "cannot read the answer %q", n.Text())
	}
	return a
}

// CheckSupport records what is wrong with one line of supports: a key that no
// capability has, a value of another type, a word that is not known.
func CheckSupport(m document.Member) {
	c, ok := CapabilityOf(m.Key)
	if !ok {
		refuseKey(m)
		return
	}
	switch c.Type {
	case BooleanType:
		m.Value.Bool()
	case NumberType:
		c.checkNumber(m.Value)
	case DurationType:
		if !slices.Contains(c.Known(), m.Value.Text()) && m.Value.Duration() < 0 {
			m.Value.Problemf("0s or more", "expected a length of time, got %q", m.Value.Text())
		}
	case WordType:
		c.checkWord(m.Value)
	case WordsType:
		for _, item := range m.Value.Items() {
			c.checkWord(item)
		}
	}
}

func (c Capability) checkNumber(n *document.Node) {
	got := n.Int()
	if _, err := strconv.Atoi(n.Text()); err != nil {
		return // told
	}
	if got < c.Least || c.Most > 0 && got > c.Most {
		n.Problemf(c.limits(), "expected a %s within its limits, got %d", c.Key, got)
	}
}

// limits are the least and the most of a number in words.
func (c Capability) limits() string {
	if c.Most > 0 {
		return fmt.Sprintf("%d to %d", c.Least, c.Most)
	}
	return fmt.Sprintf("%d or more", c.Least)
}

func (c Capability) checkWord(n *document.Node) {
	if c.Other != nil {
		n.Str()
		return
	}
	n.OneOf("value of "+c.Key, c.Known())
}

// refuseKey records an unknown key, with the nearest known one; one that is
// written as a need, such as jwks-fetched, is explained.
func refuseKey(m document.Member) {
	hint := "entraproof scenarios list --format json names what rows need"
	if near := document.Nearest(m.Key, CapabilityKeys()); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	if n, ok := NeedOf(m.Key); ok {
		hint = fmt.Sprintf("write %s: %s", n.Key, n.Value)
	}
	m.Value.Problemf(hint, "unknown capability %q", m.Key)
}
