package flows

import (
	"context"
	"strings"

	"github.com/entraproof/entraproof/internal/engine"
)

// tamperedAfterGood sends a good token, then the same token with one bit of
// its signature changed: a cache that is keyed on the claims, or on a prefix,
// lets the second one in (CWE-524).
func tamperedAfterGood() engine.Flow {
	return engine.Flow{ID: "state-tampered-after-good", Run: func(ctx context.Context, s *engine.Stage) error {
		if _, err := s.Do(ctx, "the good token", engine.Accept(), engine.Send{Token: s.Token}); err != nil {
			return err
		}
		_, err := s.Do(ctx, "the same token, one bit of its signature changed", engine.Refuse(401), engine.Send{Token: tampered(s.Token)})
		return err
	}}
}

// tampered changes the first character of the signature, of which every bit
// counts.
func tampered(token string) string {
	at := strings.LastIndexByte(token, '.') + 1
	swap := "A"
	if strings.HasPrefix(token[at:], "A") {
		swap = "B"
	}
	return token[:at] + swap + token[at+1:]
}
