package lab

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

//go:embed haproxy/*.tmpl
var haproxyFolder embed.FS

// haproxy is HAProxy as Debian packages it. It knows no key set: the public
// keys are files named in its configuration, so a new key is a restart.
func haproxy() Recipe {
	return Recipe{
		Name:    "haproxy",
		Title:   "HAProxy with jwt_verify, one PEM file per key",
		Program: "haproxy",
		Version: "2.6",
		Install: "apt-get install haproxy",
		KeySet:  StaticKeys,
		places:  []string{"/usr/sbin", "/usr/local/sbin"},
		version: versionCommand{
			args:    []string{"-v"},
			pattern: regexp.MustCompile(`(?m)^HA-?Proxy version (\S+)`),
		},
		templates: folder(haproxyFolder, "haproxy"),
		config:    "haproxy.cfg.tmpl",
		quote:     quoteHAProxy,
		check:     []string{"-c", "-f", "haproxy.cfg"},
		run:       []string{"-db", "-f", "haproxy.cfg"},
		inherits:  true,
	}
}

// quoteHAProxy writes a word in single quotes, between which HAProxy takes
// every character as it is and which a single quote ends.
func quoteHAProxy(s string) (string, error) {
	if strings.ContainsAny(s, "'\r\n\x00") {
		return "", fmt.Errorf("lab: haproxy: %q cannot be written between single quotes", s)
	}
	return "'" + s + "'", nil
}

// folder returns one folder of an embedded file system.
func folder(files embed.FS, name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic("lab: " + err.Error())
	}
	return sub
}
