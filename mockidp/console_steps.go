package mockidp

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// commonMutation is one that the form offers by itself.
type commonMutation struct {
	Name, Text string
	// steps are JSON, without the brackets of the list.
	steps string
}

// commonMutations stand in the order of their stages: members, then the signed
// token.
func commonMutations() []commonMutation {
	return []commonMutation{
		{"client-id", "with client_id, where gateways look for the client", ""}, // by version, see choice.steps
		{"no-exp", "without exp", `{"remove":["exp"]}`},
		{"no-kid", "without kid", `{"remove":{"in":"header","names":["kid"]}}`},
		{"unknown-kid", "with a kid that nobody published", `{"set":{"in":"header","kid":"nobody-published-this"}}`},
		{"alg-none", "alg none and no signature", `{"edit":{"in":"header","set":{"alg":"none"}}},{"edit":{"in":"signature","bytes":""}}`},
		{"flipped", "one bit of the signature flipped", `{"edit":{"in":"signature","flip":0}}`},
	}
}

// mutates reports whether a mutation of the form was chosen, the key apart.
func (c choice) mutates() bool {
	return len(c.Common) > 0 || c.OtherAudience != "" || c.SetName != "" || c.SetValue != "" || c.Remove != ""
}

// steps are the steps of the form's mutations as JSON; nil: none.
func (c choice) steps(v mint.Version) ([]byte, []formProblem) {
	var problems []formProblem
	claims := value.Dict()
	if c.OtherAudience != "" {
		claims = claims.Set("aud", claimValue(c.OtherAudience))
	}
	if c.SetName != "" {
		claims = claims.Set(c.SetName, claimValue(c.SetValue))
	} else if c.SetValue != "" {
		problems = append(problems, formProblem{"set-name", "Expected the name of the claim that gets the value."})
	}
	if slices.Contains(c.Common, "client-id") {
		client := map[mint.Version]string{mint.V1: "appid", mint.V2: "azp"}[v]
		claims = claims.Set("client_id", value.String("${token.payload."+client+"}"))
	}
	var steps []string
	if len(claims.Members) > 0 {
		steps = append(steps, string(value.Dict(value.Member{Name: "set", Value: claims}).JSON()))
	}
	if names := strings.Fields(c.Remove); len(names) > 0 {
		steps = append(steps, string(value.Dict(value.Member{Name: "remove", Value: value.Strings(names...)}).JSON()))
	}
	for _, m := range commonMutations() {
		if m.steps != "" && slices.Contains(c.Common, m.Name) {
			steps = append(steps, m.steps)
		}
	}
	if len(steps) == 0 {
		return nil, problems
	}
	return []byte("[" + strings.Join(steps, ",\n ") + "]"), problems
}

// claimValue is JSON where the text is that, else the text.
func claimValue(text string) value.Value {
	if v, err := value.ParseJSON([]byte(text)); err == nil {
		return v
	}
	return value.String(text)
}

// asJSON is a list of steps as JSON, for the management API, which takes no
// YAML; false: it holds !raw, which JSON has no word for.
func asJSON(steps []byte) (json.RawMessage, bool) {
	if len(steps) == 0 {
		return nil, true
	}
	n, err := document.Parse("steps", steps)
	if err != nil {
		return nil, false
	}
	v, ok := plainValue(n)
	var text bytes.Buffer
	if !ok || json.Compact(&text, v.JSON()) != nil {
		return nil, false
	}
	return text.Bytes(), true
}

// plainValue is a document without tags as a value.
func plainValue(n *document.Node) (v value.Value, ok bool) {
	if n.Tag() != "" {
		return v, false
	}
	switch n.Kind() {
	case document.Sequence:
		v.Kind = value.Array
		for _, item := range n.Items() {
			inner, ok := plainValue(item)
			if !ok {
				return v, false
			}
			v.Items = append(v.Items, inner)
		}
	case document.Mapping:
		v.Kind = value.Object
		for _, m := range n.Members() {
			inner, ok := plainValue(m.Value)
			if !ok {
				return v, false
			}
			v.Members = append(v.Members, value.Member{Name: m.Key, Value: inner})
		}
	case document.Bool:
		v = value.Boolean(n.Bool())
	case document.Number:
		v = value.Value{Kind: value.Number, Text: n.Text()}
	case document.String:
		v = value.String(n.Text())
	}
	return v, true
}
