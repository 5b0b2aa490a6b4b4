package engine

import (
	"context"
	"fmt"
	"net/url"

	"github.com/entraproof/entraproof/mockidp/mint"
	"github.com/entraproof/entraproof/scenarios"
)

// keyring is the keys that rows name: the tenant's public one, another one that
// it publishes, and our own.
type keyring struct {
	tenant, next, ownText scenarios.KeyText
	own                   *mint.Key
	callout               string
	// published are all of the issuer's.
	published []mint.PublicKey
}

// prepare asks the issuer for its keys and its clock, and makes our own key.
func (r *Run) prepare(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	tenant := r.plan.target().Tenant.ID
	published, err := r.engine.Tokens.Keys(ctx, tenant)
	if err != nil {
		return fmt.Errorf("engine: the issuer's keys: %w", err)
	}
	if len(published) == 0 {
		return fmt.Errorf("engine: the issuer publishes no key for tenant %s", tenant)
	}
	if r.ownErr != nil {
		return fmt.Errorf("engine: our own key: %w", r.ownErr)
	}
	own := r.keys.own
	r.keys = keyring{tenant: keyText(published[0]), own: own, ownText: keyText(own.Public("own")), callout: r.calloutURL(), published: published}
	if len(published) > 1 {
		r.keys.next = keyText(published[1])
	}
	return r.compareClocks(ctx)
}

func keyText(k mint.PublicKey) scenarios.KeyText {
	return scenarios.KeyText{
		KeyID: k.KeyID, PEM: k.PEM, DER: string(k.DER), CertificatePEM: k.CertificatePEM, JWK: k.JWK, FileName: k.FileName,
	}
}

// calloutURL is the address of the issuer's own listener, which records
// call-outs: the one that the target file names, or that of an issuer in this
// process.
func (r *Run) calloutURL() string {
	if here, ok := r.engine.Tokens.(interface{ URL() string }); ok {
		return here.URL()
	}
	mock := r.plan.target().Tokens.Mock
	if mock == nil {
		return ""
	}
	u, err := url.Parse(mock.URL)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// compareClocks notes how far the issuer's clock is from ours, and what the
// gateways fetched before it was looked at.
func (r *Run) compareClocks(ctx context.Context) error {
	issuer, ok := r.engine.Tokens.(clock)
	if !ok {
		return nil
	}
	theirs, err := issuer.Now(ctx)
	if err != nil {
		return fmt.Errorf("engine: the issuer's clock: %w", err)
	}
	r.clocks.set(issuerClock, theirs.Sub(r.engine.now()))
	r.began = theirs
	if started := r.engine.Started; !started.IsZero() {
		r.earlier = r.keyFetches(ctx, started)
	}
	return nil
}
