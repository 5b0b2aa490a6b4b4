package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
	"github.com/entraproof/entraproof/scenarios"
)

// order is one token to make.
type order struct {
	target *targets.File
	// grant is the genuine token to start from; nil: none.
	grant  *mint.Grant
	steps  mint.Steps
	forged bool
	// former: the mock that the target's gateways trusted once issues it.
	former bool
	// home, other and gateway are what placeholders stand for, user the grant
	// of the user at home, where a placeholder asks for it.
	setting scenarios.Setting
	user    *mint.Grant
	// control is the grant of the token that the row leans on, where there is one.
	control *mint.Grant
	// notes are for people.
	notes []string
}

// make gets the genuine token and takes it through the steps.
func (o *order) make(ctx context.Context, source engine.Source) (string, error) {
	genuine, err := o.genuine(ctx, source, o.grant)
	if err != nil {
		return "", err
	}
	if o.steps.Len() == 0 && !o.forged {
		return genuine, nil
	}
	own, err := mint.NewKey(nil, time.Now())
	if err != nil {
		return "", fmt.Errorf("a key of our own: %w", err)
	}
	scope, err := o.scope(ctx, source, own)
	if err != nil {
		return "", err
	}
	bench := mint.Bench{Scope: scope, Tenant: o.setting.Target.Tenant.ID, Own: own, Forged: o.forged}
	if o.grant != nil {
		bench.Tenant = o.grant.Tenant
	}
	bench.Signer, _ = source.(mint.Signer)
	baked, err := o.steps.Bake(ctx, genuine, bench)
	if err != nil {
		return "", fmt.Errorf("make the token: %w", err)
	}
	if !baked.Changed {
		o.notes = append(o.notes, "the steps change nothing: this is the genuine token")
	}
	return baked.Token, nil
}

func (o *order) genuine(ctx context.Context, source engine.Source, g *mint.Grant) (string, error) {
	if g == nil {
		return "", nil
	}
	tokens, err := source.Genuine(ctx, []mint.Grant{*g})
	if err != nil {
		return "", fmt.Errorf("a genuine %s token: %w", g.Kind, err)
	}
	return tokens[0], nil
}

// scope is what placeholders stand for.
func (o *order) scope(ctx context.Context, source engine.Source, own *mint.Key) (value.Scope, error) {
	published, err := source.Keys(ctx, o.setting.Target.Tenant.ID)
	if err != nil {
		return nil, fmt.Errorf("the issuer's keys: %w", err)
	}
	setting := o.setting
	if len(published) > 0 {
		setting.Tenant = keyText(published[0])
	}
	setting.Own, setting.Now = keyText(own.Public("own")), time.Now()
	sub, err := o.genuine(ctx, source, o.user)
	if err == nil && sub != "" {
		_, payload, decodeErr := mint.Decode(sub)
		setting.UserSub, err = payload.GetText("sub"), decodeErr
	}
	if err != nil {
		return nil, err
	}
	sibling, err := o.named(ctx, source, "sibling", o.grant)
	if err != nil {
		return nil, err
	}
	control, err := o.named(ctx, source, "control", o.control)
	if err != nil {
		return nil, err
	}
	return value.Chain(mint.Parts("sibling", sibling), mint.Parts("control", control), setting), nil
}

// named is another genuine token, where steps name it.
func (o *order) named(ctx context.Context, source engine.Source, name string, g *mint.Grant) (string, error) {
	if !slices.ContainsFunc(o.steps.Refs(), func(ref string) bool { return ref == name || strings.HasPrefix(ref, name+".") }) {
		return "", nil
	}
	return o.genuine(ctx, source, g)
}

func keyText(k mint.PublicKey) scenarios.KeyText {
	return scenarios.KeyText{KeyID: k.KeyID, PEM: k.PEM, DER: string(k.DER), CertificatePEM: k.CertificatePEM, JWK: k.JWK, FileName: k.FileName}
}

// decodeSteps reads a list of steps that stands in a flag.
func decodeSteps(flag string, text []byte) (mint.Steps, error) {
	n, err := document.Parse(flag, text)
	if err != nil {
		return mint.Steps{}, wrongUsage(err, "")
	}
	steps := mint.DecodeSteps(n)
	return steps, wrongUsage(n.Err(), "")
}

// claimSteps writes --set and --remove as steps; nil for neither.
func claimSteps(set, remove []string) ([]byte, error) {
	var problems []error
	var steps []value.Value
	claims := value.Dict()
	for _, text := range set {
		name, v, found := strings.Cut(text, "=")
		if !found || name == "" {
			problems = append(problems, misused("write --set aud=api://x", "--set: expected name=value, got %q", text))
			continue
		}
		claims = claims.Set(name, claimValue(v))
	}
	if len(claims.Members) > 0 {
		steps = append(steps, value.Dict(value.Member{Name: "set", Value: claims}))
	}
	if len(remove) > 0 {
		steps = append(steps, value.Dict(value.Member{Name: "remove", Value: value.Strings(remove...)}))
	}
	if len(steps) == 0 || len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return value.List(steps...).JSON(), nil
}

// claimValue is JSON where the text is that, else the text.
func claimValue(text string) value.Value {
	if v, err := value.ParseJSON([]byte(text)); err == nil {
		return v
	}
	return value.String(text)
}
