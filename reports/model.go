package reports

import "time"

// SchemaVersion is the version of the results model. The number after the slash
// grows when a reader of the older one would misread the newer one.
const SchemaVersion = "entraproof.results/1"

// Results is all that is known of one run: the source of every report. The
// engine fills the fields down to Learnt; Conclude derives the rest from them.
type Results struct {
	// Schema is SchemaVersion.
	Schema string `json:"schema"`
	// Tool is the program that judged.
	Tool Tool `json:"tool"`
	// Catalogue is the set of scenarios that was chosen from.
	Catalogue Catalogue `json:"catalogue"`
	// Run is the run itself: when, how long, whether it ended by itself.
	Run Run `json:"run"`
	// Selection is what was asked for.
	Selection Selection `json:"selection"`
	// Targets are the gateways under test, sorted by name.
	Targets []Target `json:"targets"`
	// Cases are the judged cases, sorted by target, then id.
	Cases []Case `json:"cases"`
	// Controls are the genuine tokens between which refusals count, sorted by
	// target, then id.
	Controls []Control `json:"controls"`
	// Causes say why controls were refused.
	Causes []Cause `json:"causes,omitempty"`
	// Waivers are the reviewed exceptions that were given to the run.
	Waivers []Waiver `json:"waivers,omitempty"`
	// Learnt is what the run found out about capabilities that the targets do
	// not declare.
	Learnt []Learnt `json:"learnt,omitempty"`

	// Counts are the cases of each outcome, waived failures counting as warn.
	Counts Counts `json:"counts"`
	// Obligations are what a green run owes.
	Obligations []Obligation `json:"obligations"`
	// Supports is the part of Learnt that a target file can declare, a text for
	// each target with something learnt; derived from Learnt by Conclude.
	Supports []Supports `json:"supports,omitempty"`
	// LeftOpen are the checks that the target declares it does not enforce.
	LeftOpen []LeftOpen `json:"left_open,omitempty"`
	// Answers are the two questions that people come with, answered.
	Answers Answers `json:"answers"`
	// ExitCode is the exit code that the results alone give.
	ExitCode int `json:"exit_code"`
}

// Tool is the program that wrote the results.
type Tool struct {
	// Name is "entraproof".
	Name string `json:"name"`
	// Version is the released version, or "devel".
	Version string `json:"version"`
	// Commit is the revision that it was built from.
	Commit string `json:"commit,omitempty"`
}

// Catalogue identifies the scenarios.
type Catalogue struct {
	// Digest is the SHA-256 of all scenario files, in hex.
	Digest string `json:"digest"`
	// Scenarios is how many scenarios it holds.
	Scenarios int `json:"scenarios"`
	// Folders are the names of the user's own scenario folders.
	Folders []string `json:"folders,omitempty"`
}

// Run is the circumstances of one run. What differs between two equal runs is
// volatile, and Stable drops it.
type Run struct {
	// ID is the run's random name; every request carries it in a header.
	ID string `json:"id" jsonschema_extras:"volatile=true"`
	// Seed gives the same run again.
	Seed int64 `json:"seed"`
	// Started is when the first request was sent.
	Started time.Time `json:"started" jsonschema_extras:"volatile=true"`
	// DurationMS is the wall time in milliseconds.
	DurationMS int64 `json:"duration_ms" jsonschema_extras:"volatile=true"`
	// Clocks are the clocks seen at work beside our own.
	Clocks []Clock `json:"clocks,omitempty" jsonschema_extras:"volatile=true"`
	// Interrupted is set when the run did not end by itself: Ctrl-C, or a
	// journal without footer.
	Interrupted bool `json:"interrupted"`
}

// Clock is how far another party's clock was from ours.
type Clock struct {
	// Of names the party: "issuer", or target and environment.
	Of string `json:"of"`
	// OffsetMS is its time minus ours, in milliseconds.
	OffsetMS int64 `json:"offset_ms"`
}

// Selection is what was asked for, and how much that is.
type Selection struct {
	// Profile is the named selection, e.g. "core".
	Profile string `json:"profile,omitempty"`
	// Filters are the narrowing flags as given, e.g. "--id aud-*".
	Filters []string `json:"filters,omitempty"`
	// Shard is "i/n" when only a part was run; obligations are then left to
	// the merge.
	Shard string `json:"shard,omitempty"`
	// Repeat is how often each critical refusal was fired, 0 meaning once.
	Repeat int `json:"repeat,omitempty"`
	// Selected is the number of cases that the selection expands to. Fewer
	// cases in the results mean a run that did not finish.
	Selected int `json:"selected"`
	// Fired is the number of cases of which a request was sent or an
	// observation made; derived from the cases by Conclude.
	Fired int `json:"fired"`
	// Cross is set when the selection holds a row that presents another
	// environment's genuine token, even if no case came of it.
	Cross bool `json:"cross"`
}

// Counts is the number of cases, and of rows, of each outcome.
type Counts struct {
	// Pass counts what is as required.
	Pass int `json:"pass"`
	// Recorded counts what was measured and not judged.
	Recorded int `json:"recorded"`
	// Warn counts what is tolerated, waived failures included.
	Warn int `json:"warn"`
	// Unsupported counts what the target declares away.
	Unsupported int `json:"unsupported"`
	// Skipped counts what was never fired.
	Skipped int `json:"skipped"`
	// Inconclusive counts what was fired and proves nothing.
	Inconclusive int `json:"inconclusive"`
	// Fail counts what is not as required and not waived.
	Fail int `json:"fail"`
	// Error counts what could not be run.
	Error int `json:"error"`
}
