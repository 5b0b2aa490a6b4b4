package gateway

import (
	"fmt"
	"slices"
	"strings"
)

// The client id expressions that are understood. They are compared as text;
// any other is refused, never guessed at.
const (
	// ClientIDFromClaim is the policy's default. Entra sends no such claim.
	ClientIDFromClaim = "#[vars.claimSet.client_id]"
	// ClientIDFromAppID finds the client of v1 tokens only.
	ClientIDFromAppID = "#[vars.claimSet.appid]"
	// ClientIDByVersion finds the client of either version.
	ClientIDByVersion = "#[if (vars.claimSet.ver == '2.0') vars.claimSet.azp else vars.claimSet.appid]"
)

// clientIDs returns how an expression finds the client id among the claims.
func clientIDs(expression string) (func(object) (string, bool), error) {
	switch expression {
	case ClientIDFromClaim:
		return func(o object) (string, bool) { return o.lastText("client_id") }, nil
	case ClientIDFromAppID:
		return func(o object) (string, bool) { return o.lastText("appid") }, nil
	case ClientIDByVersion:
		return func(o object) (string, bool) {
			if version, _ := o.lastText("ver"); version == "2.0" {
				return o.lastText("azp")
			}
			return o.lastText("appid")
		}, nil
	}
	return nil, unknownName("client id expression", expression, []string{ClientIDFromAppID, ClientIDByVersion, ClientIDFromClaim})
}

// eitherExpression is the rule that a claim has one of the values.
func eitherExpression(claim string, values ...string) string {
	var terms []string
	for _, v := range values {
		terms = append(terms, "vars.claimSet."+claim+" == '"+v+"'")
	}
	return "#[" + strings.Join(terms, " or ") + "]"
}

// claimRule returns what a custom claim's value demands: a literal, or a list
// of literals as eitherExpression writes it.
func claimRule(key, value string) (func(string) bool, error) {
	if !strings.HasPrefix(value, "#[") {
		return func(got string) bool { return got == value }, nil
	}
	var allowed []string
	for term := range strings.SplitSeq(strings.TrimSuffix(strings.TrimPrefix(value, "#["), "]"), " or ") {
		if literal, ok := strings.CutPrefix(term, "vars.claimSet."+key+" == '"); ok {
			allowed = append(allowed, strings.TrimSuffix(literal, "'"))
		}
	}
	if len(allowed) == 0 || eitherExpression(key, allowed...) != value {
		return nil, fmt.Errorf("gateway: custom claim %s: expected a literal or %s, got %q", key, eitherExpression(key, "A", "B"), value)
	}
	return func(got string) bool { return slices.Contains(allowed, got) }, nil
}
