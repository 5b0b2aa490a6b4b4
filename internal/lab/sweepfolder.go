package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// makeFolder makes the folder of one gateway below parent, named after its
// owner, and removes those of processes that are no more.
func makeFolder(parent string) (string, error) {
	if parent == "" {
		parent = os.TempDir()
	}
	sweepFolders(parent, time.Now())
	dir, err := os.MkdirTemp(parent, resources+folderMark(self())+"-")
	if err != nil {
		return "", fmt.Errorf("lab: make a folder for the configuration: %w", err)
	}
	return dir, nil
}

// folderMark is an owner in the name of a folder.
func folderMark(o owner) string { return strings.ReplaceAll(o.String(), "/", "_") }

// sweepFolders removes the folders of dead runs, and ends what still works in
// them. What belongs to another user stays.
func sweepFolders(parent string, now time.Time) {
	folders, err := filepath.Glob(filepath.Join(parent, resources+"*_*_*_*-*"))
	if err != nil {
		return // only a malformed pattern is an error: a folder name with brackets
	}
	for _, dir := range folders {
		name := strings.TrimPrefix(filepath.Base(dir), resources)
		mark := name[:strings.LastIndexByte(name, '-')]
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || !over(strings.ReplaceAll(mark, "_", "/"), false, now.Sub(info.ModTime())) {
			continue
		}
		endWorkers(dir)
		_ = os.RemoveAll(dir) // of another user, or being removed by another run
	}
}
