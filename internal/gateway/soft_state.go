package gateway

import (
	"bytes"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
)

// softStates let what came before decide on what comes next.
func softStates() []softening {
	return []softening{
		bypassing("cache-without-route", "the verdict is cached under the token, and good for every route", func(*strict) bypass {
			b := remembered(func(c *call) string { return c.presented.compact })
			known := b.admits
			b.admits = func(c *call) bool { return known(c) && c.timed("exp", expiresLater) }
			return b
		}),
		bypassing("cache-without-expiry", "the verdict is cached under token and route, for longer than the token lives", func(*strict) bypass {
			return remembered(func(c *call) string {
				if c.presented.compact == "" {
					return ""
				}
				return c.path + " " + c.presented.compact
			})
		}),
		bypassing("cache-across-apis", "the gateways of one process share a cache of verdicts, whose key does not name the API", func(s *strict) bypass {
			return rememberedIn(&s.process.accepted, func(c *call) string { return c.presented.compact })
		}),
		bypassing("checked-once-per-connection", "a token that was accepted on a connection is not looked at again there", func(*strict) bypass {
			return remembered(func(c *call) string {
				if c.presented.compact == "" {
					return ""
				}
				return c.request.RemoteAddr + " " + c.presented.compact
			})
		}),
		bypassing("connection-caller", "the contract of who calls first on a connection serves every caller on it", func(s *strict) bypass {
			b := remembered(func(c *call) string { return c.request.RemoteAddr })
			s.tolerates("client", b.admits)
			b.admits = func(*call) bool { return false }
			return b
		}),
		bypassing("one-bad-replica", "one replica of five checks nothing", func(*strict) bypass {
			var requests atomic.Int64
			return bypass{admits: func(*call) bool { return requests.Add(1)%5 == 0 }}
		}),
		negativeCache(),
		{
			Softening{"shared-cache", "state", "answers are cached by URL, and served to whoever brings no token"},
			func(s *strict) { s.answers = &answersByURL{} },
		},
		{
			Softening{"contract-remembered", "client", "a client that once had a contract keeps it"},
			func(s *strict) {
				first := s.contracts()
				s.tolerates("client", func(c *call) bool {
					own, _ := c.clientClaim()
					id, _ := c.claims().soleText(own)
					return slices.Contains(first, id)
				})
			},
		},
	}
}

func negativeCache() softening {
	return softening{
		Softening{"negative-cache", "state", "a refusal is cached under header and payload, without the signature"},
		func(s *strict) {
			bad := remembered((*call).signedPart)
			s.wrap("signature", func(refuses func(*call) bool) func(*call) bool {
				return func(c *call) bool {
					if bad.admits(c) {
						return true
					}
					refused := refuses(c)
					if refused {
						bad.accepted(c)
					}
					return refused
				}
			})
		},
	}
}

func bypassing(name, sentence string, with func(*strict) bypass) softening {
	return softening{
		Softening{name, "state", sentence},
		func(s *strict) { s.bypasses = append(s.bypasses, with(s)) },
	}
}

// answersByURL keeps the last good answer of each target.
type answersByURL struct{ kept sync.Map }

type answerKept struct {
	http.ResponseWriter
	keep   func(http.Header, []byte)
	status int
	body   bytes.Buffer
}

// serve answers requests without credentials from what is kept.
func (a *answersByURL) serve(w http.ResponseWriter, r *http.Request) bool {
	answer, ok := a.kept.Load(r.Method + " " + r.RequestURI)
	if !ok || r.Header.Get("Authorization") != "" {
		return false
	}
	kept := answer.(keptBody)
	for name, values := range kept.header {
		w.Header()[name] = values
	}
	_, _ = w.Write(kept.body) // a client that is gone cannot be told
	return true
}

// keptBody is one answer that is kept.
type keptBody struct {
	header http.Header
	body   []byte
}

// keeping keeps what is written, if it is a good answer.
func (a *answersByURL) keeping(w http.ResponseWriter, r *http.Request) http.ResponseWriter {
	return &answerKept{ResponseWriter: w, status: http.StatusOK, keep: func(h http.Header, body []byte) {
		a.kept.Store(r.Method+" "+r.RequestURI, keptBody{h.Clone(), bytes.Clone(body)})
	}}
}

func (a *answerKept) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *answerKept) Write(b []byte) (int, error) {
	a.body.Write(b)
	if a.status == http.StatusOK {
		a.keep(a.Header(), a.body.Bytes())
	}
	return a.ResponseWriter.Write(b)
}
