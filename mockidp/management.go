package mockidp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// maxManagementBody bounds a request to the management listener: 500 inputs of
// 64 KiB in base64 fit.
const maxManagementBody = 48 << 20

// operation is one call of the management listener: its answer is sent as JSON.
type operation struct {
	pattern string
	call    func(*Issuer, *http.Request) (any, error)
}

// The bodies that have no type of their own.
type (
	mintBody struct {
		Recipes []Recipe `json:"recipes"`
	}
	tokenBody struct {
		Tokens []string `json:"tokens"`
	}
	signBody struct {
		Requests []mint.SignRequest `json:"requests"`
	}
	signatureBody struct {
		Signatures [][]byte `json:"signatures"`
	}
	leaseBody struct {
		Seconds float64 `json:"seconds"`
	}
	keySetBody struct {
		Lease string      `json:"lease"`
		State mint.KeySet `json:"state"`
	}
	misbehaveBody struct {
		Lease         string         `json:"lease"`
		Misbehaviours []Misbehaviour `json:"misbehaviours"`
	}
	misbehavingBody struct {
		Misbehaviours []Misbehaviour `json:"misbehaviours"`
	}
	kindsBody struct {
		Kinds []MisbehaviourKind `json:"kinds"`
	}
	keysBody struct {
		Keys []mint.PublicKey `json:"keys"`
	}
	keyIDBody struct {
		KeyID string `json:"kid"`
	}
	countersBody struct {
		Counters map[string]int `json:"counters"`
	}
	requestsBody struct {
		Requests []Request `json:"requests"`
	}
	clockBody struct {
		Now time.Time `json:"now"`
	}
	errorBody struct {
		Code string `json:"code"`
		Text string `json:"text"`
	}
)

// operations are all calls of the management listener.
func operations() []operation {
	return []operation{
		{"POST /mint", with(func(i *Issuer, c context.Context, b mintBody) (any, error) {
			tokens, err := i.Mint(c, b.Recipes)
			return tokenBody{tokens}, err
		})},
		{"POST /sign", with(func(i *Issuer, c context.Context, b signBody) (any, error) {
			signatures, err := i.SignAll(c, b.Requests)
			return signatureBody{signatures}, err
		})},
		{"POST /rotate", with(func(i *Issuer, c context.Context, b RotateRequest) (any, error) {
			keys, err := i.Rotate(c, b)
			return keysBody{keys}, err
		})},
		{"POST /leases", with(func(i *Issuer, c context.Context, b leaseBody) (any, error) {
			return i.Lease(c, time.Duration(b.Seconds*float64(time.Second)))
		})},
		{"PUT /keyset", with(func(i *Issuer, c context.Context, b keySetBody) (any, error) {
			return struct{}{}, i.KeySet(c, b.Lease, b.State)
		})},
		{"PUT /misbehaviours", with(func(i *Issuer, c context.Context, b misbehaveBody) (any, error) {
			return struct{}{}, i.Misbehave(c, b.Lease, b.Misbehaviours)
		})},
		{"GET /misbehaviours", func(i *Issuer, r *http.Request) (any, error) {
			all, err := i.Misbehaving(r.Context())
			return misbehavingBody{all}, err
		}},
		{"GET /misbehaviours/kinds", func(*Issuer, *http.Request) (any, error) { return kindsBody{Misbehaviours()}, nil }},
		{"DELETE /leases/{id}", func(i *Issuer, r *http.Request) (any, error) {
			return struct{}{}, i.Release(r.Context(), r.PathValue("id"))
		}},
		{"GET /keys", func(i *Issuer, r *http.Request) (any, error) {
			keys, err := i.Keys(r.Context(), r.URL.Query().Get("tenant"))
			return keysBody{keys}, err
		}},
		{"GET /kid", func(i *Issuer, r *http.Request) (any, error) {
			kid, err := i.KeyID(r.Context(), r.URL.Query().Get("tenant"), r.URL.Query().Get("key"))
			return keyIDBody{kid}, err
		}},
		{"GET /counters", func(i *Issuer, r *http.Request) (any, error) {
			counters, err := i.Counters(r.Context())
			return countersBody{counters}, err
		}},
		{"GET /requests", func(i *Issuer, r *http.Request) (any, error) {
			requests, err := i.Requests(r.Context())
			return requestsBody{requests}, err
		}},
		{"GET /clock", func(i *Issuer, r *http.Request) (any, error) {
			now, err := i.Now(r.Context())
			return clockBody{now}, err
		}},
		{"GET /health", func(*Issuer, *http.Request) (any, error) { return map[string]string{"status": "ok"}, nil }},
	}
}

// with reads a JSON body of a type, strictly.
func with[B any](f func(*Issuer, context.Context, B) (any, error)) func(*Issuer, *http.Request) (any, error) {
	return func(i *Issuer, r *http.Request) (any, error) {
		var body B
		d := json.NewDecoder(r.Body)
		d.DisallowUnknownFields()
		if err := d.Decode(&body); err != nil {
			return nil, wrongRequest("read the body: %w", err)
		}
		if _, err := d.Token(); !errors.Is(err, io.EOF) {
			return nil, wrongRequest("expected one JSON value, got more")
		}
		return f(i, r.Context(), body)
	}
}

// managementHandler asks for the token before anything else. The console asks
// for it in its own way.
func (i *Issuer) managementHandler() http.Handler {
	console := i.newConsole()
	mux := http.NewServeMux()
	for _, op := range operations() {
		mux.HandleFunc(op.pattern, func(w http.ResponseWriter, r *http.Request) {
			answer, err := op.call(i, r)
			if err != nil {
				i.managementError(w, r, err)
				return
			}
			writeJSON(w, http.StatusOK, answer)
		})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isConsole(r) {
			console.ServeHTTP(w, r)
			return
		}
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") || !sameSecret(token, i.cfg.ManagementToken) {
			w.Header().Set("WWW-Authenticate", "Bearer") // RFC 6750 3
			writeJSON(w, http.StatusUnauthorized, errorBody{"unauthorized", "expected the management token"})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxManagementBody)
		mux.ServeHTTP(w, r)
	})
}

func (i *Issuer) managementError(w http.ResponseWriter, r *http.Request, err error) {
	for _, f := range failures() {
		if errors.Is(err, f.err) {
			i.cfg.Log.Info("management refused", "path", r.URL.Path, "code", f.code)
			writeJSON(w, f.status, errorBody{f.code, err.Error()})
			return
		}
	}
	i.cfg.Log.Error("management failed", "path", r.URL.Path, "error", err)
	writeJSON(w, http.StatusInternalServerError, errorBody{"failed", err.Error()})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone away is nobody's error
}
