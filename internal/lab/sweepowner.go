package lab

import (
	"fmt"
	"strconv"
	"strings"
)

// owner is a process, such that no other process of any machine is it.
type owner struct {
	boot  string // of the system's start
	space string // of the process numbers
	pid   int
	start string // of the process
}

// String writes the owner for a label.
func (o owner) String() string {
	return strings.Join([]string{o.boot, o.space, strconv.Itoa(o.pid), o.start}, "/")
}

func parseOwner(text string) (owner, error) {
	words := strings.Split(text, "/")
	if len(words) != 4 {
		return owner{}, fmt.Errorf("lab: owner %q: expected four words, got %d", text, len(words))
	}
	pid, err := strconv.Atoi(words[2])
	if err != nil {
		return owner{}, fmt.Errorf("lab: owner %q: %w", text, err)
	}
	return owner{words[0], words[1], pid, words[3]}, nil
}
