package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

// healthOptions are what the verb health is given.
type healthOptions struct {
	urls    []string
	timeout time.Duration
}

const healthLong = `health asks each address once, without a token, and exits 0 when all answer.

Any answer below 500 is one: a gateway that says 401 is at work. Certificates
are not checked, because nothing is sent and nothing is believed.`

func (p *program) healthVerb() *cobra.Command {
	var o healthOptions
	cmd := &cobra.Command{
		Use: "health URL...", Short: "ask whether issuer, echo or gateways answer", Long: healthLong,
		Example: "  entraproof health http://127.0.0.1:8080 http://127.0.0.1:8081/orders",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.urls = args
			if err := o.validate(); err != nil {
				return err
			}
			return p.health(cmd.Context(), o)
		},
	}
	cmd.Flags().DurationVar(&o.timeout, "timeout", 5*time.Second, "how long to wait for each answer")
	return cmd
}

func (o healthOptions) validate() error {
	var problems []error
	for _, text := range o.urls {
		problems = append(problems, checkURL("URL", text))
	}
	if o.timeout <= 0 {
		problems = append(problems, misused("", "--timeout: expected more than 0s, got %s", o.timeout))
	}
	return errors.Join(problems...)
}

// checkURL refuses what is no http or https address.
func checkURL(what, text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return misused("write http://host[:port][/path]", "%s: expected an http or https address, got %q", what, text)
	}
	return nil
}

func (p *program) health(ctx context.Context, o healthOptions) error {
	transport := &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // no secret is sent, and of the answer only that there is one is believed
	}
	client := &http.Client{
		Timeout: o.timeout, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	var problems []error
	for _, u := range o.urls {
		status, err := ask(ctx, client, u)
		switch {
		case err != nil:
			problems = append(problems, err)
		case status >= http.StatusInternalServerError:
			problems = append(problems, fmt.Errorf("%s: expected an answer below 500, got %d", u, status))
		default:
			fmt.Fprintf(p.out, "%s answers %d\n", u, status)
		}
	}
	return errors.Join(problems...)
}

// ask sends one GET and gives the status of the answer.
func ask(ctx context.Context, client *http.Client, u string) (int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", u, err)
	}
	res, err := client.Do(r)
	var told *url.Error
	if errors.As(err, &told) {
		return 0, fmt.Errorf("%s does not answer: %w", u, told.Err)
	}
	if err != nil {
		return 0, fmt.Errorf("%s does not answer: %w", u, err)
	}
	return res.StatusCode, res.Body.Close()
}
