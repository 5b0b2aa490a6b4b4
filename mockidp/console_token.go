package mockidp

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// tokenView is a token that was made, taken apart.
type tokenView struct {
	mint.Explanation
	Text string
	// Changed: it is not the genuine token. Steps is how many were asked for.
	Changed, Forged bool
	Steps           int
	// Parts are header and payload.
	Parts   []partView
	Namings []naming
	// Call presents the token, Again mints such a one again; empty: it cannot be
	// written as a command, and Unsaid says why.
	Call, Again, Unsaid string
}

// partView is the header or the payload.
type partView struct {
	ID     string
	Name   string
	Claims []claimView
	// Text is the part where it is no JSON object.
	Text string
	// Missing are members that the genuine token has.
	Missing []claimView
}

// claimView is one member, with what the steps have done to it.
type claimView struct {
	mint.Claim
	JSON string
	// Mark is changed or added, or empty; Was is the genuine value.
	Mark, Was string
}

func newTokenView(baked mint.Baked) *tokenView {
	v := &tokenView{Explanation: mint.Explain(baked.Token), Text: printable(baked.Token), Changed: baked.Changed}
	genuine := mint.Explain(baked.Genuine)
	v.Parts = []partView{
		newPartView("header", v.Header, genuine.Header),
		newPartView("payload", v.Payload, genuine.Payload),
	}
	v.Parts[0].Text, v.Parts[1].Text = printable(v.HeaderText), printable(v.PayloadText)
	return v
}

// Kind says what the token looks like.
func (v *tokenView) Kind() string {
	subject := map[mint.Subject]string{mint.SubjectApp: "of an application", mint.SubjectUser: "of a user"}[v.Explanation.Kind.Subject]
	return strings.TrimSpace(strings.Join([]string{string(v.Explanation.Kind.Version), "token", subject}, " "))
}

// newPartView compares a part with the genuine one, member by member; the second
// of a name with the second.
func newPartView(id string, now, genuine []mint.Claim) partView {
	p := partView{ID: id, Name: map[string]string{"header": "Header", "payload": "Payload"}[id]}
	was := map[string][]mint.Claim{}
	for _, c := range genuine {
		was[c.Name] = append(was[c.Name], c)
	}
	for _, c := range now {
		v := claimView{Claim: c, JSON: printable(string(c.Value.JSON()))}
		before := was[c.Name]
		switch {
		case len(before) == 0:
			v.Mark = "added"
		case !before[0].Value.Equal(c.Value):
			v.Mark, v.Was = "changed", printable(string(before[0].Value.JSON()))
		}
		was[c.Name] = before[min(1, len(before)):]
		p.Claims = append(p.Claims, v)
	}
	for _, c := range genuine {
		if left := was[c.Name]; len(left) > 0 {
			p.Missing = append(p.Missing, claimView{Claim: left[0], JSON: printable(string(left[0].Value.JSON()))})
			was[c.Name] = left[1:]
		}
	}
	return p
}

// claimsOf is the payload of an explained token.
func claimsOf(e mint.Explanation) value.Value {
	payload := value.Dict()
	for _, c := range e.Payload {
		payload.Members = append(payload.Members, value.Member{Name: c.Name, Value: c.Value})
	}
	return payload
}

// printable shows every byte: what cannot be seen, or would turn the text around
// it, is written out.
func printable(text string) string {
	if isPrintable(text) {
		return text
	}
	return strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if r != ' ' && !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text), string(unicode.ReplacementChar))
}

func isPrintable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r == unicode.ReplacementChar || r != ' ' && !unicode.IsPrint(r) })
}

// commandPlace is where commands are sent.
type commandPlace struct {
	call       string // what is called with the token
	management string // the management listener
	tls        bool
}

// usualCall is what a command calls where nobody said it.
const usualCall = "https://gateway.example/v1/ping"

// addCommands writes the token as commands for a shell.
func (v *tokenView) addCommands(recipe Recipe, at commandPlace) {
	if at.call == "" {
		at.call = usualCall
	}
	if isPrintable(v.Text) {
		v.Call = "curl -i " + shellWord(at.call) + " -H " + shellWord("Authorization: Bearer "+v.Text)
	} else {
		v.Unsaid = "The token holds bytes that no command line carries. "
	}
	steps, ok := asJSON(recipe.Steps)
	if !ok {
		v.Unsaid += "The steps have no form in JSON, which the management listener takes; entraproof mint --steps takes them."
		return
	}
	recipe.Steps = steps
	body, err := json.Marshal(mintBody{[]Recipe{recipe}})
	if err != nil {
		v.Unsaid += "The recipe has no form in JSON."
		return
	}
	v.Again = "curl -s " + shellWord(at.management+"/mint") + ` -H "Authorization: Bearer $ENTRAPROOF_MANAGEMENT_TOKEN" -H 'Content-Type: application/json' --data-binary ` + shellWord(inASCII(body))
	if at.tls {
		v.Again += " --cacert authority.pem"
	}
}

// inASCII escapes what a terminal might turn around or not show.
func inASCII(text []byte) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(string(text))) {
		if unit < utf8.RuneSelf {
			b.WriteByte(byte(unit))
		} else {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// shellWord quotes a word for a shell.
func shellWord(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
