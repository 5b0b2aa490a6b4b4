package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/entraproof/entraproof/reports"
	"github.com/entraproof/entraproof/scenarios"
)

// wordView is one word of the vocabulary with the rows that use it.
type wordView struct {
	List string   `json:"list"`
	Word string   `json:"word"`
	Rows []string `json:"rows"`
	// Sole says that one row alone uses the word; Reason why it is there for one
	// or none.
	Sole   bool   `json:"sole,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// listWords prints the vocabulary with its users.
func (p *program) listWords(uses []scenarios.Use, format string) error {
	all := make([]wordView, 0, len(uses))
	sole := 0
	for _, u := range uses {
		v := wordView{List: u.List, Word: u.Word, Rows: u.Rows, Sole: len(u.Rows) == 1, Reason: u.Reason}
		if v.Rows == nil {
			v.Rows = []string{}
		}
		if v.Sole {
			sole++
		}
		all = append(all, v)
	}
	if format == asJSON {
		return printJSON(p.out, all)
	}
	table := [][]string{{"list", "word", "rows", "used by"}}
	for _, v := range all {
		users := joined(v.Rows)
		switch {
		case v.Sole:
			users += strings.TrimSuffix("; alone: "+v.Reason, ": ")
		case len(v.Rows) == 0:
			users = strings.TrimSuffix("no row: "+v.Reason, ": ")
		}
		table = append(table, []string{v.List, v.Word, strconv.Itoa(len(v.Rows)), users})
	}
	if err := printTable(p.out, table); err != nil {
		return err
	}
	fmt.Fprintf(p.err, "%s, of which %d with a single row\n", reports.Plural(len(all), "word"), sole)
	return nil
}
