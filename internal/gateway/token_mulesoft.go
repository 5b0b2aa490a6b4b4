package gateway

import (
	"math"
	"time"
)

// mulesoftKeys is the key set as the JWT policy keeps it.
func mulesoftKeys(o Options, url string, life, timeout time.Duration) *keyring {
	k := &keyring{url: url, client: o.Client, now: o.Now, life: life, timeout: timeout, within: o.Timeout}
	if o.Switches.RefetchUnknownKeyID {
		k.refetch = newRefetch()
	}
	return k
}

// verified reports whether the token is signed with RS256 by a key of the set;
// false is a refusal, an error means that no key set could be had.
func (o Options) verified(x *exchange, k *keyring, t *token) (bool, error) {
	id, hasID := t.header.lastText("kid")
	keys, err := k.knowing(x.request.Context(), id)
	if err != nil {
		return false, err
	}
	if hasID {
		if keys = named(keys, id); len(keys) == 0 {
			x.mattered("unknown-key-id")
		}
	}
	verified := t.readable() && t.algorithm() == "RS256" && t.verifies(keys)
	if !hasID && verified {
		x.mattered("missing-key-id")
		verified = !o.Switches.RefuseMissingKeyID
	}
	return verified, nil
}

// readable reports whether a common library would take the token: three
// segments, two objects, no extension that it would have to understand.
func (t *token) readable() bool {
	return len(t.segments) == 3 && t.header != nil && t.payload != nil && t.clean && !t.header.has("crit")
}

// plausibleSkew is the most that gateways forgive (gateways.md): a time that is
// nearer than this could be judged otherwise by another tolerance.
const plausibleSkew = 5 * time.Minute

// clockMatters notes a time that hangs on the tolerance of clocks.
func (o Options) clockMatters(x *exchange, claims object, name string) {
	v, _ := claims.last(name)
	if at, ok := numericDate(v); ok && math.Abs(at-seconds(o.Now())) <= plausibleSkew.Seconds() {
		x.mattered("skew")
	}
}
