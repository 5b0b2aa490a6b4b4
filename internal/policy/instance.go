package policy

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
)

// Instance is one API instance of a gateway with the policies that stand in
// front of it, as a document says: what a reader makes of a Flex or Omni local
// mode file, of API Manager's JSON or of Terraform.
type Instance struct {
	// Name is the instance's own name; where the document has none, that of the
	// file without its ending.
	Name string
	// At is where the instance begins.
	At document.Position
	// Form is the kind of document that it was read from.
	Form Form
	// Policies are in the order in which a request meets them. Disabled ones are
	// not among them.
	Policies []Applied
	// Disabled are the policies that are there and switched off.
	Disabled []Applied
	// Ignored are the keys outside of the policies' configurations that the
	// product does not know and hence passes over, such as polices.
	Ignored []Setting
}

// Form is a kind of document.
type Form string

// The documents that are read.
const (
	// FlexYAML is local mode of Flex and Omni Gateway (mulesoft-policies.md 4).
	FlexYAML Form = "flex-yaml"
	// APIManager is what the REST API and the CLI return (5).
	APIManager Form = "api-manager"
	// Terraform is the vendor's provider (5).
	Terraform Form = "terraform"
)

// Applied is one policy in front of an instance.
type Applied struct {
	// Asset is the name of the policy's definition, without the -flex of its
	// implementation: jwt-validation.
	Asset string
	// Version is the asset's; empty where the document names none.
	Version string
	// Order is the document's number; 0 where it has none.
	Order int
	// Ref is the policy's name as it stands in policyRef of local mode, where
	// provided policies end in -flex; empty in other forms.
	Ref string
	// Namespace is where the gateway looks for the policy's definition; only
	// local mode has namespaces, and provided policies are in default.
	Namespace string
	// Kindless says that it is bound by a targetRef without a kind.
	Kindless bool
	// At is where the policy begins.
	At document.Position
	// Config is a *JWTValidation, *OpenIDConnect, *Introspection or
	// *ClientIDEnforcement with the defaults of the document's form filled in; nil
	// for a policy that is not known here, which is then told and not emulated.
	Config any
	// Settings are the keys that the document sets, by their name in the vendor's
	// own spelling (camel case, for Terraform as well), whether known or not.
	Settings map[string]Setting
	// Rules limit the policy to some requests; none: all of them.
	Rules []Rule
}

// Setting is one value as the document has it.
type Setting struct {
	// Key is as it is written there: jwks_url in Terraform.
	Key string
	// At is where the value stands, KeyAt where its key does.
	At, KeyAt document.Position
	// Text is the value's text in the file, for messages and patches; empty where
	// it is a secret, which is never told.
	Text string
	// Secret says that the value must not be shown.
	Secret bool
	// Unknown names what the value hangs on where it is not known, such as
	// var.tenant; the configuration then has the default. A value that matters is
	// a problem instead.
	Unknown string
	// Elsewhere says that the value stands in the environment, and only its name
	// here.
	Elsewhere bool
	// Hidden says that At is only where the text begins that the value is in.
	Hidden bool
	// Quoted says that it is a text, whatever the key asks for.
	Quoted bool
	// Clear is where a value stands as a literal: of a Terraform variable, where it
	// is given. It is the zero position where the value stands in no file.
	Clear document.Position
	// Within are the values of a list or mapping, by place or key.
	Within map[string]Setting
}

// Rule is one condition of a pointcut; of several, any is enough. Empty members
// hold for everything.
type Rule struct {
	// Path and Method are anchored regular expressions. The path is what follows
	// the base path of the instance.
	Path, Method *regexp.Regexp
	// Host and Headers, by their names, are conditions of local mode only.
	Host    *regexp.Regexp
	Headers map[string]*regexp.Regexp
}

// LooksForContract reports whether a policy that is emulated is set to look for the
// contract of the client.
func (a Applied) LooksForContract() bool {
	switch c := a.Config.(type) {
	case *JWTValidation:
		return !c.SkipClientIDValidation
	case *OpenIDConnect:
		return !c.SkipClientIDValidation
	case *Introspection:
		return !c.SkipClientIDValidation
	case *ClientIDEnforcement:
		return true
	}
	return false
}

// Applies reports whether a request with this method and path meets the policy.
// A rule that asks for a host or a header as well does not hold for every such
// request: AppliesTo looks at these.
func (a Applied) Applies(method, path string) bool {
	for _, r := range a.Rules {
		if r.Host == nil && len(r.Headers) == 0 && r.matches(method, path) {
			return true
		}
	}
	return len(a.Rules) == 0
}

// AppliesTo reports whether a request meets the policy.
func (a Applied) AppliesTo(r *http.Request) bool {
	for _, rule := range a.Rules {
		if rule.matches(r.Method, r.URL.Path) && rule.holds(r) {
			return true
		}
	}
	return len(a.Rules) == 0
}

func (r Rule) matches(method, path string) bool {
	return (r.Method == nil || r.Method.MatchString(method)) && (r.Path == nil || r.Path.MatchString(path))
}

// holds looks at the host and the headers of a request.
func (r Rule) holds(q *http.Request) bool {
	for name, value := range r.Headers {
		if !slices.ContainsFunc(q.Header.Values(name), value.MatchString) {
			return false
		}
	}
	return r.Host == nil || r.Host.MatchString(q.Host)
}

// Where is the place of a key: of its value if the document sets it, else of the
// policy, whose default counts. Dots lead into lists and mappings, as in
// mandatoryCustomClaims.0.value.
func (a Applied) Where(key string) document.Position {
	at, within := a.At, a.Settings
	for step := range strings.SplitSeq(key, ".") {
		s, ok := within[step]
		if !ok {
			break
		}
		at, within = s.At, s.Within
	}
	return at
}
