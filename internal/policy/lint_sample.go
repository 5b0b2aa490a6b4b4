package policy

import (
	"regexp"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/dataweave"
)

// expression is a #[…] of a policy as the rules ask about it: by what it makes of
// tokens that Entra could issue. One that is not evaluated answers nothing.
type expression struct {
	text   string
	parsed *dataweave.Expression
	err    error
	// literals are the texts between quotes, without those that only take tokens
	// apart.
	literals []string
	// demanded are the literals that let the rule hold, by the claim that it reads.
	demanded map[string][]string
	by       dataweave.Dialect
}

// quoted is a text between quotes.
var quoted = regexp.MustCompile(`'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"`)

func newExpression(text string, by dataweave.Dialect) *expression {
	x := &expression{text: text, by: by}
	x.parsed, x.err = dataweave.Parse(text)
	if x.err == nil {
		x.err = x.parsed.Check(by)
	}
	for _, m := range quoted.FindAllStringSubmatch(text, -1) {
		literal := m[1] + m[2]
		isClaim := x.parsed != nil && slices.Contains(x.parsed.Claims(), literal)
		if strings.TrimSpace(literal) != "" && literal != "1.0" && literal != "2.0" && !isClaim {
			x.literals = append(x.literals, literal)
		}
	}
	return x
}

// asRule finds out what the expression demands as the value of a custom claim.
func (x *expression) asRule() {
	if x.demanded != nil || x.parsed == nil {
		return
	}
	x.demanded = map[string][]string{}
	for _, claim := range x.parsed.Claims() {
		x.demanded[claim] = x.compared(claim)
	}
}

// reads reports whether the value hangs on a claim.
func (x *expression) reads(claim string) bool {
	return x.parsed != nil && slices.Contains(x.parsed.Claims(), claim)
}

// readsNothing reports whether it hangs on no part of the token or the request.
func (x *expression) readsNothing() bool { return x.parsed != nil && len(x.parsed.Reads()) == 0 }

// value is what it gives for a token; known is false where that cannot be told.
func (x *expression) value(claims map[string]any) (v any, known bool) {
	if x.err != nil {
		return nil, false
	}
	v, err := x.parsed.Eval(dataweave.Scope{Dialect: x.by, ClaimSet: claims})
	return v, err == nil
}

// holds reports whether a rule with this expression holds for a token.
func (x *expression) holds(claims map[string]any) bool {
	v, known := x.value(claims)
	return known && v == true
}

// compared are the literals that a claim may have for the rule to hold: those
// that decide by themselves, else those that do so beside the others; where none
// does, all.
func (x *expression) compared(claim string) []string {
	var alone, beside []string
	for _, literal := range x.literals {
		if slices.ContainsFunc(samples(), func(s map[string]any) bool { return x.holds(with(s, claim, literal)) }) {
			alone = append(alone, literal)
		}
	}
	if len(alone) > 0 {
		return alone
	}
	for _, token := range x.trials() {
		for _, literal := range x.literals {
			if !slices.Contains(beside, literal) && x.holds(with(token, claim, literal)) && !x.holds(with(token, claim, "sample")) {
				beside = append(beside, literal)
			}
		}
	}
	if len(beside) > 0 {
		return beside
	}
	return x.literals
}

// mostTrials bounds the tokens that an expression is tried on.
const mostTrials = 200

// trials are tokens that give a rule every chance to hold: the samples, with each
// of its literals, and all of them, in each claim that it reads.
func (x *expression) trials() []map[string]any {
	all := samples()
	for _, claim := range x.parsed.Claims() {
		for _, token := range slices.Clone(all) {
			for _, literal := range x.literals {
				all = append(all, with(token, claim, literal))
			}
			if len(x.literals) > 1 {
				all = append(all, with(token, claim, x.literals...))
			}
			if len(all) > mostTrials {
				break
			}
		}
	}
	return all
}

// everHolds reports whether the rule holds for some token; of an expression over
// claims whose values are not known here, whether it gives a boolean at all.
func (x *expression) everHolds() bool {
	tried := !slices.ContainsFunc(x.parsed.Claims(), func(claim string) bool { return !guards.MatchString(claim) }) && !x.fromRequest()
	return slices.ContainsFunc(x.trials(), func(token map[string]any) bool {
		v, known := x.value(token)
		_, isBoolean := v.(bool)
		return known && (v == true || isBoolean && !tried)
	})
}

// fromRequest reports whether it reads more than the token.
func (x *expression) fromRequest() bool {
	return mentions(x.text, "attributes.", "message.", "payload", "authentication.")
}

// The parts of the sample tokens.
const (
	sampleClient = "0d2c0000-0000-4000-8000-000000000001"
	sampleOther  = "5a5a0000-0000-4000-8000-000000000002"
	sampleTenant = "7f1c0000-0000-4000-8000-000000000003"
)

// samples are tokens as Entra issues them: v1 and v2, of a user and of an app
// (entra-tokens.md 1).
func samples() []map[string]any {
	return []map[string]any{
		sample(v1, "scp"), sample(v2, "scp"), sample(v1, "roles"), sample(v2, "roles"),
	}
}

// sample is a token of a version whose rights are in one claim.
func sample(of version, rights string) map[string]any {
	t := map[string]any{
		"aud": "api://sample", "iss": "https://sts.windows.net/" + sampleTenant + "/", "tid": sampleTenant, "ver": "1.0", "appid": sampleClient,
		"sub": "sample", "oid": "sample", "iat": 1.0, "nbf": 1.0, "exp": 2.0, "uti": "sample",
	}
	if of == v2 {
		delete(t, "appid")
		t["azp"], t["ver"], t["iss"] = sampleClient, "2.0", "https://login.microsoftonline.com/"+sampleTenant+"/v2.0"
	}
	return with(t, rights, "sample")
}

// with is a token with another value of a claim: a list where Entra has one.
func with(token map[string]any, claim string, values ...string) map[string]any {
	changed := make(map[string]any, len(token)+1)
	for name, v := range token {
		changed[name] = v
	}
	if claim == "roles" || claim == "groups" || claim == "wids" {
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v
		}
		changed[claim] = list
	} else {
		changed[claim] = strings.Join(values, " ")
	}
	return changed
}

// mentions reports whether the text of an expression has one of some words.
func mentions(text string, words ...string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, strings.ToLower(w)) })
}

// wrapped reports whether a text is an expression and not a literal.
func wrapped(text string) bool { return dataweave.Wrapped(text) }

// marked puts the marks of an expression around a text, in the place of those
// that are there by halves.
func marked(text string) string {
	text = strings.TrimSpace(text)
	text = strings.TrimPrefix(strings.TrimPrefix(text, "#"), "[")
	if strings.Count(text, "]") > strings.Count(text, "[") {
		text = strings.TrimSuffix(text, "]")
	}
	return "#[" + strings.TrimSpace(text) + "]"
}
