package policy

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// setting is a key as the document has it; known says that what it means is.
func setting(m entry, known bool) Setting {
	s := Setting{Key: m.key, KeyAt: m.at, At: m.value.at, Secret: m.value.secret, Unknown: m.value.unknown, Elsewhere: m.value.source != ""}
	if m.source != "" {
		s.Key = m.source
	}
	if !s.Secret {
		s.Text = m.value.written()
	}
	for i, item := range m.value.items {
		s.hold(strconv.Itoa(i), entry{at: item.at, value: item}, known)
	}
	for _, inner := range m.value.members {
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

// secretName is the name of a key that may hold a secret.
var secretName = regexp.MustCompile(`(?i)secret|passw|passphrase|token|key|credential|authorization`)

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
	return secretName.MatchString(key) && !strings.HasPrefix(strings.TrimSpace(d.text), "#[")
}
