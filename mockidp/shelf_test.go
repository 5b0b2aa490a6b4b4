package mockidp

import (
	"fmt"
	"testing"
	"time"
)

// TestShelf: things last their time, and there are never more than there is
// room for.
func TestShelf(t *testing.T) {
	now := newClock().Now()
	s := newShelf[int](3, time.Minute)
	for n := range 4 {
		s.put(fmt.Sprint(n), n, now.Add(time.Duration(n)*time.Second))
	}
	if _, ok := s.get("0", now); ok || s.size() != 3 {
		t.Errorf("of three places four are taken: %d", s.size())
	}
	if n, ok := s.get("1", now.Add(time.Minute)); !ok || n != 1 {
		t.Errorf("in its last second: %d %t", n, ok)
	}
	if _, ok := s.get("1", now.Add(time.Minute+time.Second)); ok {
		t.Error("its time is over")
	}
	if !s.take("2", now, func(n *int) { *n = 7 }) {
		t.Error("what is there cannot be taken")
	}
	if n, _ := s.get("2", now); n != 7 {
		t.Errorf("what was changed is %d", n)
	}
	if s.put("5", 5, now.Add(time.Hour)); s.size() != 1 {
		t.Errorf("after an hour there are %d", s.size())
	}
	if s.take("nothing", now, func(*int) { t.Error("shown what is not there") }) {
		t.Error("what is not there was taken")
	}
}

// TestCodesAreBounded: whoever signs in without end makes the issuer no larger.
func TestCodesAreBounded(t *testing.T) {
	c := converse(t, nil)
	a := &authorization{issuer: c.i}
	for range mostCodes + 10 {
		a.issueCode(delegation{})
	}
	if got := c.i.codes.size(); got != mostCodes {
		t.Errorf("%d codes, expected %d", got, mostCodes)
	}
}
