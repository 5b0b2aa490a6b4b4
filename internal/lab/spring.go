package lab

import (
	"archive/zip"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

//go:embed spring/*.tmpl
var springFolder embed.FS

// spring is Spring Cloud Gateway as an OAuth 2.0 resource server for two
// issuers. The application is built from the sources in the recipe's folder; the
// archive of classes beside it halves the time that it takes to start.
func spring() Recipe {
	return Recipe{
		Name:    "spring",
		Title:   "Spring Cloud Gateway with Spring Security, keys fetched from the issuer",
		Program: "java",
		Version: "17",
		Install: "apt-get install openjdk-17-jre-headless",
		KeySet:  FetchedKeys,
		Skew:    time.Minute,
		version: versionCommand{
			args:    []string{"-version"},
			pattern: regexp.MustCompile(`version "([^"]+)"`),
		},
		parts: []part{{
			name: "app", file: "app", install: "make .lab/spring/app",
			product: "Spring Cloud Gateway", tried: "5.0.3", version: springVersion,
		}},
		files:     springRuntime(),
		templates: folder(springFolder, "spring"),
		config:    "application.yaml.tmpl",
		quote:     quoteSpring,
		run: []string{
			"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx96m",
			"-XX:SharedArchiveFile={app}/app.jsa", "-Xlog:cds=off", "-Xlog:cds+dynamic=off",
			// What it would write elsewhere stays in the gateway's own folder, or is not written.
			"-Djava.io.tmpdir=.", "-XX:-UsePerfData",
			"-jar", "{app}/app.jar", "--spring.config.location=file:./application.yaml",
		},
		address:    springAddress,
		startLimit: time.Minute,
	}
}

// springRuntime is what the program needs of its Java runtime: neither windows
// nor sound.
func springRuntime() []string {
	files := []string{"../conf", "../lib/security", "../lib/server", "../lib/jvm.cfg", "../lib/modules", "../lib/tzdb.dat"}
	for _, name := range []string{
		"extnet", "instrument", "jaas", "java", "jimage", "jli", "jsig", "management", "management_ext", "net", "nio", "prefs", "rmi", "verify", "zip",
	} {
		files = append(files, "../lib/lib"+name+".so")
	}
	return files
}

// quoteSpring writes a YAML scalar in which Spring finds no placeholder.
func quoteSpring(s string) (string, error) {
	return quoteYAML(strings.ReplaceAll(s, "${", `\${`))
}

// springAddress reads the port that the application writes once it listens.
func springAddress(_ context.Context, dir string) (string, error) {
	host, err := os.ReadFile(filepath.Join(dir, "application.host"))
	if err != nil {
		return "", fmt.Errorf("lab: spring: read the host: %w", err)
	}
	port, err := os.ReadFile(filepath.Join(dir, "application.port"))
	if err != nil {
		return "", fmt.Errorf("lab: spring: read the port: %w", err)
	}
	address, err := parseEndpoint("address", net.JoinHostPort(string(host), string(port)))
	return address.String(), err
}

// springJar is the library by whose version the gateway goes.
var springJar = regexp.MustCompile(`lib/spring-cloud-gateway-server-webflux-([0-9][^/ ]*)\.jar`)

// errNoSpring says that the application is some other one.
var errNoSpring = errors.New("its manifest names no spring-cloud-gateway-server-webflux")

// springVersion reads from the application's manifest which gateway it holds.
func springVersion(app string) (string, error) {
	jar, err := zip.OpenReader(filepath.Join(app, "app.jar"))
	if err != nil {
		return "", err
	}
	defer func() { _ = jar.Close() }() // only read
	manifest, err := fs.ReadFile(jar, "META-INF/MANIFEST.MF")
	if err != nil {
		return "", err
	}
	// Lines of a manifest are broken at 72 bytes and go on after a blank.
	m := springJar.FindStringSubmatch(strings.NewReplacer("\r\n ", "", "\n ", "").Replace(string(manifest)))
	if m == nil {
		return "", errNoSpring
	}
	return m[1], nil
}
