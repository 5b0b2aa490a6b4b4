package lab

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ory/dockertest/v3"
	"github.com/ory/dockertest/v3/docker"
)

// EngineOptions say which container engine runs gateways. The zero value is
// the engine of this machine, or the one that DOCKER_HOST names.
type EngineOptions struct {
	Endpoint string // as in DOCKER_HOST; "": what the environment says
	// Images are references by digest, by the gateway's name, that are used
	// instead of images built here.
	Images map[string]string
	Random io.Reader        // makes the run's name; nil: crypto/rand
	Now    func() time.Time // nil: time.Now
}

// Engine is a container engine on this machine, and what one run has there: a
// bridge network of its own, containers on it, and forwarders in this process
// through which the containers reach issuer and echo. It may be used from
// several goroutines.
type Engine struct {
	// Version is the engine's own, and of its API.
	Version, API string
	// Warnings are remains of dead runs that could not be removed.
	Warnings []string

	options EngineOptions
	pool    *dockertest.Pool
	run     string // the run's name
	count   atomic.Int64
	network *bridge

	building sync.Mutex       // guards images
	images   map[string]image // by the gateway's name

	mu       sync.Mutex
	forwards map[string]*forwarder // by the address that they lead to
}

// ConnectEngine connects to the engine, for images and questions. It leaves
// nothing there.
func ConnectEngine(ctx context.Context, o EngineOptions) (*Engine, error) {
	if err := checkImages(o.Images); err != nil {
		return nil, err
	}
	pool, err := dockertest.NewPool(o.Endpoint)
	if err == nil {
		err = overSocket(pool)
	}
	if err != nil {
		return nil, &EngineError{Problem: EngineMissing, Doing: "find its address", Err: err}
	}
	e := &Engine{options: o.filled(), pool: pool, forwards: map[string]*forwarder{}, images: map[string]image{}}
	name := make([]byte, 4)
	if _, err := io.ReadFull(e.options.Random, name); err != nil {
		return nil, fmt.Errorf("lab: name the run: %w", err)
	}
	e.run = hex.EncodeToString(name)
	return e, e.greet(ctx)
}

// OpenEngine connects to the engine, removes what dead runs left there, and
// makes the network of this run. Close removes all that the run made.
func OpenEngine(ctx context.Context, o EngineOptions) (*Engine, error) {
	e, err := ConnectEngine(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := e.sweep(ctx); err != nil {
		e.Warnings = append(e.Warnings, err.Error())
	}
	if err := e.openNetwork(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// Close removes every container of this run, its network and its forwarders.
// It may be called more than once.
func (e *Engine) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), removeLimit)
	defer cancel()
	e.mu.Lock()
	forwards := e.forwards
	e.forwards = map[string]*forwarder{}
	e.mu.Unlock()
	for _, f := range forwards {
		f.close()
	}
	if e.network == nil {
		return nil
	}
	return e.remove(ctx, func(labels map[string]string) bool { return labels[runLabel] == e.run })
}

// oldestAPI is the oldest API that the lab was tried with: Docker 20.10.
const oldestAPI = "1.41"

// greet asks the engine whether it answers, and in which version.
func (e *Engine) greet(ctx context.Context) error {
	if err := e.pool.Client.PingWithContext(ctx); err != nil {
		return e.refused(err)
	}
	version, err := e.pool.Client.Version()
	if err != nil {
		return e.refused(err)
	}
	e.Version, e.API = version.Get("Version"), version.Get("ApiVersion")
	spoken, err := docker.NewAPIVersion(e.API)
	if err != nil {
		return e.failed("ask for the version of its API", err)
	}
	oldest, err := docker.NewAPIVersion(oldestAPI)
	if err != nil || spoken.LessThan(oldest) {
		return &EngineError{EngineOld, "ask for the version of its API", fmt.Errorf("expected %s or later, got %s", oldestAPI, e.API)}
	}
	return nil
}

// filled puts the operating system where the options say nothing.
func (o EngineOptions) filled() EngineOptions {
	o.Random = cmp.Or[io.Reader](o.Random, rand.Reader)
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// overSocket has the client of an engine behind a socket speak plain HTTP over
// it. The client's own way writes a whole request before it reads, and so loses
// the answer of an engine that refuses an image half way.
func overSocket(pool *dockertest.Pool) error {
	u, err := url.Parse(pool.Client.Endpoint())
	if err != nil || u.Scheme != "unix" {
		return err
	}
	client, err := docker.NewClient("http://engine")
	if err != nil {
		return err
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", u.Path)
	}
	client.HTTPClient.Transport = &http.Transport{DialContext: dial, DisableKeepAlives: true}
	pool.Client = client
	return nil
}
