package policy

import (
	"regexp"

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
}

// Rule is one condition of a pointcut; of several, any is enough. Empty members
// hold for everything.
type Rule struct {
	// Path and Method are anchored regular expressions.
	Path, Method *regexp.Regexp
}

// Applies reports whether a request meets the policy.
func (a Applied) Applies(method, path string) bool {
	for _, r := range a.Rules {
		if (r.Method == nil || r.Method.MatchString(method)) && (r.Path == nil || r.Path.MatchString(path)) {
			return true
		}
	}
	return len(a.Rules) == 0
}

// Where is the place of a key: of its value if the document sets it, else of the
// policy, whose default counts.
func (a Applied) Where(key string) document.Position {
	if s, ok := a.Settings[key]; ok {
		return s.At
	}
	return a.At
}
