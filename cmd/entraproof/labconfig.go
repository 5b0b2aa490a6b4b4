package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/entraproof/entraproof/internal/lab"
)

const labConfigLong = `config writes the configuration of one gateway in one mode, for somebody else to
run it: with the image that "entraproof lab image" builds, in compose, anywhere.
The addresses are those that the gateway is to use; nothing is started.

A gateway with static keys is given the --keys, PEM files whose names without the
ending are the kids; without them the keys are asked of the issuer. One that
fetches its keys over https only needs --issuer-secure, and --issuer-ca or an
issuer to ask for its certificate. The issuer is asked at --issuer, or at --ask
where this machine reaches it under another address than the gateway.

Modes: broken, leaky, fixed-audience, fixed-scope.`

// labConfigOptions are what the verb lab config is given.
type labConfigOptions struct {
	gateway, mode, dir           string
	upstream, listen             string
	issuer, issuerSecure, caFile string
	ask                          string
	keys                         []string
	environment                  string
}

func (p *program) labConfigVerb() *cobra.Command {
	var o labConfigOptions
	cmd := &cobra.Command{
		Use: "config GATEWAY MODE", Short: "write the configuration of one gateway", Long: labConfigLong,
		Example: "  entraproof lab config envoy leaky --dir gw --upstream echo:8070 --issuer http://issuer:8080\n" +
			"  entraproof lab config haproxy broken --dir gw --upstream echo:8070 --keys KID.pem\n" +
			"  entraproof lab config apache leaky --dir gw --upstream echo:8070 --issuer-secure https://issuer:8443 --ask https://127.0.0.1:18443",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.gateway, o.mode = args[0], args[1]
			return o.write(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.dir, "dir", "", "the folder to write to; it is made")
	f.StringVar(&o.upstream, "upstream", "", "HOST:PORT that accepted requests go to")
	f.StringVar(&o.listen, "listen", "0.0.0.0:8080", "ADDRESS:PORT that the gateway listens on")
	f.StringVar(&o.issuer, "issuer", "", "the issuer's URL, http")
	f.StringVar(&o.issuerSecure, "issuer-secure", "", "the issuer's URL, https")
	f.StringVar(&o.ask, "ask", "", "the issuer's URL as seen from here, to ask for keys (http) or a certificate (https)")
	f.StringVar(&o.caFile, "issuer-ca", "", "the certificate to trust for it, a PEM file")
	f.StringSliceVar(&o.keys, "keys", nil, "public keys, files KID.pem; may be given again")
	f.StringVar(&o.environment, "environment", "dev", "the environment to admit: dev, test or uat")
	return cmd
}

// write checks the flags and writes the configuration.
func (o labConfigOptions) write(ctx context.Context) error {
	recipe, err := recipeNamed(o.gateway)
	problems := []error{err, checkWord("mode", o.mode, modeNames()), checkWord("--environment", o.environment, environmentNames(labTarget()))}
	for _, flag := range [][2]string{{"--dir", o.dir}, {"--upstream", o.upstream}} {
		if flag[1] == "" {
			problems = append(problems, misused("", "%s: expected a value, got none", flag[0]))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	site, err := o.site(ctx, recipe)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.dir, 0o755); err != nil { //nolint:gosec // the folder of a container that runs as another user
		return wrongUsage(fmt.Errorf("--dir: %w", err), "")
	}
	err = lab.Configure(lab.Options{Recipe: recipe, Mode: lab.Mode(o.mode), Site: site, Listen: o.listen}, o.dir)
	var unfit *lab.SiteError
	if errors.As(err, &unfit) {
		return wrongUsage(err, "")
	}
	return err
}

// site is the environment with the addresses that were given.
func (o labConfigOptions) site(ctx context.Context, r lab.Recipe) (lab.Site, error) {
	f := labTarget()
	var site lab.Site
	for _, e := range f.Environments {
		if e.Name == o.environment {
			site = lab.SiteOf(f, e)
		}
	}
	site.Upstream, site.IssuerURL, site.SecureURL = o.upstream, o.issuer, o.issuerSecure
	var err error
	switch {
	case r.KeySet == lab.StaticKeys:
		site.Keys, err = o.readKeys(ctx, site)
	case r.SecureKeys:
		site.Authority, err = o.readAuthority(ctx)
	}
	return site, err
}

// readAuthority reads the file, or asks the issuer where none is given.
func (o labConfigOptions) readAuthority(ctx context.Context) (string, error) {
	if o.caFile == "" && o.ask == "" {
		return "", misused("name the file of the issuer's certificate, or its https URL", "--issuer-ca: %s fetches its keys over https only: expected a file, or --ask", o.gateway)
	}
	if o.caFile == "" {
		ctx, cancel := context.WithTimeout(ctx, askLimit)
		defer cancel()
		text, err := lab.FetchAuthority(ctx, o.ask)
		return text, o.unanswered(err, "--issuer-ca")
	}
	text, err := os.ReadFile(o.caFile)
	if err != nil {
		return "", wrongUsage(fmt.Errorf("--issuer-ca: %w", err), "")
	}
	return string(text), nil
}

// unanswered is the failure of an issuer that did not answer, or nil.
func (o labConfigOptions) unanswered(err error, flag string) error {
	var unfit *lab.SiteError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &unfit):
		return wrongUsage(err, "")
	}
	return &failure{exitCouldNotRun, err, "where the issuer has another address here than for the gateway, name it with --ask; where it cannot be reached from here, give " + flag}
}

// askLimit is how long the issuer is waited for.
const askLimit = 5 * time.Second

// readKeys reads the files, or asks the issuer where none is given.
func (o labConfigOptions) readKeys(ctx context.Context, site lab.Site) ([]lab.Key, error) {
	site.IssuerURL = cmp.Or(o.ask, o.issuer)
	if len(o.keys) == 0 && site.IssuerURL == "" {
		return nil, misused("name the files of the issuer's keys, or its URL", "--keys: %s has static keys: expected files, or --issuer", o.gateway)
	}
	if len(o.keys) == 0 {
		keys, err := site.FetchKeys(ctx, &http.Client{Timeout: askLimit})
		return keys, o.unanswered(err, "--keys")
	}
	var keys []lab.Key
	for _, name := range o.keys {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, wrongUsage(fmt.Errorf("--keys: %w", err), "")
		}
		base := filepath.Base(name)
		keys = append(keys, lab.Key{KeyID: strings.TrimSuffix(base, filepath.Ext(base)), PEM: string(text)})
	}
	return keys, nil
}
