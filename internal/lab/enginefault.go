package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"syscall"

	"github.com/ory/dockertest/v3/docker"
	"github.com/ory/dockertest/v3/docker/pkg/jsonmessage"
)

// EngineProblem is what keeps a container engine from running gateways.
type EngineProblem string

// The problems that have a remedy of their own.
const (
	EngineMissing   EngineProblem = "no container engine answers"
	EngineForbidden EngineProblem = "the container engine may not be used"
	EngineOld       EngineProblem = "the container engine is too old"
	EngineFull      EngineProblem = "the container engine's disk is full"
	EngineElsewhere EngineProblem = "the container engine's network is not on this machine"
	EngineFailed    EngineProblem = "the container engine failed"
)

// Remedy is what to do about the problem; empty where nothing is known.
func (p EngineProblem) Remedy() string {
	switch p {
	case EngineMissing:
		return "start one with: apt-get install docker.io && dockerd &"
	case EngineForbidden:
		return "join its group with: usermod -aG docker $USER, and log in again; or use sudo"
	case EngineOld:
		return "the lab needs Docker 20.10 or later"
	case EngineFull:
		return "make room with: docker system prune"
	case EngineElsewhere:
		return "Docker Desktop, a rootless or a remote engine cannot reach issuer and echo of this process: use an engine on this machine"
	default:
		return ""
	}
}

// EngineError is returned when a container engine cannot be used.
type EngineError struct {
	Problem EngineProblem
	Doing   string // what was asked of it
	Err     error
}

// Error names the problem.
func (e *EngineError) Error() string {
	return fmt.Sprintf("lab: %s: %s: %v", e.Problem, e.Doing, e.Err)
}

// Unwrap returns what went wrong.
func (e *EngineError) Unwrap() error { return e.Err }

// refused is an error of the first question to the engine: of one that is not
// there, or that does not talk to this user.
func (e *Engine) refused(err error) error {
	problem := EngineMissing
	var answer *docker.Error
	switch {
	case errors.Is(err, fs.ErrPermission):
		problem = EngineForbidden
	case errors.As(err, &answer) && (answer.Status == http.StatusForbidden || answer.Status == http.StatusUnauthorized):
		problem = EngineForbidden
	case errors.As(err, &answer):
		problem = EngineFailed
	}
	return &EngineError{problem, "ask it for an answer", err}
}

// failed is an error of an engine that answered before.
func (e *Engine) failed(doing string, err error) error {
	if full(err) {
		return &EngineError{EngineFull, doing, err}
	}
	return &EngineError{EngineFailed, doing, err}
}

// full reports whether a disk is full: this machine's, or the engine's, which
// tells it in words only.
func full(err error) bool {
	if errors.Is(err, syscall.ENOSPC) {
		return true
	}
	var said string
	var answer *docker.Error
	var progress *jsonmessage.JSONError
	switch {
	case errors.As(err, &answer):
		said = answer.Message
	case errors.As(err, &progress):
		said = progress.Message
	}
	return strings.Contains(said, noSpace)
}

// noSpace is how Linux says ENOSPC.
const noSpace = "no space left on device"
