package probe

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net"
	"time"
)

// place is what two requests must have in common to share a connection.
type place struct {
	address, serverName string
	tls, insecure       bool
	roots               *x509.CertPool
}

func (w Wire) place() place {
	return place{w.Address, w.ServerName, w.TLS, w.InsecureTLS, w.RootCAs}
}

// link is one connection with what was read ahead on it.
type link struct {
	conn  net.Conn
	tcp   net.Conn // under TLS, or conn
	r     *bufio.Reader
	place place
	used  bool
	idle  time.Time
}

// connect dials and, where the address is https, shakes hands.
func (p *Prober) connect(ctx context.Context, w Wire) (*link, Fault, error) {
	tcp, err := p.dial(ctx, w.Address)
	if err != nil {
		return nil, dialFault(err), err
	}
	l := &link{conn: tcp, tcp: tcp, place: w.place()}
	if w.TLS {
		session := tls.Client(tcp, &tls.Config{
			ServerName: w.ServerName, RootCAs: w.RootCAs, MinVersion: tls.VersionTLS12,
			InsecureSkipVerify: w.InsecureTLS, //nolint:gosec // the target file says so
			NextProtos:         []string{"http/1.1"},
		})
		if err := session.HandshakeContext(ctx); err != nil {
			_ = tcp.Close()
			return nil, tlsFault(err), err
		}
		l.conn = session
	}
	l.r = bufio.NewReader(l.conn)
	return l, NoFault, nil
}

func (p *Prober) dial(ctx context.Context, address string) (net.Conn, error) {
	if p.Dial != nil {
		return p.Dial(ctx, "tcp", address)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", address)
}

// exchange writes the request once and reads one answer. keep says that the
// connection can carry another request.
func (l *link) exchange(ctx context.Context, p *Prober, w Wire) (o Observation, keep bool) {
	o = Observation{Address: w.Address, Connected: true, Reused: l.used, Sent: w.Bytes, secrets: w.Secrets}
	l.used = true
	o.Started = p.now()
	_ = l.conn.SetDeadline(time.Now().Add(p.timeout()))
	stop := context.AfterFunc(ctx, func() { _ = l.conn.SetDeadline(time.Unix(1, 0)) })
	a, err := l.converse(w, p.maxBody())
	undisturbed := stop()
	o.Elapsed = p.now().Sub(o.Started)
	if err != nil {
		o.Fault, o.FaultText = exchangeFault(err), err.Error()
		return o, false
	}
	o.take(a)
	return o, undisturbed && a.keeps() && l.r.Buffered() == 0
}

// converse writes and reads. A server may answer a large request before it has
// read all of it and then close (RFC 9110 15.5.14, RFC 6585 5), so that one is
// written on the side while the answer is read; a write that fails is no
// reason not to look for an answer.
func (l *link) converse(w Wire, maxBody int) (answer, error) {
	if len(w.Bytes) <= maxOrdinary {
		_, writeErr := l.conn.Write(w.Bytes)
		a, err := readAnswer(l.r, w.NoBody, maxBody)
		if err != nil && writeErr != nil && !timedOut(err) {
			err = writeErr
		}
		return a, err
	}
	written := make(chan struct{})
	go func() {
		defer close(written)
		_, _ = l.conn.Write(w.Bytes)
	}()
	a, err := readAnswer(l.r, w.NoBody, maxBody)
	_ = l.tcp.Close()
	<-written
	a.delimited = false
	return a, err
}

// keeps reports whether the server keeps the connection. After a 400 or 5xx
// many close without saying so, hence only after the everyday statuses.
func (a answer) keeps() bool {
	if !a.delimited || a.proto != "HTTP/1.1" {
		return false
	}
	for _, v := range valuesOf(a.header, "Connection") {
		if v != "keep-alive" && v != "Keep-Alive" {
			return false
		}
	}
	return a.status < 300 || a.status == 401 || a.status == 403 || a.status == 404
}

func (o *Observation) take(a answer) {
	o.Status, o.Proto, o.Header = a.status, a.proto, a.header
	o.Body, o.Truncated = a.body, a.truncated
	if a.cut != nil {
		o.FaultText = "body: " + a.cut.Error()
	}
	if o.FromEcho() {
		var e Echo
		if json.Unmarshal(a.body, &e) == nil {
			o.Echo = &e
		}
	}
}

func (l *link) close() { _ = l.conn.Close() }
