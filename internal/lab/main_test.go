package lab

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "write the golden files")

// actVariable has the test binary act as a program instead of running tests.
const actVariable = "LAB_TEST_ACT"

func TestMain(m *testing.M) {
	if act := acts[os.Getenv(actVariable)]; act != nil {
		act()
		return
	}
	goleak.VerifyTestMain(m)
}

// acts are the programs that the test binary can play.
var acts = map[string]func(){
	"gateway":  serveInherited,
	"stubborn": func() { signal.Ignore(syscall.SIGTERM); serveInherited() },
	"harness":  harnessUntilKilled,
	"real":     gatewayUntilKilled,
	"inside":   serveInside,
	"dying":    dieInside,
	"panics":   containerThenPanic,
	"waits":    containerThenWait,
}

// serveInherited answers over HTTP on the inherited socket.
func serveInherited() {
	l, err := net.FileListener(os.NewFile(inheritedListener, "listener"))
	if err != nil {
		os.Exit(7)
	}
	_ = http.Serve(l, http.NotFoundHandler())
}

// harnessUntilKilled starts a gateway, prints its process id and waits.
func harnessUntilKilled() {
	r, err := Start(context.Background(), Options{
		Recipe: acting("gateway"), Mode: Leaky, Site: wide(), Dir: os.Getenv("LAB_TEST_DIR"),
	})
	if err != nil {
		println(err.Error())
		os.Exit(8)
	}
	fmt.Println(r.program.(*process).cmd.Process.Pid)
	<-r.Done()
}
