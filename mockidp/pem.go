package mockidp

import (
	"net/http"
	"strings"
)

func pemRoutes() []route {
	return []route{
		{methods: get(), path: "/{tenant}/discovery/keys/{file}", serve: servePEM},
		{methods: get(), path: "/entraproof/authority.pem", serve: serveAuthority},
	}
}

// servePEM exports a published key by kid: KID.pem is the public key, KID.crt
// its certificate. It is for gateways that take a key from a file.
func servePEM(i *Issuer, q *request) {
	file := q.PathValue("file")
	for _, k := range i.current().public() {
		switch file {
		case k.KeyID + ".pem":
			servePEMText(q, k.PEM)
			return
		case k.KeyID + ".crt":
			servePEMText(q, k.CertificatePEM)
			return
		}
	}
	http.NotFound(q.w, q.Request)
}

// serveAuthority is the certificate to trust for the TLS listener.
func serveAuthority(i *Issuer, q *request) { servePEMText(q, i.tls.authorityPEM) }

func servePEMText(q *request, text string) {
	if strings.TrimSpace(text) == "" {
		http.NotFound(q.w, q.Request)
		return
	}
	q.w.Header().Set("Content-Type", "application/x-pem-file")
	q.write(http.StatusOK, []byte(text))
}
