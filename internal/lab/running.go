package lab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"
)

// Running is a gateway that answers.
type Running struct {
	Recipe   Recipe
	Mode     Mode
	Program  Program
	URL      string   // base URL, without a path
	Warnings []string // what is unusual and does not stop the gateway

	dir     string
	program instance // nil until it was started
	// locate asks where the program answers, where that is not known before.
	locate  func(context.Context) (address string, err error)
	unwatch func() bool
	once    sync.Once
	stopErr error
}

// instance is a program that was started: a process, or a container.
type instance interface {
	output() string            // the end of what it printed
	finished() <-chan struct{} // closed when it has ended
	outcome() error            // how it ended; valid once it has
	stop() error               // ends it and leaves nothing; may be called once
}

// Log returns the end of what the program printed.
func (r *Running) Log() string {
	if r.program == nil {
		return ""
	}
	return r.program.output()
}

// Done is closed when the program has ended, stopped or by itself.
func (r *Running) Done() <-chan struct{} { return r.program.finished() }

// Stop ends the program and everything it started, and removes its folder. It
// may be called more than once, and from several goroutines.
func (r *Running) Stop() error {
	if r.unwatch != nil {
		r.unwatch()
	}
	return r.end()
}

// end is Stop without a word to the context that watches over the gateway.
func (r *Running) end() error {
	r.once.Do(func() {
		if r.program != nil {
			r.stopErr = r.program.stop()
		}
		if err := os.RemoveAll(r.dir); err != nil {
			r.stopErr = errors.Join(r.stopErr, fmt.Errorf("lab: %s: remove the configuration: %w", r.Recipe.Name, err))
		}
	})
	return r.stopErr
}

// ErrEnded is wrapped by the error for a program that ended while it was waited for.
var ErrEnded = errors.New("the program has ended")

// answers waits until the gateway answers anything at all over HTTP.
func (r *Running) answers(ctx context.Context) error {
	if r.locate != nil {
		if err := r.Await(ctx, 1, r.askAddress); err != nil {
			return err
		}
	}
	return r.Await(ctx, 1, r.ping)
}

// askAddress learns where a program listens that chose its port itself.
func (r *Running) askAddress(ctx context.Context) (string, error) {
	address, err := r.locate(ctx)
	if err == nil {
		r.URL = "http://" + address
	}
	return address, err
}

func (r *Running) ping(ctx context.Context) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL+"/", nil)
	if err != nil {
		return "", err
	}
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	return resp.Status, resp.Body.Close()
}

// Waiting between two probes, doubled from the first to the last.
const (
	firstPause = 2 * time.Millisecond
	lastPause  = 200 * time.Millisecond
)

// Await calls probe until it has returned the same answer n times in a row
// without an error. It fails when ctx ends or the program does.
func (r *Running) Await(ctx context.Context, n int, probe func(context.Context) (string, error)) error {
	var last string
	var lastErr error
	for same, pause := 0, firstPause; ; pause = min(2*pause, lastPause) {
		answer, err := probe(ctx)
		switch {
		case err != nil:
			same, lastErr = 0, err
		case answer == last && same > 0:
			same++
		default:
			same, last = 1, answer
		}
		if same >= n {
			return nil
		}
		if same > 0 {
			pause = firstPause
		}
		if err := r.pause(ctx, pause); err != nil {
			return r.failed(fmt.Sprintf("wait for %d equal answers in a row", n), unanswered(err, lastErr))
		}
	}
}

// unanswered is why waiting ended, with what the last probe said.
func unanswered(err, last error) error {
	if last == nil {
		return err
	}
	return fmt.Errorf("%w; the last probe said: %w", err, last)
}

// pause waits for a moment, unless ctx or the program ends first.
func (r *Running) pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-r.program.finished():
		return r.ended()
	}
}

// ended says how the program ended.
func (r *Running) ended() error {
	if err := r.program.outcome(); err != nil {
		return fmt.Errorf("%w: %w", ErrEnded, err)
	}
	return ErrEnded
}
