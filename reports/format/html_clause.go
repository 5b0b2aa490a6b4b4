package format

import (
	"regexp"
	"slices"
	"strings"
)

// clause is one thing that a row rests on, in full words.
type clause struct {
	Text string
	// Link is where it can be read; empty where there is no lasting address.
	Link string
	// rank orders what demands before what explains.
	rank int
}

var (
	requestForComments = regexp.MustCompile(`^(\d{4,5})(bis)?§([0-9A-Z][0-9A-Z.]*)(.*)$`)
	weakness           = regexp.MustCompile(`^CWE-(\d{1,5})(.*)$`)
	verification       = regexp.MustCompile(`^ASVS (.+)$`)
	apiSecurity        = regexp.MustCompile(`^API(\d{1,2})(.*)$`)
	nistControl        = regexp.MustCompile(`^NIST (.+)$`)
	entraPage          = regexp.MustCompile(`^MS-([a-z]{2})(.*)$`)
)

// clauses spells references out, what demands something first.
func clauses(refs []string) []clause {
	var all []clause
	for _, ref := range refs {
		all = append(all, clauseOf(ref))
	}
	slices.SortStableFunc(all, func(a, b clause) int { return a.rank - b.rank })
	return all
}

func clauseOf(ref string) clause {
	if m := requestForComments.FindStringSubmatch(ref); m != nil {
		return rfcClause(m)
	}
	if m := verification.FindStringSubmatch(ref); m != nil {
		return clause{Text: "OWASP ASVS 5.0, " + m[1], rank: 1}
	}
	if m := apiSecurity.FindStringSubmatch(ref); m != nil {
		return clause{Text: "OWASP API Security Top 10 (2023), API" + m[1] + m[2], rank: 1}
	}
	if m := nistControl.FindStringSubmatch(ref); m != nil {
		return clause{Text: "NIST SP 800-53, " + m[1], rank: 1}
	}
	if m := entraPage.FindStringSubmatch(ref); m != nil {
		return clause{Text: "Microsoft Entra, " + entraTitle(m[1]) + m[2], rank: 2}
	}
	if m := weakness.FindStringSubmatch(ref); m != nil {
		return clause{Text: ref, Link: "https://cwe.mitre.org/data/definitions/" + m[1] + ".html", rank: 3}
	}
	if lab, found := strings.CutPrefix(ref, "PS-"); found {
		return clause{Text: "PortSwigger JWT lab " + lab, rank: 4}
	}
	return clause{Text: ref, rank: 4}
}

// rfcClause names an RFC: number, draft mark, section, rest.
func rfcClause(m []string) clause {
	number, draft, section, rest := m[1], m[2], strings.TrimSuffix(m[3], "."), m[4]
	text := "RFC " + number + draft + " §" + section + rest
	if title := rfcTitle(number); title != "" {
		text += " (" + title + ")"
	}
	if draft != "" {
		return clause{Text: text}
	}
	return clause{Text: text, Link: "https://www.rfc-editor.org/rfc/rfc" + number + "#section-" + section}
}

func rfcTitle(number string) string {
	switch number {
	case "6749":
		return "OAuth 2.0"
	case "6750":
		return "bearer tokens"
	case "7515":
		return "JWS"
	case "7516":
		return "JWE"
	case "7517":
		return "JWK"
	case "7518":
		return "JWA"
	case "7519":
		return "JWT"
	case "8725":
		return "JWT best practices"
	case "9068":
		return "JWT access tokens"
	case "9110":
		return "HTTP"
	case "9700":
		return "OAuth security"
	}
	return ""
}

func entraTitle(short string) string {
	switch short {
	case "at":
		return "access tokens"
	case "cc":
		return "client credentials"
	case "ch":
		return "claims challenge"
	case "cr":
		return "claims reference"
	case "cv":
		return "claims validation"
	case "kr":
		return "signing key rollover"
	case "oc":
		return "optional claims"
	}
	return short
}
