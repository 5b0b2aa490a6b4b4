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
	// ErrorLog gets what the server complains about; nil discards it.
	ErrorLog *log.Logger
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
	}
	if server.ErrorLog == nil {
		server.ErrorLog = log.New(io.Discard, "", 0)
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		shut(server)
	})
	err := server.Serve(o.Listener)
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
