package lab

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
)

// contained is a recipe whose program is the test binary, which listens where
// programs in containers do. As a process it is asked for its version only.
func contained(part string) (Recipe, Finder) {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	r := fake()
	r.Name += "-" + part
	r.check, r.env, r.inherits = nil, []string{actVariable + "=" + part}, false
	said := func(*exec.Cmd) ([]byte, error) { return []byte("gw 1.2.3"), nil }
	return r, Finder{LookPath: func(string) (string, error) { return self, nil }, Output: said}
}

// serveInside answers where every gateway in a container listens.
func serveInside() {
	fmt.Println("in the container")
	_ = http.ListenAndServe(insideListen().String(), http.NotFoundHandler())
}

// dieInside says why, and dies.
func dieInside() {
	fmt.Fprintln(os.Stderr, "one")
	fmt.Fprintln(os.Stderr, "cannot find my shoes")
	os.Exit(3)
}

// openInside starts a container and prints the name of the run.
func openInside() {
	e, err := OpenEngine(context.Background(), EngineOptions{})
	if err == nil {
		recipe, finder := contained("inside")
		_, err = Start(context.Background(), Options{
			Recipe: recipe, Finder: finder, Mode: Leaky, Site: wide(), Engine: e, Dir: os.Getenv("LAB_TEST_DIR"),
		})
	}
	if err != nil {
		println(err.Error())
		os.Exit(8)
	}
	fmt.Println(e.run)
}

// containerThenPanic panics where nothing is deferred.
func containerThenPanic() {
	openInside()
	go func() { panic("planted") }()
	select {}
}

// containerThenWait waits to be killed.
func containerThenWait() {
	openInside()
	select {}
}
