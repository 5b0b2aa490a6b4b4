package flows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/verdict"
	"github.com/entraproof/entraproof/mockidp"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// revokedUser disables the token's user, revokes the sessions, and records for
// how long the token goes on working: Entra tells nobody but resources of
// continuous access evaluation, within a quarter of an hour.
func revokedUser() engine.Flow {
	return engine.Flow{ID: "state-revoked-user", Run: func(ctx context.Context, s *engine.Stage) (err error) {
		directory := s.Directory()
		if directory == nil {
			s.Conclude(verdict.SourceNotAvailable, "the users of a real tenant are not ours to disable")
			return nil
		}
		_, claims, err := mint.Decode(s.Token)
		if err != nil {
			return fmt.Errorf("flows: the user's token: %w", err)
		}
		const name = "entraproof-revoked"
		user := mockidp.User{
			Username: name + "@entraproof.example", ObjectID: claims.GetText("oid"), Tenants: []string{claims.GetText("tid")},
			Disabled: true, TokensValidFrom: s.Now(),
		}
		if err := directory.PutEntry(ctx, mockidp.Users, name, user); err != nil {
			return fmt.Errorf("flows: disable the user: %w", err)
		}
		defer func() { err = errors.Join(err, directory.DeleteEntry(context.WithoutCancel(ctx), mockidp.Users, name)) }()
		return acceptedSince(ctx, s)
	}}
}

// acceptedSince records for how long the case's token is accepted, up to the
// quarter of an hour.
func acceptedSince(ctx context.Context, s *engine.Stage) error {
	began := s.Now()
	for _, after := range []time.Duration{0, time.Minute, 5 * time.Minute, 15 * time.Minute} {
		if err := s.Wait(ctx, after-s.Now().Sub(began)); err != nil {
			return err
		}
		step, err := s.Do(ctx, "the user's token, "+after.String()+" after", verdict.Expectation{Measure: "revoked-user"}, engine.Send{Token: s.Token})
		if err != nil {
			return err
		}
		if !step.Reach.Arrived() {
			s.Conclude(verdict.Measured, fmt.Sprintf("refused with %d, %s after the user was disabled", step.Observed.Status, after))
			return nil
		}
	}
	s.Conclude(verdict.Measured, "still accepted 15m after the user was disabled")
	return nil
}

// contractRevoked takes the client's contract away. It must be refused within
// the declared delay (CWE-613), and is given the contract back.
func contractRevoked() engine.Flow {
	return engine.Flow{ID: "client-contract-revoked", Run: func(ctx context.Context, s *engine.Stage) (err error) {
		operator, client := s.Operator(), s.CallerID()
		if operator == nil {
			s.Conclude(verdict.CapabilityAbsent, "nobody here can take a contract away at this gateway")
			return nil
		}
		if _, err := s.Do(ctx, "the client with its contract", engine.Accept(), engine.Send{Token: s.Token}); err != nil {
			return err
		}
		if err := operator.Contract(ctx, s.Case.Home.Name, client, false); err != nil {
			return err
		}
		defer func() {
			err = errors.Join(err, operator.Contract(context.WithoutCancel(ctx), s.Case.Home.Name, client, true))
		}()
		text, declared := s.Declared("revocation-delay")
		delay, parseErr := time.ParseDuration(text)
		if !declared || parseErr != nil {
			return measureContract(ctx, s)
		}
		if err := s.Wait(ctx, delay); err != nil {
			return err
		}
		_, err = s.Do(ctx, "the client without it, after the declared delay", engine.Refuse(403, 401), engine.Send{Token: s.Token})
		return err
	}}
}

// measureContract records what happens at once, and judges nothing.
func measureContract(ctx context.Context, s *engine.Stage) error {
	step, err := s.Do(ctx, "the client without its contract", verdict.Expectation{Measure: "revoked-contract"}, engine.Send{Token: s.Token})
	if err != nil {
		return err
	}
	detail := "refused at once"
	if step.Reach.Arrived() {
		detail = "still accepted; declare revocation-delay, and it is judged"
	}
	s.Conclude(verdict.NotDeclared, detail)
	return nil
}
