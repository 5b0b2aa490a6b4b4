package policy

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// environmentWords are how people name environments, each with the name that
// stands for all of its spellings.
var environmentWords = map[string]string{
	"dev": "dev", "develop": "dev", "development": "dev",
	"test": "test", "tst": "test", "testing": "test", "qa": "qa", "sit": "sit",
	"uat": "uat", "acc": "acc", "acceptance": "acc",
	"stage": "staging", "staging": "staging", "stg": "staging",
	"preprod": "preprod", "sandbox": "sandbox", "sbx": "sandbox",
	"prod": "prod", "prd": "prod", "production": "prod",
}

var (
	hump   = regexp.MustCompile(`([a-z0-9])([A-Z])`)
	joints = regexp.MustCompile(`[^a-z0-9]+`)
)

// EnvironmentOf is the environment that a name speaks of, such as dev of
// api://orders-dev or of DEV.Access; empty for one that speaks of none.
func EnvironmentOf(name string) string {
	words := joints.Split(strings.ToLower(hump.ReplaceAllString(name, "$1 $2")), -1)
	for _, word := range slices.Backward(words) {
		if env, ok := environmentWords[word]; ok {
			return env
		}
	}
	return ""
}

// environment is the one that its name speaks of, else the nearest
// part of the path to its file.
func (in *Instance) environment() string {
	if env := EnvironmentOf(in.Name); env != "" {
		return env
	}
	parts := strings.Split(filepath.ToSlash(in.At.File), "/")
	for _, part := range slices.Backward(parts) {
		if env := EnvironmentOf(part); env != "" {
			return env
		}
	}
	return ""
}

// another reports whether two instances are to be told apart as environments are:
// all are, but those that speak of the same one.
func (in *inspected) another(other *inspected) bool {
	return in != other && (in.environment == "" || in.environment != other.environment)
}
