package mockidp

import "net/http"

func calloutRoutes() []route {
	return []route{
		{path: "/callout/{case}/{rest...}", serve: serveCallout},
		{path: "/callout/{case}", serve: serveCallout},
	}
}

// serveCallout answers whoever followed a URL in a token's header. That it was
// called is what counts: see Authority.Counters.
func serveCallout(_ *Issuer, q *request) { q.write(http.StatusOK, []byte(`{"keys":[]}`)) }

func healthRoutes() []route {
	return []route{{methods: get(), path: "/entraproof/health", unlisted: true, serve: serveHealth}}
}

func serveHealth(_ *Issuer, q *request) { q.write(http.StatusOK, []byte(`{"status":"ok"}`)) }
