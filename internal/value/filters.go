package value

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
)

// filter turns one value into another.
type filter func(v Value, args []string) (Value, error)

// filterSpec is one entry of the closed list of filters.
type filterSpec struct {
	args  int
	apply filter
	says  string
	// counts: the first argument is a count.
	counts bool
}

// filterTable is the closed list; design 12 names it.
func filterTable() map[string]filterSpec {
	return map[string]filterSpec{
		"base64":      {0, onText(base64Text), "base64 with its padding", false},
		"base64url":   {0, onText(Base64URL), "base64url without padding", false},
		"before-last": {1, beforeLast, "what stands before the last c", false},
		"cut":         {1, cut, "the last n characters off", true},
		"lower":       {0, onText(strings.ToLower), "lower case", false},
		"pad":         {2, pad, "filled up with c to n characters", true},
		"percent":     {0, onText(percentEncode), "percent-encoded, all but RFC 3986's unreserved characters", false},
		"replace":     {2, replaceAll, "every a by b; '' is nothing, ' ' a blank", false},
		"sha256":      {0, onText(sha256URL), "SHA-256 as base64url", false},
		"string":      {0, asString, "a number as a string", false},
		"take":        {1, take, "n characters or pieces, repeating", true},
		"upper":       {0, onText(strings.ToUpper), "upper case", false},
	}
}

// FilterNames are the known filters, sorted.
func FilterNames() []string {
	var names []string
	for name := range filterTable() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func lookupFilter(name string, args []string) (filter, error) {
	spec, ok := filterTable()[name]
	if !ok {
		hint := "known: " + strings.Join(FilterNames(), ", ")
		if near := document.Nearest(name, FilterNames()); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		return nil, &SyntaxError{Text: fmt.Sprintf("unknown filter %q", name), Hint: hint}
	}
	if len(args) != spec.args {
		return nil, &SyntaxError{Text: fmt.Sprintf("filter %s takes %d arguments, got %d", name, spec.args, len(args)), Hint: spec.says}
	}
	if name == "replace" && args[0] == "" {
		return nil, &SyntaxError{Text: "filter replace: nothing to replace", Hint: spec.says}
	}
	if spec.counts {
		if _, err := count(args[0]); err != nil {
			return nil, &SyntaxError{Text: fmt.Sprintf("filter %s: %s", name, strings.TrimPrefix(err.Error(), "value: ")), Hint: spec.says}
		}
	}
	return spec.apply, nil
}

func onText(f func(string) string) filter {
	return func(v Value, _ []string) (Value, error) {
		if v.Kind != Text {
			return v, fmt.Errorf("value: expected a string, got %s", v.JSON())
		}
		return String(f(v.Text)), nil
	}
}

func cut(v Value, args []string) (Value, error) {
	n, err := count(args[0])
	if err != nil {
		return v, err
	}
	return onText(func(s string) string { return s[:max(0, len(s)-n)] })(v, nil)
}

func replaceAll(v Value, args []string) (Value, error) {
	return onText(func(s string) string { return strings.ReplaceAll(s, args[0], args[1]) })(v, nil)
}

func beforeLast(v Value, args []string) (Value, error) {
	return onText(func(s string) string { return s[:max(0, strings.LastIndex(s, args[0]))] })(v, nil)
}

func pad(v Value, args []string) (Value, error) {
	n, err := count(args[0])
	if err != nil {
		return v, err
	}
	return onText(func(s string) string { return s + strings.Repeat(args[1], max(0, n-len(s))) })(v, nil)
}

func take(v Value, args []string) (Value, error) {
	n, err := count(args[0])
	switch {
	case err != nil:
		return v, err
	case v.Kind == Source:
		return v.supply(n), nil
	case v.Kind == Text && v.Text != "":
		return String(strings.Repeat(v.Text, n/len(v.Text)+1)[:n]), nil
	}
	return v, fmt.Errorf("value: cannot take %d of %s", n, v.JSON())
}

func asString(v Value, _ []string) (Value, error) { return String(v.Plain()), nil }

// base64Text is RFC 4648 4, as HTTP's Basic scheme has it.
func base64Text(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func sha256URL(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// percentEncode encodes all but the unreserved characters of RFC 3986 2.3.
func percentEncode(s string) string {
	const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(unreserved, s[i]) >= 0 {
			b.WriteByte(s[i])
			continue
		}
		fmt.Fprintf(&b, "%%%02X", s[i])
	}
	return b.String()
}

func count(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 16<<20 {
		return 0, fmt.Errorf("value: expected a count up to 16777216, got %q", s)
	}
	return n, nil
}
