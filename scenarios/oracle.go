package scenarios

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"fmt"
	"strings"

	"github.com/entraproof/entraproof/mockidp/mint"
)

//go:embed testdata/article.csv
var articleFile []byte

// OracleRow is what one row of the catalogue must give at each set-up of the
// emulator, reasoned from the vendor's documentation and not from any code.
type OracleRow struct {
	Scenario string
	// Kind is the kind of token that the row and its controls are bound to.
	Kind mint.Kind
	// Cells are in the order of the set-ups in the file.
	Cells []OracleCell
}

// OracleCell is the outcome at one set-up; where it is pass, warn agrees.
type OracleCell struct {
	Setup   string
	Outcome Outcome
}

// Oracle is the embedded oracle, testdata/article.csv. No tool writes it.
func Oracle() ([]OracleRow, error) { return readOracle(articleFile) }

func readOracle(src []byte) ([]OracleRow, error) {
	records, err := csv.NewReader(bytes.NewReader(src)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("scenarios: the oracle: %w", err)
	}
	if len(records) < 2 || len(records[0]) < 3 || records[0][0] != "scenario" || records[0][1] != "kind" {
		return nil, fmt.Errorf("scenarios: the oracle: expected a header scenario,kind,SETUP… and rows, got %d lines", len(records))
	}
	var rows []OracleRow
	for i, record := range records[1:] {
		row, err := readOracleRow(records[0], record)
		if err != nil {
			return nil, fmt.Errorf("scenarios: the oracle, line %d: %w", i+2, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func readOracleRow(header, record []string) (OracleRow, error) {
	version, subject, _ := strings.Cut(record[1], " ")
	row := OracleRow{Scenario: record[0], Kind: mint.Kind{Version: mint.Version(version), Subject: mint.Subject(subject)}}
	switch row.Kind.String() {
	case "v1 app", "v1 user", "v2 app", "v2 user":
	default:
		return row, fmt.Errorf("expected a kind such as v2 app, got %q", record[1])
	}
	for i, word := range record[2:] {
		cell := OracleCell{Setup: header[i+2]}
		if err := cell.Outcome.UnmarshalText([]byte(word)); err != nil {
			return row, fmt.Errorf("set-up %s: %w", cell.Setup, err)
		}
		row.Cells = append(row.Cells, cell)
	}
	return row, nil
}

// At is the outcome at a set-up.
func (r OracleRow) At(setup string) (Outcome, bool) {
	for _, c := range r.Cells {
		if c.Setup == setup {
			return c.Outcome, true
		}
	}
	return 0, false
}
