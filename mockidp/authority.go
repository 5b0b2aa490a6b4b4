package mockidp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// MaxBatch is how many tokens or signatures one call may ask for.
const MaxBatch = 500

// MaxKeys is how many keys a state of the key set may add.
const MaxKeys = 16

// MaxLease is the longest time for which a lease can be taken.
const MaxLease = 15 * time.Minute

// Authority is what a test harness wants of an issuer. An Issuer has these
// methods in its own process, a Client has them over the management listener.
type Authority interface {
	mint.Signer
	// Genuine is one token a grant, in the same order.
	Genuine(ctx context.Context, grants []mint.Grant) ([]string, error)
	// Mint is one token a recipe, in the same order.
	Mint(ctx context.Context, recipes []Recipe) ([]string, error)
	// SignAll is one signature a request, in the same order.
	SignAll(ctx context.Context, requests []mint.SignRequest) ([][]byte, error)
	// Keys are the published keys, the one that signs first.
	Keys(ctx context.Context, tenant string) ([]mint.PublicKey, error)
	// Lease reserves changes to the key set until it is released or ttl is over.
	// Then everything that was changed under it is as before.
	Lease(ctx context.Context, ttl time.Duration) (Lease, error)
	// Release ends a lease.
	Release(ctx context.Context, lease string) error
	// Rotate changes the keys: publish before sign, or what the request says.
	Rotate(ctx context.Context, r RotateRequest) ([]mint.PublicKey, error)
	// KeySet puts the key set into a state; the empty state is the ordinary one.
	KeySet(ctx context.Context, lease string, state mint.KeySet) error
	// Misbehave puts misbehaviours in force, in the place of those that were,
	// until the lease is over; none at all mends the issuer.
	Misbehave(ctx context.Context, lease string, all []Misbehaviour) error
	// Counters are the hits by path pattern and client address, such as
	// "/{tenant}/discovery/keys 127.0.0.1"; call-outs stand by their case, such
	// as "/callout/jku-attacker 127.0.0.1".
	Counters(ctx context.Context) (map[string]int, error)
	// Now is the issuer's clock.
	Now(ctx context.Context) (time.Time, error)
}

// Management is all that can be asked of an issuer by its operator. An Issuer
// has these methods in its own process, a Client has them over the management
// listener.
type Management interface {
	Authority
	// Misbehaving is what Misbehave has put in force.
	Misbehaving(ctx context.Context) ([]Misbehaviour, error)
	// Requests are the last requests to the public listeners, the newest first.
	Requests(ctx context.Context) ([]Request, error)
	// Callouts are the last call-outs of a case, the newest first; those of all
	// cases where it is empty.
	Callouts(ctx context.Context, name string) ([]Callout, error)
	// ResetCounters has Counters begin anew.
	ResetCounters(ctx context.Context) error
	// Directory is what exists now, with its secrets and passwords.
	Directory(ctx context.Context) (Directory, error)
	// SetDirectory puts another directory in the place of what exists, all at once.
	SetDirectory(ctx context.Context, d Directory) error
	// PutEntry sets one entry of a collection, DeleteEntry takes one out.
	PutEntry(ctx context.Context, in Collection, name string, entry any) error
	DeleteEntry(ctx context.Context, in Collection, name string) error
}

// Lease is the right to change the key set, and to make the issuer misbehave,
// until Expires.
type Lease struct {
	ID      string    `json:"id"`
	Expires time.Time `json:"expires"`
}

// The errors that a caller can tell apart with errors.Is, in the process and
// over HTTP alike.
var (
	ErrLeaseHeld  = errors.New("somebody else holds the lease")
	ErrNoLease    = errors.New("no such lease, or it is over")
	ErrUnknownKey = errors.New("unknown key")
	// ErrUnknownEntry: the directory has none of that name.
	ErrUnknownEntry = errors.New("unknown entry")
	ErrRequest      = errors.New("wrong request")
)

// failure binds an error to its code on the wire, its status, and a word on it.
type failure struct {
	err    error
	code   string
	status int
	means  string
}

// failures are the errors of the management listener.
func failures() []failure {
	return []failure{
		{ErrLeaseHeld, "lease-held", http.StatusConflict, "Somebody else holds the lease, until the time in the text."},
		{ErrNoLease, "no-lease", http.StatusGone, "There is no such lease, or it is over."},
		{ErrUnknownKey, "unknown-key", http.StatusNotFound, "There is no key of that name or kid."},
		{ErrUnknownEntry, "unknown-entry", http.StatusNotFound, "The directory has no entry of that name."},
		{ErrRequest, "wrong-request", http.StatusBadRequest, "Something is wrong with the request; problems names each place."},
	}
}

// wrongRequest is an ErrRequest with the reason.
func wrongRequest(format string, args ...any) error {
	return fmt.Errorf("mockidp: %w: %w", ErrRequest, fmt.Errorf(format, args...))
}

func checkBatch(n int) error {
	if n == 0 || n > MaxBatch {
		return wrongRequest("expected 1 to %d in one call, got %d", MaxBatch, n)
	}
	return nil
}
