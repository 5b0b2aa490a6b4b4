package predict

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/engine"
	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/reports/format"
)

func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(0, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func jwt(change func(*policy.JWTValidation)) policy.Applied {
	c := policy.NewJWTValidation()
	c.JWTKeyOrigin = "jwks"
	c.JWKSURL = "https://login.microsoftonline.com/7f1c3b52-9d3e-4c61-8a55-0e7a9f1d2c40/discovery/v2.0/keys"
	c.SkipClientIDValidation = true
	change(&c)
	return policy.Applied{Asset: "jwt-validation", Config: &c, At: document.Position{File: "orders.yaml", Line: 20, Column: 5}}
}

func TestScratch(t *testing.T) {
	engine.CollectRarely()
	start, c0 := time.Now(), cpu()
	inst := func(name string, p ...policy.Applied) policy.Instance {
		return policy.Instance{Name: name, At: document.Position{File: "orders.yaml", Line: 1, Column: 1}, Form: policy.FlexYAML, Policies: p}
	}
	err := Run(context.Background(), Options{Instances: []policy.Instance{
		inst("orders-dev", jwt(func(c *policy.JWTValidation) { c.ValidateAudClaim = true; c.SupportedAudiences = "api://orders-dev" })),
	}}, func(p *Prediction) error {
		fmt.Println(p.Subject.Name, p.Assumed, p.Problem)
		fmt.Printf("wall %v cpu %v\n", time.Since(start).Round(time.Millisecond), (cpu()-c0).Round(time.Millisecond))
		if p.Results != nil {
			return format.ConsoleStyle{Findings: 100}.Render(os.Stdout, p.Results)
		}
		return nil
	})
	if err != nil { t.Fatal(err) }
}
