package gateway

import (
	"encoding/json"
	"net/http"
)

// denial is the answer of strict to what it refuses. It is the same for every
// check of one status: the reasons cannot be told apart from outside.
type denial struct {
	status int
	// code is the error code of RFC 6750 3.1; empty if none applies.
	code        string
	description string
	// alter changes the header of the answer; nil changes nothing.
	alter func(http.Header)
}

// errorCode maps a status to the error code of RFC 6750 3.1. Where nothing was
// presented there is none, whatever else is wrong with the request.
func errorCode(c Check, of presented) string {
	switch {
	case of.missing() && len(of.elsewhere) == 0, c.Name == "credentials":
		return ""
	case c.Name == "authentication-context":
		return "insufficient_claims" // Entra's claims challenge
	case c.Status == badRequest:
		return "invalid_request"
	case c.Status == unauthorized:
		return "invalid_token"
	case c.Status == forbidden:
		return "insufficient_scope"
	}
	return ""
}

func (d denial) write(w http.ResponseWriter) {
	if d.status == badRequest || d.status == unauthorized || d.status == forbidden {
		challenge := `Bearer realm="entraproof"`
		if d.code != "" {
			challenge += `, error="` + d.code + `"`
		}
		w.Header().Set("WWW-Authenticate", challenge)
	}
	body := map[string]string{"error": d.code}
	if d.code == "" {
		body["error"] = http.StatusText(d.status)
	}
	if d.description != "" {
		body["error_description"] = d.description
	}
	w.Header().Set("Cache-Control", "no-store")
	if d.alter != nil {
		d.alter(w.Header())
	}
	writeJSON(w, d.status, body)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that is gone cannot be told
}
