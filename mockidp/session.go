package mockidp

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// sessionCookie is named as Entra's.
const sessionCookie = "ESTSAUTH"

// ssoLife is how long a browser stays signed in.
const ssoLife = 24 * time.Hour

const sessionPurpose purpose = "session"

// mostSignedIn bounds the accounts of one browser.
const mostSignedIn = 10

// ssoSession is who is signed in in a browser. It is kept there, sealed.
type ssoSession struct {
	// ID is session_state.
	ID    string    `json:"i"`
	Users []ssoUser `json:"u"`
}

// ssoUser is one account of a session.
type ssoUser struct {
	Username string    `json:"u"`
	Since    time.Time `json:"s"`
}

// session is that of the browser; a fresh one where there is none.
func (i *Issuer) session(q *request) ssoSession {
	var s ssoSession
	if c, err := q.Cookie(sessionCookie); err != nil || !i.sealer.open(sessionPurpose, c.Value, &s) {
		return ssoSession{ID: i.freshGUID()}
	}
	s.Users = slices.DeleteFunc(s.Users, func(u ssoUser) bool { return i.cfg.Now().Sub(u.Since) >= ssoLife })
	return s
}

// with is the session with one more account, which comes first.
func (s ssoSession) with(username string, now time.Time) ssoSession {
	users := slices.DeleteFunc(slices.Clone(s.Users), func(u ssoUser) bool { return strings.EqualFold(u.Username, username) })
	users = append([]ssoUser{{username, now}}, users...)
	s.Users = users[:min(len(users), mostSignedIn)]
	return s
}

// keepSession sends the session to the browser.
func (i *Issuer) keepSession(q *request, s ssoSession) {
	i.setSession(q, i.sealer.seal(sessionPurpose, s), 0)
}

// endSession takes it away.
func (i *Issuer) endSession(q *request) { i.setSession(q, "", -1) }

// setSession sets the cookie. A frame of another site gets to see it only over
// TLS, where browsers allow it.
func (i *Issuer) setSession(q *request, text string, age int) {
	c := http.Cookie{Name: sessionCookie, Value: text, MaxAge: age, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode} //nolint:gosec // Secure where the issuer is reached over TLS
	if base, ok := i.reachedAs(q.Request); ok && strings.HasPrefix(base, "https://") {
		c.Secure, c.SameSite = true, http.SameSiteNoneMode
	}
	http.SetCookie(q.w, &c)
}

// accounts are the signed-in users that a tenant knows and lets in, the one who
// came last first.
func (s ssoSession) accounts(known *snapshot, in tenant) []account {
	var all []account
	for _, u := range s.Users {
		a, p := known.visitor(u.Username, in)
		if p == nil && !a.revoked(u.Since) {
			all = append(all, a)
		}
	}
	return all
}
