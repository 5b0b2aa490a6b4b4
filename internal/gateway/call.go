package gateway

import (
	"net/http"
	"strings"
	"time"
)

// call is one request as the checks of strict see it.
type call struct {
	request   *http.Request
	env       *Environment
	now       time.Time
	presented presented
	// contracts are the clients with a contract at this moment.
	contracts []string
	// token is nil if none was found.
	token *token
	// keys is the published key set; keysErr says why there is none.
	keys    []publishedKey
	keysErr error
	// foreign asks for the key set of another trusted issuer; nil if there is none.
	foreign func() []publishedKey
	// path is the path of the target as it was received, without the query.
	path string
}

// claims returns the payload; nil if there is none to judge.
func (c *call) claims() object {
	if c.token == nil {
		return nil
	}
	return c.token.payload
}

// header returns the JOSE header; nil if there is none to judge.
func (c *call) header() object {
	if c.token == nil {
		return nil
	}
	return c.token.header
}

// signers returns the published keys under the token's kid, or all of them if
// the kid names none: whether it must name one is the check of the kid.
func (c *call) signers() []publishedKey {
	if id, ok := c.header().soleText("kid"); ok {
		if keys := named(c.keys, id); len(keys) > 0 {
			return keys
		}
	}
	return c.keys
}

// foreignKeys are the keys of another trusted issuer, as far as they can be had.
func (c *call) foreignKeys() []publishedKey {
	if c.foreign == nil {
		return nil
	}
	return c.foreign()
}

// clientClaim names the claim in which this version of token has its client.
func (c *call) clientClaim() (own, other string) {
	version, _ := c.claims().soleText("ver")
	if version == "1.0" || version == "" && !c.claims().has("azp") {
		return "appid", "azp"
	}
	return "azp", "appid"
}

// daemon reports whether the token was issued to an application on its own
// behalf. Entra marks that only on request (idtyp); without the mark, a token
// with scp is a user's, and an application is its own subject: sub equals oid.
func (c *call) daemon() bool {
	claims := c.claims()
	if kind, ok := claims.soleText("idtyp"); ok && kind == "app" {
		return true
	}
	return !claims.has("scp") && !c.userSubject()
}

// userSubject reports whether sub is pairwise, as a user's is.
func (c *call) userSubject() bool {
	sub, _ := c.claims().lastText("sub")
	oid, _ := c.claims().lastText("oid")
	return sub != oid
}

// targetPath is the path of a request target as received: what stands before
// the first question mark, and behind the authority of the absolute form
// (RFC 9112 3.2.2).
func targetPath(target string) string {
	path, _, _ := strings.Cut(target, "?")
	if strings.HasPrefix(path, "/") {
		return path
	}
	if _, rest, ok := strings.Cut(path, "://"); ok {
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			return rest[i:]
		}
	}
	return path
}
