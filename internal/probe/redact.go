package probe

import (
	"slices"
	"strings"
)

// RedactToken returns a compact token with its header and claims and without
// its secret parts; what is not a token of that form is dropped whole.
func RedactToken(compact string) string {
	parts := strings.Split(compact, ".")
	switch {
	case !opensObject(parts[0]):
		return secretRedacted
	case len(parts) == 5:
		return parts[0] + strings.Repeat("."+secretRedacted, 4)
	}
	for i := firstSecret(parts); i < len(parts); i++ {
		if parts[i] != "" {
			parts[i] = signatureRedacted
		}
	}
	return strings.Join(parts, ".")
}

// firstSecret returns which part of a compact JWS is the first secret one: the
// third, or the second of two if that one is no claims.
func firstSecret(parts []string) int {
	if len(parts) == 2 && len(parts[1]) >= shortestSignature && !opensObject(parts[1]) {
		return 1
	}
	return 2
}

// shortestSignature is a part's length from which it may be a signature: the
// shortest, of HS256, has 43.
const shortestSignature = 32

// RedactText returns text in which no token that can be known by its form has
// its secret parts: compact tokens, bearer credentials and the values of
// members, fields and parameters whose name says that they are secret. What
// has been taken apart is found by Record, which knows the secrets.
func RedactText(text string) string {
	text = redactNamed(text)
	text = redactCompact(text)
	return redactBearer(text)
}

// redactField returns a header value without its secret parts.
func redactField(name, v string) string {
	if secretName(name) {
		return secretRedacted
	}
	return RedactText(v)
}

// secretName reports whether a header field, form parameter or JSON member of
// that name holds a secret and nothing else.
func secretName(name string) bool {
	if !secretInitial(name) {
		return partName(name) // most words: no copy is made of them
	}
	switch strings.ReplaceAll(strings.ToLower(name), "-", "_") {
	case "client_secret", "password", "refresh_token", "proxy_authorization", "x_api_key":
		return true
	}
	return partName(name)
}

// secretInitial reports whether a name starts like one of the secret ones, and
// is no shorter; no letter beyond ASCII has one of these as its lower case.
func secretInitial(name string) bool {
	if len(name) < len("password") {
		return false
	}
	switch name[0] | 0x20 {
	case 'c', 'p', 'r', 'x':
		return true
	}
	return false
}

// partName reports whether a member of that name is the secret part of a token
// in JSON form. In a sentence it is only a word.
func partName(name string) bool {
	switch name {
	case "signature", "ciphertext", "tag", "encrypted_key":
		return true
	}
	return false
}

// tokenByte reports whether c can stand in a base64 segment of either
// alphabet, padding included.
func tokenByte(c byte) bool {
	switch {
	case c >= 'a': // most of a token
		return c <= 'z'
	case c >= 'A':
		return c <= 'Z' || c == '_'
	case c >= '/':
		return c <= '9' || c == '='
	}
	return c == '-' || c == '+'
}

// redactCompact redacts every run of base64 segments and dots that has the
// form of a token. A percent-encoded dot is a dot.
func redactCompact(text string) string {
	if strings.IndexByte(text, '.') < 0 && !strings.Contains(text, "%2E") && !strings.Contains(text, "%2e") {
		return text
	}
	var b strings.Builder
	copied := 0
	for i := 0; i < len(text); {
		end := runEnd(text, i)
		if end == i {
			i++
			continue
		}
		if run := redactRun(text[i:end]); run != text[i:end] {
			b.WriteString(text[copied:i])
			b.WriteString(run)
			copied = end
		}
		i = end
	}
	if copied == 0 {
		return text
	}
	b.WriteString(text[copied:])
	return b.String()
}

// runEnd returns where the run of token bytes and dots that starts at i ends.
func runEnd(text string, i int) int {
	for i < len(text) {
		switch {
		case tokenByte(text[i]) || text[i] == '.':
			i++
		case text[i] == '%' && (strings.HasPrefix(text[i:], "%2E") || strings.HasPrefix(text[i:], "%2e")):
			i += 3
		default:
			return i
		}
	}
	return i
}

// redactRun redacts a run if it is a token: its first segment that opens a
// JSON object starts it (a path may stand before), or a segment from the third
// on is as long as a signature.
func redactRun(run string) string {
	if strings.IndexByte(run, '.') < 0 && strings.IndexByte(run, '%') < 0 {
		return run // one segment is no token
	}
	plain := run
	if strings.IndexByte(run, '%') >= 0 {
		plain = strings.NewReplacer("%2E", ".", "%2e", ".").Replace(run)
	}
	start := tokenStart(plain)
	if start >= 0 {
		return plain[:start] + RedactToken(plain[start:])
	}
	parts := strings.Split(plain, ".")
	for i := 2; i < len(parts); i++ {
		if signatureLike(parts[i]) {
			return strings.Join(append(parts[:2:2], signatureRedacted), ".")
		}
	}
	return run
}

// signatureLike reports whether a segment may be a signature, or hold one. With
// signs of both base64 alphabets it is a path, each part of which stands alone:
// the id of a tenant in an issuer's address has 36 characters.
func signatureLike(segment string) bool {
	const shortest = 43 // HS256's
	if !strings.ContainsAny(segment, "-_") || !strings.Contains(segment, "/") {
		return len(segment) >= shortestSignature
	}
	return slices.ContainsFunc(strings.Split(segment, "/"), func(part string) bool { return len(part) >= shortest })
}

// tokenStart returns where a token starts in a run, -1 if nowhere: at its
// beginning or after a byte that can end a path or parameter.
func tokenStart(run string) int {
	for i := range len(run) {
		if (i == 0 || run[i-1] == '/' || run[i-1] == '=') && opensObject(run[i:]) && strings.Contains(run[i:], ".") {
			return i
		}
	}
	return -1
}

// redactBearer drops opaque credentials after a Bearer or DPoP scheme.
func redactBearer(text string) string {
	for _, scheme := range []string{"bearer", "dpop"} {
		text = redactAfter(text, scheme)
	}
	return text
}

func redactAfter(text, scheme string) string {
	var b strings.Builder
	copied := 0
	for from := 0; ; {
		i := indexFold(text[from:], scheme)
		if i < 0 {
			break
		}
		after := from + i + len(scheme)
		start := after
		for start < len(text) && strings.IndexByte(" \t\"", text[start]) >= 0 {
			start++
		}
		end := opaqueEnd(text, start)
		if start > after && end-start >= minPiece && !opensObject(text[start:end]) && tellable(text[start:end]) {
			b.WriteString(text[copied:start])
			b.WriteString(secretRedacted)
			copied = end
		}
		from = end
	}
	return b.String() + text[copied:]
}

// opaqueEnd returns where the token68 (RFC 9110 11.2) that starts at i ends.
func opaqueEnd(text string, i int) int {
	for i < len(text) && (tokenByte(text[i]) || text[i] == '.' || text[i] == '~') {
		i++
	}
	return i
}

// tellable reports whether s could tell anything: not if it is one character
// over and over, or a plain word, which has no digit.
func tellable(s string) bool {
	return strings.Trim(s, s[:1]) != "" && strings.ContainsAny(s, "0123456789")
}

// indexFold returns where the lower-case ASCII word stands in text, in any
// case.
func indexFold(text, word string) int {
	for i := 0; i+len(word) <= len(text); i++ {
		if text[i]|0x20 == word[0] && strings.EqualFold(text[i:i+len(word)], word) {
			return i
		}
	}
	return -1
}
