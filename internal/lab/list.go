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
	Image   string `json:"image,omitempty"`   // what it is in the engine; "" without an engine
	// Built says that the engine has the image, with the program of this machine
	// or with another one.
	Built bool `json:"image_built,omitempty"`
}

// List says of each gateway whether it can run here, as a process and, unless
// engine is nil, as a container. It fails if ctx ends or the engine does.
func List(ctx context.Context, f Finder, engine *Engine) ([]Entry, error) {
	recipes := Recipes()
	list := make([]Entry, 0, len(recipes))
	for _, r := range recipes {
		e := entry(ctx, f, r)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if engine != nil {
			found, err := engine.inspect(r.ImageName(""))
			if err != nil {
				return nil, err
			}
			e.Image, e.Built = r.ImageName(""), found != nil
		}
		list = append(list, e)
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
