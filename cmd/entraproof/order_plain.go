package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp/mint"
	"github.com/entraproof/entraproof/scenarios"
)

// plainOrder is the token that the flags describe: the environment's own, with
// whatever they say otherwise.
func (o mintOptions) plainOrder(file *targets.File) (*order, error) {
	home := file.Environments[0]
	if o.environment != "" {
		home = file.Environment(o.environment)
	}
	holder := file.Holder(home)
	if holder == nil {
		return nil, misused("choose another environment, or give a client a grant", "no client has a contract and a grant for environment %q", home.Name)
	}
	kind := o.kindAt(home)
	x := scenarios.Expansion{Target: file}
	grant, ok := x.ControlGrant(scenarios.Control{Environment: home.Name, Kind: kind, Client: holder.ID, Role: targets.Contracted, Route: "home"})
	if !ok {
		return nil, misused("leave --version out, or choose another environment", "environment %q has no %s registration", home.Name, kind.Version)
	}
	if err := o.override(file, &grant); err != nil {
		return nil, err
	}
	steps, err := o.readSteps()
	if err != nil {
		return nil, err
	}
	return &order{
		target: file, grant: &grant, steps: steps, forged: o.forged,
		setting: scenarios.Setting{Target: file, Home: home, Kind: kind, Gateway: firstGateway(home)},
	}, nil
}

func firstGateway(e *targets.Environment) targets.Gateway {
	if len(e.Gateways) == 0 {
		return targets.Gateway{}
	}
	return e.Gateways[0]
}

// kindAt is the kind that the flags ask for, v2 and app where they say nothing
// and the environment has it.
func (o mintOptions) kindAt(e *targets.Environment) mint.Kind {
	k := mint.Kind{Version: mint.Version(o.version), Subject: mint.Subject(cmp.Or(o.kind, string(mint.SubjectApp)))}
	if k.Version == "" {
		k.Version = mint.V1
		if e.API(mint.V2) != nil {
			k.Version = mint.V2
		}
	}
	return k
}

// override puts what the flags say into the grant.
func (o mintOptions) override(file *targets.File, g *mint.Grant) error {
	if err := o.overrideAPI(file, g); err != nil {
		return err
	}
	if o.client != "" {
		client, err := clientNamed(file, o.client)
		if err != nil {
			return err
		}
		g.Client = client
	}
	g.Audience = cmp.Or(o.audience, g.Audience)
	g.Tenant = cmp.Or(o.tenant, g.Tenant)
	g.Age, g.Token = mint.Age(o.age), mint.TokenType(o.token)
	if o.scopes != nil {
		g.Scopes = words(o.scopes)
	}
	if o.roles != nil {
		g.Roles = words(o.roles)
	}
	return nil
}

func (o mintOptions) overrideAPI(file *targets.File, g *mint.Grant) error {
	switch o.api {
	case "":
		return nil
	case string(mint.ARM), string(mint.Graph):
		g.WellKnown, g.Audience, g.Resource, g.Scopes = mint.WellKnown(o.api), "", "", nil
		return nil
	}
	known := []string{string(mint.ARM), string(mint.Graph)}
	for _, a := range file.APIs {
		if a.Name == o.api {
			g.Kind.Version, g.Audience, g.Resource, g.AppKey = a.Version, scenarios.Audience(a, ""), a.AppID, ""
			if a.OwnKeys {
				g.AppKey = a.AppID
			}
			return nil
		}
		known = append(known, a.Name)
	}
	return checkWord("--api", o.api, known)
}

// clientNamed is a client of the target, by name or id, or any GUID.
func clientNamed(file *targets.File, name string) (mint.Client, error) {
	var known []string
	for _, c := range file.Clients {
		if c.Name == name || strings.EqualFold(c.ID, name) {
			return mint.Client{ID: c.ID, Authentication: c.Authentication}, nil
		}
		known = append(known, c.Name)
	}
	if mint.IsGUID(name) {
		return mint.Client{ID: name, Authentication: "1"}, nil
	}
	return mint.Client{}, checkWord("--client", name, known)
}

// words drops the empty ones, so that ” asks for none.
func words(all []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(w string) bool { return w == "" })
}
