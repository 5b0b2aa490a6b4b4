package mockidp

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// Recipe is a token, right or wrong on purpose: what a client would get, and
// what is done to it in the catalogue's vocabulary (design 12).
type Recipe struct {
	Grant mint.Grant `json:"grant"`
	// None: there is no genuine token; the steps make all of it.
	None bool `json:"none,omitempty"`
	// Forged: the genuine header and claims, signed by a key that the issuer
	// does not publish.
	Forged bool `json:"forged,omitempty"`
	// Steps is a token list as JSON or YAML, such as [{"set": {"aud": "x"}}].
	Steps json.RawMessage `json:"steps,omitempty"`
	// Values are what placeholders stand for, by their names. tenant.*, own.*,
	// token.* and now are known without.
	Values map[string]value.Value `json:"values,omitempty"`
}

// Mint is one token a recipe, in the same order.
func (i *Issuer) Mint(ctx context.Context, recipes []Recipe) ([]string, error) {
	if err := checkBatch(len(recipes)); err != nil {
		return nil, err
	}
	var problems []error
	batch := make([]prepared, len(recipes))
	for n, r := range recipes {
		p, err := i.prepare(r)
		if err != nil {
			problems = append(problems, wrongRequest("recipe %d: %w", n, err))
		}
		batch[n] = p
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return each(ctx, batch, i.bake)
}

// prepared is a recipe that has been read.
type prepared struct {
	recipe Recipe
	steps  mint.Steps
	order  order
	junk   [32]byte
}

func (i *Issuer) prepare(r Recipe) (prepared, error) {
	p := prepared{recipe: r, order: order{grant: r.Grant}}
	if !r.None {
		if err := r.Grant.Validate(); err != nil {
			return p, err
		}
	}
	if len(r.Steps) > 0 {
		n, err := document.Parse("steps", r.Steps)
		if err != nil {
			return p, err
		}
		p.steps = mint.DecodeSteps(n)
		if err := n.Err(); err != nil {
			return p, err
		}
	}
	return p, errors.Join(i.random(p.order.seed[:]), i.random(p.junk[:]))
}

// bake is the token that bakeBeside makes.
func (i *Issuer) bake(ctx context.Context, p prepared) (string, error) {
	baked, err := i.bakeBeside(ctx, p)
	return baked.Token, err
}

// bakeBeside issues the genuine token and takes it through the steps; the
// genuine one is kept beside it.
func (i *Issuer) bakeBeside(ctx context.Context, p prepared) (mint.Baked, error) {
	genuine := ""
	if !p.recipe.None {
		var err error
		if genuine, _, err = i.issue(p.order); err != nil {
			return mint.Baked{}, err
		}
	}
	bench := mint.Bench{
		Scope:  value.Chain(value.Map(p.recipe.Values), i.scope(p.recipe.Grant)),
		Signer: i, Tenant: p.recipe.Grant.Tenant, Forged: p.recipe.Forged, Rand: rand.NewChaCha8(p.junk),
	}
	if p.recipe.Forged || slices.Contains(p.steps.KeyNames(), mint.KeyOwn) {
		own, err := i.key(mint.KeyOwn)
		if err != nil {
			return mint.Baked{}, err
		}
		bench.Own = own
	}
	baked, err := p.steps.Bake(ctx, genuine, bench)
	if err == nil || errors.Is(err, ErrUnknownKey) {
		return baked, err
	}
	return mint.Baked{}, wrongRequest("%w", err)
}

// scope is what the issuer itself knows: now, tenant, next and own.
func (i *Issuer) scope(g mint.Grant) value.Scope {
	return value.ScopeFunc(func(path []string) (value.Value, error) {
		known := value.Map{"now": value.Int(i.cfg.Now().Unix())}
		switch path[0] {
		case "tenant":
			known["tenant.id"] = value.String(g.Tenant)
			known["tenant.issuer"] = value.String(i.Issuers(g.Tenant).Of(g.Kind.Version))
			addKey(known, "tenant", i.current().public()[0])
		case "next":
			if all := i.current().public(); len(all) > 1 {
				addKey(known, "next", all[1])
			}
		case "own":
			k, err := i.key(mint.KeyOwn)
			if err != nil {
				return value.Value{}, err
			}
			addKey(known, "own", k.Public(mint.KeyOwn))
		}
		return known.Lookup(path)
	})
}

// addKey puts a key in under OWNER.key and, short, under OWNER.
func addKey(m value.Map, owner string, k mint.PublicKey) {
	jwk, err := value.ParseJSON([]byte(k.JWK))
	if err != nil {
		panic("mockidp: a key of ours is no JSON: " + err.Error())
	}
	m[owner+".key"] = jwk
	for name, v := range map[string]value.Value{
		"kid": value.String(k.KeyID), "pem": value.String(k.PEM), "der": value.String(string(k.DER)),
		"cert": value.String(k.CertificatePEM), "jwk": jwk, "file": value.String(k.FileName),
	} {
		m[owner+"."+name], m[owner+".key."+name] = v, v
	}
	for _, member := range jwk.Members {
		m[owner+".jwk."+member.Name], m[owner+".key.jwk."+member.Name] = member.Value, member.Value
	}
}
