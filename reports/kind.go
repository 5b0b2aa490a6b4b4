package reports

import (
	"slices"
	"strings"
)

// KindWords says kinds of token as people do: "v1/v2 × user/daemon" where they
// are all combinations, else one after the other.
func KindWords(kinds []string) string {
	var versions, subjects, single []string
	for _, kind := range sortedSet(kinds) {
		version, subject, _ := strings.Cut(kind, " ")
		versions = append(versions, version)
		subjects = append(subjects, subject)
		single = append(single, KindWord(kind))
	}
	versions, subjects = sortedSet(versions), sortedSet(subjects)
	slices.Reverse(subjects) // user before app
	if len(single) < 2 || len(versions)*len(subjects) != len(single) {
		return strings.Join(single, ", ")
	}
	for i, s := range subjects {
		subjects[i] = subjectWord(s)
	}
	return strings.Join(versions, "/") + " × " + strings.Join(subjects, "/")
}

// KindWord says one kind of token as people do: "v2 daemon".
func KindWord(kind string) string {
	version, subject, found := strings.Cut(kind, " ")
	if !found {
		return kind
	}
	return version + " " + subjectWord(subject)
}

func subjectWord(subject string) string {
	if subject == "app" {
		return "daemon"
	}
	return subject
}
