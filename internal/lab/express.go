package lab

import (
	"embed"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
)

//go:embed express/*.tmpl express/server.js
var expressFolder embed.FS

// express is express-jwt on Node, the keys fetched by jwks-rsa and the request
// forwarded by http-proxy-middleware. The application is rendered beside its
// configuration; the libraries are a part.
func express() Recipe {
	return Recipe{
		Name:    "express-jwt",
		Title:   "express-jwt and jwks-rsa on Node, keys fetched from the issuer",
		Program: "node",
		Version: "20",
		Install: "apt-get install nodejs",
		KeySet:  FetchedKeys,
		version: versionCommand{
			args:    []string{"--version"},
			pattern: regexp.MustCompile(`^v(\S+)`),
		},
		parts: []part{{
			name: "modules", file: "node_modules",
			install: "npm install --prefix .lab/express-jwt express@5.3.0 express-jwt@8.5.1 http-proxy-middleware@3.0.10 jwks-rsa@4.1.0",
			product: "express-jwt", tried: "8.5", version: expressVersion,
		}},
		templates: folder(expressFolder, "express"),
		config:    "express.json.tmpl",
		quote:     quoteYAML,
		run:       []string{"--max-http-header-size=32768", "server.js", "express.json"},
		env:       []string{"NODE_PATH={modules}", "NODE_ENV=production"},
		inherits:  true,
	}
}

// expressVersion reads which express-jwt is among the modules.
func expressVersion(modules string) (string, error) {
	text, err := os.ReadFile(filepath.Join(modules, "express-jwt", "package.json"))
	if err != nil {
		return "", err
	}
	var manifest struct {
		Version string `json:"version"`
	}
	err = json.Unmarshal(text, &manifest)
	return manifest.Version, err
}
