package mockidp

import (
	"fmt"
	"net/http"
	"strings"
)

// maxManagementBody bounds a request to the management listener: 500 inputs of
// 64 KiB in base64 fit.
const maxManagementBody = 48 << 20

// managementHandler asks for the token before anything else. The console asks
// for it in its own way.
func (i *Issuer) managementHandler() http.Handler {
	console := i.newConsole()
	mux := http.NewServeMux()
	methods := map[string][]string{}
	for _, op := range operations() {
		methods[op.path] = append(methods[op.path], op.method)
		mux.HandleFunc(op.method+" "+op.path, func(w http.ResponseWriter, r *http.Request) { op.serve(i, w, r) })
	}
	for path, allowed := range methods {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Allow", strings.Join(allowed, ", ")) // RFC 9110 15.5.6
			writeJSON(w, http.StatusMethodNotAllowed, errorBody{Code: "wrong-method", Text: fmt.Sprintf("expected %s, got %s", strings.Join(allowed, " or "), shortMethod(r))})
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, http.StatusNotFound, errorBody{Code: "unknown-path", Text: fmt.Sprintf("no operation has the path %s; GET /openapi.json has them all", r.URL.Path)})
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isConsole(r) {
			console.ServeHTTP(w, r)
			return
		}
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") || !sameSecret(token, i.cfg.ManagementToken) {
			w.Header().Set("WWW-Authenticate", "Bearer") // RFC 6750 3
			writeJSON(w, http.StatusUnauthorized, errorBody{Code: "unauthorized", Text: "expected the management token"})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxManagementBody)
		mux.ServeHTTP(w, r)
	})
}
