package lab

import (
	"context"
	"fmt"
	"slices"

	"github.com/entraproof/entraproof/internal/targets"
)

// Target is the stand's target as an order's gateways are, with addresses that
// only their start makes true.
func (s *Stand) Target(o Order) *targets.File {
	file := *s.options.Target
	file.Name = o.Recipe.Name + "-" + string(o.Mode)
	file.Tokens = targets.Tokens{Mock: &targets.Mock{
		URL: s.Issuer.URL(), Management: s.Issuer.ManagementURL(), Token: s.Issuer.ManagementToken(),
	}}
	file.Accepted = targets.Accepted{Echo: true, EchoURL: s.EchoURL()}
	file.Supports = declarations(o.Recipe, o.Mode)
	file.Environments = nil
	for _, e := range s.options.Target.Environments {
		env := *e
		if !slices.Contains(o.Environments, e.Name) {
			env.Gateways = nil
		}
		declare(&env, o.Mode)
		file.Environments = append(file.Environments, &env)
	}
	return &file
}

// declarations are what the target of a lab's gateway declares: where its keys
// come from, the clock difference that it takes, and, for the fix by scope, that
// daemons are not admitted.
func declarations(r Recipe, m Mode) []targets.Declaration {
	all := []targets.Declaration{{Key: "jwks", Value: string(r.KeySet)}, {Key: "skew", Value: r.Skew.String()}}
	if m == FixedScope {
		all = append(all, targets.Declaration{Key: "app-tokens", Value: "false"})
	}
	return all
}

// declare says what a gateway in a fixed mode is meant to check. The faulty
// modes declare nothing: all is expected of them.
func declare(e *targets.Environment, m Mode) {
	switch m {
	case FixedAudience:
		e.Declared, e.Enforces = true, []string{"audience", "client"}
	case FixedScope:
		e.Declared, e.Enforces = true, []string{"scope"}
	case Broken, Leaky:
	}
}

// site is an environment as a gateway's configuration needs it.
func (s *Stand) site(ctx context.Context, e *targets.Environment, o Order) (Site, error) {
	f := s.options.Target
	site := SiteOf(f, e)
	site.IssuerURL, site.SecureURL, site.Authority = s.Issuer.URL(), s.Issuer.TLSURL(), s.Issuer.AuthorityPEM()
	site.Upstream, site.KeyCache = s.echo.Addr().String(), o.KeyCache
	published, err := s.Issuer.Keys(ctx, f.Tenant.ID)
	if err != nil {
		return site, fmt.Errorf("lab: the issuer's keys: %w", err)
	}
	for _, k := range published {
		site.Keys = append(site.Keys, Key{KeyID: k.KeyID, FileName: k.FileName, PEM: k.PEM})
	}
	return site, nil
}
