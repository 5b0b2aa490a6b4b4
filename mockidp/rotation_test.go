package mockidp

import (
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// TestRotation is one row a rotation: which keys are published after it, the one
// that signs first, by what they were before it; fresh ones are "new". Seen in
// the key set that is served, in the kid of a token, and gone with the lease.
func TestRotation(t *testing.T) {
	authorities(t, func(t *testing.T, a Authority, i *Issuer, c *clock) {
		t.Helper()
		i.keys.make = func() (*mint.Key, error) { return mint.NewKeySize(rand.Reader, c.Now(), 1024) } // made sooner
		for _, row := range []struct {
			reason string
			before []RotateRequest
			q      RotateRequest
			want   string
		}{
			{"publish before sign", nil, RotateRequest{}, "next new tenant"},
			{"publish before sign, again", []RotateRequest{{}}, RotateRequest{}, "next new tenant"},
			{"where nothing is published to sign next", []RotateRequest{{Retire: true, Sign: true}}, RotateRequest{}, "tenant new"},
			{"revoke the one that signs", nil, RotateRequest{Revoke: []string{mint.KeyTenant}}, "next new"},
			{"revoke the next", nil, RotateRequest{Revoke: []string{mint.KeyNext}}, "tenant new"},
			{"revoke all", nil, RotateRequest{Revoke: []string{mint.KeyTenant, mint.KeyNext}}, "new new"},
			{"revoke the one that signs, an older one beside it", []RotateRequest{{}}, RotateRequest{Revoke: []string{mint.KeyTenant}}, "next new older"},
			{"revoke an older one", []RotateRequest{{}}, RotateRequest{Revoke: []string{"older"}}, "tenant next"},
			{"revoke twice the same", nil, RotateRequest{Revoke: []string{mint.KeyTenant, mint.KeyTenant}}, "next new"},
			{"publish", nil, RotateRequest{Publish: true}, "tenant new next"},
			{"publish and sign at once", nil, RotateRequest{Publish: true, Sign: true}, "new next tenant"},
			{"sign", nil, RotateRequest{Sign: true}, "next tenant"},
			{"sign and retire", nil, RotateRequest{Sign: true, Retire: true}, "next"},
		} {
			t.Run(row.reason, func(t *testing.T) {
				lease, err := a.Lease(t.Context(), time.Minute)
				if err != nil {
					t.Fatal(err)
				}
				for _, q := range row.before {
					q.Lease = lease.ID
					if _, err := a.Rotate(t.Context(), q); err != nil {
						t.Fatal(err)
					}
				}
				names := keyNames(t, a)
				row.q.Lease = lease.ID
				row.q.Revoke = slices.Clone(row.q.Revoke)
				for n, name := range row.q.Revoke {
					for kid, known := range names {
						if known == name && known == "older" {
							row.q.Revoke[n] = kid
						}
					}
				}
				keys, err := a.Rotate(t.Context(), row.q)
				if err != nil {
					t.Fatal(err)
				}
				if got := called(keys, names); got != row.want {
					t.Errorf("expected %s, got %s", row.want, got)
				}
				served := fetch(t, i.JWKSURL(tenantA, mint.V2))
				if n := len(served.json["keys"].([]any)); n != len(keys) {
					t.Errorf("expected %d keys, got %d served", len(keys), n)
				}
				tokens, err := a.Genuine(t.Context(), []mint.Grant{testGrant()})
				if err != nil {
					t.Fatal(err)
				}
				if header, _, _ := mint.Decode(tokens[0]); header.GetText("kid") != keys[0].KeyID || verify(t, i, tokens[0]) != nil {
					t.Errorf("signed by %s, want %s", header.GetText("kid"), keys[0].KeyID)
				}
				c.advance(time.Minute)
				if after := fetch(t, i.JWKSURL(tenantA, mint.V2)); len(after.json["keys"].([]any)) != 2 {
					t.Errorf("after the lease: %s", after.text)
				}
			})
		}
	})
}

// keyNames are the names of the published keys by kid.
func keyNames(t *testing.T, a Authority) map[string]string {
	t.Helper()
	keys, err := a.Keys(t.Context(), tenantA)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, k := range keys {
		names[k.KeyID] = k.Name
		if k.Name == k.KeyID {
			names[k.KeyID] = "older"
		}
	}
	return names
}

func called(keys []mint.PublicKey, names map[string]string) string {
	var all []string
	for _, k := range keys {
		name, known := names[k.KeyID]
		if !known {
			name = "new"
		}
		all = append(all, name)
	}
	return strings.Join(all, " ")
}

// TestRotationRefused is one row a rotation that changes nothing.
func TestRotationRefused(t *testing.T) {
	authorities(t, func(t *testing.T, a Authority, _ *Issuer, _ *clock) {
		t.Helper()
		lease, err := a.Lease(t.Context(), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.KeySet(t.Context(), lease.ID, mint.KeySet{Keys: []mint.KeySpec{{Name: "extra", Type: "EC"}}}); err != nil {
			t.Fatal(err)
		}
		before := keyNames(t, a)
		for _, row := range []struct {
			reason string
			q      RotateRequest
			want   error
		}{
			{"revoke a key that nobody has", RotateRequest{Lease: lease.ID, Revoke: []string{"nobody"}}, ErrUnknownKey},
			{"revoke one that is not published", RotateRequest{Lease: lease.ID, Revoke: []string{mint.KeyTenant, mint.KeyOtherIssuer}}, ErrUnknownKey},
			{"revoke one of a key-set state", RotateRequest{Lease: lease.ID, Revoke: []string{"extra"}}, ErrUnknownKey},
			{"revoke and sign", RotateRequest{Revoke: []string{mint.KeyTenant}, Sign: true}, ErrRequest},
			{"under no lease", RotateRequest{Lease: "none"}, ErrNoLease},
		} {
			if _, err := a.Rotate(t.Context(), row.q); !errors.Is(err, row.want) {
				t.Errorf("%s: expected %v, got %v", row.reason, row.want, err)
			}
		}
		if after := keyNames(t, a); len(after) != len(before) {
			t.Errorf("before %v, after %v", before, after)
		}
	})
}

// TestRotationForGood: a restart knows the keys of the last rotation, a revoked
// one is nobody's any more.
func TestRotationForGood(t *testing.T) {
	cfg := testConfig(t)
	first, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	old, _ := first.KeyID(t.Context(), "", mint.KeyTenant)
	if _, err := first.Rotate(t.Context(), RotateRequest{}); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Sign(t.Context(), mint.SignRequest{Key: old, Input: []byte("x")}); err != nil {
		t.Errorf("rotated: %v", err)
	}
	if _, err := first.Rotate(t.Context(), RotateRequest{Revoke: []string{old}}); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Sign(t.Context(), mint.SignRequest{Key: old, Input: []byte("x")}); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("revoked: %v", err)
	}
	second, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{mint.KeyTenant, mint.KeyNext} {
		want, _ := first.KeyID(t.Context(), "", name)
		if got, err := second.KeyID(t.Context(), "", name); err != nil || got != want {
			t.Errorf("%s: expected %s, got %s %v", name, want, got, err)
		}
	}
}
