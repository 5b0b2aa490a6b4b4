package probe

import "strings"

// redactNamed drops the value of every `name=value`, `name: value` and
// `"name":"value"` whose name says that it is secret.
func redactNamed(text string) string {
	var b strings.Builder
	copied := 0
	for i := 0; i < len(text); {
		end := nameEnd(text, i)
		if end == i {
			i++
			continue
		}
		if name := text[i:end]; secretName(name) {
			if start, stop := namedValue(text, end); stop > start && (!partName(name) || stop-start >= minPiece) {
				b.WriteString(text[copied:start])
				b.WriteString(secretRedacted)
				copied, end = stop, stop
			}
		}
		i = end
	}
	if copied == 0 {
		return text
	}
	b.WriteString(text[copied:])
	return b.String()
}

func nameEnd(text string, i int) int {
	for i < len(text) && nameByte(text[i]) {
		i++
	}
	return i
}

func nameByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '-'
}

// namedValue returns where the value after a name stands; it is empty where no
// separator follows.
func namedValue(text string, i int) (start, end int) {
	rest := strings.TrimLeft(text[i:], "\"' \t\\")
	if !strings.HasPrefix(rest, "=") && !strings.HasPrefix(rest, ":") {
		return i, i
	}
	rest = rest[1:]
	trimmed := strings.TrimLeft(rest, " \t\\")
	quote := ""
	if trimmed != "" && (trimmed[0] == '"' || trimmed[0] == '\'') {
		quote = trimmed[:1]
		trimmed = trimmed[1:]
	}
	start = len(text) - len(trimmed)
	stop := strings.IndexAny(trimmed, "&;, \t\r\n\"'}\\")
	if quote != "" {
		stop = strings.IndexAny(trimmed, quote+"\\")
	}
	if stop < 0 {
		stop = len(trimmed)
	}
	return start, start + stop
}
