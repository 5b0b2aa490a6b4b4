package probe_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/probe"
	"github.com/entraproof/entraproof/internal/value"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sampleRequests is how many request members the sample rows have.
const sampleRequests = 17

func TestSampleRequestsBuild(t *testing.T) {
	const golden = "testdata/requests.golden"
	rows := readRows(t, "testdata/requests.yaml")
	if len(rows) != sampleRequests {
		t.Fatalf("expected %d rows, got %d", sampleRequests, len(rows))
	}
	scope := testScope()
	scope["home.clients.second.id"] = value.String("client-2")
	var b strings.Builder
	for _, row := range rows {
		w, err := row.request.Build(scope, testEndpoint(), probe.Tags{Run: "r1", Case: row.id})
		if err != nil {
			t.Fatalf("%s: %v", row.id, err)
		}
		fmt.Fprintf(&b, "== %s to=%s fresh=%t refs=%s\n", row.id, row.request.To, w.Fresh, strings.Join(row.request.Refs(), ","))
		for line := range strings.Lines(string(w.Bytes)) {
			fmt.Fprintf(&b, "%q\n", line)
		}
	}
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

type sampleRow struct {
	id      string
	text    string
	request probe.Request
}

func readRows(t testing.TB, file string) []sampleRow {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	n, err := document.Parse(file, src)
	if err != nil {
		t.Fatal(err)
	}
	var rows []sampleRow
	for _, item := range n.Items() {
		f := item.Fields()
		rows = append(rows, sampleRow{id: f.Need("id").Str(), request: probe.DecodeRequest(f.Need("request"))})
		f.Rest()
	}
	for line := range strings.Lines(string(src)) {
		if _, request, ok := strings.Cut(line, "request: "); ok {
			rows[indexOf(rows, line)].text = strings.TrimSuffix(strings.TrimSpace(request), "}")
		}
	}
	if err := n.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

func indexOf(rows []sampleRow, line string) int {
	for i, row := range rows {
		if strings.Contains(line, "id: "+row.id+",") {
			return i
		}
	}
	return 0
}
