package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// ServeOptions say what Serve serves and where.
type ServeOptions struct {
	Listener net.Listener
	Handler  http.Handler
	// Ingress is which of the gateway's addresses the listener is.
	Ingress Ingress
	// ErrorLog gets what the server complains about; nil discards it.
	ErrorLog *log.Logger
}

// Ingress is the address by which a request reached a gateway. The embedded lab
// has all of them on loopback, where a listener only stands for what it is called.
type Ingress string

// The addresses: the one that callers are meant to use, the same without TLS, and
// that of the upstream, past the gateway.
const (
	IngressCallers   Ingress = ""
	IngressPlainHTTP Ingress = "plain-http"
	IngressOrigin    Ingress = "origin"
)

type ingressKey struct{}

// ingressOf is the address by which a request came in.
func ingressOf(ctx context.Context) Ingress {
	ingress, _ := ctx.Value(ingressKey{}).(Ingress)
	return ingress
}

// Limits of a server that is probed with odd requests: header fields may be far
// larger than any token, and nothing may hang for long.
const (
	maxHeader     = 2 << 20
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	idleTimeout   = 2 * time.Minute
	graceTime     = 2 * time.Second
)

// Serve serves HTTP/1.1 on the listener until ctx ends, then lets requests
// under way finish for a moment. It closes the listener, and returns nil when
// it was ended by ctx.
func Serve(ctx context.Context, o ServeOptions) error {
	server := &http.Server{
		Handler: o.Handler, MaxHeaderBytes: maxHeader, ErrorLog: o.ErrorLog,
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
		DisableGeneralOptionsHandler: true,
		BaseContext: func(net.Listener) context.Context {
			return context.WithValue(context.Background(), ingressKey{}, o.Ingress)
		},
	}
	if server.ErrorLog == nil {
		server.ErrorLog = log.New(io.Discard, "", 0)
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		shut(server)
	})
	err := server.Serve(inFront(server, o.Listener))
	if !stop() {
		<-ended
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("gateway: serve: %w", err)
	}
	return nil
}

func shut(server *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), graceTime)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		_ = server.Close() // nothing is left to be told of its failure
	}
}
