package mockidp

import (
	"cmp"
	"strings"
)

// The names of the grant: the libraries send the old one as well (entra-tokens
// 4.1).
const (
	grantDevice    = "urn:ietf:params:oauth:grant-type:device_code"
	grantDeviceOld = "device_code"
)

// redeemDeviceCode gives the tokens once the user has agreed (RFC 8628 3.4).
func redeemDeviceCode(t *tokenRequest) (*issuance, *problem) {
	if p := t.checkOrigin(redirectPublic); p != nil {
		return nil, p
	}
	if p := t.proveUnlessPublic(); p != nil {
		return nil, p
	}
	code := cmp.Or(t.form.Get("device_code"), t.form.Get("code"))
	if code == "" {
		return nil, new(missingParameter("device_code"))
	}
	g, ok := t.issuer.devices.get(code, t.now)
	if !ok {
		return nil, new(unknownDeviceCode())
	}
	if p := g.redeemable(t); p != nil {
		return nil, p
	}
	if p := t.enter(g.tenant.id); p != nil {
		return nil, p
	}
	user, ok := t.known.recall(g.user, t.tenant.id)
	if !ok {
		return nil, new(unknownUser(g.user.Username, t.tenant.id))
	}
	given, p := t.deliver(occasion{user: user, atPage: true, kind: redirectPublic}, g.asked)
	if p == nil && !t.issuer.decideDevice(code, deviceApproved, func(g *deviceGrant) { g.state = deviceRedeemed }) {
		p = new(redeemedCode())
	}
	return given, p
}

// redeemable says how far the user has got.
func (g deviceGrant) redeemable(t *tokenRequest) *problem {
	switch {
	case !strings.EqualFold(g.client, t.client.entry.ID):
		return new(otherClient())
	case g.state == deviceDeclined:
		return new(declinedDevice(t.client))
	case !t.now.Before(g.ends):
		return new(expiredDeviceCode())
	case g.state == devicePending:
		return new(authorizationPending())
	}
	return nil
}

// decideDevice changes a device's grant that has got as far as from; false: it
// has got further, or is gone.
func (i *Issuer) decideDevice(code string, from deviceState, change func(*deviceGrant)) bool {
	done := false
	i.devices.take(code, i.cfg.Now(), func(g *deviceGrant) {
		if done = g.state == from; done {
			change(g)
		}
	})
	return done
}
