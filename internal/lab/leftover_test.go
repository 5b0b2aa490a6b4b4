package lab

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// recipeVariable names the gateway that a harness of its own starts.
const recipeVariable = "LAB_TEST_RECIPE"

// gatewayUntilKilled starts a real gateway, prints its address and folder, and
// waits.
func gatewayUntilKilled() {
	recipe := must(Lookup(os.Getenv(recipeVariable)))
	r, err := Start(context.Background(), Options{Recipe: recipe, Mode: Leaky, Site: wideWithKeys(), Dir: os.Getenv("LAB_TEST_DIR")})
	if err != nil {
		println(err.Error())
		os.Exit(8)
	}
	fmt.Println(r.URL, r.dir)
	<-r.Done()
}

// A harness that is killed takes the real programs along, all of their
// processes.
func TestKilledHarnessTakesRealProgramsAlong(t *testing.T) {
	for _, r := range Recipes() {
		t.Run(r.Name, func(t *testing.T) {
			startInstalled(t, Options{Recipe: r, Mode: Leaky, Site: wideWithKeys()}) // or skip
			address, dir := killedHarness(t, r)
			t.Cleanup(func() { endWorkers(dir) })
			if r.Name == "apache" && os.Geteuid() == 0 {
				// It has become somebody else, and is forgotten by the kernel;
				// whoever starts next in the same place removes it.
				sweepFolders(filepath.Dir(dir), time.Now())
			}
			waitFor(t, "the gateway to end with its harness", func() bool { return len(within(t, dir)) == 0 && silent(address) })
		})
	}
}

func silent(address string) bool {
	c, err := net.Dial("tcp", address)
	if err == nil {
		_ = c.Close()
	}
	return err != nil
}

// killedHarness starts a gateway in a process of its own and kills that.
func killedHarness(t *testing.T, r Recipe) (address, dir string) {
	t.Helper()
	harness, line := startHarness(t, actVariable+"=real", recipeVariable+"="+r.Name)
	address, dir, _ = strings.Cut(line, " ")
	if len(within(t, dir)) == 0 {
		t.Fatalf("expected a gateway that works in %q, got none", dir)
	}
	_ = harness.Process.Kill()
	_ = harness.Wait()
	return strings.TrimPrefix(address, "http://"), dir
}

// within returns the processes whose working directory a folder is.
func within(t *testing.T, dir string) []string {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && target == dir {
			found = append(found, link)
		}
	}
	return found
}
