package lab

import (
	"context"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
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

	// SecureKeys is set for a gateway that fetches keys over https only. It is
	// given the issuer's authority in the file issuer-ca.pem.
	SecureKeys bool
	// FixedSkew is set for a program whose tolerance cannot be configured.
	FixedSkew bool
	// MinKeyCache is the shortest time that the program can be told to keep
	// fetched keys; a site that asks for less gets that.
	MinKeyCache time.Duration

	places  []string       // folders that are looked into after PATH
	ask     []string       // a command that prints the program's path, the last resort
	version versionCommand // how the program says its version
	parts   []part         // what the program needs beside it
	// files are globs of what an image of the program holds beside itself, its
	// parts and the libraries of both: modules, tables of types. A relative one
	// begins at the folder of the program, links followed.
	files []string

	templates fs.FS  // the recipe's folder
	config    string // the template that the program reads; ".tmpl" is cut off
	// quote writes a text as one word of the configuration language.
	quote func(string) (string, error)

	check []string // arguments that have the program read its configuration and exit
	run   []string // arguments that run it in the foreground
	// env is what the program's environment holds; "$FD" stands for the number
	// of the inherited socket, and an entry that has it is left out without one.
	// Arguments and entries may hold {NAME}, which stands for the path of a part.
	env []string

	// inherits is set for a program that is handed its listening socket as
	// file descriptor 3. Others are told a port that may be 0 and say in
	// address, once they listen, which one they got.
	inherits bool
	address  func(ctx context.Context, dir string) (string, error)

	startLimit time.Duration // how long it may take to start; 0: startLimit
}

// part is something that a program needs beside it and that is not in its
// Debian package: a module, an application.
type part struct {
	name string // what templates and arguments call it
	// file is its path below .lab/NAME, or below one of the places.
	file   string
	places []string
	// install adds it; empty: the recipe's Install does.
	install string
	// version reads from the part at path which version of product it holds;
	// tried is the one that the recipe was tried with. A part without product
	// is not asked.
	version        func(path string) (string, error)
	product, tried string
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

// environment is what the program's environment holds beside the harness's own.
func (r Recipe) environment(inherits bool) []string {
	var all []string
	for _, entry := range r.env {
		if inherits || !strings.Contains(entry, descriptorWord) {
			all = append(all, strings.ReplaceAll(entry, descriptorWord, strconv.Itoa(inheritedListener)))
		}
	}
	return all
}

// descriptorWord stands in an environment entry for the inherited socket.
const descriptorWord = "$FD"

// filled puts paths in the places of parts.
func (p Program) filled(args []string) []string {
	filled := make([]string, len(args))
	for i, arg := range args {
		for name, path := range p.Parts {
			arg = strings.ReplaceAll(arg, "{"+name+"}", path)
		}
		filled[i] = arg
	}
	return filled
}

// inheritedListener is the file descriptor of the listening socket in a
// program that inherits it.
const inheritedListener = 3
