package verdict_test

import (
	"testing"
	"time"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/verdict"
)

// expect decodes an `expect` member and fails the test on any problem.
func expect(t testing.TB, yaml string) verdict.Expectation {
	t.Helper()
	e, err := tryExpect(yaml)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func tryExpect(yaml string) (verdict.Expectation, error) {
	n, err := document.Parse("row.yaml", []byte("expect: "+yaml))
	if err != nil {
		return verdict.Expectation{}, err
	}
	f := n.Fields()
	e := verdict.DecodeExpectation(f.Need("expect"))
	f.Rest()
	return e, n.Err()
}

// status is an answer that is not the echo's.
func status(code int) probe.Observation {
	return probe.Observation{Status: code, Connected: true, Elapsed: time.Millisecond}
}

// byEcho is the echo's own answer.
func byEcho() probe.Observation {
	o := status(200)
	o.Header = []probe.Pair{{Name: probe.EchoHeader, Value: "1"}}
	o.Echo = &probe.Echo{}
	return o
}

// fault is an exchange without an answer.
func fault(f probe.Fault) probe.Observation {
	return probe.Observation{Fault: f, Connected: true, Elapsed: time.Millisecond}
}

// unconnected is a request that nobody took.
func unconnected(f probe.Fault) probe.Observation { return probe.Observation{Fault: f} }

// slow is an answer after the given time.
func slow(o probe.Observation, d time.Duration) probe.Observation {
	o.Elapsed = d
	return o
}
