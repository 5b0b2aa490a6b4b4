package lab

import (
	"context"
	"errors"
)

// Entry is one line of `lab list`.
type Entry struct {
	Name    string `json:"name"`
	Title   string `json:"title"`
	Modes   []Mode `json:"modes"`
	Program string `json:"program"`
	Tried   string `json:"tried"`             // the version that the recipe was tried with
	Path    string `json:"path,omitempty"`    // "" if the program is not here
	Version string `json:"version,omitempty"` // of the program that was found
	Install string `json:"install,omitempty"` // the command that adds it, if it is not here
	Warning string `json:"warning,omitempty"` // another version, or a program that does not answer
}

// List says of each gateway whether it can run here. It fails only if ctx ends.
func List(ctx context.Context, f Finder) ([]Entry, error) {
	recipes := Recipes()
	list := make([]Entry, 0, len(recipes))
	for _, r := range recipes {
		list = append(list, entry(ctx, f, r))
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func entry(ctx context.Context, f Finder, r Recipe) Entry {
	e := Entry{Name: r.Name, Title: r.Title, Modes: Modes(), Program: r.Program, Tried: r.Version}
	p, err := f.Find(ctx, r)
	e.Path, e.Version, e.Warning = p.Path, p.Version, p.Warning
	var missing *MissingError
	var misplaced *PlaceError
	if errors.As(err, &missing) {
		e.Install = missing.Install
	}
	if err != nil && (missing == nil || errors.As(err, &misplaced)) {
		e.Warning = err.Error()
	}
	return e
}
