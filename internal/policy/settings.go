package policy

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
)

// setting is a key as the document has it; known says that what it means is.
func setting(m entry, known bool) Setting {
	s := Setting{
		Key: m.key, KeyAt: m.at, At: m.value.at, Secret: m.value.secret, Unknown: m.value.unknown,
		Elsewhere: m.value.source != "", Hidden: m.value.hidden, Quoted: m.value.kind == str, Clear: m.value.clear,
	}
	if m.source != "" {
		s.Key = m.source
	}
	if !s.Secret {
		s.Text = m.value.written()
	}
	for i, item := range m.value.items {
		s.hold(strconv.Itoa(i), entry{at: item.at, value: item}, known)
	}
	named := !known && secretName.MatchString(m.value.get("key").text)
	for _, inner := range m.value.members {
		inner.value.secret = inner.value.secret || named && inner.key == "value" && !wrapped(inner.value.text)
		s.hold(inner.key, inner, known)
	}
	return s
}

// hold takes a value within, which is secret where the whole is.
func (s *Setting) hold(name string, m entry, known bool) {
	if s.Within == nil {
		s.Within = map[string]Setting{}
	}
	m.value.secret = s.Secret || m.value.secret || secret(m.key, known, m.value)
	s.Within[name] = setting(m, known)
}

// secretName is the name of a key that may hold a secret. Of those that speak of
// a token or key, harmlessName tells what about it is no secret; and the key of a
// key and its value is a name.
var (
	secretName   = regexp.MustCompile(`(?i)secret|passw|passphrase|token|key|credential|authorization`)
	certainName  = regexp.MustCompile(`(?i)secret|passw|passphrase`)
	harmlessName = regexp.MustCompile(`(?i)^key$|(?:origin|ur[il]|endpoint|length|size|method|expression|type|name|headers?|selector|timeout|ttl|timetolive|time_to_live|seconds|minutes)$`)
)

// secret reports whether the value of a key must not be shown. Of the known keys
// two hold secrets; the rest are told by their names, misspelt ones too.
func secret(key string, known bool, d datum) bool {
	if u, err := url.Parse(d.text); err == nil && u.User != nil {
		if _, password := u.User.Password(); password {
			return true
		}
	}
	if known {
		return key == "textKey" || key == "authorizationValue"
	}
	switch {
	case !secretName.MatchString(key), d.kind == document.Bool, strings.HasPrefix(strings.TrimSpace(d.text), "#["):
		return false
	case certainName.MatchString(key):
		return true
	}
	return !harmlessName.MatchString(key)
}
