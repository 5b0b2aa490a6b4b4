package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// root is the module's root, seen from this package.
const root = "../.."

// everywhere are programs of every machine that has a shell.
const everywhere = "base64 cat cd cp echo export grep head jobs kill ls mkdir mv rm sed sh tail wc"

var (
	assignment = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)
	between    = regexp.MustCompile(`\s+(?:\||\|\||&&)\s+|;\s+`)
	substitute = regexp.MustCompile(`\$\(([^()]*)\)`)
)

// malformed says what is wrong with the form of a command: a program that is
// not known here and that the block does not ask for, a verb or flag that there
// is not, a target that the Makefile has not.
func (s docStep) malformed() error {
	text := strings.ReplaceAll(s.text, "\\\n", " ")
	pieces := between.Split(substitute.ReplaceAllString(text, "SUBSTITUTED"), -1)
	for _, m := range substitute.FindAllStringSubmatch(text, -1) {
		pieces = append(pieces, between.Split(m[1], -1)...)
	}
	for _, piece := range pieces {
		words := strings.Fields(strings.NewReplacer("'", "", `"`, "").Replace(piece))
		for len(words) > 0 && assignment.MatchString(words[0]) {
			words = words[1:]
		}
		if len(words) == 0 {
			continue
		}
		if err := s.malformedPiece(words); err != nil {
			return err
		}
	}
	return nil
}

func (s docStep) malformedPiece(words []string) error {
	switch line := strings.Join(words, " "); {
	case words[0] == "entraproof":
		return untypable(words[1:])
	case line == thisProgram || strings.HasPrefix(line, thisProgram+" "):
		return untypable(words[3:])
	case strings.HasPrefix(line, "go test ./suites"), line == "go install ./cmd/entraproof", strings.HasPrefix(line, "go doc ./"):
		return nil
	case words[0] == "make":
		return s.unmakable(words[1:])
	case slices.Contains(strings.Fields(everywhere), words[0]), slices.Contains(s.needs, words[0]):
		return nil
	}
	return fmt.Errorf("a command of no known form, and the block does not say needs=%s", words[0])
}

// thisProgram is how the pages write entraproof before it is installed.
const thisProgram = "go run ./cmd/entraproof"

// untypable refuses a verb or a flag that the program has not.
func untypable(args []string) error {
	var kept []string
	for i := 0; i < len(args); i++ {
		switch {
		case strings.HasPrefix(args[i], "-") || !strings.ContainsAny(args[i], "<>"):
			kept = append(kept, args[i])
		case strings.HasSuffix(args[i], ">") || strings.HasSuffix(args[i], "<"):
			i++ // the file's name
		}
	}
	if slices.Equal(kept, []string{"--help"}) {
		return nil
	}
	if wrong := wrongWith(testRoot(), kept); wrong != "" {
		return fmt.Errorf("entraproof %s: %s", strings.Join(kept, " "), wrong)
	}
	return nil
}

// unmakable refuses a target that there is not, and one that nobody runs: a
// make without needs is left to others, because this test is part of make test.
func (s docStep) unmakable(targets []string) error {
	for _, target := range targets {
		if is, err := holds("Makefile", "(?m)^"+regexp.QuoteMeta(target)+":"); err != nil || !is {
			return errors.Join(err, fmt.Errorf("the Makefile has no target %s", target))
		}
		if len(s.needs) > 0 {
			continue
		}
		file, pattern := makes(target)
		if is, err := holds(file, pattern); err != nil || !is {
			return errors.Join(err, fmt.Errorf("make %s is not run by %s, and its block needs nothing", target, file))
		}
	}
	return nil
}

// makes is the file that has CI do what a target does, and how that reads.
func makes(target string) (file, pattern string) {
	switch target {
	case "up", "down": // with a name, ports and an image of its own
		return "deploy/compose_test.go", `script\(t, p\.dir, "` + target + `"`
	case "image":
		return "deploy/compose_test.go", `"go", "run", "\./image"`
	}
	return ".ci/run", `(?m)\bmake (\S+ )*` + regexp.QuoteMeta(target) + `\b`
}

// holds reports whether a file of the checkout matches a pattern.
func holds(file, pattern string) (bool, error) {
	text, err := os.ReadFile(filepath.Join(root, file))
	return regexp.MustCompile(pattern).Match(text), err
}

// leftToCI reports whether others run the command, and this test does not.
func (s docStep) leftToCI() bool { return strings.HasPrefix(s.text, "make ") && len(s.needs) == 0 }

// ofTheCheckout reports whether the command works on the source and is run at
// the module's root.
func (s docStep) ofTheCheckout() bool {
	return strings.HasPrefix(s.text, "make ") || strings.HasPrefix(s.text, "go ") && !strings.HasPrefix(s.text, thisProgram)
}
