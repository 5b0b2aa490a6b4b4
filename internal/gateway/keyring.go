package gateway

import (
	"context"
	"math"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// keyring keeps the key set of one address.
type keyring struct {
	url    string
	client *http.Client
	// discovery, unless it is empty, is asked for the url each time, and must name
	// the issuer.
	discovery, issuer string
	// Mistakes that only mutants make: redirects are followed, a document may have
	// any length, one that cannot be read has no keys, of twins only the first is
	// kept, and so are symmetric keys.
	follows, grows, swallows, first, secret bool
	secrets                                 map[string][]byte
	// curves keeps keys on curves, too.
	curves bool
	now    func() time.Time
	// life is how long a set is fresh; timeout bounds one fetch.
	life, timeout time.Duration
	// within bounds it; nil is context.WithTimeout.
	within func(context.Context, time.Duration) (context.Context, context.CancelFunc)
	// refetch is nil if an unknown key id never fetches the set again.
	refetch *refetch
	// merges keeps withdrawn keys beside the fetched ones, and forgets drops all
	// keys when a fetch fails: mistakes that only mutants make.
	merges, forgets bool

	mu       sync.Mutex
	keys     []publishedKey
	unusable []string // ids of published keys that are of no use here
	fetched  time.Time
	failures int
	retry    time.Time
}

// current returns the key set, fetched if it is absent or old. While a fetch
// fails the expired set is used and the next try waits, twice as long each
// time; without any set every request tries.
func (k *keyring) current(ctx context.Context) ([]publishedKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	if len(k.keys) > 0 && (now.Sub(k.fetched) < k.life || now.Before(k.retry)) {
		return k.keys, nil
	}
	err := k.fetch(ctx)
	if len(k.keys) > 0 {
		return k.keys, nil
	}
	return nil, err
}

// knowing returns the key set, fetched again if the id is not in it and the
// rule for unknown ids allows.
func (k *keyring) knowing(ctx context.Context, id string) ([]publishedKey, error) {
	keys, err := k.current(ctx)
	if err != nil || id == "" || k.refetch == nil || len(named(keys, id)) > 0 {
		return keys, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	// Another request may have fetched while this one waited for the lock.
	if len(named(k.keys, id)) == 0 && k.refetch.allow(k.now()) {
		_ = k.fetch(ctx) // a failed fetch leaves the set as it is, and the key id unknown
		k.refetch.fetched(k.now(), len(named(k.keys, id)) > 0 || slices.Contains(k.unusable, id))
	}
	return k.keys, nil
}

// Waiting after failed fetches: a second, doubled up to a minute.
const (
	firstRetry  = time.Second
	mostDoubled = 6
)

func (k *keyring) fetch(ctx context.Context) error {
	// A client that hangs up must not count as an outage of the issuer.
	within := k.within
	if within == nil {
		within = context.WithTimeout
	}
	ctx, cancel := within(context.WithoutCancel(ctx), k.timeout)
	defer cancel()
	keys, unusable, err := k.published(ctx)
	now := k.now()
	if err != nil {
		k.retry = now.Add(firstRetry << min(k.failures, mostDoubled))
		k.failures++
		if k.forgets {
			k.keys = nil
		}
		return err
	}
	if k.merges {
		keys = merged(keys, k.keys)
	}
	k.keys, k.unusable, k.fetched, k.failures, k.retry = keys, unusable, now, 0, time.Time{}
	return nil
}

// published fetches the key set, from where the discovery document says.
func (k *keyring) published(ctx context.Context) (keys []publishedKey, unusable []string, err error) {
	from := fetcher{client: *k.client, most: maxKeySet}
	if !k.follows {
		from.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	if k.grows {
		from.most = math.MaxInt32
	}
	address := k.url
	if k.discovery != "" {
		if address, err = from.discover(ctx, k.discovery, k.issuer); err != nil {
			return nil, nil, err
		}
	}
	document, err := from.get(ctx, address)
	if err != nil {
		return nil, nil, err
	}
	return k.read(document)
}

// read reads a key set; k.mu is held.
func (k *keyring) read(document []byte) (keys []publishedKey, unusable []string, err error) {
	if k.secret {
		k.keepSecrets(document)
	}
	keys, unusable, err = readKeys(document, k.curves)
	if err != nil && k.swallows {
		return nil, nil, nil
	}
	if k.first {
		keys = slices.CompactFunc(keys, func(a, b publishedKey) bool { return a.id == b.id })
	}
	return keys, unusable, err
}

// failing reports whether the last fetch failed.
func (k *keyring) failing() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.failures > 0
}

// merged are the keys with those of the old ones whose id is not among them.
func merged(keys, old []publishedKey) []publishedKey {
	for _, key := range old {
		if len(named(keys, key.id)) == 0 {
			keys = append(keys, key)
		}
	}
	return keys
}

// refetch is the rule for unknown key ids: a budget of fetches that fills up
// slowly, of which a flood may use only a part. Key ids that come in quick
// succession and are found nowhere are a flood; what comes after a lull may be a
// key that was just published, and finds the reserve. A fetch that finds the key
// costs nothing.
type refetch struct {
	budget  *rate.Limiter
	reserve float64
	lull    time.Duration
	// last is when the last unknown id came, before when the one before it did.
	last, before time.Time
}

// newRefetch allows twenty fetches at once, two of them to a flood, and one
// more every second.
func newRefetch() *refetch {
	return &refetch{budget: rate.NewLimiter(rate.Every(time.Second), 20), reserve: 18, lull: 50 * time.Millisecond}
}

func (r *refetch) allow(now time.Time) bool {
	quiet := now.Sub(r.last) >= r.lull
	r.before, r.last = r.last, now
	if !quiet && r.budget.TokensAt(now) < r.reserve+1 {
		return false
	}
	return r.budget.TokensAt(now) >= 1
}

// fetched is told whether an allowed fetch found the key.
func (r *refetch) fetched(now time.Time, found bool) {
	if found {
		r.last = r.before
		return
	}
	r.budget.AllowN(now, 1)
}
