package verdict

import (
	"regexp"
	"strings"
)

// keysOverTLS looks at how the key set was fetched: who can change it on the
// way chooses whom the gateway trusts.
func keysOverTLS(e Finished) Verdict {
	var plain, all []string
	for _, f := range e.KeyFetches {
		all = append(all, f.Address)
		if !f.TLS {
			plain = append(plain, f.Address)
		}
	}
	switch {
	case len(e.KeyFetches) == 0:
		return Because(NothingObserved, "the issuer saw no fetch of its key set")
	case len(plain) > 0 && e.Local:
		return Because(KeysOverLoopback, listed(plain))
	case len(plain) > 0:
		return Because(KeysOverPlainHTTP, listed(plain))
	}
	return Because(KeysOverTLS, listed(all)) // how often is a matter of time
}

// compact is a JWS in a text.
var compact = regexp.MustCompile(`eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{8,}`)

// refusalsLogged wants a line for each refusal, found by the case's id, and no
// token in any.
func refusalsLogged(e Finished) Verdict {
	if e.Log == nil {
		return Because(CapabilityAbsent, "nobody has the gateway's log")
	}
	text := strings.Join(e.Log, "\n")
	if compact.MatchString(text) {
		return Because(TokenLogged, "")
	}
	words := wordsOf(text)
	return property{
		Record.refusal, func(r Record) bool { return !words[r.Case] && !strings.Contains(text, r.Case) }, RefusalsLogged, RefusalNotLogged, "refusals",
	}.observe(e)
}

// wordsOf are the words of a log between blanks, quotes and punctuation. Most
// ids stand there by themselves, which spares reading the whole log for each.
func wordsOf(text string) map[string]bool {
	words := map[string]bool{}
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(" \n\t\"'=,;:()[]{}", r) }) {
		words[word] = true
	}
	return words
}
