package lab

import (
	"context"
	"io/fs"
	"regexp"
	"time"
)

// Recipe is what the lab has to know of one gateway: the program and its
// folder of configuration templates.
type Recipe struct {
	Name    string // the word on the command line
	Title   string // one line for people
	Program string // the executable's name
	Version string // the version that was tried: "2.6" stands for any 2.6.x
	Install string // the command that adds the program to a machine

	// KeySet is what the capability jwks of a target says of this gateway:
	// "static" keys are written into its configuration, "fetched" ones are
	// asked of the issuer.
	KeySet KeySet
	// Skew is the clock difference that the program tolerates unless told
	// otherwise.
	Skew time.Duration

	places  []string       // folders that are looked into after PATH
	ask     []string       // a command that prints the program's path, the last resort
	version versionCommand // how the program says its version

	templates fs.FS  // the recipe's folder
	config    string // the template that the program reads; ".tmpl" is cut off
	// quote writes a text as one word of the configuration language.
	quote func(string) (string, error)

	check []string // arguments that have the program read its configuration and exit
	run   []string // arguments that run it in the foreground

	// inherits is set for a program that is handed its listening socket as
	// file descriptor 3. Others are told a port that may be 0 and say in
	// address, once they listen, which one they got.
	inherits bool
	address  func(ctx context.Context, dir string) (string, error)
}

// KeySet is where a gateway has its keys from.
type KeySet string

// The two values, in the words of the target file.
const (
	StaticKeys  KeySet = "static"
	FetchedKeys KeySet = "fetched"
)

// versionCommand is how a program is asked for its version. The first group of
// pattern is the version.
type versionCommand struct {
	args    []string
	pattern *regexp.Regexp
}

// inheritedListener is the file descriptor of the listening socket in a
// program that inherits it.
const inheritedListener = 3
