package mockidp

import (
	"net/http"
	"strings"

	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

func keySetRoutes() []route {
	return []route{
		{methods: get(), path: "/{tenant}/discovery/v2.0/keys", readable: true, member: "jwks_uri", version: mint.V2, serve: serveKeySet(mint.V2)},
		{methods: get(), path: "/{tenant}/discovery/keys", readable: true, member: "jwks_uri", version: mint.V1, serve: serveKeySet(mint.V1)},
		{methods: get(), path: "/entraproof/other-issuer/keys", readable: true, serve: serveOtherIssuer},
	}
}

// serveKeySet serves the key set: bytes that were made when it last changed.
func serveKeySet(v mint.Version) func(*Issuer, *request) {
	return func(i *Issuer, q *request) {
		r := i.current()
		if app, ok := i.appWithKey(q.URL.Query().Get("appid")); ok {
			i.serveNamedKey(q, mint.KeyApp+app)
			return
		}
		cacheable(q)
		if v == mint.V1 {
			q.write(http.StatusOK, r.v1)
			return
		}
		q.write(http.StatusOK, r.v2)
	}
}

// serveOtherIssuer is the key set of the second issuer, for gateways that
// trust two: its key, also under the kid of every key that a key-set state adds
// to the tenant's. Nothing keeps two issuers from using one kid (RFC 7517 4.5).
func serveOtherIssuer(i *Issuer, q *request) {
	k, err := i.keys.named(mint.KeyOtherIssuer)
	if err != nil {
		i.refuse(q, ownFailure())
		return
	}
	entries := []value.Value{k.JWK()}
	for _, e := range i.current().extra {
		entries = append(entries, k.JWK().Set("kid", value.String(e.key.KeyID())))
	}
	cacheable(q)
	q.write(http.StatusOK, keySetJSON(entries))
}

// serveNamedKey serves a key set of one key.
func (i *Issuer) serveNamedKey(q *request, name string) {
	k, err := i.keys.named(name)
	if err != nil {
		i.refuse(q, ownFailure())
		return
	}
	cacheable(q)
	q.write(http.StatusOK, keySetJSON([]value.Value{k.JWK()}))
}

// appWithKey is the app id of a registration that has a signing key of its own.
func (i *Issuer) appWithKey(appID string) (string, bool) {
	a := i.directory.Load().resources[resourceKey(appID)].entry
	return a.AppID, a.Keys == keysApp && strings.EqualFold(a.AppID, appID)
}
