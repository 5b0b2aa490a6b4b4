package engine

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"github.com/entraproof/entraproof/mockidp/mint"
	"github.com/entraproof/entraproof/scenarios"
)

// Why a token of the former mock is not presented: its refusal would not be
// worth anything.
var (
	errNotItsOwn    = errors.New("its token does not verify with a key that it publishes")
	errTrustedStill = errors.New("it signs with a key that the present issuer publishes: both are one issuer")
	errNoFormer     = errors.New("engine: nobody was given as the former mock")
)

// sourceFor is who issues the token that a row starts from.
func (r *Run) sourceFor(b scenarios.Base) Source {
	if b.Issuer == scenarios.IssuerFormer {
		return r.engine.Former
	}
	return r.engine.Tokens
}

// issued is the token that a row starts from, of the issuer that it names. A row
// about time that sends a genuine token as it is gets one of its own: a kept one
// may have been issued long ago, by an earlier run of the engine.
func (r *Run) issued(ctx context.Context, s *shot) (string, error) {
	if row := s.c.Scenario; row.Base.Issuer != scenarios.IssuerFormer {
		token, err := r.genuine(ctx, *s.choice.Grant, row.Guards == "time" && row.Token.Len() == 0)
		if err != nil {
			return "", &sourceError{err}
		}
		return token, nil
	}
	if r.former == nil {
		return "", &sourceError{errNoFormer}
	}
	token, err := r.former.genuine(ctx, *s.choice.Grant, "")
	if err != nil {
		return "", &sourceError{fmt.Errorf("the former mock: %w", err)}
	}
	if err := r.worthRefusing(ctx, *s.choice.Grant, token); err != nil {
		return "", fmt.Errorf("the former mock: %w", err)
	}
	return token, nil
}

func (r *Run) genuine(ctx context.Context, g mint.Grant, anew bool) (string, error) {
	if anew {
		return r.tokens.anew(ctx, g)
	}
	return r.tokens.genuine(ctx, g, "")
}

// worthRefusing holds that a gateway which still trusts the former mock would
// verify the token, and that one which trusts the present issuer alone would
// not.
func (r *Run) worthRefusing(ctx context.Context, g mint.Grant, token string) error {
	published, err := r.engine.Former.Keys(ctx, g.Tenant)
	if err != nil {
		return &sourceError{fmt.Errorf("its keys: %w", err)}
	}
	own, err := signedWithAppKey(ctx, r.engine.Former, g, token)
	switch {
	case err != nil:
		return &sourceError{fmt.Errorf("its key of the registration: %w", err)}
	case verifies(token, r.keys.published):
		return errTrustedStill
	case !own && !verifies(token, published):
		return errNotItsOwn
	}
	return nil
}

// signedWithAppKey reports whether the token names the key of its registration,
// which is published under ?appid= only and not among the tenant's.
func signedWithAppKey(ctx context.Context, source Source, g mint.Grant, token string) (bool, error) {
	signer, ok := source.(mint.Signer)
	if g.AppKey == "" || !ok {
		return false, nil
	}
	kid, err := signer.KeyID(ctx, g.Tenant, mint.KeyApp+g.AppKey)
	if err != nil {
		return false, err
	}
	header, _, err := mint.Decode(token)
	return err == nil && header.GetText("kid") == kid, nil
}

// verifies reports whether one of the keys has signed the token, whatever kid
// it names.
func verifies(token string, keys []mint.PublicKey) bool {
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return false
	}
	return slices.ContainsFunc(keys, func(k mint.PublicKey) bool {
		public, err := x509.ParsePKIXPublicKey(k.DER)
		if err != nil {
			return false // a key that is no RSA key has signed no token of Entra's
		}
		_, err = signed.Verify(public)
		return err == nil
	})
}
