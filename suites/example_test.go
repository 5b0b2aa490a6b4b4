package suites_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/onsi/ginkgo/v2"

	"github.com/entraproof/entraproof/suites"
)

// A session judges without Ginkgo. Without a target it judges the emulated
// gateways inside; this set-up looks for client_id, which Entra's tokens do not
// have.
func ExampleNewSession() {
	session, err := suites.NewSession(suites.Config{
		Setup:     "oidc-client-check",
		Selection: suites.Selection{IDs: []string{"ctl-v?-app-only", "ctl-v?-delegated"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	results, err := session.Run(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("403 Invalid Client:", results.Answers.InvalidClient.State)
	fmt.Println("the gateway reads:", results.Causes[0].Reads)
	fmt.Println("exit code:", results.ExitCode)
	// Output:
	// 403 Invalid Client: not fixed
	// the gateway reads: client_id
	// exit code: 1
}

// The specs stand in a suite of one's own, beside its own specs. This is the
// body of a test function.
func ExampleDeclare() {
	body := func(t testing.TB) error {
		t.Helper()
		target, err := suites.LoadTarget("staging.yaml", os.LookupEnv)
		if err != nil {
			return err
		}
		session, err := suites.Declare(suites.Config{
			Targets:   []*suites.Target{target},
			Selection: suites.Selection{Severities: []string{"critical"}},
			Out:       "results",
		})
		if err != nil {
			return err
		}
		ginkgo.RunSpecs(t, "our gateway")
		results, err := session.Results()
		if err == nil {
			t.Log(results.Answers.CrossEnvironment.Text)
		}
		return err
	}
	_ = body // it is not run here: it needs a gateway
}
