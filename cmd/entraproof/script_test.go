package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// isJSON FILE holds that a file, or stdout, is one JSON value.
func isJSON(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	if text == "" || !json.Valid([]byte(text)) {
		ts.Fatalf("%s: expected JSON, got %q", args[0], text)
	}
}

// lacks TEXT FILE… holds that a text is in none of the files and folders.
func lacks(ts *testscript.TestScript, _ bool, args []string) {
	searched := 0
	for _, name := range args[1:] {
		ts.Check(filepath.WalkDir(ts.MkAbs(name), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			searched++
			text, err := os.ReadFile(path)
			if strings.Contains(string(text), args[0]) {
				ts.Fatalf("%s holds %q", path, args[0])
			}
			return err
		}))
	}
	if searched == 0 {
		ts.Fatalf("expected files to search, got none")
	}
}
