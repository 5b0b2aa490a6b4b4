package predict

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// word is a text of an export and where it stands.
type word struct {
	text string
	at   document.Position
}

// said is what an export says of its environment.
type said struct {
	tenants, audiences, scopes, roles, clients []word
	// keys are the addresses of key sets, issuers what rules name as iss.
	keys, issuers []word
	anyScope      bool
	// rights: something looks at scopes or roles, whatever for.
	rights   bool
	versions []mint.Version // nil: nothing says which
	// disagree: what the export says of versions fits no token.
	disagree bool
	// strayed: all scopes or roles that it asks for are another environment's.
	strayed bool
}

var (
	guidForm     = regexp.MustCompile(`(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	claimName    = regexp.MustCompile(`claimSet\s*(?:\.\s*|\[\s*['"])(\w+)`)
	quotedText   = regexp.MustCompile(`'([^']*)'|"([^"]*)"`)
	clientClaims = map[string][]mint.Version{"appid": {mint.V1}, "azp": {mint.V2}}
)

// readings are what the policies of an instance say together.
func readings(instance policy.Instance) said {
	var s said
	hints := [][]mint.Version{}
	for _, a := range instance.Policies {
		switch c := a.Config.(type) {
		case *policy.JWTValidation:
			hints = append(hints, s.readJWT(a, c)...)
		case *policy.OpenIDConnect:
			s.readScopes(a, c.Scopes, c.ScopeValidationCriteria)
		case *policy.Introspection:
			s.readScopes(a, c.Scopes, c.ScopeValidationCriteria)
		}
	}
	s.versions, s.disagree = agreed(hints)
	return s
}

// agreed are the versions that every hint allows.
func agreed(hints [][]mint.Version) (versions []mint.Version, disagree bool) {
	for _, hint := range hints {
		if len(hint) == 0 {
			continue
		}
		if versions == nil {
			versions = hint
			continue
		}
		versions = slices.DeleteFunc(slices.Clone(versions), func(v mint.Version) bool { return !slices.Contains(hint, v) })
		if len(versions) == 0 {
			return nil, true
		}
	}
	return versions, false
}

func (s *said) readScopes(a policy.Applied, scopes string, criteria policy.Criteria) {
	s.rights = s.rights || strings.TrimSpace(scopes) != ""
	for _, name := range strings.Fields(policy.HeldScopes(scopes)) {
		if policy.NeverScope(name) == "" {
			s.scopes = append(s.scopes, word{name, a.Where("scopes")})
		}
	}
	s.anyScope = s.anyScope || len(strings.Fields(scopes)) > 1 && !strings.EqualFold(string(criteria), string(policy.All))
}

// readJWT notes what a JWT Validation says and gives what it hints of versions.
// What is written there and switched off says as much of the environment.
func (s *said) readJWT(a policy.Applied, c *policy.JWTValidation) [][]mint.Version {
	for address := range strings.SplitSeq(c.JWKSURL, ",") {
		if c.JWTKeyOrigin == "jwks" {
			s.keys = append(s.keys, word{strings.TrimSpace(address), a.Where("jwksUrl")})
			s.tenantOf(address, a.Where("jwksUrl"))
		}
	}
	for _, audience := range c.ListedAudiences() {
		if policy.NeverAudience(strings.ToLower(audience)) == "" {
			s.audiences = append(s.audiences, word{audience, a.Where("supportedAudiences")})
		}
	}
	var issuers []string
	for _, list := range []struct {
		key   string
		rules []policy.CustomClaim
	}{{"mandatoryCustomClaims", c.MandatoryCustomClaims}, {"nonMandatoryCustomClaims", c.NonMandatoryCustomClaims}} {
		for _, rule := range list.rules {
			issuers = append(issuers, s.readRule(rule, a.Where(list.key))...)
		}
	}
	hints := [][]mint.Version{versionsOfAudiences(s.audiences), versionsOfIssuers(issuers)}
	if !c.SkipClientIDValidation {
		hints = append(hints, versionsOfClient(c.ClientIDExpression))
	}
	return hints
}

func (s *said) tenantOf(address string, at document.Position) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return
	}
	if id := guidForm.FindString(u.Path); id != "" {
		s.tenants = append(s.tenants, word{strings.ToLower(id), at})
	}
}

// readRule notes what a custom claim asks for, and gives the issuers among it.
func (s *said) readRule(rule policy.CustomClaim, at document.Position) (issuers []string) {
	s.rights = s.rights || rule.Key == "scp" || rule.Key == "roles"
	for claim, texts := range literals(rule) {
		for _, text := range texts {
			switch claim {
			case "iss":
				issuers = append(issuers, text)
				s.issuers = append(s.issuers, word{text, at})
				if id := guidForm.FindString(text); id != "" {
					s.tenants = append([]word{{strings.ToLower(id), at}}, s.tenants...)
				}
			case "tid":
				s.tenants = append([]word{{strings.ToLower(text), at}}, s.tenants...)
			case "aud":
				if policy.NeverAudience(text) == "" {
					s.audiences = append(s.audiences, word{text, at})
				}
			case "azp", "appid":
				if isGUID(text) && !slices.ContainsFunc(s.clients, func(w word) bool { return w.text == text }) {
					s.clients = append(s.clients, word{text, at})
				}
			case "scp":
				s.rights = true
				s.scopes = append(s.scopes, word{text, at})
			case "roles":
				s.rights = true
				s.roles = append(s.roles, word{text, at})
			}
		}
	}
	return issuers
}

// literals are the texts that a rule compares claims with. In an expression a
// text belongs to the claim that was named last before it.
func literals(rule policy.CustomClaim) map[string][]string {
	if !strings.HasPrefix(strings.TrimSpace(rule.Value), "#[") {
		return map[string][]string{rule.Key: {rule.Value}}
	}
	all := map[string][]string{}
	claims := claimName.FindAllStringSubmatchIndex(rule.Value, -1)
	for _, at := range quotedText.FindAllStringIndex(rule.Value, -1) {
		text := rule.Value[at[0]+1 : at[1]-1]
		claim := rule.Key
		for _, c := range claims {
			if c[2] < at[0] {
				claim = rule.Value[c[2]:c[3]]
			}
		}
		if strings.TrimSpace(text) != "" && !slices.ContainsFunc(claims, func(c []int) bool { return at[0] < c[2] && c[2] < at[1] }) {
			all[claim] = append(all[claim], text)
		}
	}
	return all
}

// versionsOfAudiences: v2 tokens have the GUID, v1 tokens usually an App ID URI
// (entra-tokens.md 2.2).
func versionsOfAudiences(all []word) []mint.Version {
	var versions []mint.Version
	for _, a := range all {
		version := mint.V1
		if isGUID(a.text) {
			version = mint.V2
		}
		versions = with(versions, version)
	}
	return versions
}

// versionsOfIssuers: the two forms of iss (entra-tokens.md 2.4).
func versionsOfIssuers(all []string) []mint.Version {
	var versions []mint.Version
	for _, iss := range all {
		switch {
		case strings.Contains(iss, "sts."):
			versions = with(versions, mint.V1)
		case strings.HasSuffix(strings.TrimSuffix(iss, "/"), "/v2.0"):
			versions = with(versions, mint.V2)
		}
	}
	return versions
}

func versionsOfClient(expression string) []mint.Version {
	var versions []mint.Version
	for _, claim := range claimName.FindAllStringSubmatch(expression, -1) {
		for _, v := range clientClaims[claim[1]] {
			versions = with(versions, v)
		}
	}
	return versions
}

func with(all []mint.Version, v mint.Version) []mint.Version {
	if slices.Contains(all, v) {
		return all
	}
	return append(all, v)
}

func isGUID(text string) bool { return len(text) == 36 && guidForm.MatchString(text) }
