package mockidp

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"slices"
	"time"

	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// MisbehaviourKind is one line of the table of misbehaviours.
type MisbehaviourKind struct {
	Name string `json:"name"`
	// Does is what happens, in words.
	Does string `json:"does"`
	// Path are the endpoints that go wrong unless a path is given; empty: it does
	// not happen at endpoints, and takes no path.
	Path       string      `json:"path,omitempty"`
	Parameters []Parameter `json:"parameters,omitempty"`

	// answer changes the answer of an endpoint.
	answer func(*fault, *alteredAnswer)
	// instead: the endpoint itself is not asked at all.
	instead bool
	// key is the key that is made for it, and that signs by its name.
	key func(*ring) mint.KeySpec
	// certify makes the certificate that handshakes get.
	certify func(*tlsIdentity, []string) (tls.Certificate, error)
	// clock: Seconds is by how much the clock of the tokens is off.
	clock bool
}

// Misbehaviours is the table: all that an issuer can be made to do wrong.
// Rotation, revocation and keys of every sort are Rotate and KeySet.
func Misbehaviours() []MisbehaviourKind {
	return slices.Concat(transportMisbehaviours(), contentMisbehaviours(), keyMisbehaviours(), certificateMisbehaviours())
}

// transportMisbehaviours are the lines about when and whether an answer comes.
func transportMisbehaviours() []MisbehaviourKind {
	return []MisbehaviourKind{
		{
			Name: "slow", Does: "answers late, and rightly", Path: TenantPaths,
			Parameters: []Parameter{milliseconds(30_000)},
			answer:     func(f *fault, a *alteredAnswer) { a.wait += time.Duration(f.Milliseconds) * time.Millisecond },
		},
		{
			Name: "stalled", Does: "sends the header of its answer, then nothing, and cuts the connection in the end", Path: TenantPaths,
			Parameters: []Parameter{milliseconds(60_000)},
			answer:     func(f *fault, a *alteredAnswer) { a.stall, a.most = time.Duration(f.Milliseconds)*time.Millisecond, 0 },
		},
		{
			Name: "status", Does: "fails with a status and Entra's error for it, without doing anything", Path: TenantPaths, instead: true,
			Parameters: []Parameter{numeric("status", "of the answer", 400, 599).usually(http.StatusServiceUnavailable)},
			answer: func(f *fault, a *alteredAnswer) {
				p := ownFailure()
				p.status = f.Status
				a.refuse(p)
			},
		},
		{
			Name: "truncated", Does: "cuts the connection within the body", Path: TenantPaths,
			Parameters: []Parameter{numeric("bytes", "of the body that are sent; usually the first half", 1, 1<<20)},
			answer: func(f *fault, a *alteredAnswer) {
				if a.most = f.Bytes; a.most == 0 {
					a.most = len(a.body) / 2
				}
			},
		},
	}
}

// contentMisbehaviours are the lines about what an answer says.
func contentMisbehaviours() []MisbehaviourKind {
	return []MisbehaviourKind{
		{
			Name: "content-type", Does: "announces its answer as something else", Path: TenantPaths,
			Parameters: []Parameter{textual("type", "the Content-Type").usuallyText("text/html; charset=utf-8")},
			answer:     func(f *fault, a *alteredAnswer) { a.Header().Set("Content-Type", f.Type) },
		},
		{
			Name: "body", Does: "answers 200 and a text in the place of its own, such as HTML or {\"keys\":[]}", Path: TenantPaths, instead: true,
			Parameters: []Parameter{textual("text", "the body; usually none at all")},
			answer:     func(f *fault, a *alteredAnswer) { a.body = []byte(f.Text) },
		},
		{
			Name: "oversized", Does: "answers rightly with a member of many bytes besides", Path: KeySetPaths,
			Parameters: []Parameter{numeric("bytes", "of that member", 1<<10, 64<<20).usually(50 << 20)},
			answer:     func(f *fault, a *alteredAnswer) { a.padding += f.Bytes },
		},
		{
			Name: "redirect", Does: "sends the client somewhere else", Path: KeySetPaths, instead: true,
			Parameters: []Parameter{
				textual("to", "the URL; usually /callout/redirected of this issuer, which records who comes"),
				numeric("status", "of the answer", 301, 308).usually(http.StatusFound),
			},
			answer: func(f *fault, a *alteredAnswer) {
				to := f.To
				if to == "" {
					to = a.base + "/callout/redirected"
				}
				a.Header().Set("Location", to)
				a.WriteHeader(f.Status)
			},
		},
		{
			Name: "issuer-mismatch", Does: "names another issuer in the discovery documents", Path: TenantPaths,
			Parameters: []Parameter{textual("issuer", "the issuer that is named").usuallyText("https://issuer.invalid/")},
			answer: func(f *fault, a *alteredAnswer) {
				a.rewrite("issuer", func(value.Value) value.Value { return value.String(f.Issuer) })
			},
		},
	}
}

// keyMisbehaviours are the lines about keys, and the clock of what they sign.
func keyMisbehaviours() []MisbehaviourKind {
	return []MisbehaviourKind{
		{
			Name: "revoked-key", Does: "leaves a key out of the key sets that still signs, as a replica does that lags behind", Path: KeySetPaths,
			Parameters: []Parameter{textual("key", "tenant, next or a kid").usuallyText(mint.KeyTenant)},
			answer: func(f *fault, a *alteredAnswer) {
				a.rewriteKeys(func(keys []value.Value) []value.Value { return withoutKey(keys, a.keyID(f.Key)) })
			},
		},
		{
			Name: "several-keys", Does: "publishes many more keys before its own; the first signs by the name several", Path: KeySetPaths,
			Parameters: []Parameter{numeric("count", "of keys", 1, 100).usually(20)},
			key:        func(*ring) mint.KeySpec { return mint.KeySpec{Name: "several"} },
			answer: func(f *fault, a *alteredAnswer) {
				a.rewriteKeys(func(keys []value.Value) []value.Value { return append(copies(f.key.jwk, f.Count), keys...) })
			},
		},
		{
			Name: "duplicate-kid", Does: "publishes another key before its own under the kid of the one that signs; it signs by the name twin", Path: KeySetPaths,
			key: func(r *ring) mint.KeySpec { return mint.KeySpec{Name: "twin", KeyID: r.signing.KeyID()} },
			answer: func(f *fault, a *alteredAnswer) {
				a.rewriteKeys(func(keys []value.Value) []value.Value { return append([]value.Value{f.key.jwk}, keys...) })
			},
		},
		{
			Name: "key-members", Does: "publishes its keys with other members, as with alg, or without use", Path: KeySetPaths,
			Parameters: []Parameter{
				textual("alg", "member of every key"), textual("use", "member of every key"),
				{Name: "omit", Means: "members that every key lacks", in: func(m *Misbehaviour) any { return &m.Omit }},
			},
			answer: func(f *fault, a *alteredAnswer) { a.rewriteKeys(f.withMembers) },
		},
		{
			Name: "clock-offset", Does: "issues tokens by a clock that is off", clock: true,
			Parameters: []Parameter{numeric("seconds", "by which it is ahead; behind where negative", -3650*86400, 3650*86400).needed()},
		},
	}
}

// certificateMisbehaviours are the lines about the TLS listener.
func certificateMisbehaviours() []MisbehaviourKind {
	return []MisbehaviourKind{
		{
			Name: "certificate-expired", Does: "shows a TLS certificate that has expired to every request: connections that were kept are closed",
			certify: func(t *tlsIdentity, hosts []string) (tls.Certificate, error) {
				return t.certificateFor(hosts, func(c *x509.Certificate) {
					c.NotBefore, c.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour) // by the peers' clocks
				})
			},
		},
		{
			Name: "certificate-untrusted", Does: "shows a TLS certificate of an authority that nobody trusts to every request: connections that were kept are closed",
			certify: func(_ *tlsIdentity, hosts []string) (tls.Certificate, error) {
				stranger, err := keyStore{}.tlsIdentity(hosts)
				if err != nil {
					return tls.Certificate{}, err
				}
				return stranger.certificate, nil
			},
		},
		{
			Name: "certificate-other-host", Does: "shows a TLS certificate for another name to every request: connections that were kept are closed",
			certify: func(t *tlsIdentity, hosts []string) (tls.Certificate, error) {
				return t.certificateFor(hosts, func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = []string{"other.invalid"}, nil })
			},
		},
	}
}
