package mockidp

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// Issuer is one mock issuer. Its methods may be called from many goroutines.
type Issuer struct {
	cfg      Config
	store    keyStore
	tls      *tlsIdentity
	routes   []route
	docs     map[mint.Version]discoveryDocument
	counters *counters
	requests recent[Request]
	callouts recent[Callout]
	keys     keyCabinet
	// directory is what exists now.
	directory atomic.Pointer[snapshot]
	grants    map[string]grantHandler
	sealer    sealer
	consents  consentBook
	codes     *shelf[authorizationCode]
	devices   *shelf[deviceGrant]
	userCodes *shelf[string]   // device codes, by what their users type
	stateKeys *shelf[extraKey] // keys of key-set states, by what they were asked to be
	pages     func() *pages
	editing   sync.Mutex // held while the directory changes
	bodies    bodySchemas
	server    server

	mu    sync.Mutex
	ring  *ring // what is served and signed with
	base  *ring // what it returns to when the lease is over
	lease *Lease

	rotating sync.Mutex // held while keys are made and put in force

	randMu sync.Mutex
}

// New makes an issuer: it loads or makes its keys, in parallel, and listens
// nowhere yet.
func New(cfg Config, opts ...Option) (*Issuer, error) {
	for _, add := range opts {
		add(&cfg)
	}
	cfg = cfg.complete()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	i := &Issuer{
		cfg: cfg, store: keyStore{cfg.KeyDir}, counters: newCounters(), routes: cfg.routes(), docs: discoveryDocuments(cfg.Variations),
		grants: tokenGrants(), sealer: newSealer(),
		codes: newShelf[authorizationCode](mostCodes, codeLife), devices: newShelf[deviceGrant](mostDevices, deviceMemory),
		userCodes: newShelf[string](mostDevices, deviceMemory), stateKeys: newShelf[extraKey](mostStateKeys, stateKeyLife), pages: sync.OnceValue(newPages),
	}
	i.requests.most, i.callouts.most = maxRequests, maxCallouts
	i.directory.Store(cfg.Directory.snapshot())
	i.keys.byID = map[string]func() (*mint.Key, error){}
	if i.keys.make = cfg.NewKey; i.keys.make == nil {
		i.keys.make = func() (*mint.Key, error) { return mint.NewKey(rand.Reader, cfg.Now()) }
	}
	if cfg.ManagedIdentity.Header == "" {
		i.cfg.ManagedIdentity.Header = rand.Text()
	}
	if cfg.ManagementToken == "" {
		i.cfg.ManagementToken, i.server.tokenIsRandom = rand.Text(), true
	}
	var own []*mint.Key
	var work errgroup.Group
	work.Go(func() (err error) { own, err = i.store.signingKeys(i.keys.make); return err })
	work.Go(func() (err error) { i.tls, err = i.store.tlsIdentity(cfg.Hosts); return err })
	if err := work.Wait(); err != nil {
		return nil, err
	}
	i.base = ring{own: own, signing: own[0], namesCloud: cfg.Variations.KeysNameCloud}.documents(i.keyIssuer())
	i.ring = i.base
	return i, nil
}

// current is the key set in force; it ends a lease whose time is over.
func (i *Issuer) current() *ring {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.expire()
	return i.ring
}

// expire ends a lease whose time is over; i.mu is held.
func (i *Issuer) expire() {
	if i.lease != nil && !i.cfg.Now().Before(i.lease.Expires) {
		i.endLease()
	}
}

// key is a key by name: a published one, or one that is made when somebody
// first asks for it.
func (i *Issuer) key(name string) (*mint.Key, error) {
	if k := i.current().find(name); k != nil {
		return k, nil
	}
	switch {
	case name == mint.KeyOtherIssuer, name == mint.KeyClient, name == mint.KeyOwn, strings.HasPrefix(name, mint.KeyApp):
		return i.keys.named(name)
	}
	if k := i.keys.byKeyID(name); k != nil {
		return k, nil
	}
	if k := i.retired(name); k != nil {
		return k, nil
	}
	return nil, fmt.Errorf("mockidp: %w %q", ErrUnknownKey, name)
}

// retired is a key that a lease took out of the set: it still signs, by its
// kid, because that is what rows about retired keys are made of.
func (i *Issuer) retired(kid string) *mint.Key {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, k := range i.base.own {
		if k.KeyID() == kid {
			return k
		}
	}
	return nil
}

// Now is the issuer's clock.
func (i *Issuer) Now(context.Context) (time.Time, error) { return i.cfg.Now(), nil }

// Keys are the published keys, the one that signs first. All tenants share
// them, as Entra's do.
func (i *Issuer) Keys(context.Context, string) ([]mint.PublicKey, error) {
	return i.current().public(), nil
}

// KeyID is the kid of a key that can be named in a SignRequest.
func (i *Issuer) KeyID(_ context.Context, _, key string) (string, error) {
	k, err := i.key(key)
	if err != nil {
		return "", err
	}
	return k.KeyID(), nil
}

// Sign is the signature over the input.
func (i *Issuer) Sign(_ context.Context, r mint.SignRequest) ([]byte, error) {
	k, err := i.key(r.Key)
	if err != nil {
		return nil, err
	}
	sig, err := k.Sign(r.Alg, r.Input, r.PKCS1)
	if err != nil {
		return nil, wrongRequest("%w", err)
	}
	return sig, nil
}

// SignAll is one signature a request, in the same order, on all cores.
func (i *Issuer) SignAll(ctx context.Context, requests []mint.SignRequest) ([][]byte, error) {
	if err := checkBatch(len(requests)); err != nil {
		return nil, err
	}
	return each(ctx, requests, i.Sign)
}

// each calls f for every request, on all cores, and keeps the order.
func each[Q, A any](ctx context.Context, requests []Q, f func(context.Context, Q) (A, error)) ([]A, error) {
	answers := make([]A, len(requests))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0))
	for n, q := range requests {
		work.Go(func() error {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("mockidp: %w", err)
			}
			answer, err := f(ctx, q)
			answers[n] = answer
			return err
		})
	}
	if err := work.Wait(); err != nil {
		return nil, err
	}
	return answers, nil
}

// Token is the genuine token of one grant.
func (i *Issuer) Token(ctx context.Context, g mint.Grant) (string, error) {
	tokens, err := i.Genuine(ctx, []mint.Grant{g})
	if err != nil {
		return "", err
	}
	return tokens[0], nil
}

// Genuine is one token a grant, in the same order. The seeds are drawn in that
// order before the signing begins, so that concurrency changes no byte.
func (i *Issuer) Genuine(ctx context.Context, grants []mint.Grant) ([]string, error) {
	if err := checkBatch(len(grants)); err != nil {
		return nil, err
	}
	var problems []error
	orders := make([]order, len(grants))
	for n, g := range grants {
		if err := g.Validate(); err != nil {
			problems = append(problems, wrongRequest("grant %d: %w", n, err))
		}
		orders[n] = order{grant: g}
		if err := i.random(orders[n].seed[:]); err != nil {
			return nil, err
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return each(ctx, orders, func(_ context.Context, o order) (string, error) {
		token, _, err := i.issue(o)
		return token, err
	})
}

// order is one token to be issued.
type order struct {
	grant     mint.Grant
	seed      [32]byte
	requestID string
}

// issue drafts and signs one token.
func (i *Issuer) issue(o order) (string, mint.Draft, error) {
	name := o.grant.SigningKey()
	k, err := i.key(name)
	if err != nil {
		return "", mint.Draft{}, err
	}
	kid := k.KeyID()
	if name == mint.KeyClient {
		kid = k.Thumbprint256()
	}
	d := o.grant.Draft(mint.Stamp{
		Now: i.tokenTime(), Issuers: i.Issuers(o.grant.Tenant), KeyID: kid, RequestID: o.requestID, Seed: o.seed,
	})
	if d.Opaque != "" {
		return d.Opaque, d, nil
	}
	input := d.SigningInput()
	sig, err := k.Sign(d.Alg, input, nil)
	return d.Compact(input, sig), d, err
}

// Issuers are the iss values of a tenant.
func (i *Issuer) Issuers(tenant string) mint.Issuers { return i.cfg.Issuers(i.baseURL(), tenant) }

// random fills b from the configured source, one reader at a time.
func (i *Issuer) random(b []byte) error {
	i.randMu.Lock()
	defer i.randMu.Unlock()
	if _, err := io.ReadFull(i.cfg.Rand, b); err != nil {
		return fmt.Errorf("mockidp: draw random bytes: %w", err)
	}
	return nil
}
