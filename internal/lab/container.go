package lab

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/ory/dockertest/v3/docker"
)

// What every container has in common.
const (
	labUser    = "10001" // the number of its user, who may do nothing else
	labUserID  = 10001
	labVolume  = "/lab"
	labHome    = labVolume + "/config" // its working directory, with the configuration
	insidePort = "8080"
	listenPort = docker.Port(insidePort + "/tcp")

	memoryLimit  = 1 << 30
	processLimit = 512
	logLimit     = "4m"
)

// container is a program in the engine.
type container struct {
	engine *Engine
	id     string
	log    *tail
	done   chan struct{} // closed when the program has ended
	err    error         // how it ended; valid once done is closed
	// cancel ends the following; nil as long as the program was not started.
	cancel context.CancelFunc
}

// containerOrder says what runs in a container.
type containerOrder struct {
	gateway string
	image   image
	args    []string
	env     []string
	dir     string   // a folder of this machine, copied to labHome; "": none
	publish endpoint // where it answers; the zero endpoint: nowhere
}

// create makes a container and copies its configuration into it.
func (e *Engine) create(ctx context.Context, o containerOrder) (*container, error) {
	made, err := e.pool.Client.CreateContainer(docker.CreateContainerOptions{
		Name:       fmt.Sprintf("%s%s-%s-%d", resources, e.run, o.gateway, e.count.Add(1)),
		Config:     e.containerConfig(o),
		HostConfig: e.hostConfig(o), Context: ctx,
	})
	if err != nil {
		return nil, e.failed("make a container", err)
	}
	c := &container{engine: e, id: made.ID, log: &tail{}, done: make(chan struct{})}
	if err := c.fill(ctx, o); err != nil {
		return nil, errors.Join(e.failed("copy the configuration", err), c.stop())
	}
	return c, nil
}

func (e *Engine) containerConfig(o containerOrder) *docker.Config {
	return &docker.Config{
		Image: o.image.id, Entrypoint: []string{o.image.program}, Cmd: o.args, Env: o.env,
		User: labUser + ":" + labUser, WorkingDir: labHome, Labels: e.labels(),
		ExposedPorts: map[docker.Port]struct{}{listenPort: {}},
		// Both are removed with the container. What an image has below them is
		// copied into them first.
		Volumes: map[string]struct{}{labVolume: {}, "/tmp": {}},
	}
}

func (e *Engine) hostConfig(o containerOrder) *docker.HostConfig {
	h := &docker.HostConfig{
		NetworkMode: e.network.id, ExtraHosts: []string{issuerHost + ":" + e.network.host},
		ReadonlyRootfs: o.image.foreign == nil, CapDrop: []string{"ALL"}, SecurityOpt: []string{"no-new-privileges"},
		Memory: memoryLimit, PidsLimit: processLimit,
		LogConfig: docker.LogConfig{Type: "json-file", Config: map[string]string{"max-size": logLimit}},
	}
	if o.publish.Host != "" {
		port := ""
		if o.publish.Port != 0 {
			port = strconv.Itoa(int(o.publish.Port))
		}
		h.PortBindings = map[docker.Port][]docker.PortBinding{listenPort: {{HostIP: o.publish.Host, HostPort: port}}}
	}
	return h
}

// fill copies the configuration in, and what a foreign image lacks.
func (c *container) fill(ctx context.Context, o containerOrder) error {
	if o.dir != "" {
		err := c.upload(ctx, labVolume, func(w *tar.Writer) error { return packFolder(w, o.dir, "config", labUserID) })
		if err != nil {
			return err
		}
	}
	if o.image.foreign == nil || len(o.image.foreign.entries) == 0 {
		return nil
	}
	return c.upload(ctx, "/", func(w *tar.Writer) error { return o.image.foreign.pack(w, "") })
}

// upload copies files into the container, below path.
func (c *container) upload(ctx context.Context, path string, pack func(*tar.Writer) error) error {
	r, end := stream(pack)
	err := c.engine.pool.Client.UploadToContainer(c.id, docker.UploadToContainerOptions{InputStream: r, Path: path, Context: ctx})
	if ended := end(); err == nil || !errors.Is(ended, errUnwanted) {
		err = errors.Join(err, ended)
	}
	return err
}

// start runs the program and follows it to its end.
func (c *container) start(ctx context.Context) error {
	if err := c.engine.pool.Client.StartContainerWithContext(c.id, nil, ctx); err != nil {
		return c.engine.failed("start the container", err)
	}
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c.cancel = cancel
	go c.follow(life)
	return nil
}

// follow keeps the end of what the program prints, until it ends.
func (c *container) follow(ctx context.Context) {
	defer close(c.done)
	client := c.engine.pool.Client
	logErr := client.Logs(docker.LogsOptions{
		Container: c.id, Follow: true, Stdout: true, Stderr: true, OutputStream: c.log, ErrorStream: c.log, Context: ctx,
	})
	code, err := client.WaitContainerWithContext(c.id, ctx)
	switch {
	case err != nil:
		c.err = c.engine.failed("wait for the container", errors.Join(logErr, err))
	case code != 0:
		c.err = c.exit(ctx, code)
	}
}

// exit is how a program ended that did not end well.
func (c *container) exit(ctx context.Context, code int) error {
	e := &exitError{code: code}
	if info, err := c.engine.pool.Client.InspectContainerWithContext(c.id, ctx); err == nil {
		e.outOfMemory = info.State.OOMKilled
	}
	return e
}

// exitError says how a program in a container ended.
type exitError struct {
	code        int
	outOfMemory bool
}

// Error names the code.
func (e *exitError) Error() string {
	if e.outOfMemory {
		return fmt.Sprintf("exit status %d: it used more than %d MiB of memory", e.code, memoryLimit>>20)
	}
	return fmt.Sprintf("exit status %d", e.code)
}

// stop ends the program at once and removes the container.
func (c *container) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), removeLimit)
	defer cancel()
	err := c.engine.removeContainer(ctx, c.id)
	if c.cancel != nil {
		c.cancel()
		<-c.done
	}
	return err
}

func (c *container) output() string            { return c.log.String() }
func (c *container) finished() <-chan struct{} { return c.done }
func (c *container) outcome() error            { return c.err }

// errNoPort says that a container's port is not published yet.
var errNoPort = errors.New("lab: the container's port is not published yet")

// address is where the container answers.
func (c *container) address(ctx context.Context) (string, error) {
	info, err := c.engine.pool.Client.InspectContainerWithContext(c.id, ctx)
	if err != nil {
		return "", c.engine.failed("look at the container", err)
	}
	for _, b := range info.NetworkSettings.Ports[listenPort] {
		return net.JoinHostPort(b.HostIP, b.HostPort), nil
	}
	return "", errNoPort
}
