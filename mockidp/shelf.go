package mockidp

import (
	"container/list"
	"sync"
	"time"
)

// shelf holds things for a while, each under a name that was made up for it. It
// never holds more than it has room for: then what was put there first goes
// first.
type shelf[E any] struct {
	room int
	life time.Duration

	mu    sync.Mutex
	items map[string]*list.Element
	order *list.List // of *shelved[E], oldest first
}

// shelved is one thing with its name and its end.
type shelved[E any] struct {
	name  string
	ends  time.Time
	entry E
}

func newShelf[E any](room int, life time.Duration) *shelf[E] {
	return &shelf[E]{room: room, life: life, items: map[string]*list.Element{}, order: list.New()}
}

// put puts a thing under a name, at a time.
func (s *shelf[E]) put(name string, entry E, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for first := s.order.Front(); first != nil; first = s.order.Front() {
		if now.Before(first.Value.(*shelved[E]).ends) && s.order.Len() < s.room {
			break
		}
		s.drop(first)
	}
	s.items[name] = s.order.PushBack(&shelved[E]{name, now.Add(s.life), entry})
}

// take shows a thing to f, which may change it; false where there is none or
// its time is over.
func (s *shelf[E]) take(name string, now time.Time, f func(*E)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.items[name]
	if !ok {
		return false
	}
	found := at.Value.(*shelved[E])
	if !now.Before(found.ends) {
		return false
	}
	f(&found.entry)
	return true
}

// get is a copy of a thing.
func (s *shelf[E]) get(name string, now time.Time) (E, bool) {
	var copied E
	ok := s.take(name, now, func(e *E) { copied = *e })
	return copied, ok
}

// drop takes an element away; s.mu is held.
func (s *shelf[E]) drop(at *list.Element) {
	delete(s.items, at.Value.(*shelved[E]).name)
	s.order.Remove(at)
}

// size is how many things there are, also those whose time is over.
func (s *shelf[E]) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.order.Len()
}
