package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// server is one issuer as it is started and asked.
type server struct {
	name, version string
	command       func(ctx context.Context, addr string) *exec.Cmd
	// keySet, discovery and token are paths.
	keySet, discovery, token string
}

// title is the name with the version, where there is one.
func (s server) title() string { return strings.TrimSpace(s.name + " " + s.version) }

// The tenant, API and client of directory.yaml. The peers take any.
const (
	tenant = "7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40"
	client = "0d2c0000-0001-4c11-8000-00000000d001"
	secret = "a secret that is only measured with"
	scope  = "api://orders.dev/.default"
)

// tokenRequest is the same for all but its path.
func (s server) tokenRequest() []byte {
	return post(s.token, url.Values{
		"grant_type": {"client_credentials"}, "client_id": {client}, "client_secret": {secret}, "scope": {scope},
	}.Encode())
}

// issuer is the built program as people run it, with keys that are kept.
func issuer(program, directory, keys string) server {
	return server{
		name: "entraproof", keySet: "/" + tenant + "/discovery/v2.0/keys", token: "/" + tenant + "/oauth2/v2.0/token",
		discovery: "/" + tenant + "/v2.0/.well-known/openid-configuration",
		command: func(ctx context.Context, addr string) *exec.Cmd {
			cmd := exec.CommandContext(ctx, program, "serve", "issuer", "--issuer-addr", addr, "--keys", keys, "--directory", directory)
			cmd.Env = append(os.Environ(), "PEERS_CLIENT_SECRET="+secret)
			return cmd
		},
	}
}

// nameOfNPM is the name of the npm package.
const nameOfNPM = "oauth2-mock-server"

// oauth2MockServer is the npm package in the folder npm, with a key that it
// saves in folder first, as its users do.
func oauth2MockServer(ctx context.Context, npm, folder string) (server, error) {
	s := server{name: nameOfNPM, keySet: "/jwks", token: "/token", discovery: "/.well-known/openid-configuration"}
	program, err := filepath.Abs(filepath.Join(npm, "node_modules", nameOfNPM, "dist", nameOfNPM+".mjs"))
	if err != nil {
		return s, fmt.Errorf("peers: %w", err)
	}
	with := func(more ...string) func(context.Context, string) *exec.Cmd {
		return func(ctx context.Context, addr string) *exec.Cmd {
			host, port, _ := net.SplitHostPort(addr) // ours
			cmd := exec.CommandContext(ctx, "node", append([]string{program, "-a", host, "-p", port}, more...)...)
			cmd.Dir = folder
			return cmd
		}
	}
	version, err := packageVersion(npm, nameOfNPM)
	if err != nil {
		return s, err
	}
	node, err := runtimeVersion(ctx, "node", "--version")
	if err != nil {
		return s, err
	}
	s.version = version + ", Node " + node
	s.command = with("--save-jwk")
	p, err := start(ctx, s)
	if err != nil {
		return s, err
	}
	if err := p.stop(); err != nil {
		return s, err
	}
	keys, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(keys) != 1 {
		return s, fmt.Errorf("peers: expected one saved key of %s, got %d: %w", nameOfNPM, len(keys), err)
	}
	s.command = with("--jwk", keys[0])
	return s, nil
}

// navikt is mock-oauth2-server out of a folder of jars, with the web server that
// it starts by default. That one closes the connection after each answer; its
// other one keeps it and delays each answer by 40 ms, because it writes head and
// body apart and leaves Nagle's algorithm on.
func navikt(ctx context.Context, jars string) (server, error) {
	s := server{
		name: "navikt mock-oauth2-server", keySet: "/default/jwks", token: "/default/token", discovery: "/default/.well-known/openid-configuration",
		command: func(ctx context.Context, addr string) *exec.Cmd {
			host, port, _ := net.SplitHostPort(addr) // ours
			cmd := exec.CommandContext(ctx, "java", "-cp", filepath.Join(jars, "*"), "no.nav.security.mock.oauth2.StandaloneMockOAuth2ServerKt")
			cmd.Env = append(os.Environ(), "SERVER_HOSTNAME="+host, "SERVER_PORT="+port)
			return cmd
		},
	}
	version, err := jarVersion(jars, "mock-oauth2-server")
	if err != nil {
		return s, err
	}
	java, err := runtimeVersion(ctx, "java", "-version")
	if err != nil {
		return s, err
	}
	s.version = version + ", Java " + java
	return s, nil
}

// packageVersion is the version of an installed npm package.
func packageVersion(npm, name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(npm, "node_modules", name, "package.json"))
	if err != nil {
		return "", fmt.Errorf("peers: %s: %w", name, err)
	}
	var p struct {
		Version string `json:"version"`
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return "", fmt.Errorf("peers: %s: %w", name, err)
	}
	return p.Version, nil
}

// jarVersion is the version in the name of a jar.
func jarVersion(jars, name string) (string, error) {
	files, err := filepath.Glob(filepath.Join(jars, name+"-[0-9]*.jar"))
	if err != nil || len(files) != 1 {
		return "", fmt.Errorf("peers: expected one jar of %s, got %d: %w", name, len(files), err)
	}
	return strings.TrimSuffix(strings.TrimPrefix(filepath.Base(files[0]), name+"-"), ".jar"), nil
}

// runtimeVersion is the first version number that a command prints.
func runtimeVersion(ctx context.Context, name, flag string) (string, error) {
	out, err := exec.CommandContext(ctx, name, flag).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("peers: %s %s: %w", name, flag, err)
	}
	version := regexp.MustCompile(`[0-9]+(\.[0-9]+)+`).Find(out)
	if version == nil {
		return "", fmt.Errorf("peers: %s %s: expected a version, got %q", name, flag, bytes.TrimSpace(out))
	}
	return string(version), nil
}
