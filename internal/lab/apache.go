package lab

import (
	"embed"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"
)

//go:embed apache/*.tmpl
var apacheFolder embed.FS

// apache is Apache httpd as Debian packages it, with mod_auth_openidc as a
// resource server. It fetches keys over https only, and checks the issuer's
// certificate.
//
// -X has it be one process, so that nothing is left when it is killed. Started
// as root it gives root up and works as another user, as it always does; with
// that the kernel forgets that it is to die with its harness, and a sweep at the
// next start ends it.
func apache() Recipe {
	config := append([]string{"-d", ".", "-f", "apache.conf"}, loadModules()...)
	return Recipe{
		Name:        "apache",
		Title:       "Apache httpd with mod_auth_openidc, keys fetched from the issuer",
		Program:     "apache2",
		Version:     "2.4",
		Install:     "apt-get install --no-install-recommends apache2 libapache2-mod-auth-openidc",
		KeySet:      FetchedKeys,
		SecureKeys:  true,
		FixedSkew:   true,
		MinKeyCache: 5 * time.Minute,
		places:      []string{"/usr/sbin", "/usr/local/sbin"},
		version: versionCommand{
			args:    []string{"-v"},
			pattern: regexp.MustCompile(`(?m)^Server version: Apache/(\S+)`),
		},
		parts:     apacheParts(),
		templates: folder(apacheFolder, "apache"),
		config:    "apache.conf.tmpl",
		quote:     quoteApache,
		check:     append([]string{"-t"}, config...),
		run:       append([]string{"-X"}, config...),
	}
}

// apacheModules are what the configuration needs, in the order of loading.
func apacheModules() []string {
	return []string{"mpm_event", "authn_core", "authz_core", "authz_user", "proxy", "proxy_http", "auth_openidc"}
}

// loadModules are the arguments that load the modules from where they were found.
func loadModules() []string {
	var args []string
	for _, m := range apacheModules() {
		args = append(args, "-C", fmt.Sprintf(`LoadModule %s_module "{%s}"`, m, m))
	}
	return args
}

func apacheParts() []part {
	var parts []part
	for _, m := range apacheModules() {
		p := part{name: m, file: "mod_" + m + ".so", places: []string{"/usr/lib/apache2/modules"}}
		if m == "auth_openidc" {
			p.product, p.tried, p.version = "mod_auth_openidc", "2.4.12", openidcVersion
		}
		parts = append(parts, p)
	}
	return parts
}

// openidcPattern is what the module calls itself in its messages.
var openidcPattern = regexp.MustCompile(`mod_auth_openidc-([0-9][0-9.]*)`)

// openidcVersion reads the version of mod_auth_openidc out of its file: it
// tells it to nobody but the log.
func openidcVersion(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	m := openidcPattern.FindSubmatch(text)
	if m == nil {
		return "", errors.New("the file names no version")
	}
	return string(m[1]), nil
}

// quoteApache writes a word of a Require line, which Apache reads as a string
// of its expression language: a backslash takes the meaning off the next
// character, and $1 and %{…} are filled in. ${…} is filled in everywhere and
// cannot be written.
func quoteApache(s string) (string, error) {
	if s == "" || strings.ContainsAny(s, "\"' \t\r\n\x00") || strings.Contains(s, "${") {
		return "", fmt.Errorf("lab: apache: %q cannot be written without quotes", s)
	}
	return strings.NewReplacer(`\`, `\\`, `$`, `\$`, `%`, `\%`).Replace(s), nil
}
