package targets

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
)

// defaultConcurrency keeps a staging gateway's access log readable.
const defaultConcurrency = 8

func (r *reader) clients(n *document.Node) {
	environments := r.environmentNames()
	for _, m := range n.Members() {
		f := m.Value.Fields()
		c := &Client{Name: m.Key, ID: guid(f.Need("id")), Authentication: "1"}
		if !isName(m.Key) {
			m.Value.Problemf("letters, digits, dots, dashes and underscores", "client %q cannot stand in ids and headers", m.Key)
		}
		r.credential(c, f.Take("credential"), m.Value)
		c.DisplayName = f.Take("display-name").Str()
		for _, e := range f.Take("contracts").Items() {
			c.Contracts = append(c.Contracts, e.OneOf("environment", environments))
		}
		for _, e := range f.Take("granted").Items() {
			c.Granted = append(c.Granted, e.OneOf("environment", environments))
		}
		f.Rest()
		if slices.ContainsFunc(r.file.Clients, func(o *Client) bool { return strings.EqualFold(o.ID, c.ID) }) {
			m.Value.Problemf("", "a second client with the id %s", c.ID)
		}
		r.file.Clients = append(r.file.Clients, c)
	}
}

func (r *reader) credential(c *Client, n, client *document.Node) {
	if n == nil {
		if r.file.Tokens.Entra != nil {
			client.Problemf("credential: {secret: \"${WORKER_SECRET}\"}", "client %q has no credential, and the real tenant asks for one", c.Name)
		}
		return
	}
	f := n.Fields()
	secret, certificate := f.Take("secret"), f.Take("certificate")
	if (secret == nil) == (certificate == nil) {
		n.Problemf("", "expected exactly one of secret and certificate")
	}
	if secret != nil {
		c.Secret = r.secret(secret)
	}
	if certificate != nil {
		c.Certificate, c.Authentication = r.secret(certificate), "2"
	}
	f.Rest()
}

// secret reads a value that must not stand in the file: one placeholder and
// nothing else. What stands there instead is not repeated: it may be a secret.
func (r *reader) secret(n *document.Node) string {
	text := n.Text()
	switch {
	case n == nil, strings.HasPrefix(text, "${") && strings.IndexByte(text, '}') == len(text)-1:
		return n.Env(r.lookup)
	case text == "" && n.Kind() != document.String:
		return n.Str()
	}
	n.Problemf("write \"${NAME}\" and set NAME in the environment", "a secret in clear")
	return ""
}

func (r *reader) users(n *document.Node) {
	if n == nil {
		return
	}
	for _, m := range n.Members() {
		f := m.Value.Fields()
		u := User{Name: m.Key, RefreshToken: r.secret(f.Need("refresh-token"))}
		for _, is := range f.Take("is").Items() {
			u.Is = append(u.Is, UserRole(is.OneOf("user", userRoleNames())))
		}
		f.Rest()
		r.file.Users = append(r.file.Users, u)
	}
}

func userRoleNames() []string {
	var names []string
	for _, r := range UserRoles() {
		names = append(names, string(r))
	}
	return names
}

func (r *reader) accepted(n *document.Node) {
	if n == nil {
		return
	}
	if n.Kind() == document.String {
		n.OneOf("mark", []string{"echo"})
		r.file.Accepted.Echo = true
		return
	}
	f := n.Fields()
	if e := f.Take("echo"); e != nil {
		r.file.Accepted = Accepted{Echo: true, EchoURL: strings.TrimSuffix(address(e), "/")}
	}
	if h := f.Take("header"); h != nil {
		r.file.Accepted.Header = map[string]string{}
		for _, m := range h.Members() {
			if m.Value.Text() == "" {
				m.Value.Problemf("write {header: {x-backend: orders}}", "a header without value is on every answer that lacks it")
			}
			r.file.Accepted.Header[http.CanonicalHeaderKey(m.Key)] = m.Value.Text()
		}
	}
	if b := f.Take("body"); b != nil {
		body := b.Fields()
		r.file.Accepted.Contains = body.Need("contains").Str()
		body.Rest()
	}
	f.Rest()
	if !r.file.Accepted.Echo && !r.file.Accepted.Marked() {
		n.Problemf("write accepted: echo, or {header: {x-backend: orders}}", "nothing says how an accepted request is known")
	}
}

func (r *reader) supports(n *document.Node) {
	if n == nil {
		return
	}
	for _, m := range n.Members() {
		r.file.Supports = append(r.file.Supports, Declaration{Key: m.Key, Value: declared(m.Value), Pos: m.KeyPos})
		CheckSupport(m)
	}
}

// declared is the text of a declaration; a list is joined by commas.
func declared(n *document.Node) string {
	if n.Kind() == document.Sequence {
		return strings.Join(n.Strings(), ",")
	}
	return n.Text()
}

func (r *reader) pace(n *document.Node) {
	r.file.Pace.Concurrency = defaultConcurrency
	if n == nil {
		return
	}
	f := n.Fields()
	if c := f.Take("concurrency"); c != nil {
		r.file.Pace.Concurrency = c.Int()
		if c.Int() < 1 || c.Int() > 256 {
			c.Problemf("", "expected a concurrency from 1 to 256, got %s", c.Text())
		}
	}
	if v := f.Take("rate"); v != nil {
		r.file.Pace.Rate = rate(v)
	}
	if b := f.Take("budget"); b != nil {
		r.file.Pace.Budget = b.Int()
		if b.Int() < 1 {
			b.Problemf("", "expected a budget of at least one request, got %s", b.Text())
		}
	}
	f.Rest()
}

// rate reads requests a second: 50/s, or 90/m.
func rate(n *document.Node) float64 {
	number, unit, _ := strings.Cut(n.Str(), "/")
	per, err := strconv.ParseFloat(number, 64)
	switch {
	case err == nil && per > 0 && unit == "s":
		return per
	case err == nil && per > 0 && unit == "m":
		return per / 60
	}
	n.Problemf("write 50/s or 90/m", "expected a rate, got %q", n.Text())
	return 0
}

// check refuses what no single member shows.
func (r *reader) check() {
	for _, e := range r.file.Environments {
		if e.Judged() && len(e.APIs) > 0 && r.file.Holder(e) == nil {
			at := r.root.Fields().Take("clients")
			at.Problemf("contracts: ["+e.Name+"], granted: ["+e.Name+"]", "no client has a contract and a grant for environment %q, which has a gateway", e.Name)
		}
	}
	if !slices.ContainsFunc(r.file.Environments, (*Environment).Judged) && len(r.file.Environments) > 0 {
		r.root.Fields().Take("environments").Problemf("gateways: [{url: https://…}]", "no environment has a gateway")
	}
}

func (r *reader) environmentNames() []string {
	var names []string
	for _, e := range r.file.Environments {
		names = append(names, e.Name)
	}
	return names
}
