package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/entraproof/entraproof/internal/dataweave"
)

// The client id expressions of the set-ups.
const (
	// ClientIDFromClaim is the policy's default. Entra sends no such claim.
	ClientIDFromClaim = "#[vars.claimSet.client_id]"
	// ClientIDFromAppID finds the client of v1 tokens only.
	ClientIDFromAppID = "#[vars.claimSet.appid]"
	// ClientIDByVersion finds the client of either version.
	ClientIDByVersion = "#[if (vars.claimSet.ver == '2.0') vars.claimSet.azp else vars.claimSet.appid]"
)

// eitherExpression is the rule that a claim has one of the values.
func eitherExpression(claim string, values ...string) string {
	var terms []string
	for _, v := range values {
		terms = append(terms, "vars.claimSet."+claim+" == '"+v+"'")
	}
	return "#[" + strings.Join(terms, " or ") + "]"
}

// expression is a parameter whose value is DataWeave.
type expression struct {
	key     string
	parsed  *dataweave.Expression
	dialect dataweave.Dialect
}

// expression reads a parameter; key may lead into a list, as in
// mandatoryCustomClaims.0.value.
func (s site) expression(key, text string) (*expression, error) {
	e := &expression{key: key, dialect: s.options.Switches.dialect()}
	var err error
	if e.parsed, err = dataweave.Parse(text); err != nil {
		return nil, s.unevaluated(key, "%w", err)
	}
	if err := e.parsed.Check(e.dialect); err != nil {
		return nil, s.unevaluated(key, "%w", err)
	}
	return e, nil
}

// dialect is what the gateway has of DataWeave.
func (s Switches) dialect() dataweave.Dialect {
	switch {
	case s.Profile == Mule4:
		return dataweave.Mule4
	case s.FlexVersion == FlexFormer:
		return dataweave.Flex
	}
	return dataweave.Omni
}

// value evaluates the expression for a request. What fails on a gateway as well
// has no value; what is not known here either is noted, and decides nothing.
func (e *expression) value(x *exchange) any {
	v, err := e.parsed.Eval(x.scope(e.dialect))
	var unknown *dataweave.NotEvaluatedError
	if errors.As(err, &unknown) {
		x.unevaluated = fmt.Errorf("%s: %w", e.key, err)
		x.unevaluatedKey = e.key
	}
	if err != nil {
		return nil
	}
	return v
}

// text is the value where it is a text that is not empty.
func (e *expression) text(x *exchange) (string, bool) {
	text, ok := e.value(x).(string)
	return text, ok && text != ""
}

// holds reports whether the value is true. What gives no boolean never holds
// (mulesoft-policies.md 2.2).
func (e *expression) holds(x *exchange) bool { return e.value(x) == true }

// scope is what an expression can see of a request.
func (x *exchange) scope(d dataweave.Dialect) dataweave.Scope {
	s := dataweave.Scope{Dialect: d, Attributes: dataweave.AttributesOf(x.request), Authentication: x.authentication}
	if x.claims != nil {
		s.ClaimSet = x.claims.plain()
	}
	return s
}

// authenticated keeps what a policy has found out for the expressions of later
// ones (1.5).
func (x *exchange) authenticated(answer object, member string) {
	id, _ := answer.lastText(member)
	x.authentication.Principal, x.authentication.ClientID = id, id
	x.property("userProperties", answer.plain())
}

// property sets a member of authentication.properties.
func (x *exchange) property(name string, v any) {
	if x.authentication.Properties == nil {
		x.authentication.Properties = map[string]any{}
	}
	x.authentication.Properties[name] = v
}

// plain is the object as encoding/json would decode it: of twins, the last.
func (o object) plain() map[string]any {
	all := make(map[string]any, len(o))
	for _, m := range o {
		all[m.name] = plainValue(m.value)
	}
	return all
}

func plainValue(v any) any {
	switch v := v.(type) {
	case object:
		return v.plain()
	case []any:
		items := make([]any, len(v))
		for i, item := range v {
			items[i] = plainValue(item)
		}
		return items
	}
	return v
}

// claimText is a claim as a literal is compared with it; arrays and objects
// have no such text.
func claimText(claims object, name string) (string, bool) {
	v, _ := claims.last(name)
	switch v := v.(type) {
	case string:
		return v, true
	case bool, json.Number:
		return fmt.Sprint(v), true
	}
	return "", false
}

// unknown answers a request of which it is not known what becomes of it: 501, so
// that nobody takes it for the product's answer.
func (x *exchange) unknown() *refusal {
	r := &refusal{Check: Check{"not-evaluated", "", http.StatusNotImplemented, "every expression is understood here"}}
	r.body = `{"error":` + quoted("not evaluated here: "+x.unevaluated.Error()) + `}`
	return r.hangs(x.unevaluatedKey)
}
