package probe

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
)

// Names of the header fields by which a request and its answer are told apart
// from everything else that passes a gateway.
const (
	// EchoHeader is set to "1" on every answer that the echo upstream writes.
	EchoHeader = "X-Entraproof-Echo"
	// RunHeader names the run that a request belongs to.
	RunHeader = "X-Entraproof-Run"
	// CaseHeader names the case that a request belongs to.
	CaseHeader = "X-Entraproof-Case"
)

// Pair is one header field, name and value as they stand.
type Pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Seen is one Authorization value as the upstream saw it, told without telling
// it: its scheme, the SHA-256 of the whole value in hex, and its length.
type Seen struct {
	Scheme string `json:"scheme,omitempty"`
	SHA256 string `json:"sha256"`
	Length int    `json:"length"`
}

// Echo is what the upstream saw of one request: the JSON body of the echo's
// answer. Every Authorization value is listed, not only the first; tokens in
// other fields have lost their signature.
type Echo struct {
	Case          string `json:"case"`
	Run           string `json:"run"`
	Method        string `json:"method"`
	Target        string `json:"target"`
	Host          string `json:"host,omitempty"`
	Authorization []Seen `json:"authorization"`
	Header        []Pair `json:"header"`
}

// See returns how the echo tells an Authorization value.
func See(value string) Seen {
	sum := sha256.Sum256([]byte(value))
	return Seen{Scheme: schemeOf(value), SHA256: hex.EncodeToString(sum[:]), Length: len(value)}
}

// EchoOf returns what the upstream that is handed r saw, header names sorted.
func EchoOf(r *http.Request) Echo {
	e := Echo{
		Case:          r.Header.Get(CaseHeader),
		Run:           r.Header.Get(RunHeader),
		Method:        r.Method,
		Target:        RedactText(r.RequestURI),
		Host:          r.Host,
		Authorization: []Seen{},
		Header:        []Pair{},
	}
	for _, value := range r.Header.Values("Authorization") {
		e.Authorization = append(e.Authorization, See(value))
	}
	for _, name := range sortedNames(r.Header) {
		for _, value := range r.Header[name] {
			e.Header = append(e.Header, Pair{name, redactField(name, value)})
		}
	}
	return e
}

// Saw reports whether value is among the Authorization values.
func (e Echo) Saw(value string) bool {
	return slices.Contains(e.Authorization, See(value))
}

// Values returns every value of the header field called name, in order.
func (e Echo) Values(name string) []string { return valuesOf(e.Header, name) }

// maxScheme bounds what is taken for an authentication scheme: anything longer
// may be a credential that was sent without one.
const maxScheme = 16

// schemeOf returns the word before the first blank, unless it can be a secret.
func schemeOf(value string) string {
	i := strings.IndexAny(value, " \t")
	if i <= 0 || i > maxScheme {
		return ""
	}
	return value[:i]
}

func sortedNames(h http.Header) []string {
	names := make([]string, 0, len(h))
	for name := range h {
		if name != "Authorization" && name != RunHeader && name != CaseHeader {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func valuesOf(pairs []Pair, name string) []string {
	var values []string
	for _, p := range pairs {
		if strings.EqualFold(p.Name, name) {
			values = append(values, p.Value)
		}
	}
	return values
}
