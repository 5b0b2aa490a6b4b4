package reports_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
)

// conclusion is one way to spoil the sample, and what must come of it.
type conclusion struct {
	name    string
	spoil   func(*reports.Results)
	exit    int
	genuine string // state of the first answer
	cross   string // state of the second answer
}

func conclusions() []conclusion {
	keep := func(*reports.Results) {}
	return []conclusion{
		{"all well", keep, 0, reports.Fixed, reports.Closed},

		// a proven hole
		{"pair accepted", func(r *reports.Results) { set(find(r, "aud-other-env-genuine", "uat"), verdict.ReachedUpstream) }, 1, reports.Fixed, reports.Open},
		{"pair not separable", func(r *reports.Results) {
			set(find(r, "aud-other-env-genuine", "uat"), verdict.EnvironmentsNotSeparable)
		}, 1, reports.Fixed, reports.Open},
		{"pair accepted once of two", func(r *reports.Results) {
			again := *find(r, "aud-other-env-genuine", "uat")
			again.ID, again.Kind = again.ID+"2", "v2 user"
			set(&again, verdict.ReachedUpstream)
			r.Cases = append(r.Cases, again)
			r.Selection.Selected++
		}, 1, reports.Fixed, reports.Open},
		{"hole beside an error", func(r *reports.Results) {
			set(find(r, "aud-other-env-genuine", "uat"), verdict.ReachedUpstream)
			set(find(r, "alg-none", "dev"), verdict.ConnectionRefused)
		}, 1, reports.Fixed, reports.Open},
		{"hole in an interrupted run", func(r *reports.Results) {
			set(find(r, "aud-other-env-genuine", "uat"), verdict.ReachedUpstream)
			r.Run.Interrupted = true
		}, 1, reports.AnswerUnproven, reports.Open},
		{"hole in a shard", func(r *reports.Results) {
			set(find(r, "aud-other-env-genuine", "uat"), verdict.ReachedUpstream)
			r.Selection.Shard = "1/2"
		}, 1, reports.AnswerNotTested, reports.Open},
		{"genuine token refused", func(r *reports.Results) { set(find(r, "ctl", "dev"), verdict.RefusedGenuine) }, 1, reports.NotFixed, reports.Closed},
		{"a repeat accepted", func(r *reports.Results) {
			find(r, "alg-none", "dev").Repeats = []reports.Shot{{Outcome: reports.Pass}, {Outcome: reports.Fail}}
		}, 1, reports.Fixed, reports.Closed},
		{"a step failed", func(r *reports.Results) {
			find(r, "alg-none", "dev").Steps = []reports.Step{{Outcome: reports.Fail}, {Outcome: reports.Pass}}
		}, 1, reports.Fixed, reports.Closed},

		// waived
		{"pair accepted, waived", func(r *reports.Results) { waive(r, find(r, "aud-other-env-genuine", "uat"), verdict.ReachedUpstream) }, 0, reports.Fixed, reports.Open},
		{"row failed, waived", func(r *reports.Results) { waive(r, find(r, "alg-none", "uat"), verdict.ReachedUpstream) }, 0, reports.Fixed, reports.Closed},
		{"critical row skipped, waived", func(r *reports.Results) { waive(r, find(r, "alg-none", "uat"), verdict.MissingAccount) }, 0, reports.Fixed, reports.Closed},
		{"inconclusive, waived", func(r *reports.Results) { waive(r, find(r, "alg-none", "uat"), verdict.RateLimited) }, 4, reports.Fixed, reports.Closed},
		{"error, waived", func(r *reports.Results) { waive(r, find(r, "alg-none", "uat"), verdict.Timeout) }, 4, reports.Fixed, reports.Closed},
		{"could not be run, waived", func(r *reports.Results) { waive(r, find(r, "alg-none", "uat"), verdict.TLSFailed) }, 3, reports.Fixed, reports.Closed},
		{"waiver of a pass", func(r *reports.Results) { waive(r, find(r, "alg-none", "uat"), verdict.RefusedAsRequired) }, 2, reports.Fixed, reports.Closed},
		{"waiver without a case", func(r *reports.Results) { r.Waivers = []reports.Waiver{{ID: "x", Reached: true}} }, 2, reports.Fixed, reports.Closed},
		{"waiver out of the selection", func(r *reports.Results) { r.Waivers = []reports.Waiver{{ID: "x"}} }, 0, reports.Fixed, reports.Closed},
		{"hole beside an unused waiver", func(r *reports.Results) {
			r.Waivers = []reports.Waiver{{ID: "x", Reached: true}}
			set(find(r, "alg-none", "uat"), verdict.ReachedUpstream)
		}, 1, reports.Fixed, reports.Closed},

		// could not run
		{"no case", func(r *reports.Results) { drop(r, func(reports.Case) bool { return true }) }, 3, reports.Fixed, reports.AnswerNotTested},
		{"no case, no control", func(r *reports.Results) {
			drop(r, func(reports.Case) bool { return true })
			r.Controls = nil
		}, 3, reports.AnswerNotTested, reports.AnswerNotTested},
		{"only skipped", func(r *reports.Results) {
			for i := range r.Cases {
				set(&r.Cases[i], verdict.NothingToChange)
			}
		}, 3, reports.Fixed, reports.AnswerNotTested},
		{"only unsupported", func(r *reports.Results) {
			for i := range r.Cases {
				set(&r.Cases[i], verdict.DeclaredUnsupported)
			}
		}, 3, reports.Fixed, reports.AnswerNotTested},
		{"route not proven", func(r *reports.Results) { set(find(r, "alg-none", "dev"), verdict.RouteNotProven) }, 3, reports.Fixed, reports.Closed},
		{"a control that leads nowhere", func(r *reports.Results) {
			c := daemonAtDev(r)
			c.Shots = []reports.Shot{shot("start", reports.ControlUnproven), shot("end", reports.ControlUnproven)}
		}, 3, reports.AnswerUnproven, reports.Closed},
		{"interrupted", func(r *reports.Results) { r.Run.Interrupted = true }, 3, reports.AnswerUnproven, reports.AnswerUnproven},
		{"a case was lost", func(r *reports.Results) { r.Selection.Selected++ }, 3, reports.AnswerUnproven, reports.AnswerUnproven},
		{"a lost case made up for by an extra one", func(r *reports.Results) {
			r.Selection.Selected++
			extra := newCase("probe", "dev", "dev", "v2 app", verdict.Measured)
			extra.Extra = true
			r.Cases = append(r.Cases, extra)
		}, 3, reports.AnswerUnproven, reports.AnswerUnproven},
		{"an outcome beyond the ladder", func(r *reports.Results) { find(r, "alg-none", "dev").Outcome = 99 }, 3, reports.Fixed, reports.Closed},
		{"a pair's outcome beyond the ladder", func(r *reports.Results) { find(r, "aud-other-env-genuine", "dev").Outcome = 99 }, 3, reports.Fixed, reports.AnswerUnproven},
		{"no target", func(r *reports.Results) { r.Targets = nil }, 3, reports.AnswerNotTested, reports.AnswerNotTested},
		{"a case of no target", func(r *reports.Results) { find(r, "alg-none", "dev").Target = "u" }, 3, reports.Fixed, reports.Closed},
		{"one id twice", func(r *reports.Results) {
			r.Cases = append(r.Cases, r.Cases[0])
			r.Selection.Selected++
		}, 3, reports.Fixed, reports.Closed},

		// unproven
		{"pair inconclusive", func(r *reports.Results) { set(find(r, "aud-other-env-genuine", "uat"), verdict.ControlLost) }, 4, reports.Fixed, reports.AnswerUnproven},
		{"pair recorded", func(r *reports.Results) { set(find(r, "aud-other-env-genuine", "uat"), verdict.NotIsolated) }, 4, reports.Fixed, reports.AnswerUnproven},
		{"pair skipped", func(r *reports.Results) { set(find(r, "aud-other-env-genuine", "uat"), verdict.MissingAccount) }, 4, reports.Fixed, reports.AnswerNotTested},
		{"pair missing", func(r *reports.Results) {
			drop(r, func(c reports.Case) bool { return c.Cross && c.Environment == "uat" })
		}, 4, reports.Fixed, reports.AnswerNotTested},
		{"a mutated token stands for no pair", func(r *reports.Results) { find(r, "aud-other-env-genuine", "uat").Cross = false }, 4, reports.Fixed, reports.AnswerNotTested},
		{"all pairs missing", func(r *reports.Results) { drop(r, func(c reports.Case) bool { return c.Cross }) }, 4, reports.Fixed, reports.AnswerNotTested},
		{"one environment only", func(r *reports.Results) {
			drop(r, func(c reports.Case) bool { return c.Cross || c.Environment == "uat" })
			r.Targets[0].Environments = r.Targets[0].Environments[1:]
			r.Controls = r.Controls[2:]
		}, 4, reports.Fixed, reports.AnswerNotTested},
		{"critical row recorded", func(r *reports.Results) { set(find(r, "alg-none", "dev"), verdict.CalloutUnprovable) }, 4, reports.Fixed, reports.Closed},
		{"critical row skipped", func(r *reports.Results) { set(find(r, "alg-none", "dev"), verdict.NothingToChange) }, 4, reports.Fixed, reports.Closed},
		{"control refused", func(r *reports.Results) {
			for i := range daemonAtDev(r).Shots {
				daemonAtDev(r).Shots[i] = shot("start", reports.ControlRefused)
			}
		}, 4, reports.NotFixed, reports.Closed},
		{"control lost at the end", func(r *reports.Results) {
			daemonAtDev(r).Shots[1] = shot("end", reports.ControlRefused)
		}, 4, reports.AnswerUnproven, reports.Closed},
		{"control came late", func(r *reports.Results) {
			daemonAtDev(r).Shots[0] = shot("start", reports.ControlUnproven)
		}, 4, reports.AnswerUnproven, reports.Closed},
		{"control never shot", func(r *reports.Results) { daemonAtDev(r).Shots = nil }, 4, reports.AnswerUnproven, reports.Closed},
		{"control missing", func(r *reports.Results) {
			r.Controls = slices.DeleteFunc(r.Controls, func(c reports.Control) bool { return c.Environment == "dev" && c.Kind == "v2 app" })
		}, 4, reports.AnswerNotTested, reports.Closed},
		{"control of one client refused", func(r *reports.Results) {
			c := *daemonAtDev(r)
			c.ID, c.Client = c.ID+"/second", "second"
			c.Shots = []reports.Shot{shot("start", reports.ControlRefused)}
			r.Controls = append(r.Controls, c)
		}, 4, reports.NotFixed, reports.Closed},
		{"control of one replica lost", func(r *reports.Results) {
			c := *daemonAtDev(r)
			c.ID, c.Replica = c.ID+"/2", "2/2"
			c.Shots = []reports.Shot{shot("start", reports.ControlAccepted), shot("end", reports.ControlUnproven)}
			r.Controls = append(r.Controls, c)
		}, 4, reports.AnswerUnproven, reports.Closed},
		{"no kind known", func(r *reports.Results) { r.Targets[0].Environments[0].Kinds = nil }, 4, reports.AnswerNotTested, reports.Closed},
		{"a gateway was forgotten", func(r *reports.Results) {
			r.Targets[0].Environments = append(r.Targets[0].Environments, reports.Environment{Name: "test", HasGateway: true, Kinds: []string{"v2 app"}})
			r.Selection.Cross = false
			drop(r, func(c reports.Case) bool { return c.Cross })
		}, 4, reports.AnswerNotTested, reports.AnswerNotTested},
		{"a new environment without gateway", func(r *reports.Results) {
			r.Targets[0].Environments = append(r.Targets[0].Environments, reports.Environment{Name: "test"})
		}, 4, reports.Fixed, reports.AnswerNotTested},
		{"observer saw nothing", func(r *reports.Results) {
			c := find(r, "alg-none", "dev")
			c.Form = "observe"
			set(c, verdict.NothingObserved)
		}, 4, reports.Fixed, reports.Closed},

		// still green
		{"tolerated status", func(r *reports.Results) {
			set(find(r, "aud-other-env-genuine", "uat"), verdict.RefusedWithToleratedStatus)
		}, 0, reports.Fixed, reports.Closed},
		{"critical row declared away", func(r *reports.Results) { set(find(r, "alg-none", "dev"), verdict.LeftOpenByDeclaration) }, 0, reports.Fixed, reports.Closed},
		{"a lesser row skipped", func(r *reports.Results) {
			find(r, "alg-none", "dev").Severity = "high"
			set(find(r, "alg-none", "dev"), verdict.MissingAccount)
		}, 0, reports.Fixed, reports.Closed},
		{"a variant that changes nothing", func(r *reports.Results) {
			again := *find(r, "alg-none", "dev")
			again.ID += "/variant"
			set(&again, verdict.NothingToChange)
			r.Cases = append(r.Cases, again)
			r.Selection.Selected++
		}, 0, reports.Fixed, reports.Closed},
		{"control of another route refused", func(r *reports.Results) {
			c := *daemonAtDev(r)
			c.ID, c.Route = c.ID+"/other", "other"
			c.Shots = []reports.Shot{shot("start", reports.ControlRefused)}
			r.Controls = append(r.Controls, c)
		}, 0, reports.Fixed, reports.Closed},
		{"an extra case that fails", func(r *reports.Results) {
			extra := newCase("probe", "dev", "dev", "v2 app", verdict.ReachedUpstream)
			extra.Extra = true
			r.Cases = append(r.Cases, extra)
		}, 0, reports.Fixed, reports.Closed},
		{"a step that was skipped", func(r *reports.Results) {
			find(r, "alg-none", "dev").Steps = []reports.Step{{Outcome: reports.Skipped}}
		}, 0, reports.Fixed, reports.Closed},

		// out of the selection: not tested, and no obligation
		{"a second target that was forgotten", func(r *reports.Results) {
			second := r.Targets[0]
			second.Name = "second"
			r.Targets = append(r.Targets, second)
		}, 4, reports.AnswerNotTested, reports.AnswerNotTested},
		{"no cross row selected", func(r *reports.Results) {
			r.Selection.Cross = false
			drop(r, func(c reports.Case) bool { return c.Cross })
		}, 0, reports.Fixed, reports.AnswerNotTested},
		{"one kind selected", func(r *reports.Results) {
			drop(r, func(c reports.Case) bool { return c.Kind == "v2 user" })
			r.Controls = slices.DeleteFunc(r.Controls, func(c reports.Control) bool { return c.Kind == "v2 user" })
		}, 0, reports.AnswerNotTested, reports.Closed},
		{"a shard", func(r *reports.Results) {
			r.Selection.Shard = "1/2"
			drop(r, func(c reports.Case) bool { return c.Cross && c.Environment == "uat" })
		}, 0, reports.AnswerNotTested, reports.AnswerNotTested},
	}
}

func waive(r *reports.Results, c *reports.Case, reason reports.Reason) {
	set(c, reason)
	c.Waived = &reports.Waived{ID: c.Scenario, Reason: "known", Expires: "2027-01-01"}
	r.Waivers = append(r.Waivers, reports.Waiver{ID: c.Scenario, Reason: "known", Expires: "2027-01-01", Reached: true})
}

func TestConclusions(t *testing.T) {
	for _, row := range conclusions() {
		t.Run(row.name, func(t *testing.T) {
			r := sample()
			row.spoil(r)
			r.Conclude()
			if r.ExitCode != row.exit {
				t.Errorf("exit code: expected %d, got %d", row.exit, r.ExitCode)
			}
			if got := r.Answers.InvalidClient; got.State != row.genuine {
				t.Errorf("403 Invalid Client: expected %q, got %+v", row.genuine, got)
			}
			if got := r.Answers.CrossEnvironment; got.State != row.cross {
				t.Errorf("cross-environment: expected %q, got %+v", row.cross, got)
			}
		})
	}
}

// TestNoSingleWorseCaseStaysGreen plants every reason in every case: a green
// exit code may only remain for outcomes that are no worse than a warning, or
// declared.
func TestNoSingleWorseCaseStaysGreen(t *testing.T) {
	for _, reason := range verdict.Reasons() {
		for i := range sample().Cases {
			r := sample()
			c := r.Cases[i]
			set(&r.Cases[i], reason)
			r.Conclude()
			want := map[reports.Outcome]int{
				reports.Inconclusive: reports.ExitUnproven, reports.Fail: reports.ExitDoesNotConform, reports.Error: reports.ExitCouldNotRun,
				reports.Skipped: reports.ExitUnproven, reports.Recorded: reports.ExitUnproven,
			}[reason.Outcome()]
			if reason.Outcome() == reports.Unsupported && c.Cross {
				want = reports.ExitUnproven // the pair is always judged
			}
			if reason == verdict.NothingToChange && c.Scenario == "ctl" {
				want = reports.ExitConforms // the other kind's case judges the row
			}
			if r.ExitCode != want {
				t.Errorf("%s of %s: expected exit code %d, got %d", reason, c.ID, want, r.ExitCode)
			}
		}
	}
}

func TestConcludedLeavesItsInput(t *testing.T) {
	r := sample()
	r.Waivers = []reports.Waiver{{ID: "z"}, {ID: "a", Used: 9}}
	r.Causes = []reports.Cause{{Target: "t", Environment: "uat"}, {Target: "t", Environment: "dev"}}
	r.Learnt = []reports.Learnt{{Key: "z"}, {Key: "a"}}
	before := marshal(t, r)
	if r.Concluded(); before != marshal(t, r) {
		t.Error("Concluded changed what it was given")
	}
}

func TestOrderAndRepetitionMakeNoDifference(t *testing.T) {
	want := encoded(t, sample())
	shuffle := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		r := sample()
		shuffle.Shuffle(len(r.Cases), func(i, j int) { r.Cases[i], r.Cases[j] = r.Cases[j], r.Cases[i] })
		shuffle.Shuffle(len(r.Controls), func(i, j int) { r.Controls[i], r.Controls[j] = r.Controls[j], r.Controls[i] })
		r.Conclude()
		r.Conclude()
		if got := encoded(t, r); got != want {
			t.Fatalf("results depend on the order (-sorted +shuffled):\n%s", cmp.Diff(want, got))
		}
	}
}

func TestStableDropsWhatDiffersBetweenEqualRuns(t *testing.T) {
	a, b := sample(), sample()
	b.Run.ID, b.Run.DurationMS, b.Run.Clocks = "r2", 99, []reports.Clock{{Of: "issuer", OffsetMS: 1}}
	b.Cases[0].ElapsedMS, b.Cases[0].Exchange = 5, recorded(t)
	b.Targets[0].Environments[0].Gateways = []string{"http://127.0.0.1:40001"}
	if encodedStable(t, a) != encodedStable(t, b) {
		t.Error("stable results of equal runs differ")
	}
	b.Cases[0].Status = 500
	if encodedStable(t, a) == encodedStable(t, b) {
		t.Error("stable results hide a difference")
	}
}

func encodedStable(t *testing.T, r *reports.Results) string {
	t.Helper()
	stable, err := r.Stable()
	if err != nil {
		t.Fatal(err)
	}
	return encoded(t, stable)
}

func encoded(t *testing.T, r *reports.Results) string {
	t.Helper()
	var out bytes.Buffer
	if err := r.Encode(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func marshal(t *testing.T, r *reports.Results) string {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestObligations(t *testing.T) {
	r := sample()
	c := find(r, "aud-other-env-genuine", "uat")
	set(c, verdict.ControlLost)
	r.Controls = r.Controls[1:] // v2 app at uat
	r.Conclude()
	var got []string
	for _, o := range r.Obligations {
		if !o.Settled() {
			got = append(got, strings.Join([]string{o.Name, o.State, o.Why}, " | "))
		}
	}
	want := []string{
		"control/uat/v2 app | not-tested | no control of this kind was fired",
		"critical/aud-other-env-genuine/uat | unproven | control-lost",
		"pair/dev→uat | unproven | v2 daemon, control-lost",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unsettled obligations (-want +got):\n%s", diff)
	}
}

func TestSeveralTargetsAreNamed(t *testing.T) {
	r := sample()
	second := sample()
	for i := range second.Cases {
		second.Cases[i].Target = "second"
	}
	for i := range second.Controls {
		second.Controls[i].Target = "second"
	}
	second.Targets[0].Name = "second"
	set(find(second, "aud-other-env-genuine", "uat"), verdict.ReachedUpstream)
	r.Targets, r.Cases = append(r.Targets, second.Targets...), append(r.Cases, second.Cases...)
	r.Controls = append(r.Controls, second.Controls...)
	r.Conclude()
	want := reports.Answer{
		State: reports.Open, Text: "1 of 4 pairs accepted",
		Notes: []string{"open: second/dev→uat (v2 daemon, answered 200)"},
	}
	if diff := cmp.Diff(want, r.Answers.CrossEnvironment); diff != "" {
		t.Errorf("second answer (-want +got):\n%s", diff)
	}
	if got := r.Answers.InvalidClient.Text; got != "2 of 2 kinds of genuine token accepted (v2 × user/daemon)" {
		t.Errorf("first answer: got %q", got)
	}
}
