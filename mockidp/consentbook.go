package mockidp

import (
	"slices"
	"sync"
)

// consentBook is what users agreed to at the consent page. It grows no further
// than the directory, whose names are all that stands in it.
type consentBook struct {
	mu     sync.Mutex
	agrees map[agreement][]string
}

// agreement is between a user and a client, about an API, all by name.
type agreement struct{ user, client, api string }

// agreement is that of the delegation about one of its APIs.
func (d delegation) agreement(r resource) agreement {
	return agreement{d.user.name, d.client.name, r.name}
}

func (b *consentBook) agreed(a agreement, scope string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Contains(b.agrees[a], scope)
}

// agree notes that the user agrees to scopes.
func (b *consentBook) agree(a agreement, scopes []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.agrees == nil {
		b.agrees = map[agreement][]string{}
	}
	b.agrees[a] = uniqueTexts(append(b.agrees[a], scopes...))
}
