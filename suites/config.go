package suites

import (
	"fmt"

	"github.com/entraproof/entraproof/internal/lab"
	"github.com/entraproof/entraproof/internal/targets"
)

// Config is what to judge and how. The zero Config judges the reference gateway
// strict in this process with the profile core. It is read when the session is
// made and never changed.
type Config struct {
	// Targets are the gateways under test, each with a name of its own. None
	// means the embedded target: its gateways, its issuer and its echo run in
	// this process.
	Targets []*Target
	// Stand has the issuer and the echo of all Targets where they are in this
	// process: then they are called, and not asked over the network. Nil: the
	// target says where they are.
	Stand *lab.Stand
	// Setup is the set-up of policies that embedded gateways run; empty means
	// strict, the reference gateway.
	Setup string
	// Folders hold rows of one's own, added to the built-in catalogue.
	Folders []string
	// Selection chooses rows. Where it names neither a profile nor ids, the
	// profile is core, or core-keyless for targets whose tokens come from the
	// real Entra.
	Selection Selection
	// Waivers is the file of reviewed exceptions; empty means none.
	Waivers string
	// Slow takes the rows that wait for minutes.
	Slow bool
	// Repeat is how often critical refusals are fired, each time on a new
	// connection, so that one of several replicas that differs is seen; 0 means
	// once. Replicas that the target lists are addressed one by one anyway.
	Repeat int
	// Seed gives an earlier run again; 0 draws one. The results have it.
	Seed int64
	// Shard is the part of the specs to run; the zero Shard is all of them.
	Shard Shard
	// Out is the folder for journal and results, which is made if needed. Empty
	// writes nothing: the results are then only returned.
	Out string
	// Command is how this run is started again, such as "entraproof run
	// --target staging.yaml"; the id of a row is appended to it.
	Command string
	// Tool is the program that judges, for the results.
	Tool Tool
	// Begin is told of the run before its first request, Selection.Selected
	// being the number of cases. Nil if nobody wants to know.
	Begin func(Header)
	// Progress is told of every judged case, by many goroutines. Nil if nobody
	// watches.
	Progress func(Case)
}

// Shard is one of several parts that together are all specs: 1/4 to 4/4.
type Shard struct {
	Index, Count int
}

// String is "i/n", or empty for the zero Shard.
func (s Shard) String() string {
	if s == (Shard{}) {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Count)
}

// LoadTarget reads a target file. Placeholders such as ${WORKER_SECRET} are
// filled by lookup; os.LookupEnv is one. All that is wrong with the file is
// reported at once, each a *Problem with its position.
func LoadTarget(path string, lookup func(name string) (value string, found bool)) (*Target, error) {
	return targets.Load(path, lookup)
}

// ParseTarget is LoadTarget for a text; path names it in errors.
func ParseTarget(path string, src []byte, lookup func(name string) (value string, found bool)) (*Target, error) {
	return targets.Parse(path, src, lookup)
}

// UsageError is wrong usage or configuration: nothing was fired, and nothing
// will be until it is mended. What else Run returns could not be run.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap is the cause, such as a *NothingSelectedError, an *InUseError or
// several of *Problem.
func (e *UsageError) Unwrap() error { return e.Err }
