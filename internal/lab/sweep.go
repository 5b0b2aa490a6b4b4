package lab

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/ory/dockertest/v3/docker"
)

// Labels of everything that the lab makes in an engine.
const (
	runLabel   = "com.github.entraproof.lab"
	ownerLabel = "com.github.entraproof.lab.owner"
	sinceLabel = "com.github.entraproof.lab.since"
)

// removeLimit is how long removing may take.
const removeLimit = 30 * time.Second

// labels say of a container or network whose it is.
func (e *Engine) labels() map[string]string {
	return map[string]string{
		runLabel: e.run, ownerLabel: self().String(), sinceLabel: e.options.Now().UTC().Format(time.RFC3339),
	}
}

// sweep removes containers and networks of runs that are over, and images that
// newer ones have replaced.
func (e *Engine) sweep(ctx context.Context) error {
	busy := map[string]bool{}
	containers, err := e.containers(ctx)
	for _, c := range containers {
		busy[c.Labels[runLabel]] = busy[c.Labels[runLabel]] || c.State == "running"
	}
	if err != nil {
		return err
	}
	err = e.remove(ctx, func(labels map[string]string) bool {
		age := time.Duration(0)
		if since, err := time.Parse(time.RFC3339, labels[sinceLabel]); err == nil {
			age = e.options.Now().Sub(since)
		}
		return over(labels[ownerLabel], busy[labels[runLabel]], age)
	})
	return errors.Join(err, e.sweepImages(ctx))
}

// settled is the age at which an image without a name is one that a newer one
// has replaced. The engine gives an image its name when it is done: for a moment
// one that another run builds has none, and then no container.
const settled = 15 * time.Minute

// sweepImages removes images of the lab that have lost their name.
func (e *Engine) sweepImages(ctx context.Context) error {
	list, err := e.pool.Client.ListImages(docker.ListImagesOptions{
		Filters: map[string][]string{"dangling": {"true"}, "label": {contentsLabel}}, Context: ctx,
	})
	if err != nil {
		return e.failed("list the images", err)
	}
	for _, i := range list {
		if e.options.Now().Sub(time.Unix(i.Created, 0)) < settled {
			continue
		}
		_ = e.pool.Client.RemoveImage(i.ID) // one that a container still uses stays
	}
	return nil
}

// forgotten is the age at which what nobody uses is taken for remains, where
// it cannot be told whether its owner lives.
const forgotten = 24 * time.Hour

// over reports whether what an owner made is remains.
func over(text string, busy bool, age time.Duration) bool {
	o, err := parseOwner(text)
	if err != nil {
		return false
	}
	switch me := self(); {
	case me == owner{}:
		return false
	case o.boot != me.boot:
		return !busy && age > forgotten
	case o.space != me.space:
		return false
	}
	return dead(o)
}

// containers are all that the lab has in the engine, of every run.
func (e *Engine) containers(ctx context.Context) ([]docker.APIContainers, error) {
	list, err := e.pool.Client.ListContainers(docker.ListContainersOptions{
		All: true, Filters: map[string][]string{"label": {runLabel}}, Context: ctx,
	})
	if err != nil {
		return nil, e.failed("list the containers", err)
	}
	return list, nil
}

// remove removes the lab's containers and networks that are meant by labels.
func (e *Engine) remove(ctx context.Context, meant func(labels map[string]string) bool) error {
	containers, err := e.containers(ctx)
	problems := []error{err}
	for _, c := range containers {
		if meant(c.Labels) {
			problems = append(problems, e.removeContainer(ctx, c.ID))
		}
	}
	networks, err := e.pool.Client.ListNetworks()
	if err != nil {
		problems = append(problems, e.failed("list the networks", err))
	}
	for _, n := range networks {
		if n.Labels[runLabel] != "" && meant(n.Labels) {
			problems = append(problems, e.removeNetwork(n.ID))
		}
	}
	return errors.Join(problems...)
}

// removeContainer ends and removes a container with its volume. One that is
// gone, or that somebody else removes, is well.
func (e *Engine) removeContainer(ctx context.Context, id string) error {
	err := e.pool.Client.RemoveContainer(docker.RemoveContainerOptions{ID: id, RemoveVolumes: true, Force: true, Context: ctx})
	var gone *docker.NoSuchContainer
	var answer *docker.Error
	if err == nil || errors.As(err, &gone) || errors.As(err, &answer) && answer.Status == http.StatusConflict {
		return nil
	}
	return e.failed("remove a container", err)
}

func (e *Engine) removeNetwork(id string) error {
	err := e.pool.Client.RemoveNetwork(id)
	var gone *docker.NoSuchNetwork
	if err == nil || errors.As(err, &gone) {
		return nil
	}
	return e.failed("remove a network", err)
}
