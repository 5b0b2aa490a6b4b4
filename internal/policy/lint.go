package policy

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
)

// Severity is the damage if a finding is left as it is. The words are those of
// the catalogue.
type Severity string

// The severities, worst first. Low is what a document cannot show, or what costs
// little: it is worth a look, no more.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
)

// Severities are the words for Severity, worst first.
func Severities() []Severity { return []Severity{Critical, High, Medium, Low} }

// AtLeast reports whether s is as bad as other or worse.
func (s Severity) AtLeast(other Severity) bool {
	return slices.Index(Severities(), s) <= slices.Index(Severities(), other)
}

// Effect is what a finding says of requests.
type Effect string

// The effects. Neither is for what is not known here, what only costs, and what
// one more mistake would make of it.
const (
	// Opens says that a request gets in that must not.
	Opens Effect = "opens"
	// LocksOut says that genuine tokens are refused.
	LocksOut Effect = "locks-out"
	Neither  Effect = "neither"
)

// LintRule is one thing that can be wrong with policy documents.
type LintRule struct {
	// ID never changes.
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	// Why is the sentence that says what follows from it.
	Why string `json:"why"`
	// Fix says what to do, in the words of the vendor's console.
	Fix string `json:"fix"`
	// Refs are what it rests on, spelled as in the catalogue: sections of
	// mulesoft-policies.md and entra-tokens.md, clauses of RFCs.
	Refs []string `json:"refs"`
	// Rows are the catalogue's that are about it.
	Rows []string `json:"rows,omitempty"`
	// Effect is what a finding says of requests.
	Effect Effect `json:"effect"`
	// Proof are the rows that show it: policy predict has one of them let in, or
	// the genuine token of it refused, where the rule speaks, and as it must be
	// where it is quiet.
	Proof []string `json:"proof,omitempty"`
	// ProofFlags are the flags of policy predict that the proof needs. TARGET stands
	// for the user's own target file, which says what is right where the document
	// says what is wrong.
	ProofFlags string `json:"proofFlags,omitempty"`
	// Unshown says why there is no proof.
	Unshown string `json:"unshown,omitempty"`

	check check
}

// check finds what a rule is about. It fills in what it alone knows; LintRule
// adds the rest.
type check func([]*inspected) []Finding

// Finding is what a rule says about one place.
type Finding struct {
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	// Instance is the API instance's name, Policy the asset, if it is about one.
	Instance string `json:"instance"`
	Policy   string `json:"policy,omitempty"`
	// Key is the parameter in the vendor's spelling, if it is about one.
	Key string `json:"key,omitempty"`
	// At is where the parameter's value stands, or what its default belongs to.
	At document.Position `json:"-"`
	// Message says what was expected and what is there.
	Message string   `json:"message"`
	Why     string   `json:"why"`
	Fix     string   `json:"fix"`
	Rows    []string `json:"rows,omitempty"`
	// Effect, Proof, ProofFlags and Unshown are those of the rule.
	Effect     Effect   `json:"effect"`
	Proof      []string `json:"proof,omitempty"`
	ProofFlags string   `json:"proofFlags,omitempty"`
	Unshown    string   `json:"unshown,omitempty"`
	// Patches are the changes that end the finding, where they can be told.
	Patches []Patch `json:"patches,omitempty"`
}

// rules is the registry, sorted by id.
var rules = register(slices.Concat(
	chainRules(), bindingRules(), orderRules(), settingRules(), keyRules(), jwksRules(), jwksTrustRules(), placementRules(),
	audienceRules(), audienceEnvironmentRules(), audienceFormRules(),
	issuerRules(), timeRules(), claimRules(), rightsRules(), expressionRules(), clientRules(), clientVersionRules(), enforcementRules(), scopeRules(),
	openIDRules(), introspectionRules(), environmentRules(), frontRules(),
))

func register(all []LintRule) []LintRule {
	slices.SortFunc(all, func(a, b LintRule) int { return cmp.Compare(a.ID, b.ID) })
	for i := 1; i < len(all); i++ {
		if all[i].ID == all[i-1].ID {
			panic("policy: lint rule registered twice: " + all[i].ID)
		}
	}
	return all
}

// LintRules returns every rule, sorted by id.
func LintRules() []LintRule { return slices.Clone(rules) }

// userInfo is what stands between // and @ in an address.
var userInfo = regexp.MustCompile(`//[^/@\s]*@`)

// withoutCredentials leaves out what an address may hold before its host.
func withoutCredentials(text string) string { return userInfo.ReplaceAllString(text, "//…@") }

// Lint holds all instances of one tenant against the rules, and returns what
// they say by file and line. Rules about environments compare the instances with
// each other.
func Lint(all []Instance, by []LintRule) []Finding {
	looked := inspect(all)
	var found []Finding
	for _, r := range by {
		for _, f := range r.check(looked) {
			f.Rule, f.Severity, f.Why, f.Rows = r.ID, r.Severity, r.Why, r.Rows
			f.Effect, f.Proof, f.ProofFlags, f.Unshown = r.Effect, r.Proof, r.ProofFlags, r.Unshown
			f.Fix, f.Message = cmp.Or(f.Fix, r.Fix), withoutCredentials(f.Message)
			found = append(found, f)
		}
	}
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Or(
			strings.Compare(a.At.File, b.At.File), cmp.Compare(a.At.Line, b.At.Line),
			cmp.Compare(a.At.Column, b.At.Column), strings.Compare(a.Rule, b.Rule),
		)
	})
	return found
}
