package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/verdict"
)

// markOf is what a target's own answers are known by.
func markOf(a targets.Accepted) verdict.Mark {
	m := verdict.Mark{Echo: a.Echo, Body: a.Contains}
	for _, name := range slices.Sorted(maps.Keys(a.Header)) {
		m.Header = append(m.Header, probe.Pair{Name: name, Value: a.Header[name]})
	}
	return m
}

// reachOf says whether a request arrived: what the answer tells, and what the
// echo tells where it can be asked. The error is the echo's silence.
func (r *Run) reachOf(ctx context.Context, o probe.Observation, id string) (verdict.Reach, []probe.Echo, error) {
	reach := r.mark.Reach(o)
	if reach == verdict.Reached && o.Echo != nil {
		return reach, []probe.Echo{*o.Echo}, nil
	}
	ask := r.engine.Seen
	if ask == nil && r.plan.target().Accepted.EchoURL != "" {
		ask = r.askEcho
	}
	if ask == nil {
		return reach, nil, nil
	}
	seen, err := ask(ctx, r.plan.Run, id)
	if err != nil {
		// The echo's silence must not look like a request that never arrived.
		if reach == verdict.NotReached {
			return verdict.ReachUnknown, nil, err
		}
		return reach, nil, err
	}
	return reach.Asked(len(seen) > 0), seen, nil
}

// echoTimeout bounds one question to the echo.
const echoTimeout = 10 * time.Second

// askEcho asks the echo at its own address what it saw of a case.
func (r *Run) askEcho(ctx context.Context, run, id string) ([]probe.Echo, error) {
	ctx, cancel := context.WithTimeout(ctx, echoTimeout)
	defer cancel()
	address := r.plan.target().Accepted.EchoURL + "/entraproof/seen?" + url.Values{"run": {run}, "case": {id}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("engine: ask the echo: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("engine: ask the echo: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // read to the end or given up
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("engine: ask the echo: expected 200, got %d", response.StatusCode)
	}
	var seen []probe.Echo
	if err := json.NewDecoder(response.Body).Decode(&seen); err != nil {
		return nil, fmt.Errorf("engine: read the echo's answer: %w", err)
	}
	return seen, nil
}
