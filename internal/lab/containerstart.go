package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/ory/dockertest/v3/docker"
)

// start is [Start] in a container.
func (e *Engine) start(ctx context.Context, o Options, listen endpoint) (*Running, error) {
	p, err := e.page(ctx, o)
	if err != nil {
		return nil, err
	}
	j, program, err := e.job(ctx, o)
	if err != nil {
		return nil, err
	}
	p.Parts = program.Parts
	r, err := newRunning(o, program)
	if err != nil {
		return nil, err
	}
	j.order.publish = listen
	if err := r.startContained(ctx, p, j); err != nil {
		return nil, errors.Join(err, r.Stop())
	}
	return r, nil
}

// page is what the templates see of a gateway in a container: it listens where
// only its network is, and meets issuer and upstream by the forwarders.
func (e *Engine) page(ctx context.Context, o Options) (page, error) {
	p, err := newPage(o.Recipe, o.Mode, o.Site)
	if err != nil {
		return p, err
	}
	p.Listen, p.Descriptor, p.Contained = insideListen(), 0, true
	if p.Upstream, err = e.near(ctx, p.Upstream); err != nil || p.KeySetURL == "" {
		return p, err
	}
	u, err := url.Parse(p.KeySetURL)
	if err != nil {
		return p, fmt.Errorf("lab: %s: read the key set's URL: %w", o.Recipe.Name, err)
	}
	if p.Issuer, err = e.near(ctx, p.Issuer); err != nil {
		return p, err
	}
	if o.Recipe.SecureKeys {
		p.Issuer.Host = issuerHost
	}
	u.Host = p.Issuer.String()
	p.KeySetURL = u.String()
	return p, nil
}

// insideListen is where every gateway in a container listens.
func insideListen() endpoint { return endpoint{"0.0.0.0", 8080} }

// near is an endpoint of this machine as containers reach it.
func (e *Engine) near(ctx context.Context, far endpoint) (endpoint, error) {
	address, err := e.reachable(ctx, far.String())
	if err != nil {
		return endpoint{}, err
	}
	return parseEndpoint("forwarder", address)
}

// job is what a gateway's containers have in common.
type job struct {
	engine *Engine
	order  containerOrder
	again  func(context.Context) (image, error) // the image, should it be gone
}

// job makes sure of the image.
func (e *Engine) job(ctx context.Context, o Options) (job, Program, error) {
	j := job{engine: e, order: containerOrder{gateway: o.Recipe.Name}}
	if e.options.Images[o.Recipe.Name] != "" {
		found, p, err := e.foreignImage(ctx, o)
		j.order.image = found
		j.order.env = p.filled(o.Recipe.environment(false))
		return j, p, err
	}
	p, err := o.Finder.Find(ctx, o.Recipe)
	if err != nil {
		return j, p, err
	}
	j.order.env = p.filled(o.Recipe.environment(false))
	j.again = func(ctx context.Context) (image, error) {
		_, made, err := e.build(ctx, imageOrder{o.Recipe, p, o.Recipe.ImageName(""), o.Finder.filled()})
		return made, err
	}
	j.order.image, err = e.image(ctx, o.Recipe.Name, j.again)
	return j, p, err
}

// image builds an image once in a run.
func (e *Engine) image(ctx context.Context, name string, build func(context.Context) (image, error)) (image, error) {
	e.building.Lock()
	defer e.building.Unlock()
	if made, ok := e.images[name]; ok {
		return made, nil
	}
	made, err := build(ctx)
	if err == nil {
		e.images[name] = made
	}
	return made, err
}

// container makes a container, and the image anew if another run has replaced
// it in between.
func (j job) container(ctx context.Context, args []string) (*container, error) {
	j.order.args = args
	c, err := j.engine.create(ctx, j.order)
	if !errors.Is(err, docker.ErrNoSuchImage) || j.again == nil {
		return c, err
	}
	if j.order.image, err = j.again(ctx); err != nil {
		return nil, err
	}
	return j.engine.create(ctx, j.order)
}

// startContained brings the program up in a container. What it leaves behind
// on failure Stop removes.
func (r *Running) startContained(ctx context.Context, p page, j job) error {
	limited, cancel := context.WithTimeout(ctx, cmp.Or(r.Recipe.startLimit, startLimit))
	defer cancel()
	if err := r.Recipe.render(r.dir, p); err != nil {
		return err
	}
	if err := r.learnVersion(limited, j); err != nil {
		return err
	}
	j.order.dir = r.dir
	if err := r.checkContained(limited, j); err != nil {
		return err
	}
	c, err := j.container(limited, r.Program.filled(r.Recipe.run))
	if err != nil {
		return r.failed("start", err)
	}
	r.program, r.locate = c, c.address
	if err := c.start(limited); err != nil {
		return r.failed("start", err)
	}
	return r.watch(ctx, limited)
}

// checkContained has the program read its configuration.
func (r *Running) checkContained(ctx context.Context, j job) error {
	if len(r.Recipe.check) == 0 {
		return nil
	}
	said, err := j.once(ctx, r.Program.filled(r.Recipe.check))
	if err != nil {
		return &ProgramError{r.Recipe.Name, "check the configuration", lastLines(said), err}
	}
	return nil
}

// learnVersion asks the program of a foreign image which one it is.
func (r *Running) learnVersion(ctx context.Context, j job) error {
	if j.order.image.foreign == nil {
		return nil
	}
	said, err := j.once(ctx, r.Recipe.version.args)
	if err != nil {
		return &ProgramError{r.Recipe.Name, "ask for the version", lastLines(said), err}
	}
	var warning string
	if r.Program.Version, warning = foreignVersion(r.Recipe, said); warning != "" {
		r.Warnings = append(r.Warnings, warning)
	}
	return nil
}

// once runs the program to its end, without a port, and returns what it said.
func (j job) once(ctx context.Context, args []string) (said string, err error) {
	j.order.publish = endpoint{}
	c, err := j.container(ctx, args)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	if err := c.start(ctx); err != nil {
		return "", err
	}
	select {
	case <-c.done:
		return c.output(), c.err
	case <-ctx.Done():
		return c.output(), ctx.Err()
	}
}
