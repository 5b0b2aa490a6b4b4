package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// answerPatience is how long one answer may take.
const answerPatience = 20 * time.Second

// connection sends one request again and again, and dials anew only where the
// server has closed. It writes bytes that were made once: what the generator
// costs, the server under measurement lacks.
type connection struct {
	addr    string
	request []byte

	conn net.Conn
	r    *bufio.Reader
}

// answer is a status and a body.
type answer struct {
	status int
	body   []byte
}

// ask sends the request and reads the answer to its end.
func (c *connection) ask(ctx context.Context) (answer, error) {
	if err := c.dial(ctx); err != nil {
		return answer{}, err
	}
	_ = c.conn.SetDeadline(time.Now().Add(answerPatience)) // a closed one tells when it is written to
	if _, err := c.conn.Write(c.request); err != nil {
		return answer{}, fmt.Errorf("peers: send: %w", err)
	}
	response, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return answer{}, fmt.Errorf("peers: read the answer: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, fmt.Errorf("peers: read the answer: %w", err)
	}
	if response.Close {
		c.close()
	}
	return answer{response.StatusCode, body}, nil
}

func (c *connection) dial(ctx context.Context) error {
	if c.conn != nil {
		return nil
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return fmt.Errorf("peers: connect: %w", err)
	}
	c.conn = conn
	if c.r == nil {
		c.r = bufio.NewReader(conn)
	}
	c.r.Reset(conn)
	return nil
}

func (c *connection) close() {
	if c.conn != nil {
		_ = c.conn.Close() // it has served
		c.conn = nil
	}
}

// get is a request for a path.
func get(path string) []byte {
	return []byte("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
}

// post is a request with a form.
func post(path, form string) []byte {
	return []byte("POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: " +
		strconv.Itoa(len(form)) + "\r\n\r\n" + form)
}

// connections is how many ask at the same time.
const connections = 8

// load asks a process for tokens until it has asked enough or long enough; a
// limit of zero is none.
type load struct {
	process *process
	tokens  int
	time    time.Duration
}

// harvest is what a load brought in and what it cost the server.
type harvest struct {
	tokens, distinct int
	wall, cpu        time.Duration
}

func (h harvest) rate() float64        { return float64(h.tokens) / h.wall.Seconds() }
func (h harvest) cpuPerToken() float64 { return h.cpu.Seconds() / float64(h.tokens) }

// run is one load. The first answer that is no token ends it.
func (l load) run(ctx context.Context) (harvest, error) {
	before, err := l.process.cpu()
	if err != nil {
		return harvest{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var seen sync.Map
	var left, tokens, distinct atomic.Int64
	left.Store(int64(l.tokens))
	began := time.Now()
	var work sync.WaitGroup
	for range connections {
		work.Go(func() {
			c := connection{addr: l.process.addr, request: l.process.server.tokenRequest()}
			defer c.close()
			for ctx.Err() == nil && !l.over(began, &left) {
				token, err := c.token(ctx)
				if err != nil {
					cancel(fmt.Errorf("%w (%s)", err, l.process.server.name))
					return
				}
				tokens.Add(1)
				if _, known := seen.LoadOrStore(sha256.Sum256([]byte(token)), true); !known {
					distinct.Add(1)
				}
			}
		})
	}
	work.Wait()
	h := harvest{tokens: int(tokens.Load()), distinct: int(distinct.Load()), wall: time.Since(began)}
	if err := context.Cause(ctx); err != nil {
		return h, err
	}
	after, err := l.process.cpu()
	h.cpu = after - before
	return h, err
}

// over takes one token of those that are left.
func (l load) over(began time.Time, left *atomic.Int64) bool {
	return (l.tokens > 0 && left.Add(-1) < 0) || (l.time > 0 && time.Since(began) >= l.time)
}

// token asks for one token and checks that it got one.
func (c *connection) token(ctx context.Context) (string, error) {
	a, err := c.ask(ctx)
	if err != nil {
		return "", err
	}
	var body struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(a.body, &body); err != nil || a.status != http.StatusOK || body.Token == "" {
		return "", fmt.Errorf("peers: expected a token, got status %d and %.200q", a.status, a.body)
	}
	return body.Token, nil
}

// crowd sends each request once over each of many connections that are open at
// the same time, and counts the answers that are not 200.
func crowd(ctx context.Context, addr string, requests [][]byte) (failed int64) {
	var work sync.WaitGroup
	var bad atomic.Int64
	var all sync.WaitGroup
	all.Add(crowdSize)
	for range crowdSize {
		work.Go(func() {
			c := connection{addr: addr}
			defer c.close()
			err := c.dial(ctx)
			all.Done()
			all.Wait() // until everybody is there
			for _, c.request = range requests {
				if a, asked := c.ask(ctx); err != nil || asked != nil || a.status != http.StatusOK {
					bad.Add(1)
				}
			}
		})
	}
	work.Wait()
	return bad.Load()
}

// crowdSize is how many connections are open at once.
const crowdSize = 1000
