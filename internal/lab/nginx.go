package lab

import (
	"embed"
	"encoding/json"
	"regexp"
)

//go:embed nginx/*.tmpl
var nginxFolder embed.FS

// nginx is nginx as Debian packages it, with the njs module and a validator in
// plain JavaScript. The keys stand in the script, so a new key is a restart.
//
// It could inherit its socket, but then only with a worker beside the master,
// and the worker would outlive a master that is killed. As one process it ends
// with the harness and is told a port.
func nginx() Recipe {
	module := `load_module "{module}";`
	return Recipe{
		Name:    "nginx",
		Title:   "nginx with auth_request and a validator in JavaScript (njs)",
		Program: "nginx",
		Version: "1.22",
		Install: "apt-get install --no-install-recommends nginx libnginx-mod-http-js",
		KeySet:  StaticKeys,
		places:  []string{"/usr/sbin", "/usr/local/sbin"},
		version: versionCommand{
			args:    []string{"-v"},
			pattern: regexp.MustCompile(`(?m)^nginx version: nginx/(\S+)`),
		},
		parts: []part{{
			name:   "module",
			file:   "ngx_http_js_module.so",
			places: []string{"/usr/lib/nginx/modules", "/usr/share/nginx/modules"},
		}},
		templates: folder(nginxFolder, "nginx"),
		config:    "nginx.conf.tmpl",
		quote:     quoteJavaScript,
		check:     []string{"-t", "-q", "-p", ".", "-e", "stderr", "-c", "nginx.conf", "-g", module},
		run:       []string{"-p", ".", "-e", "stderr", "-c", "nginx.conf", "-g", module},
	}
}

// quoteJavaScript writes a string literal; JSON's strings are among them.
func quoteJavaScript(s string) (string, error) {
	b, err := json.Marshal(s)
	return string(b), err
}
