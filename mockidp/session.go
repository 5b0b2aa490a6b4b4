package mockidp

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// sessionCookie is named as Entra's.
const sessionCookie = "ESTSAUTH"

// sessionLife is how long a browser stays signed in.
const sessionLife = 24 * time.Hour

const sessionPurpose purpose = "session"

// mostSignedIn bounds the accounts of one browser.
const mostSignedIn = 10

// session is who is signed in in a browser. It is kept there, sealed.
type session struct {
	// ID is session_state.
	ID    string     `json:"i"`
	Users []signedIn `json:"u"`
}

// signedIn is one account of a session.
type signedIn struct {
	Username string    `json:"u"`
	Since    time.Time `json:"s"`
}

// session is that of the browser; a fresh one where there is none.
func (i *Issuer) session(q *request) session {
	var s session
	if c, err := q.Cookie(sessionCookie); err != nil || !i.sealer.open(sessionPurpose, c.Value, &s) {
		return session{ID: i.freshGUID()}
	}
	s.Users = slices.DeleteFunc(s.Users, func(u signedIn) bool { return i.cfg.Now().Sub(u.Since) >= sessionLife })
	return s
}

// with is the session with one more account, which comes first.
func (s session) with(username string, now time.Time) session {
	users := slices.DeleteFunc(slices.Clone(s.Users), func(u signedIn) bool { return strings.EqualFold(u.Username, username) })
	users = append([]signedIn{{username, now}}, users...)
	s.Users = users[:min(len(users), mostSignedIn)]
	return s
}

// keepSession sends the session to the browser.
func (i *Issuer) keepSession(q *request, s session) {
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
func (s session) accounts(known *snapshot, in tenant) []account {
	var all []account
	for _, u := range s.Users {
		a, p := known.visitor(u.Username, in)
		if p == nil && !a.revoked(u.Since) {
			all = append(all, a)
		}
	}
	return all
}
