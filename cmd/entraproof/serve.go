package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/entraproof/entraproof/internal/gateway"
)

// serveOptions are what the verb serve is given.
type serveOptions struct {
	parts        []string
	target       string
	environments []string

	issuerAddr, issuerTLSAddr, managementAddr, echoAddr string
	gatewayAddrs                                        []string

	issuerNames, keys, publicURL, directory string
	hosts                                   []string
	managementTLS                           bool
	managementToken, tokenFile              string

	issuerURL, upstream string
	deniesAfter         int

	oidcModel, introspect                    string
	introspectionClient, introspectionSecret string

	writeTarget string
	format      string
}

const serveLong = `serve runs one or several parts in this process until it is stopped:

  issuer          an Entra-shaped issuer with a management listener, and on that
                  a console for the browser
  echo            the backend that accepts everything and tells what arrived
  gateway=SETUP   the emulated gateway with a set-up of policies, one for each
                  environment that has a gateway

Without --target the parts know the embedded target: DEV, TEST and UAT of one
tenant. Every address is a free port on loopback unless a flag says otherwise;
each is printed on start. A gateway takes the issuer and the echo of the same
process, or --issuer-url and --upstream.

The management listener makes any token for whoever has its token: set
ENTRAPROOF_MANAGEMENT_TOKEN, or have one made (--token-file writes it to a file
that only you can read; without, it is printed once). Listening beyond loopback
without a token of your own is refused.

` + oidcModelLong + `

A gateway asks as a client of the issuer: --introspection-client, with its secret
in ` + introspectionSecretVariable + `; without, as one that the issuer of this
process knows.

Set-ups: `

func (p *program) serveVerb() *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use: "serve PART...", Short: "run issuer, gateway or echo for hands-on work",
		Long: serveLong + joined(gateway.SetupNames()),
		Example: "  entraproof serve issuer echo gateway=fix1\n" +
			"  entraproof serve issuer --issuer-addr :8080 --management-addr :8090 --keys keys\n" +
			"  entraproof serve issuer echo gateway=both --write-target local.yaml\n" +
			"  entraproof serve issuer echo gateway=fix2 --introspect raw-claims --oidc-model documented\n" +
			"  entraproof serve gateway=fix1 --environment dev --issuer-url http://127.0.0.1:8080 --upstream http://127.0.0.1:8000",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, chosen := p.lookup("GOGC"); !chosen {
				debug.SetGCPercent(servingGarbage)
			}
			o.parts = args
			o.managementToken, _ = p.lookup(managementVariable)
			o.introspectionSecret, _ = p.lookup(introspectionSecretVariable)
			s, err := p.planServe(o)
			if err != nil {
				return err
			}
			return s.run(cmd.Context())
		},
	}
	o.register(cmd)
	return cmd
}

// servingGarbage is how much garbage there may be, in percent of what is in use,
// before it is collected: a server keeps about 4 MB, and marking them twice as
// often would be a twentieth of what a token costs.
const servingGarbage = 200

// managementVariable is where the management token comes from: a flag would
// show it to everybody who lists processes.
const managementVariable = "ENTRAPROOF_MANAGEMENT_TOKEN"

func (o *serveOptions) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.target, "target", "", "the target file that says which tenants, registrations and contracts there are")
	f.StringSliceVar(&o.environments, "environment", nil, "the environment of a gateway; may be given again")
	f.StringVar(&o.issuerAddr, "issuer-addr", "", "host:port of the issuer; off: none")
	f.StringVar(&o.issuerTLSAddr, "issuer-tls-addr", "", "host:port of the issuer with TLS; off: none")
	f.StringVar(&o.managementAddr, "management-addr", "", "host:port of the issuer's management listener; off: none")
	f.BoolVar(&o.managementTLS, "management-tls", false, "serve the management listener with TLS")
	f.StringVar(&o.echoAddr, "echo-addr", "", "host:port of the echo")
	f.StringSliceVar(&o.gatewayAddrs, "gateway-addr", nil, "host:port of a gateway, one for each in the order of parts and environments")
	f.StringVar(&o.issuerNames, "issuer-names", namesOfEntra, "the iss values: entra (those of the target), or own (the issuer's own URL)")
	f.StringVar(&o.publicURL, "public-url", "", "the URL under which others reach the issuer, where it is not the one that they ask for")
	f.StringSliceVar(&o.hosts, "host", nil, "a further name or address in the issuer's certificate")
	f.StringVar(&o.directory, "directory", "", "the mockidp.yaml with the tenants, APIs, clients and users that the issuer knows; without: what the target says, or on loopback a built-in one")
	f.StringVar(&o.keys, "keys", "", "the folder that keeps the issuer's keys from one start to the next; without: fresh keys, in memory only")
	f.StringVar(&o.tokenFile, "token-file", "", "write a management token that was made here to this file, readable by you alone")
	f.StringVar(&o.issuerURL, "issuer-url", "", "the issuer whose keys a gateway trusts, where it is not in this process")
	f.StringVar(&o.upstream, "upstream", "", "where a gateway forwards to, where it is not the echo of this process")
	f.IntVar(&o.deniesAfter, "denies-after", 0, "after how many requests the set-up turns-deny refuses everything; 0 is 150")
	introspectFlag(cmd, &o.introspect, "serve POST /TENANT/introspect, which Entra does not have, by this profile")
	oidcModelFlag(cmd, &o.oidcModel)
	f.StringVar(&o.introspectionClient, "introspection-client", "", "the client id with which a gateway asks the introspection endpoint; its secret is in "+introspectionSecretVariable)
	f.StringVar(&o.writeTarget, "write-target", "", "write a target file for these addresses once all parts listen")
	formatFlag(cmd, &o.format)
}

// The values of --issuer-names.
const (
	namesOfEntra = "entra"
	namesOwn     = "own"
)

// run serves until ctx is done or a part breaks.
func (s *stage) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if err := s.open(ctx); err != nil {
		return errors.Join(err, s.close())
	}
	if err := s.announce(); err != nil {
		return errors.Join(err, s.close())
	}
	for _, l := range s.listeners {
		s.serving.Go(func() {
			if err := gateway.Serve(ctx, gateway.ServeOptions{Listener: l.listener, Handler: l.handler}); err != nil {
				cancel(&partError{l.name, err})
			}
		})
	}
	if err := s.ready(); err != nil {
		cancel(&partError{"the addresses", err})
	}
	<-ctx.Done()
	s.serving.Wait()
	err := s.close()
	var broken *partError
	if errors.As(context.Cause(ctx), &broken) {
		return errors.Join(broken, err)
	}
	return err
}

// partError is a part that stopped by itself.
type partError struct {
	part string
	err  error
}

func (e *partError) Error() string { return fmt.Sprintf("serve %s: %v", e.part, e.err) }
func (e *partError) Unwrap() error { return e.err }
