package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
)

// The assets that change what the policies behind them see of a request
// (policies-included-header-injection, -header-removal and -http-caching of
// docs.mulesoft.com /gateway/1.8).
const (
	headerInjection = "header-injection"
	headerRemoval   = "header-removal"
	httpCaching     = "http-caching"
)

// Meddling is how a policy changes what those behind it see of a request.
type Meddling int

// Injects writes a header field that a policy behind reads. Moves does so with a
// value that the caller sends elsewhere. Removes takes the field away. Answers
// answers from a cache, so that no policy behind is asked.
const (
	Injects Meddling = iota + 1
	Moves
	Removes
	Answers
)

// Meddler is a policy that stands before one which checks callers, and changes
// what that one sees.
type Meddler struct {
	Applied
	Kind Meddling
	// Field is the header field, At its place; empty for Answers.
	Field string
	At    document.Position
	// Before is the asset whose check is meddled with.
	Before string
}

// String says what it does.
func (m Meddler) String() string {
	switch m.Kind {
	case Injects:
		return fmt.Sprintf("%s writes %s before %s reads it", m.Asset, m.Field, m.Before)
	case Moves:
		return fmt.Sprintf("%s writes %s from another part of the request before %s reads it", m.Asset, m.Field, m.Before)
	case Removes:
		return fmt.Sprintf("%s removes %s before %s reads it", m.Asset, m.Field, m.Before)
	case Answers:
		return fmt.Sprintf("%s answers from its cache before %s is asked", m.Asset, m.Before)
	}
	return m.Asset
}

// Meddlers are those of an instance, in the order of its policies.
func (in Instance) Meddlers() []Meddler {
	var all []Meddler
	for n, a := range in.Policies {
		for _, behind := range in.Policies[n+1:] {
			if behind.Config == nil {
				continue
			}
			found := a.meddles(behind)
			if all = append(all, found...); len(found) > 0 {
				break
			}
		}
	}
	return all
}

// meddles is what a policy does to what another one sees.
func (a Applied) meddles(behind Applied) []Meddler {
	var all []Meddler
	switch a.Asset {
	case httpCaching:
		all = append(all, Meddler{Applied: a, Kind: Answers, At: a.At, Before: behind.Asset})
	case headerInjection, headerRemoval:
		fields := behind.fieldsRead()
		for _, entry := range a.entries("inboundHeaders") {
			if field := entry.reaches(fields, a.Asset == headerRemoval); field != "" {
				all = append(all, Meddler{a, entry.kind(a.Asset), field, entry.at, behind.Asset})
			}
		}
	}
	return all
}

// headerEntry is one entry of a header map: a name, or a name and its value.
type headerEntry struct {
	name, value string
	at          document.Position
}

// entries are those of a list; a text has them with commas between, as Mule's
// console takes them.
func (a Applied) entries(key string) []headerEntry {
	list := a.Settings[key]
	var all []headerEntry
	for n := range len(list.Within) {
		one, ok := list.Within[strconv.Itoa(n)]
		if !ok {
			return nil
		}
		e := headerEntry{one.Text, "", one.At}
		if one.Within != nil {
			e.name, e.value = one.Within["key"].Text, one.Within["value"].Text
		}
		all = append(all, e)
	}
	for _, name := range parts(list.Text) {
		all = append(all, headerEntry{name, "", list.At})
	}
	return all
}

// reaches is the field that an entry is about, of those given. A name that only an
// expression gives may be any; header-removal takes patterns.
func (e headerEntry) reaches(fields []string, pattern bool) string {
	if strings.HasPrefix(e.name, "#[") {
		return fields[0]
	}
	match := func(field string) bool { return strings.EqualFold(field, e.name) }
	if p, err := regexp.Compile("(?i)^(?:" + e.name + ")$"); pattern && err == nil {
		match = p.MatchString
	}
	if i := slices.IndexFunc(fields, match); i >= 0 {
		return fields[i]
	}
	return ""
}

func (e headerEntry) kind(asset string) Meddling {
	switch {
	case asset == headerRemoval:
		return Removes
	case mentions(e.value, "attributes.", "payload", "message."):
		return Moves
	}
	return Injects
}

// headerField finds the fields that expressions read: attributes.headers['jwt'].
var headerField = regexp.MustCompile(`headers\s*(?:\.\s*|\[\s*['"])'?([A-Za-z0-9_-]+)`)

// fieldsRead are the header fields by which a policy knows the caller, the one
// that matters most first.
func (a Applied) fieldsRead() []string {
	fields := []string{"Authorization"}
	var expressions []string
	switch c := a.Config.(type) {
	case *JWTValidation:
		if c.JWTOrigin == customOrigin {
			fields, expressions = nil, []string{c.JWTExpression}
		}
		if !c.SkipClientIDValidation {
			expressions = append(expressions, c.ClientIDExpression)
		}
	case *ClientIDEnforcement:
		if c.CredentialsOrigin == customOrigin {
			fields, expressions = nil, []string{c.ClientIDExpression, c.ClientSecretExpression}
		}
	}
	for _, x := range expressions {
		for _, m := range headerField.FindAllStringSubmatch(x, -1) {
			fields = append(fields, m[1])
		}
	}
	if fields == nil {
		fields = []string{"any field"}
	}
	return fields
}
