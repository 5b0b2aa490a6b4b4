package probe

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// malformedError is an answer that is not HTTP/1.
type malformedError struct{ what string }

func (e *malformedError) Error() string { return "malformed response: " + e.what }

// dialFault tells why no connection came about.
func dialFault(err error) Fault {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return FaultDNS
	case timedOut(err):
		return FaultTimeout
	}
	return FaultRefused
}

// tlsFault tells why a connection has no TLS session.
func tlsFault(err error) Fault {
	if timedOut(err) {
		return FaultTimeout
	}
	return FaultTLS
}

// exchangeFault tells why a connection gave no answer.
func exchangeFault(err error) Fault {
	var malformed *malformedError
	var alert tls.AlertError
	var record tls.RecordHeaderError
	var op *net.OpError
	switch {
	case timedOut(err):
		return FaultTimeout
	case errors.As(err, &malformed):
		return FaultMalformed
	case errors.As(err, &alert), errors.As(err, &record), errors.As(err, &op) && op.Op == "remote error":
		// With TLS 1.3 the server's refusal of a client without a certificate
		// comes only after the handshake (RFC 8446 4.4.2.4).
		return FaultTLS
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		return FaultClosed
	case errors.Is(err, io.ErrUnexpectedEOF):
		return FaultMalformed
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return FaultReset
	}
	return FaultReset
}

func timedOut(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}
