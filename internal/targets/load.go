package targets

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// Lookup finds the value of an environment variable; os.LookupEnv is one.
type Lookup func(name string) (string, bool)

// Load reads a target file; placeholders such as ${WORKER_SECRET} are filled
// from lookup.
func Load(path string, lookup Lookup) (*File, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("targets: cannot read the target file: %w", err)
	}
	return Parse(path, src, lookup)
}

// Parse reads a target file's text. All problems are reported at once, each
// with its position.
func Parse(path string, src []byte, lookup Lookup) (*File, error) {
	root, err := document.Parse(path, src)
	if err != nil {
		return nil, err
	}
	r := reader{lookup: lookup, file: &File{Path: path}, root: root}
	r.read()
	if err := root.Err(); err != nil {
		return nil, err
	}
	return r.file, nil
}

// reader fills a File from its document.
type reader struct {
	lookup Lookup
	file   *File
	root   *document.Node
}

func (r *reader) read() {
	f := r.root.Fields()
	if v := f.Need("version"); v != nil && v.Text() != "1" {
		v.Problemf("this entraproof reads version 1", "expected version 1, got %s", v.Text())
	}
	r.file.Name = f.Need("name").Str()
	r.tenant(f.Need("tenant"))
	r.tokens(f.Need("tokens"))
	r.apis(f.Need("apis"))
	r.environments(f.Need("environments"))
	r.clients(f.Need("clients"))
	r.users(f.Take("users"))
	r.accepted(f.Take("accepted"))
	r.supports(f.Take("supports"))
	r.file.OptIn = f.Take("opt-in").Bool()
	r.pace(f.Take("pace"))
	f.Rest()
	r.check()
}

func (r *reader) tenant(n *document.Node) {
	f := n.Fields()
	id := f.Need("id")
	t := Tenant{ID: guid(id), Other: guid(f.Take("other"))}
	t.Issuers = mint.EntraIssuers(t.ID)
	if own := f.Take("issuers"); own != nil {
		o := own.Fields()
		if v := o.Take("v1"); v != nil {
			t.Issuers.V1 = v.Str()
		}
		if v := o.Take("v2"); v != nil {
			t.Issuers.V2 = v.Str()
		}
		o.Rest()
	}
	f.Rest()
	r.file.Tenant = t
}

func (r *reader) apis(n *document.Node) {
	for _, m := range n.Members() {
		f := m.Value.Fields()
		a := &API{Name: m.Key, AppID: guid(f.Need("app-id")), URIs: f.Take("uris").Strings()}
		a.Version = version(f.Need("version"))
		a.Scopes, a.Roles = f.Take("scopes").Strings(), f.Take("roles").Strings()
		if k := f.Take("keys"); k != nil {
			a.OwnKeys = k.OneOf("keys", []string{"tenant", "app"}) == "app"
		}
		if a.Version == mint.V1 && len(a.URIs) == 0 {
			m.Value.Problemf("a v1 token carries the URI as aud", "registration %q is v1 and has no uris", m.Key)
		}
		f.Rest()
		r.file.APIs = append(r.file.APIs, a)
	}
	if n != nil && len(r.file.APIs) == 0 {
		n.Problemf("", "expected at least one registration")
	}
}

func version(n *document.Node) mint.Version {
	switch n.Text() {
	case "1", "v1", "1.0":
		return mint.V1
	case "2", "v2", "2.0":
		return mint.V2
	}
	n.Problemf("it is the registration's requestedAccessTokenVersion", "expected token version 1 or 2, got %q", n.Text())
	return mint.V2
}

func (r *reader) environments(n *document.Node) {
	for _, m := range n.Members() {
		f := m.Value.Fields()
		e := &Environment{Name: m.Key, Pos: m.KeyPos}
		if !isName(m.Key) {
			m.Value.Problemf("letters, digits, dots, dashes and underscores", "environment %q cannot stand in ids and headers", m.Key)
		}
		e.APIs = r.apiNames(f.Need("api"))
		e.Requires = requirement(f.Take("requires"))
		r.enforces(e, f.Take("enforces"), f.Take("fix"))
		for _, g := range f.Take("gateways").Items() {
			e.Gateways = append(e.Gateways, gateway(g))
		}
		e.routes(f.Take("routes"), m.Value)
		f.Rest()
		e.defaults()
		r.file.Environments = append(r.file.Environments, e)
	}
	if n != nil && len(r.file.Environments) == 0 {
		n.Problemf("", "expected at least one environment")
	}
}

// isName reports whether a name can stand in case ids, which go out in a
// header.
func isName(s string) bool {
	return s != "" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == ""
}

func (r *reader) apiNames(n *document.Node) []*API {
	var names []string
	for _, a := range r.file.APIs {
		names = append(names, a.Name)
	}
	nodes := []*document.Node{n}
	if n.Kind() == document.Sequence {
		nodes = n.Items()
	}
	if len(nodes) == 0 {
		n.Problemf("name one v1 and one v2 registration", "an environment without registration")
	}
	var all []*API
	seen := map[mint.Version]bool{}
	for _, node := range nodes {
		i := slices.Index(names, node.OneOf("registration", names))
		if i < 0 {
			continue
		}
		if seen[r.file.APIs[i].Version] {
			node.Problemf("name one v1 and one v2 registration", "a second %s registration", r.file.APIs[i].Version)
		}
		seen[r.file.APIs[i].Version] = true
		all = append(all, r.file.APIs[i])
	}
	return all
}

func requirement(n *document.Node) Requirement {
	f := n.Fields()
	q := Requirement{Scopes: f.Take("scopes").Strings(), Roles: f.Take("roles").Strings()}
	if c := f.Take("criteria"); c != nil {
		q.Any = c.OneOf("criteria", []string{"and", "or"}) == "or"
	}
	f.Rest()
	return q
}

func (r *reader) enforces(e *Environment, list, fix *document.Node) {
	if list != nil && fix != nil {
		fix.Problemf("fix: 1 is enforces: [audience, client]", "enforces and fix say the same thing, expected one of them")
	}
	if list != nil {
		e.Declared = true
		for _, item := range list.Items() {
			e.Enforces = append(e.Enforces, item.OneOf("check", declarable[:]))
		}
	}
	if fix != nil {
		e.Declared = true
		switch fix.Text() {
		case "1":
			e.Enforces = []string{"audience", "client"}
		case "2":
			e.Enforces = []string{"scope", "role"}
		case "both":
			e.Enforces = []string{"audience", "client", "scope", "role"}
		default:
			fix.Problemf("", "expected fix 1, 2 or both, got %q", fix.Text())
			return
		}
	}
	separates := func(c string) bool { return c != "issuer" && c != "tenant" }
	if e.Declared && !slices.ContainsFunc(e.Enforces, separates) {
		at := list
		if at == nil {
			at = fix
		}
		at.Problemf("add audience, client, scope or role", "environment %q enforces nothing that tells it from another", e.Name)
	}
}

func gateway(n *document.Node) Gateway {
	f := n.Fields()
	g := Gateway{URL: strings.TrimSuffix(address(f.Need("url")), "/"), Replicas: replicas(f.Take("replicas"))}
	if o := f.Take("origin"); o != nil {
		g.Origin = strings.TrimSuffix(address(o), "/")
	}
	if p := f.Take("plain-http"); p != nil {
		g.PlainHTTP = strings.TrimSuffix(address(p), "/")
	}
	f.Rest()
	return g
}

// replicas reads a list of host:port, where the same gateway is dialled.
func replicas(n *document.Node) []string {
	var all []string
	for _, item := range n.Items() {
		text := hostPort(item)
		if host, port, err := net.SplitHostPort(text); text != "" && (err != nil || host == "" || port == "") {
			item.Problemf("write 10.0.0.1:443", "expected host:port, got %q", text)
		}
		all = append(all, text)
	}
	return all
}

// hostPort is an address without quotes: between braces the YAML reader takes
// 10.0.0.1:443 for a mapping, although only a colon before a blank makes one
// (YAML 1.2, 7.3.3).
func hostPort(n *document.Node) string {
	if n.Kind() != document.Mapping {
		return n.Str()
	}
	m := n.Members()
	if len(m) != 1 {
		n.Problemf("write 10.0.0.1:443", "expected host:port, got a mapping")
		return ""
	}
	return m[0].Key + ":" + m[0].Value.Text()
}

func (e *Environment) routes(n, env *document.Node) {
	if n == nil {
		if e.Judged() {
			env.Problemf("routes: {home: GET /path}", "environment %q has a gateway and no home route", e.Name)
		}
		return
	}
	f := n.Fields()
	e.Home = route(f.Need("home"))
	if o := f.Take("other"); o != nil {
		other := route(o)
		e.Other = &other
	}
	f.Rest()
}

func route(n *document.Node) Route {
	if n.Kind() == document.Mapping {
		f := n.Fields()
		r := route(f.Need("request"))
		r.Scope = f.Take("scope").Str()
		f.Rest()
		return r
	}
	method, path, found := strings.Cut(n.Str(), " ")
	if n != nil && (!found || method == "" || !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " \t\r\n")) {
		n.Problemf("write GET /v1/ping", "expected a method and a path, got %q", n.Text())
	}
	return Route{Method: method, Path: path}
}

// defaults fills what a target may leave out: the scope and role of the
// registration.
func (e *Environment) defaults() {
	for _, a := range e.APIs {
		if len(e.Requires.Scopes) == 0 && len(a.Scopes) > 0 {
			e.Requires.Scopes = a.Scopes[:1]
		}
		if len(e.Requires.Roles) == 0 && len(a.Roles) > 0 {
			e.Requires.Roles = a.Roles[:1]
		}
	}
}

// address reads an absolute http or https URL.
func address(n *document.Node) string {
	text := n.Str()
	if n == nil || n.Kind() != document.String {
		return ""
	}
	u, err := url.Parse(text)
	switch {
	case err == nil && u.User != nil:
		n.Problemf("leave user and password out", "an address with credentials")
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.RawQuery != "" || u.Fragment != "":
		n.Problemf("write https://host[:port][/path]", "expected an http or https address, got %q", text)
	}
	return text
}

// guid reads an id such as Entra's; only its shape is checked.
func guid(n *document.Node) string {
	text := n.Str()
	if n == nil || n.Kind() != document.String {
		return ""
	}
	if !isGUID(text) {
		n.Problemf("", "expected a GUID, got %q", text)
	}
	return text
}

func isGUID(text string) bool {
	ok := len(text) == 36
	for i := 0; ok && i < len(text); i++ {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			ok = text[i] == '-'
			continue
		}
		_, err := strconv.ParseUint(text[i:i+1], 16, 8)
		ok = err == nil
	}
	return ok
}
