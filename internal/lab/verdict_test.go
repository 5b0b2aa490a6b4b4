package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"
)

// TestModesDoWhatTheyAreCalled fires a few tokens at the real programs: each
// mode must have the fault or the remedy that it is named after.
func TestModesDoWhatTheyAreCalled(t *testing.T) {
	past := time.Now().Unix() - 600
	rows := []struct {
		reason  string
		claims  claims
		key     int
		admits  []Mode // the modes that accept it
		refusal int    // the status elsewhere; 0: any
	}{
		{"v1-user", genuine("v1", "user"), 0, []Mode{Leaky, FixedAudience, FixedScope}, 403},
		{"v2-user", genuine("v2", "user"), 0, []Mode{Leaky, FixedAudience, FixedScope}, 403},
		{"v1-app", genuine("v1", "app"), 0, []Mode{Leaky, FixedAudience}, 403},
		{"v2-app", genuine("v2", "app"), 0, []Mode{Leaky, FixedAudience}, 403},
		{"second-key", genuine("v2", "user"), 1, []Mode{Leaky, FixedAudience, FixedScope}, 403},
		{"second-client", genuine("v2", "user").with(claims{"azp": secondID}), 0, []Mode{Leaky, FixedAudience, FixedScope}, 403},
		{"other-environment", genuine("v2", "user").with(claims{"aud": otherID, "scp": "UAT.Access"}), 0, []Mode{Leaky}, 0},
		{"no-contract", genuine("v2", "user").with(claims{"azp": stranger}), 0, []Mode{Leaky, FixedScope}, 403},
		{"no-contract-v1", genuine("v1", "user").with(claims{"appid": stranger}), 0, []Mode{Leaky, FixedScope}, 403},
		{"scope-missing", genuine("v2", "user").with(claims{"scp": "User.Read"}), 0, []Mode{Leaky, FixedAudience}, 403},
		{"scope-regex-dot", genuine("v2", "user").with(claims{"scp": "DEVxAccess"}), 0, []Mode{Leaky, FixedAudience}, 403},
		{"client-id-claim", genuine("v2", "user").with(claims{"client_id": clientID}), 0, Modes(), 0},
		{"other-tenant", genuine("v2", "user").with(claims{"iss": "https://sts.windows.net/other/"}), 0, nil, 0},
		{"unknown-key", genuine("v2", "user"), 2, nil, 401},
		{"expired", genuine("v2", "user").with(claims{"exp": past}), 0, nil, 401},
	}
	for _, r := range Recipes() {
		for _, m := range Modes() {
			t.Run(r.Name+"/"+string(m), func(t *testing.T) {
				g := newRig(t, r, m)
				for _, row := range rows {
					got := g.bearer(row.claims.token(t, row.key))
					if want := slices.Contains(row.admits, m); got.Reached != want {
						t.Errorf("%s: expected reached %v, got %v, %d %s", row.reason, want, got.Reached, got.Status, got.Body)
					}
					if !got.Reached && row.refusal != 0 && got.Status != row.refusal {
						t.Errorf("%s: expected %d, got %d %s", row.reason, row.refusal, got.Status, got.Body)
					}
				}
				if got := g.send("GET /v1/ping HTTP/1.1"); got.Reached || got.Status != http.StatusUnauthorized {
					t.Errorf("no token: expected 401, got %d, reached %v", got.Status, got.Reached)
				}
				broken := genuine("v2", "user").token(t, 0)
				if got := g.bearer(broken[:len(broken)-8] + "AAAAAAAA"); got.Reached || got.Status != http.StatusUnauthorized {
					t.Errorf("bad signature: expected 401, got %d, reached %v", got.Status, got.Reached)
				}
			})
		}
	}
}

// Sixty of everything: no line of a configuration may grow with a list, and
// values must come through the configuration as they are.
func TestLargeSitesStart(t *testing.T) {
	for _, r := range Recipes() {
		t.Run(r.Name, func(t *testing.T) {
			g := newRig(t, r, Leaky)
			s := g.site()
			for i := range 60 {
				s.Audiences = append(s.Audiences, fmt.Sprintf("api://$HOME/%%[src]/#/%d", i))
				s.Contracts = append(s.Contracts, fmt.Sprintf("}client-%d", i))
				s.Keys = append(s.Keys, Key{KeyID: fmt.Sprintf("--kid-%d", i), FileName: fmt.Sprintf("keys/%d.pem", i), PEM: publicPEM(rigKeys()[2])})
			}
			s.Contracts = append(s.Contracts, "}", "-i")
			g.gateway = startInstalled(t, Options{Recipe: r, Mode: FixedAudience, Site: s})
			for _, change := range []claims{
				{"aud": "api://$HOME/%[src]/#/59"}, {"azp": "}client-59"}, {"azp": "}"}, {"azp": "-i"},
			} {
				if got := g.bearer(genuine("v2", "app").with(change).token(t, 0)); !got.Reached {
					t.Errorf("%v: expected accepted, got %d %s", change, got.Status, got.Body)
				}
			}
			if got := g.bearer(genuine("v2", "app").with(claims{"azp": "}client-60"}).token(t, 0)); got.Reached {
				t.Error("a client that is not listed was accepted")
			}
		})
	}
}

// The scope is a word, whatever characters it is made of.
func TestScopeIsTakenLiterally(t *testing.T) {
	for _, r := range Recipes() {
		t.Run(r.Name, func(t *testing.T) {
			const scope = "a.b*c[d](e)|f^g$h+i?{j}"
			g := newRig(t, r, Leaky)
			s := g.site()
			s.Scope = scope
			g.gateway = startInstalled(t, Options{Recipe: r, Mode: FixedScope, Site: s})
			for scp, want := range map[string]bool{
				scope: true, "x " + scope + " y": true,
				"axb*c[d](e)|f^g$h+i?{j}": false, scope + "x": false, "x" + scope: false, "f^g$h+i?{j}": false,
			} {
				if got := g.bearer(genuine("v2", "user").with(claims{"scp": scp}).token(t, 0)); got.Reached != want {
					t.Errorf("scp %q: expected reached %v, got %v, %d", scp, want, got.Reached, got.Status)
				}
			}
		})
	}
}

// One issuer, and the clock difference that the site asks for.
func TestSkewAndSingleIssuer(t *testing.T) {
	for _, r := range Recipes() {
		t.Run(r.Name, func(t *testing.T) {
			g := newRig(t, r, Leaky)
			s := g.site()
			s.Issuers.V1, s.Skew = "", 10*time.Minute
			if r.FixedSkew {
				t.Skipf("%s: its tolerance cannot be configured", r.Name)
			}
			g.gateway = startInstalled(t, Options{Recipe: r, Mode: Leaky, Site: s})
			now := time.Now().Unix()
			for _, row := range []struct {
				reason string
				claims claims
				want   bool
			}{
				// Spring takes no token that expired before it was made.
				{"just-expired", genuine("v2", "app").with(claims{"iat": now - 3600, "nbf": now - 3600, "exp": now - 400}), true},
				{"long-expired", genuine("v2", "app").with(claims{"exp": now - 800}), false},
				{"soon-valid", genuine("v2", "app").with(claims{"nbf": now + 400}), true},
				{"later-valid", genuine("v2", "app").with(claims{"nbf": now + 800}), false},
				{"other-version", genuine("v1", "app"), false},
			} {
				if got := g.bearer(row.claims.token(t, 0)); got.Reached != row.want {
					t.Errorf("%s: expected reached %v, got %v, %d", row.reason, row.want, got.Reached, got.Status)
				}
			}
		})
	}
}

func TestRealProgramsShowTheirOwnWords(t *testing.T) {
	for _, r := range Recipes() {
		t.Run(r.Name+"/configuration-refused", func(t *testing.T) {
			startInstalled(t, Options{Recipe: r, Mode: Leaky, Site: wideWithKeys()}) // or skip
			broken, said := refusedConfiguration(t, r)
			_, err := Start(t.Context(), Options{Recipe: broken, Mode: Leaky, Site: wideWithKeys(), Dir: t.TempDir()})
			var failed *ProgramError
			if !errors.As(err, &failed) {
				t.Fatalf("error: expected a *ProgramError, got %v", err)
			}
			if !strings.Contains(strings.Join(failed.Log, "\n"), said) {
				t.Errorf("log: expected %q in it, got %q", said, failed.Log)
			}
			if len(r.check) > 0 && !strings.Contains(err.Error(), "check the configuration") {
				t.Errorf("error: expected the check to fail, got %v", err)
			}
			if len(r.check) == 0 && !errors.Is(err, ErrEnded) {
				t.Errorf("error: expected %v, got %v", ErrEnded, err)
			}
		})
	}
}

// refusedConfiguration is the recipe with a configuration that its program
// refuses, and a word of the refusal.
func refusedConfiguration(t *testing.T, r Recipe) (broken Recipe, said string) {
	t.Helper()
	text, said := "nonsense:\n  here: 1;\n", "nonsense"
	if r.Name == "spring" { // which does not mind keys that it does not know
		said = "rules.issuers: none is given"
	}
	files := fstest.MapFS{}
	names, err := fs.Glob(r.templates, "*.*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		files[name] = &fstest.MapFile{Data: must(fs.ReadFile(r.templates, name))}
	}
	files[r.config] = &fstest.MapFile{Data: []byte(text)}
	r.templates = files
	return r, said
}

func wideWithKeys() Site {
	s := wide()
	for i := range s.Keys {
		s.Keys[i].PEM = publicPEM(rigKeys()[0])
	}
	return s
}

func TestRealProgramsRefuseATakenPort(t *testing.T) {
	for _, r := range Recipes() {
		t.Run(r.Name, func(t *testing.T) {
			first := startInstalled(t, Options{Recipe: r, Mode: Leaky, Site: wideWithKeys()})
			address := strings.TrimPrefix(first.URL, "http://")
			_, err := Start(t.Context(), Options{
				Recipe: r, Mode: Leaky, Site: wideWithKeys(), Dir: t.TempDir(), Listen: address,
			})
			var failed *ProgramError
			if !errors.Is(err, syscall.EADDRINUSE) && !errors.As(err, &failed) {
				t.Fatalf("expected an error about the port, got %v", err)
			}
			if !strings.Contains(strings.ToLower(err.Error()), "already in use") {
				t.Errorf("expected the reason, got %v", err)
			}
			if (r.address == nil) != errors.Is(err, syscall.EADDRINUSE) {
				t.Errorf("expected the %s to be refused, got %v", "socket", err)
			}
		})
	}
}

func TestRealProgramsTakeTheAddressTheyAreGiven(t *testing.T) {
	for _, r := range Recipes() {
		t.Run(r.Name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			address := l.Addr().String()
			l.Close()
			got := startInstalled(t, Options{Recipe: r, Mode: Leaky, Site: wideWithKeys(), Listen: address})
			if got.URL != "http://"+address {
				t.Errorf("URL: expected %s, got %s", address, got.URL)
			}
		})
	}
}

// A gateway that dies later is noticed, and its log can still be read.
func TestRealProgramsAreSeenToDie(t *testing.T) {
	for _, r := range Recipes() {
		t.Run(r.Name, func(t *testing.T) {
			running := startInstalled(t, Options{Recipe: r, Mode: Leaky, Site: wideWithKeys()})
			if err := syscall.Kill(running.program.(*process).cmd.Process.Pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			<-running.Done()
			err := running.Await(t.Context(), 1, func(context.Context) (string, error) { return "", errors.New("no answer") })
			if !errors.Is(err, ErrEnded) {
				t.Errorf("expected %v, got %v", ErrEnded, err)
			}
		})
	}
}
