package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is what this program is.
type version struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func (p *program) versionVerb() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "version", Short: "say which entraproof this is", Args: cobra.NoArgs,
		Example: "  entraproof version --format json",
		RunE: func(*cobra.Command, []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			return p.printVersion(format)
		},
	}
	formatFlag(cmd, &format)
	return cmd
}

func (p *program) printVersion(format string) error {
	v := built()
	if format == asJSON {
		return printJSON(p.out, v)
	}
	fmt.Fprintf(p.out, "entraproof %s, %s, %s\n", v.Version, v.Go, v.Platform)
	return nil
}

// built reads what the toolchain wrote into the program.
func built() version {
	v := version{Version: "devel", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		v.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}
