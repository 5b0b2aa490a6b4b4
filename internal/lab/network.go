package lab

import (
	"context"
	"errors"
	"net"
	"net/netip"

	"github.com/ory/dockertest/v3/docker"
)

// bridge is the network of a run.
type bridge struct {
	id string
	// host is this machine's address on it, at which the forwarders listen.
	host string
}

// resources are what the name of everything that the lab makes begins with.
const resources = "entraproof-lab-"

// openNetwork makes the run's network and finds this machine's address on it.
func (e *Engine) openNetwork(ctx context.Context) error {
	made, err := e.pool.Client.CreateNetwork(docker.CreateNetworkOptions{
		Name: resources + e.run, Driver: "bridge", CheckDuplicate: true, Labels: e.labels(), Context: ctx,
	})
	if err != nil {
		return e.failed("make a network", err)
	}
	e.network = &bridge{id: made.ID}
	info, err := e.pool.Client.NetworkInfo(made.ID)
	if err != nil {
		return e.failed("look at the network", err)
	}
	if e.network.host, err = hostAddress(info); err != nil {
		return &EngineError{EngineElsewhere, "find this machine's address on the network", err}
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(e.network.host, "0"))
	if err != nil {
		return &EngineError{EngineElsewhere, "listen on the network", err}
	}
	return l.Close()
}

// errNoHost says that a network has no address for the machine that it is on.
var errNoHost = errors.New("expected an IPv4 gateway address, got none")

func hostAddress(n *docker.Network) (string, error) {
	for _, c := range n.IPAM.Config {
		if a, err := netip.ParseAddr(c.Gateway); err == nil && a.Is4() {
			return c.Gateway, nil
		}
	}
	return "", errNoHost
}

// reachable is a host:port by which containers reach an address of this
// machine's loopback.
func (e *Engine) reachable(ctx context.Context, address string) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if f := e.forwards[address]; f != nil {
		return f.address(), nil
	}
	f, err := forward(ctx, net.JoinHostPort(e.network.host, "0"), address)
	if err != nil {
		return "", &EngineError{EngineElsewhere, "listen on the network", err}
	}
	e.forwards[address] = f
	return f.address(), nil
}
