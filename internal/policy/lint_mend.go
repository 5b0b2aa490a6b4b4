package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/entraproof/entraproof/internal/document"
)

// Edit is a patch in the text of its file: Length characters at At, all in one
// line, give way to Text.
type Edit struct {
	At     document.Position
	Length int
	Text   string
}

// Edit finds the text that a patch changes.
func (p Patch) Edit(src []byte) (Edit, error) {
	e, err := p.edit(src)
	if err != nil {
		return Edit{}, fmt.Errorf("policy: %s: set %s: %w", p.At, p.Key, err)
	}
	return Edit{At: p.At, Length: utf8.RuneCount(src[e.from:e.to]), Text: e.text}, nil
}

// rounds is how often patches are made: one may only be possible after another.
const rounds = 5

// Mend makes the patches of all findings, the worst first, until none is left. It
// changes no file, and gives those of the same names back. A patch that cannot be
// made is left out.
func Mend(files []File, o ReadOptions, by []LintRule) ([]File, error) {
	mended := slices.Clone(files)
	for range rounds {
		all, err := Read(mended, o)
		if err != nil {
			return nil, fmt.Errorf("policy: after the changes: %w", err)
		}
		patches := patchesOf(Lint(all, by))
		changed := false
		for i, f := range mended {
			text, err := Apply(f.Bytes, patches[f.Name])
			if err != nil && !errors.Is(err, ErrUnpatchable) {
				return nil, err
			}
			changed = changed || string(text) != string(f.Bytes)
			mended[i].Bytes = text
		}
		if !changed {
			break
		}
	}
	return mended, nil
}

// patchesOf are the patches by file, those of the worst findings first.
func patchesOf(found []Finding) map[string][]Patch {
	found = slices.Clone(found)
	slices.SortStableFunc(found, func(a, b Finding) int {
		return cmp.Compare(slices.Index(Severities(), a.Severity), slices.Index(Severities(), b.Severity))
	})
	by := map[string][]Patch{}
	for _, f := range found {
		for _, p := range f.Patches {
			by[p.At.File] = append(by[p.At.File], p)
		}
	}
	return by
}
