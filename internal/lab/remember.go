package lab

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// Remembering is an issuer for many runs. What was signed in one of them is signed
// for the next ones too: they fire the same tokens at one gateway after the other.
// Under a lease, which alone lets a run change the keys, nothing is
// remembered and nothing answered from memory; when it ends the keys are as
// they were.
type Remembering struct {
	*mockidp.Issuer
	// Signed is what was signed so far.
	Signed *Signatures

	mu     sync.Mutex
	leases int
	given  []string // the signatures of genuine tokens, as they stand in them
}

// Signatures are those of issuers with the same keys, by what was asked. The zero
// Signatures is ready.
type Signatures struct{ kept sync.Map }

// Genuine notes the signatures that it gives away.
func (r *Remembering) Genuine(ctx context.Context, grants []mint.Grant) ([]string, error) {
	tokens, err := r.Issuer.Genuine(ctx, grants)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, token := range tokens {
		r.given = append(r.given, token[strings.LastIndexByte(token, '.')+1:])
	}
	return tokens, err
}

// Secrets are the signatures that were given away, as they stand in tokens.
func (r *Remembering) Secrets() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := slices.Clone(r.given)
	r.Signed.kept.Range(func(_, signature any) bool {
		all = append(all, base64.RawURLEncoding.EncodeToString(signature.([]byte)))
		return true
	})
	return all
}

// Sign answers what was asked before from memory.
func (r *Remembering) Sign(ctx context.Context, q mint.SignRequest) ([]byte, error) {
	id := requestID(q)
	if known := r.recall(id); known != nil {
		return known, nil
	}
	signature, err := r.Issuer.Sign(ctx, q)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil && r.leases == 0 {
		r.Signed.kept.Store(id, signature)
	}
	return signature, err
}

// requestID is short where the input is long.
func requestID(q mint.SignRequest) [sha256.Size]byte {
	id := fmt.Sprintf("%s %s %s %s", q.Tenant, q.Alg, q.Key, q.Input)
	if q.PKCS1 != nil {
		id += fmt.Sprintf(" %+v", *q.PKCS1)
	}
	return sha256.Sum256([]byte(id))
}

func (r *Remembering) recall(id [sha256.Size]byte) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.leases > 0 {
		return nil
	}
	known, _ := r.Signed.kept.Load(id)
	signature, _ := known.([]byte)
	return signature
}

// Lease reserves changes to the key set.
func (r *Remembering) Lease(ctx context.Context, ttl time.Duration) (mockidp.Lease, error) {
	lease, err := r.Issuer.Lease(ctx, ttl)
	if err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.leases++
	}
	return lease, err
}

// Release ends a lease.
func (r *Remembering) Release(ctx context.Context, lease string) error {
	err := r.Issuer.Release(ctx, lease)
	if err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.leases--
	}
	return err
}
