package mockidp

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

func deviceRoutes() []route {
	const member = "device_authorization_endpoint"
	post := []string{http.MethodPost}
	return []route{
		{methods: post, path: "/{tenant}/oauth2/v2.0/devicecode", member: member, version: mint.V2, serve: serveDeviceCode(mint.V2)},
		{methods: post, path: "/{tenant}/oauth2/devicecode", member: member, version: mint.V1, serve: serveDeviceCode(mint.V1)},
		{methods: []string{http.MethodGet, http.MethodPost}, path: devicePage, page: true, serve: serveDevicePage},
	}
}

// Device codes are good for a quarter of an hour (entra-tokens 1.5); they are
// remembered for longer, to tell one that is over from one that never was.
const (
	deviceLife     = 900 * time.Second
	deviceMemory   = 2 * deviceLife
	deviceInterval = 5
	mostDevices    = 4096
)

// deviceGrant is what stands behind a device code.
type deviceGrant struct {
	userCode string
	client   string
	// tenant is the tenant as the path named it, at first.
	tenant   tenant
	endpoint mint.Version
	asked    scopeRequest
	ends     time.Time

	state deviceState
	user  mint.User // who has agreed, in tenant
}

// deviceState is how far it has got.
type deviceState int

const (
	devicePending deviceState = iota
	deviceApproved
	deviceDeclined
	deviceRedeemed
)

// serveDeviceCode gives a device its code, and its user another (entra-tokens
// 4.1 and 4.3).
func serveDeviceCode(v mint.Version) func(*Issuer, *request) {
	return func(i *Issuer, q *request) {
		t := &tokenRequest{request: q, issuer: i, endpoint: v, known: i.directory.Load(), now: i.cfg.Now()}
		g, p := t.readDeviceRequest()
		base, ok := i.reachedAs(q.Request)
		if p == nil && !ok {
			p = new(malformedHost(q.Host))
		}
		if p != nil {
			i.refuse(q, *p)
			return
		}
		code := mint.RefreshPrefix(g.client, g.client) + rand.Text() + rand.Text()
		i.devices.put(code, g, t.now)
		i.userCodes.put(g.userCode, code, t.now)
		uncached(q)
		q.write(http.StatusOK, t.deviceAnswer(code, g.userCode, base).JSON())
	}
}

func (t *tokenRequest) readDeviceRequest() (deviceGrant, *problem) {
	var p *problem
	if t.form, p = readForm(t.request); p == nil {
		p = t.findClient()
	}
	if p != nil {
		return deviceGrant{}, p
	}
	asked, p := t.askedNow(scopeProblems{manyResourcesOf, noResource})
	return deviceGrant{userCode: newUserCode(), client: t.client.entry.ID, tenant: t.tenant, endpoint: t.endpoint, asked: asked, ends: t.now.Add(deviceLife)}, p
}

// deviceAnswer names our own page: the one at microsoft.com knows nothing of the
// code.
func (t *tokenRequest) deviceAnswer(code, userCode, base string) value.Value {
	page := base + strings.Replace(devicePage, "{tenant}", "common", 1)
	uri := "verification_uri"
	if t.endpoint == mint.V1 {
		uri = "verification_url"
	}
	return value.Dict(
		value.Member{Name: "user_code", Value: value.String(userCode)},
		value.Member{Name: "device_code", Value: value.String(code)},
		value.Member{Name: uri, Value: value.String(page)},
		value.Member{Name: "expires_in", Value: t.number(int64(deviceLife / time.Second))},
		value.Member{Name: "interval", Value: t.number(deviceInterval)},
		value.Member{Name: "message", Value: value.String(fmt.Sprintf("To sign in, use a web browser to open the page %s and enter the code %s to authenticate.", page, userCode))},
	)
}

// newUserCode is nine letters without vowels, which people can tell apart and
// no word is made of (RFC 8628 6.1).
func newUserCode() string {
	const letters = "BCDFGHJKLMNPQRSTVWXZ"
	code := make([]byte, 0, 9)
	for one := make([]byte, 1); len(code) < cap(code); {
		_, _ = rand.Read(one) // never fails
		if n := int(one[0]); n < 256-256%len(letters) {
			code = append(code, letters[n%len(letters)])
		}
	}
	return string(code)
}
