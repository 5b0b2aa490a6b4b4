package gateway

import "time"

// mulesoftKeys is the key set as the JWT policy keeps it.
func mulesoftKeys(o Options, url string, life, timeout time.Duration) *keyring {
	k := &keyring{url: url, client: o.Client, now: o.Now, life: life, timeout: timeout, within: o.Timeout}
	if o.Switches.RefetchUnknownKeyID {
		k.refetch = newRefetch()
	}
	return k
}

// readable reports whether a common library would take the token: three
// segments, two objects, no extension that it would have to understand.
func (t *token) readable() bool {
	return len(t.segments) == 3 && t.header != nil && t.payload != nil && t.clean && !t.header.has("crit")
}

// plausibleSkew is the most that gateways forgive.
const plausibleSkew = 5 * time.Minute

// clockMatters notes a time that is out by so little that another tolerance of
// clocks judges it otherwise; out is by how many seconds.
func (x *exchange) clockMatters(out float64) {
	if out > 0 && out <= plausibleSkew.Seconds() {
		x.mattered("skew")
	}
}
