package policy

import (
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/dataweave"
)

// inspected is an instance with what the rules ask about it, found once.
type inspected struct {
	Instance
	// environment is the one that its name or file speaks of.
	environment string
	places      []place
	admits      admits
}

// place is where a rule looks: one policy of one instance.
type place struct {
	in *inspected
	Applied
	// rules are the custom claims of JWT Validation that are checked at all.
	rules []claimRule
	// client is how it finds the client id.
	client clientReading
}

// claimRule is one custom claim.
type claimRule struct {
	CustomClaim
	// key is the list that it stands in, at its place there.
	key       string
	place     int
	mandatory bool
	// x is its value where that is an expression.
	x *expression
}

// inspect looks at each instance, and at each expression once.
func inspect(all []Instance) []*inspected {
	seen := expressions{}
	looked := make([]*inspected, len(all))
	for i := range all {
		in := &inspected{Instance: all[i], environment: all[i].environment()}
		for _, a := range in.Policies {
			p := place{in: in, Applied: a}
			if c, ok := a.Config.(*JWTValidation); ok {
				p.rules = seen.claimRules(c, in.dialect())
				p.client = clientReadingOf(seen.of(c.ClientIDExpression, in.dialect()))
			}
			in.places = append(in.places, p)
		}
		in.admits = in.admitted()
		looked[i] = in
	}
	return looked
}

// dialect is the DataWeave that an instance's expressions are taken for: a
// document of API Manager or Terraform may be for either product, and Mule's is
// the larger.
func (in *inspected) dialect() dataweave.Dialect {
	if in.Form == FlexYAML {
		return dataweave.Omni
	}
	return dataweave.Mule4
}

// expressions are those that were looked at, by dialect and text.
type expressions map[[2]string]*expression

// of is the expression of a text; nil for a literal.
func (e expressions) of(text string, by dataweave.Dialect) *expression {
	if !dataweave.Wrapped(text) {
		return nil
	}
	key := [2]string{by.String(), text}
	if e[key] == nil {
		e[key] = newExpression(text, by)
	}
	return e[key]
}

func (e expressions) claimRules(c *JWTValidation, by dataweave.Dialect) []claimRule {
	if !c.ValidateCustomClaim {
		return nil
	}
	var all []claimRule
	for i, claim := range c.MandatoryCustomClaims {
		all = append(all, claimRule{claim, "mandatoryCustomClaims", i, true, e.of(claim.Value, by)})
	}
	for i, claim := range c.NonMandatoryCustomClaims {
		all = append(all, claimRule{claim, "nonMandatoryCustomClaims", i, false, e.of(claim.Value, by)})
	}
	for _, rule := range all {
		if rule.x != nil {
			rule.x.asRule()
		}
	}
	return all
}

// about reports whether a rule is about a claim.
func (r claimRule) about(claim string) bool {
	if r.x != nil {
		return r.x.reads(claim)
	}
	return r.Key == claim
}

// demands are the values that mandatory custom claims ask of a claim; bound says
// whether any is about it at all.
func (p place) demands(claim string) (values []string, bound bool) {
	for _, rule := range p.rules {
		switch {
		case !rule.mandatory || !rule.about(claim):
		case rule.x == nil:
			values, bound = append(values, rule.Value), true
		default:
			values, bound = append(values, rule.x.demanded[claim]...), true
		}
	}
	return values, bound
}

// tokenPolicies are the policies of an instance that look at a token.
func (in *inspected) tokenPolicies() []place {
	return slices.DeleteFunc(slices.Clone(in.places), func(p place) bool { return !p.looksAtToken() })
}

func (a Applied) looksAtToken() bool {
	return slices.Contains([]string{jwtValidation, openIDConnect, introspection}, a.Asset)
}

// checkedEverywhere reports whether JWT Validation is applied to all requests, so
// that another policy may leave the checks to it.
func (in *inspected) checkedEverywhere() bool {
	return slices.ContainsFunc(in.Policies, func(a Applied) bool {
		return a.Asset == jwtValidation && (len(a.Rules) == 0 || slices.ContainsFunc(a.Rules, Rule.everything))
	})
}

// has reports whether an instance has a policy of an asset.
func (in *inspected) has(asset string) bool {
	return slices.ContainsFunc(in.Policies, func(a Applied) bool { return a.Asset == asset })
}

// admits is what an instance asks of a token, over all its policies.
type admits struct {
	// audiences, scopes and roles are what is demanded; tenants are those of iss
	// and tid.
	audiences, scopes, roles, tenants []string
	// contract says that the client needs one.
	contract bool
}

func (in *inspected) admitted() admits {
	var d admits
	for _, p := range in.places {
		d.add(p)
	}
	for _, list := range []*[]string{&d.audiences, &d.scopes, &d.roles, &d.tenants} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return d
}

func (d *admits) add(p place) {
	d.contract = d.contract || p.checksContract()
	switch c := p.Config.(type) {
	case *JWTValidation:
		d.audiences = append(d.audiences, c.audiences()...)
		d.claims(p)
	case *OpenIDConnect:
		d.scopes = append(d.scopes, strings.Fields(c.Scopes)...)
	case *Introspection:
		d.scopes = append(d.scopes, strings.Fields(c.Scopes)...)
	}
}

func (d *admits) claims(p place) {
	audiences, _ := p.demands("aud")
	scopes, _ := p.demands("scp")
	roles, _ := p.demands("roles")
	d.audiences, d.scopes, d.roles = append(d.audiences, audiences...), append(d.scopes, scopes...), append(d.roles, roles...)
	d.tenants = append(d.tenants, p.tenants()...)
}

// tenants are those that the rules for iss and tid name.
func (p place) tenants() []string {
	var all []string
	for _, claim := range []string{"iss", "tid"} {
		values, _ := p.demands(claim)
		for _, v := range values {
			all = append(all, tenantIn(v))
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(tenant string) bool { return tenant == "" })
}

// checksContract reports whether a policy asks for a contract, which local mode
// has not (mulesoft-policies.md 3).
func (p place) checksContract() bool {
	return p.LooksForContract() && !p.local() || p.asksForContract()
}

// binds reports whether anything is demanded that can differ by environment.
func (d admits) binds() bool { return len(d.audiences)+len(d.scopes)+len(d.roles) > 0 }

// key is the same for demands of the same values. Whether all of the scopes are
// asked for or one does not separate: a token that has all has one.
func (d admits) key() string {
	lists := [][]string{d.audiences, d.scopes, d.roles, d.tenants}
	var text strings.Builder
	for _, list := range lists {
		text.WriteString(strings.Join(list, ",") + "\n")
	}
	return text.String()
}
