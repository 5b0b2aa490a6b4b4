package probe

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is kept of one exchange.
const (
	maxLine   = 2 << 10
	maxLines  = 64
	maxText   = 4 << 10
	maxClaims = 32 << 10
)

// Redaction says what must not be recorded beyond what every token's form
// tells.
type Redaction struct {
	// RealTenant reduces personal claims to their names, oid and sub to 8 hex
	// digits of a SHA-256.
	RealTenant bool
	// Secrets are texts of which no piece of 8 bytes may be recorded:
	// signatures (SecretsOf), client secrets, the management token.
	Secrets []string
}

// Exchange is one request and its answer as they may be kept: no signature, no
// secret, and of a real tenant's people only hashes. Started, Elapsed, Address
// and Reused differ from run to run.
type Exchange struct {
	Request     []string `json:"request"` // request line and header lines as sent
	RequestBody string   `json:"requestBody,omitempty"`
	RequestSize int      `json:"requestSize"`
	Tokens      []Token  `json:"tokens,omitempty"`

	Status    int    `json:"status,omitempty"`
	Proto     string `json:"proto,omitempty"`
	Header    []Pair `json:"header,omitempty"`
	Body      string `json:"body,omitempty"`
	Truncated bool   `json:"truncated,omitempty"`
	Fault     Fault  `json:"fault,omitempty"`
	FaultText string `json:"faultText,omitempty"`
	Echo      *Echo  `json:"echo,omitempty"`
	// TokenEchoed: the answer repeats a piece of the token's secret part.
	TokenEchoed bool `json:"tokenEchoed,omitempty"`

	Started time.Time     `json:"started"`
	Elapsed time.Duration `json:"elapsed"` // nanoseconds
	Address string        `json:"address,omitempty"`
	Reused  bool          `json:"reused,omitempty"`
}

// TokenEchoed reports whether the answer repeats a piece of 16 bytes of the
// secret part of a token that was sent, or of one of the further secrets. It
// needs the texts, so it is asked while they are there.
func (o Observation) TokenEchoed(secrets ...string) bool {
	if o.Status == 0 {
		return false
	}
	if tellsPiece(string(o.Body), o.secrets) || tellsPiece(string(o.Body), secrets) {
		return true
	}
	return slices.ContainsFunc(o.Header, func(p Pair) bool {
		return tellsPiece(p.Value, o.secrets) || tellsPiece(p.Value, secrets)
	})
}

// Record returns what may be kept of o.
func (o Observation) Record(r Redaction) Exchange {
	k := newKeeper(o, r)
	head, body, _ := strings.Cut(string(o.Sent), "\r\n\r\n")
	x := Exchange{
		Request: k.lines(head), RequestBody: k.text(body, maxText), RequestSize: len(o.Sent), Tokens: k.tokens,
		Status: o.Status, Proto: o.Proto, Body: k.text(string(o.Body), maxText), Truncated: o.Truncated,
		Fault: o.Fault, FaultText: k.text(o.FaultText, maxLine), Echo: k.echo(o.Echo),
		TokenEchoed: o.TokenEchoed(),
		Started:     o.Started, Elapsed: o.Elapsed, Address: o.Address, Reused: o.Reused,
	}
	for _, p := range o.Header {
		x.Header = append(x.Header, k.pair(p))
	}
	return x
}

// keeper redacts the texts of one exchange.
type keeper struct {
	pieces  pieces
	secrets []string
	person  person
	tokens  []Token
}

func newKeeper(o Observation, r Redaction) *keeper {
	k := &keeper{secrets: append(slices.Clone(o.secrets), r.Secrets...), person: person{}}
	for _, compact := range compactTokens(string(o.Sent)) {
		t := decodeToken(compact)
		k.secrets = append(k.secrets, SecretsOf(compact)...)
		if r.RealTenant {
			k.person.reduce(&t)
			_, claims, _ := strings.Cut(compact, ".")
			claims, _, _ = strings.Cut(claims, ".")
			k.pieces.add(claimsRedacted, claims)
		}
		k.tokens = append(k.tokens, t)
	}
	k.secrets = distinct(k.secrets)
	k.pieces.add(signatureRedacted, k.secrets...)
	for i := range k.tokens {
		k.clean(&k.tokens[i])
	}
	return k
}

// distinct returns the secrets, each once (the same signature is told from
// several sides), the longest first, so that none hides in the rest of another.
func distinct(secrets []string) []string {
	slices.SortFunc(secrets, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	return slices.Compact(secrets)
}

// clean takes out of a decoded token what a row put there of another one, or
// of itself.
func (k *keeper) clean(t *Token) {
	t.HeaderText, t.ClaimsText = k.redact(t.HeaderText), k.redact(t.ClaimsText)
	if header := k.redact(string(t.Header)); header != string(t.Header) {
		t.Header, t.HeaderText = asJSON(header)
	}
	if claims := k.redact(string(t.Claims)); claims != string(t.Claims) {
		t.Claims, t.ClaimsText = asJSON(claims)
	}
}

// redact takes everything out of a text that must not be kept.
func (k *keeper) redact(text string) string {
	text = k.pieces.redact(text)
	text = replaceShort(text, k.secrets)
	return k.person.redact(RedactText(text))
}

func (k *keeper) text(text string, bound int) string {
	if text == "" {
		return ""
	}
	return excerpt(k.redact(text), bound)
}

func (k *keeper) lines(head string) []string {
	lines := strings.Split(head, "\r\n")
	total := len(lines)
	lines = lines[:min(total, maxLines)]
	for i, line := range lines {
		lines[i] = k.text(line, maxLine)
	}
	if total > maxLines {
		lines = append(lines, "… "+strconv.Itoa(total-maxLines)+" more lines")
	}
	return lines
}

func (k *keeper) pair(p Pair) Pair {
	if secretName(p.Name) || strings.EqualFold(p.Name, "Set-Cookie") {
		return Pair{p.Name, secretRedacted}
	}
	return Pair{k.text(p.Name, maxLine), k.text(p.Value, maxLine)}
}

func (k *keeper) echo(e *Echo) *Echo {
	if e == nil {
		return nil
	}
	kept := *e
	kept.Target = k.text(e.Target, maxLine)
	kept.Header = make([]Pair, len(e.Header))
	for i, p := range e.Header {
		kept.Header[i] = k.pair(p)
	}
	return &kept
}

// excerpt returns text cut at bound, with everything that is not printable
// written as Go would write it.
func excerpt(text string, bound int) string {
	total := len(text)
	if total > bound {
		text = text[:bound]
	}
	text = visible(text)
	if total > bound {
		text += "… (" + strconv.Itoa(total) + " bytes)"
	}
	return text
}

func visible(text string) string {
	plain := !strings.ContainsFunc(text, func(r rune) bool { return r == utf8.RuneError || !shows(r) })
	if plain {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && n == 1 || !shows(r) {
			for _, c := range []byte(text[i : i+n]) {
				b.WriteString(`\x` + string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15]))
			}
		} else {
			b.WriteString(text[i : i+n])
		}
		i += n
	}
	return b.String()
}

func shows(r rune) bool { return r >= ' ' && r <= '~' || r == '\n' || r == '\t' || unicode.IsPrint(r) }
