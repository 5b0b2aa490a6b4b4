package probe

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/entraproof/entraproof/internal/value"
)

// maxOrdinary is the size up to which servers read a whole request before they
// answer; a larger one may be answered early and gets its own connection.
const maxOrdinary = 16 << 10

// message is an HTTP/1.1 request before it is serialized.
type message struct {
	method, target, host string
	authorization        []string
	fields               []Pair
	lines                []string
	trailers             []Pair
	body                 []byte
	contentType          string
	odd                  bool // written by a step that servers may read differently
	raw                  []byte
}

// bearer sets the default Authorization value.
func (m *message) bearer(s value.Scope) error {
	token, err := s.Lookup([]string{"token"})
	if err != nil {
		return fmt.Errorf("probe: request: %w", err)
	}
	m.authorization = []string{"Bearer " + token.Plain()}
	return nil
}

// bytes serializes the message. A field that the row writes itself replaces
// the one that would be written for it.
func (m *message) bytes(tags Tags) []byte {
	if m.raw != nil {
		return m.raw
	}
	b := make([]byte, 0, m.size())
	b = append(b, m.method...)
	b = append(b, ' ')
	b = append(b, m.target...)
	b = append(b, " HTTP/1.1\r\n"...)
	b = m.appendOwn(b, "Host", m.host)
	b = m.appendOwn(b, "User-Agent", "entraproof")
	b = m.appendOwn(b, "Accept", "*/*")
	b = appendTag(b, RunHeader, tags.Run)
	b = appendTag(b, CaseHeader, tags.Case)
	for _, v := range m.authorization {
		b = appendField(b, "Authorization", v)
	}
	for _, f := range m.fields {
		b = appendField(b, f.Name, f.Value)
	}
	for _, line := range m.lines {
		b = append(append(b, line...), "\r\n"...)
	}
	return m.appendContent(b)
}

// size is an estimate that saves growing.
func (m *message) size() int {
	n := 512 + len(m.target) + len(m.body)
	for _, v := range m.authorization {
		n += len(v) + 20
	}
	for _, f := range m.fields {
		n += len(f.Name) + len(f.Value) + 4
	}
	return n
}

// appendContent writes the framing fields, the blank line and the content:
// chunked with trailers, else with its length (RFC 9112 6).
func (m *message) appendContent(b []byte) []byte {
	if m.contentType != "" {
		b = m.appendOwn(b, "Content-Type", m.contentType)
	}
	if m.trailers != nil {
		return m.appendChunked(b)
	}
	// RFC 9110 8.6: a POST without content says so.
	if m.body != nil || m.method == "POST" || m.method == "PUT" || m.method == "PATCH" {
		b = m.appendOwn(b, "Content-Length", strconv.Itoa(len(m.body)))
	}
	b = append(b, "\r\n"...)
	return append(b, m.body...)
}

func (m *message) appendChunked(b []byte) []byte {
	b = m.appendOwn(b, "Transfer-Encoding", "chunked")
	names := make([]string, len(m.trailers))
	for i, t := range m.trailers {
		names[i] = t.Name
	}
	if len(names) > 0 {
		b = m.appendOwn(b, "Trailer", strings.Join(names, ", "))
	}
	b = append(b, "\r\n"...)
	if len(m.body) > 0 {
		b = strconv.AppendInt(b, int64(len(m.body)), 16)
		b = append(b, "\r\n"...)
		b = append(b, m.body...)
		b = append(b, "\r\n"...)
	}
	b = append(b, "0\r\n"...)
	for _, t := range m.trailers {
		b = appendField(b, t.Name, t.Value)
	}
	return append(b, "\r\n"...)
}

// appendOwn writes a field of ours unless the row writes it itself.
func (m *message) appendOwn(b []byte, name, v string) []byte {
	if m.gives(name) {
		return b
	}
	return appendField(b, name, v)
}

// gives reports whether the row's headers or lines hold the field.
func (m *message) gives(name string) bool {
	for _, f := range m.fields {
		if strings.EqualFold(f.Name, name) {
			return true
		}
	}
	for _, line := range m.lines {
		given, _, _ := strings.Cut(line, ":")
		if strings.EqualFold(strings.TrimRight(given, " \t"), name) {
			return true
		}
	}
	return false
}

func appendField(b []byte, name, v string) []byte {
	b = append(b, name...)
	b = append(b, ": "...)
	b = append(b, v...)
	return append(b, "\r\n"...)
}

func appendTag(b []byte, name, v string) []byte {
	if v == "" {
		return b
	}
	return appendField(b, name, v)
}

// isHead reports whether the answer will have no body (RFC 9110 9.3.2).
func (m *message) isHead() bool {
	if m.raw != nil {
		return strings.HasPrefix(string(m.raw[:min(5, len(m.raw))]), "HEAD ")
	}
	return m.method == "HEAD"
}

// ordinary reports whether every HTTP/1.1 server reads the message alike, so
// that the connection may serve others before and after it.
func (m *message) ordinary() bool {
	if m.odd || m.raw != nil || m.trailers != nil || m.lines != nil {
		return false
	}
	if !isToken(m.method) || !strings.HasPrefix(m.target, "/") || !isPlain(m.target, false) || !isPlain(m.host, false) {
		return false
	}
	for _, f := range m.fields {
		if !isToken(f.Name) || !isPlain(f.Value, true) || framing(f.Name) {
			return false
		}
	}
	for _, v := range m.authorization {
		if !isPlain(v, true) {
			return false
		}
	}
	return true
}

// framing reports whether a field says how a message or connection ends.
func framing(name string) bool {
	switch strings.ToLower(name) {
	case "host", "connection", "keep-alive", "upgrade", "expect", "te", "trailer",
		"transfer-encoding", "content-length", "proxy-connection":
		return true
	}
	return false
}

// isToken reports whether s is a token of RFC 9110 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// isPlain reports whether s is visible ASCII, with blanks where they may be.
func isPlain(s string, blanks bool) bool {
	for i := range len(s) {
		c := s[i]
		if c == ' ' && blanks {
			continue
		}
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}
