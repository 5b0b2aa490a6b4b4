package mockidp

import (
	"crypto/rand"
	"net"
	"net/http"
	"sync"
	"time"
)

// sessionLife is how long somebody stays signed in to the console.
const sessionLife = 12 * time.Hour

// maxSessions bounds the sessions; the one that ends first makes room.
const maxSessions = 64

// sessions are those who have shown the management token, by the random value
// of their cookie.
type sessions struct {
	mu   sync.Mutex
	open map[string]session
}

// session is one browser that is signed in.
type session struct{ ends time.Time }

// begin opens a session and returns its name.
func (s *sessions) begin(now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	id := rand.Text()
	s.open[id] = session{now.Add(sessionLife)}
	return id
}

// sweep forgets what is over, and makes room for one; s.mu is held.
func (s *sessions) sweep(now time.Time) {
	first := ""
	for id, open := range s.open {
		if !now.Before(open.ends) {
			delete(s.open, id)
		} else if first == "" || open.ends.Before(s.open[first].ends) {
			first = id
		}
	}
	if len(s.open) >= maxSessions {
		delete(s.open, first)
	}
}

// holds reports whether there is such a session. Its name is 130 random bits:
// finding it in a map tells nothing that helps to guess it.
func (s *sessions) holds(id string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	open, ok := s.open[id]
	return ok && now.Before(open.ends)
}

func (s *sessions) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, id)
}

// sessionCookie is the cookie's name. Cookies know no ports: with the port in
// it, the consoles of two issuers on one machine do not sign each other out.
func (c *console) sessionCookie() string {
	_, port, _ := net.SplitHostPort(c.issuer.server.management)
	return "entraproof-console-" + port
}

// setCookie sends the session's cookie: for the console's paths alone, out of
// reach of scripts and of other sites. A negative age takes it back.
func (c *console) setCookie(w http.ResponseWriter, r *http.Request, id string, age int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure where there is TLS: on loopback there may be none
		Name: c.sessionCookie(), Value: id, Path: consolePath, MaxAge: age,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
	})
}

// session is the name of the request's session, which may not be open.
func (c *console) session(r *http.Request) string {
	cookie, err := r.Cookie(c.sessionCookie())
	if err != nil {
		return ""
	}
	return cookie.Value
}

// isSignedIn reports whether the request comes from who has signed in.
func (c *console) isSignedIn(r *http.Request) bool {
	return c.sessions.holds(c.session(r), c.issuer.cfg.Now())
}

// signedIn lets those in who have a session, and shows the others the form.
func (c *console) signedIn(f http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case c.isSignedIn(r):
			f(w, r)
		case r.Method != http.MethodGet:
			c.refuse(w, http.StatusUnauthorized, "You are not signed in any more.")
		default:
			http.Redirect(w, r, consolePath+"sign-in", http.StatusSeeOther)
		}
	}
}

// signInPage is the form that asks for the management token.
type signInPage struct {
	frame
	Wrong bool
}

func (c *console) signInForm(w http.ResponseWriter, r *http.Request) {
	if c.isSignedIn(r) {
		http.Redirect(w, r, consolePath, http.StatusSeeOther)
		return
	}
	c.page(w, http.StatusOK, "sign-in", signInPage{frame: frame{Title: "Sign in"}})
}

func (c *console) signIn(w http.ResponseWriter, r *http.Request) {
	if !c.readForm(w, r) {
		return
	}
	if !sameSecret(r.PostForm.Get("token"), c.issuer.cfg.ManagementToken) {
		c.issuer.cfg.Log.Info("console refused", "client", addressOf(r))
		c.page(w, http.StatusUnauthorized, "sign-in", signInPage{frame: frame{Title: "Sign in"}, Wrong: true})
		return
	}
	c.setCookie(w, r, c.sessions.begin(c.issuer.cfg.Now()), int(sessionLife.Seconds()))
	http.Redirect(w, r, consolePath, http.StatusSeeOther)
}

func (c *console) signOut(w http.ResponseWriter, r *http.Request) {
	c.sessions.end(c.session(r))
	c.setCookie(w, r, "", -1)
	http.Redirect(w, r, consolePath+"sign-in", http.StatusSeeOther)
}
