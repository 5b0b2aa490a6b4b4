package reports_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/reports"
)

// header returns the part of r that stands before its cases.
func header(r *reports.Results) reports.Header {
	return reports.Header{
		Tool: r.Tool, Catalogue: r.Catalogue, Run: r.Run, Selection: r.Selection, Targets: r.Targets, Waivers: r.Waivers,
	}
}

// journalOf writes r down in dir and returns the open journal.
func journalOf(t *testing.T, dir string, r *reports.Results) *reports.Journal {
	t.Helper()
	j, err := reports.Create(dir, header(r))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Controls { // each shot when it is fired
		for _, s := range c.Shots {
			c.Shots = []reports.Shot{s}
			if err := j.Control(c); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range r.Cases {
		if err := j.Case(c); err != nil {
			t.Fatal(err)
		}
	}
	return j
}

func footer(r *reports.Results) reports.Footer {
	return reports.Footer{DurationMS: r.Run.DurationMS, Causes: r.Causes, Learnt: r.Learnt}
}

func read(t *testing.T, path string) *reports.Results {
	t.Helper()
	r, err := reports.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestJournalBecomesResults(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	want := sample()
	want.Cases[0].Exchange = recorded(t)
	want.Causes = []reports.Cause{{Target: "t", Environment: "dev", Sentence: "s"}}
	want.Learnt = []reports.Learnt{{Target: "t", Key: "k", Value: "v", From: []string{"c"}}}
	got, err := journalOf(t, dir, want).Close(footer(want))
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*reports.Results{
		"returned": got, "folder": read(t, dir),
		"journal": read(t, filepath.Join(dir, reports.JournalFile)), "results": read(t, filepath.Join(dir, reports.ResultsFile)),
	} {
		if diff := cmp.Diff(encoded(t, want), encoded(t, r)); diff != "" {
			t.Errorf("%s (-written +read):\n%s", name, diff)
		}
	}
	leaves(t, dir)
}

// leaves checks that a run leaves its two files, for their owner alone.
func leaves(t *testing.T, dir string) {
	t.Helper()
	var names []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, fmt.Sprintf("%s %o", e.Name(), info.Mode().Perm()))
	}
	if diff := cmp.Diff([]string{reports.ResultsFile + " 600", reports.JournalFile + " 600"}, names); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestJournalOfAnOlderRunIsMadePrivate(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, reports.JournalFile), []byte("old\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := sample()
	if _, err := journalOf(t, dir, r).Close(footer(r)); err != nil {
		t.Fatal(err)
	}
	leaves(t, dir)
}

func TestAbandonedRunIsInterrupted(t *testing.T) {
	dir := t.TempDir()
	r := sample()
	if _, err := journalOf(t, dir, r).Close(footer(r)); err != nil {
		t.Fatal(err)
	}
	if got := read(t, dir).ExitCode; got != 0 {
		t.Fatalf("first run: expected exit code 0, got %d", got)
	}
	if err := journalOf(t, dir, r).Abandon(); err != nil {
		t.Fatal(err)
	}
	got := read(t, dir) // not the first run's green results
	if !got.Run.Interrupted || got.ExitCode != reports.ExitCouldNotRun {
		t.Errorf("expected an interrupted run and exit code 3, got %v and %d", got.Run.Interrupted, got.ExitCode)
	}
}

func TestTornJournal(t *testing.T) {
	dir := t.TempDir()
	if err := journalOf(t, dir, sample()).Abandon(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, reports.JournalFile))
	if err != nil {
		t.Fatal(err)
	}
	head := strings.IndexByte(string(whole), '\n')
	for cut := 0; cut < len(whole); cut++ {
		if cut > head+200 && cut < len(whole)-200 {
			cut += 60 // the middle is more of the same
		}
		r, err := reports.Decode(strings.NewReader(string(whole[:cut])))
		switch {
		case cut < head && !errors.Is(err, reports.ErrNoHeader):
			t.Fatalf("cut at %d, within the header: expected ErrNoHeader, got %v", cut, err)
		case cut >= head && err != nil:
			t.Fatalf("cut at %d: %v", cut, err)
		case cut >= head && (!r.Run.Interrupted || r.ExitCode == 0):
			t.Fatalf("cut at %d: expected an interrupted run that is not green, got exit code %d", cut, r.ExitCode)
		}
	}
}

func TestBadJournals(t *testing.T) {
	head := `{"header":{"schema":"entraproof.results/1","targets":[{"name":"t"}]}}` + "\n"
	line := `{"case":{"id":"a","target":"t","outcome":"pass"}}` + "\n"
	for _, row := range []struct{ name, text, want string }{
		{"empty", "", "no header"},
		{"not JSON", "hello", "invalid character"},
		{"results of another program", "{}", `schema: expected "entraproof.results/1", got ""`},
		{"a later schema", strings.Replace(head, "results/1", "results/2", 1), `got "entraproof.results/2"`},
		{"broken in the middle", head + "{\n" + line, "line 2"},
		{"an empty record", head + line + "{}\n", "line 3: expected a header, case, control or footer"},
		{"two runs", head + line + head, "line 3: a second header"},
		{"a case twice", head + line + line, "case a at target t: judged twice"},
		{"a case of no target", head + strings.Replace(line, `"t"`, `"u"`, 1), `target "u" is not among the targets`},
	} {
		t.Run(row.name, func(t *testing.T) {
			if _, err := reports.Decode(strings.NewReader(row.text)); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("expected an error with %q, got %v", row.want, err)
			}
		})
	}
}

func TestReadNamesTheFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := reports.Read(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: expected ErrNotExist, got %v", err)
	}
	if _, err := reports.Read(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("empty folder: expected ErrNotExist, got %v", err)
	}
	path := filepath.Join(dir, reports.ResultsFile)
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := reports.Read(dir); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("bad file: expected its path in the error, got %v", err)
	}
}

func TestOutcomeOfALaterVersionIsTheWorst(t *testing.T) {
	r := sample()
	text := strings.Replace(encoded(t, r), `"outcome": "pass"`, `"outcome": "splendid"`, 1)
	got, err := reports.Decode(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if got.Worst() != reports.Error || got.ExitCode != reports.ExitCouldNotRun {
		t.Errorf("expected error and exit code 3, got %s and %d", got.Worst(), got.ExitCode)
	}
}

func TestStoredConclusionIsNotBelieved(t *testing.T) {
	r := sample()
	set(find(r, "alg-none", "dev"), verdict.ReachedUpstream)
	text := strings.Replace(encoded(t, r), `"exit_code": 1`, `"exit_code": 0`, 1)
	got, err := reports.Decode(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if got.ExitCode != reports.ExitDoesNotConform {
		t.Errorf("expected exit code 1 from the cases, got %d", got.ExitCode)
	}
}

func TestJournalIsSafeForManyAndRefusesTwice(t *testing.T) {
	r := sample()
	j, err := reports.Create(t.TempDir(), header(r))
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	errs := make([]error, 64)
	for i := range errs {
		wait.Go(func() {
			c := newCase("many", "dev", "dev", "v2 app", verdict.RefusedAsRequired)
			c.ID = fmt.Sprint("many/", i/2) // each id twice
			errs[i] = j.Case(c)
		})
	}
	wait.Wait()
	refused := 0
	for _, err := range errs {
		if err != nil && strings.Contains(err.Error(), "judged twice") {
			refused++
		}
	}
	got, err := j.Close(reports.Footer{})
	if err != nil {
		t.Fatal(err)
	}
	if refused != len(errs)/2 || len(got.Cases) != len(errs)/2 {
		t.Errorf("expected %d of each, got %d refused and %d written", len(errs)/2, refused, len(got.Cases))
	}
	if err := j.Case(newCase("late", "dev", "dev", "v2 app", verdict.RefusedAsRequired)); err == nil {
		t.Error("a case after the end was taken")
	}
}

func TestFolderInUse(t *testing.T) {
	dir := t.TempDir()
	r := sample()
	j := journalOf(t, dir, r)
	_, err := reports.Create(dir, header(r))
	var inUse *reports.InUseError
	if !errors.As(err, &inUse) || inUse.Folder != dir {
		t.Fatalf("second run: expected an InUseError of %s, got %v", dir, err)
	}
	got, err := j.Close(footer(r)) // the refused run has spoilt nothing
	if err != nil || got.ExitCode != 0 {
		t.Fatalf("first run: expected exit code 0, got %v and %v", got, err)
	}
	if err := journalOf(t, dir, r).Abandon(); err != nil {
		t.Errorf("third run: %v", err)
	}
}

// childFolder names the folder to the process that TestKilledRun kills.
const childFolder = "ENTRAPROOF_TEST_JOURNAL"

// TestChild is that process: it judges cases until it is killed.
func TestChild(t *testing.T) {
	dir := os.Getenv(childFolder)
	if dir == "" {
		return // an ordinary run of the tests
	}
	j, err := reports.Create(dir, header(sample()))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; ; i++ {
		c := newCase("many", "dev", "dev", "v2 app", verdict.RefusedAsRequired)
		c.ID = fmt.Sprintf("many/%06d", i)
		if err := j.Case(c); err != nil {
			t.Fatal(err)
		}
		fmt.Println("judged", i)
	}
}

func TestKilledRun(t *testing.T) {
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
	child.Env = append(os.Environ(), childFolder+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	told := 0
	for lines := bufio.NewScanner(out); told < 100 && lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "judged ") {
			told++
		}
	}
	var inUse *reports.InUseError
	if _, err := reports.Create(dir, header(sample())); !errors.As(err, &inUse) {
		t.Errorf("while it runs: expected an InUseError, got %v", err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed: that is its error

	r := read(t, dir)
	if len(r.Cases) < told || told < 100 || !r.Run.Interrupted || r.ExitCode != reports.ExitCouldNotRun {
		t.Errorf("expected %d cases or more of an interrupted run, got %d, interrupted %v, exit code %d",
			told, len(r.Cases), r.Run.Interrupted, r.ExitCode)
	}
	if err := journalOf(t, dir, sample()).Abandon(); err != nil {
		t.Errorf("the dead run still blocks the folder: %v", err)
	}
}
