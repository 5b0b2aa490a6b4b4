package policy

import (
	"errors"
	"fmt"
	"slices"

	"github.com/entraproof/entraproof/internal/document"
)

// problems are collected instead of returned, so that all are told at once.
type problems struct{ all []*document.Problem }

func (p *problems) add(at document.Position, hint, format string, a ...any) {
	p.all = append(p.all, &document.Problem{Pos: at, Text: fmt.Sprintf(format, a...), Hint: hint})
}

// join takes the problems out of an error of package document.
func (p *problems) join(err error) {
	var one *document.Problem
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range all.Unwrap() {
			p.join(e)
		}
	} else if errors.As(err, &one) {
		p.all = append(p.all, one)
	}
}

// err joins the problems in the order of the files, each once.
func (p *problems) err(files []File) error {
	place := places(files)
	slices.SortStableFunc(p.all, func(a, b *document.Problem) int { return place.compare(a.Pos, b.Pos) })
	var all []error
	for i, one := range p.all {
		if i == 0 || *one != *p.all[i-1] {
			all = append(all, one)
		}
	}
	return errors.Join(all...)
}

// places are the files in the order given.
func places(files []File) filePlaces {
	all := filePlaces{}
	for i, f := range files {
		if _, ok := all[f.Name]; !ok {
			all[f.Name] = i
		}
	}
	return all
}

type filePlaces map[string]int

func (p filePlaces) compare(a, b document.Position) int {
	if c := p[a.File] - p[b.File]; c != 0 {
		return c
	}
	if c := a.Line - b.Line; c != 0 {
		return c
	}
	return a.Column - b.Column
}
