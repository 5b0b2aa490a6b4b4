package lab

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// TestEqualTokensAreSignedOnce asks for one signature many times at once, and once
// more under a lease, under which nothing is answered from memory.
func TestEqualTokensAreSignedOnce(t *testing.T) {
	l, err := NewEmbedded(targets.Default())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	signed := &Signatures{}
	ctx, r := context.Background(), &Remembering{Issuer: l.Issuer, Signed: signed}
	q := mint.SignRequest{Alg: "PS256", Input: []byte("header.payload")} // another each time it is made
	first := sign(t, r, q)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if again := sign(t, r, q); !bytes.Equal(again, first) {
				t.Error("expected the signature that was made, got another")
			}
			sign(t, r, mint.SignRequest{Input: []byte("header.other")})
		})
	}
	all.Wait()
	if signed.Made() != 2 {
		t.Errorf("expected 2 signatures of 17 requests, got %d", signed.Made())
	}
	lease, err := r.Lease(ctx, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(sign(t, r, q), first) {
		t.Error("expected a signature by the keys of the lease, got the one from memory")
	}
	if err := r.Release(ctx, lease.ID); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(sign(t, r, q), first) || signed.Made() != 2 || len(r.Secrets()) != 2 {
		t.Errorf("expected the signature from memory after the lease, and 2 made, got %d made and %d secrets", signed.Made(), len(r.Secrets()))
	}
}

func sign(t *testing.T, r *Remembering, q mint.SignRequest) []byte {
	t.Helper()
	signature, err := r.Sign(context.Background(), q)
	if err != nil {
		t.Error(err)
	}
	return signature
}
