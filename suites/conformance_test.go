package suites_test

import (
	"cmp"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onsi/ginkgo/v2"

	"github.com/entraproof/entraproof/suites"
)

// The flags of go test ./suites -args …
var (
	targetFlag  = flag.String("target", "", "target file, looked for from the module's root; none: the reference gateway inside")
	profileFlag = flag.String("profile", "", "profile to choose rows from; none: core, or core-keyless for the real Entra")
	outFlag     = flag.String("out", "", "folder for journal and results, from the module's root; none: nothing is written")
	idFlag      = flag.String("id", "", "ids or patterns of rows, joined by commas")
	waiversFlag = flag.String("waivers", "", "file of reviewed exceptions, from the module's root")
	labFlag     = flag.String("lab", "", "real gateways on this machine, joined by commas, or all: judged in every mode and compared with their matrices")
	modeFlag    = flag.String("mode", "", "with -lab: only these modes, joined by commas")
	updateFlag  = flag.Bool("update", false, "with -lab: write the matrices anew")
)

// TestConformance judges the target of the flags with one Ginkgo spec for each
// scenario and environment.
func TestConformance(t *testing.T) {
	if *labFlag != "" {
		testLab(t)
		return
	}
	cfg := suites.Config{
		Selection: suites.Selection{Profile: *profileFlag}, Out: fromRoot(t, *outFlag), Waivers: fromRoot(t, *waiversFlag),
		Command: strings.TrimSpace("go test ./suites -args " + spelled("target", *targetFlag)),
	}
	if *idFlag != "" {
		cfg.Selection.IDs = strings.Split(*idFlag, ",")
	}
	if *targetFlag != "" {
		target, err := suites.LoadTarget(fromRoot(t, *targetFlag), os.LookupEnv)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Targets = append(cfg.Targets, target)
	}
	suite, reporter := ginkgo.GinkgoConfiguration()
	suite.FailOnEmpty = true // a filter that matches nothing is no success
	cfg.Seed = suite.RandomSeed
	if _, err := suites.Declare(cfg); err != nil {
		t.Fatal(err)
	}
	ginkgo.RunSpecs(t, "conformance", suite, reporter)
}

func spelled(name, value string) string {
	if value == "" {
		return ""
	}
	return "-" + name + " " + value
}

// fromRoot is a path that the user gave, relative to the module's root: go test
// runs in the package's folder.
func fromRoot(t *testing.T, path string) string {
	t.Helper()
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(moduleRoot(t), path)
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if up := filepath.Dir(dir); up != dir {
			dir = up
			continue
		}
		t.Fatal("no go.mod above " + cmp.Or(os.Getenv("PWD"), "this folder"))
	}
}
