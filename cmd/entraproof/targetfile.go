package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// writeTargetFile writes a target as the file that reads as it. Secrets are
// never in it: the management token stands as a placeholder.
func writeTargetFile(w io.Writer, f *targets.File) error {
	t := targetText{}
	t.line("version: 1")
	t.line("name: %s", quoted(f.Name))
	t.line("tenant:")
	t.line("  id: %s", f.Tenant.ID)
	if f.Tenant.Other != "" {
		t.line("  other: %s", f.Tenant.Other)
	}
	t.line("  issuers: {v1: %s, v2: %s}", quoted(f.Tenant.Issuers.V1), quoted(f.Tenant.Issuers.V2))
	t.line("tokens:")
	t.line("  mock: {url: %s, management: %s, token: \"${%s}\"}", quoted(f.Tokens.Mock.URL), quoted(f.Tokens.Mock.Management), managementVariable)
	t.apis(f.APIs)
	t.environments(f.Environments)
	t.line("clients:")
	for _, c := range f.Clients {
		name := ""
		if c.DisplayName != "" {
			name = ", display-name: " + quoted(c.DisplayName)
		}
		t.line("  %s: {id: %s%s, contracts: %s, granted: %s}", c.Name, c.ID, name, list(c.Contracts), list(c.Granted))
	}
	t.accepted(f.Accepted)
	t.supports(f.Supports)
	if f.OptIn {
		t.line("opt-in: true")
	}
	if f.Pace.Concurrency > 0 {
		t.line("pace: {concurrency: %d}", f.Pace.Concurrency)
	}
	_, err := io.WriteString(w, t.String())
	return err
}

// targetText is a target file being written.
type targetText struct{ strings.Builder }

func (t *targetText) line(format string, a ...any) { fmt.Fprintf(t, format+"\n", a...) }

func (t *targetText) apis(all []*targets.API) {
	t.line("apis:")
	for _, a := range all {
		version := 1
		if a.Version == mint.V2 {
			version = 2
		}
		own := ""
		if a.OwnKeys {
			own = ", keys: app"
		}
		t.line("  %s: {app-id: %s, uris: %s, version: %d, scopes: %s, roles: %s%s}", a.Name, a.AppID, list(a.URIs), version, list(a.Scopes), list(a.Roles), own)
	}
}

func (t *targetText) environments(all []*targets.Environment) {
	t.line("environments:")
	for _, e := range all {
		var apis, gateways []string
		for _, a := range e.APIs {
			apis = append(apis, a.Name)
		}
		for _, g := range e.Gateways {
			gateways = append(gateways, "{url: "+quoted(g.URL)+"}")
		}
		t.line("  %s:", e.Name)
		t.line("    api: %s", list(apis))
		criteria := ""
		if e.Requires.Any {
			criteria = ", criteria: or"
		}
		t.line("    requires: {scopes: %s, roles: %s%s}", list(e.Requires.Scopes), list(e.Requires.Roles), criteria)
		if e.Declared {
			t.line("    enforces: %s", list(e.Enforces))
		}
		if len(gateways) > 0 {
			t.line("    gateways: [%s]", strings.Join(gateways, ", "))
		}
		t.routes(e)
	}
}

func (t *targetText) routes(e *targets.Environment) {
	switch {
	case e.Home.Path == "":
	case e.Other == nil:
		t.line("    routes: {home: %s}", quoted(e.Home.Method+" "+e.Home.Path))
	default:
		t.line("    routes: {home: %s, other: {request: %s, scope: %s}}", quoted(e.Home.Method+" "+e.Home.Path),
			quoted(e.Other.Method+" "+e.Other.Path), quoted(e.Other.Scope))
	}
}

func (t *targetText) accepted(a targets.Accepted) {
	switch {
	case a.EchoURL != "":
		t.line("accepted: {echo: %s}", quoted(a.EchoURL))
	case a.Echo:
		t.line("accepted: echo")
	}
}

func (t *targetText) supports(all []targets.Declaration) {
	var lines []string
	for _, d := range all {
		lines = append(lines, d.Key+": "+declaredText(d))
	}
	if len(lines) > 0 {
		t.line("supports: {%s}", strings.Join(lines, ", "))
	}
}

// declaredText writes a declared value as its capability's type wants it.
func declaredText(d targets.Declaration) string {
	c, _ := targets.CapabilityOf(d.Key)
	switch c.Type {
	case targets.BooleanType, targets.NumberType:
		return d.Value
	case targets.WordsType:
		return list(strings.Split(d.Value, ","))
	case targets.WordType, targets.DurationType:
	}
	return quoted(d.Value)
}

// quoted is a text as a double-quoted YAML string, which JSON's is.
func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic("entraproof: a string that is no JSON: " + err.Error())
	}
	return string(b)
}

// list is words as a YAML list.
func list(words []string) string {
	all := slices.Clone(words)
	for i, w := range all {
		all[i] = quoted(w)
	}
	return "[" + strings.Join(all, ", ") + "]"
}
