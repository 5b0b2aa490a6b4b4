package main

import (
	"bytes"
	"debug/elf"
	"fmt"
	"slices"
)

// machines are the architectures that images are made for.
func machines() map[string]elf.Machine {
	return map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}
}

// checkProgram refuses what would not start in an image without anything else:
// a program for another system or machine, or one that needs a loader.
func checkProgram(program []byte, arch string) error {
	machine, known := machines()[arch]
	if !known {
		return fmt.Errorf("expected architecture amd64 or arm64, got %q", arch)
	}
	f, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		return fmt.Errorf("expected a program for Linux: %w", err)
	}
	if f.Machine != machine {
		return fmt.Errorf("expected a program for %s, got one for %s", machine, f.Machine)
	}
	if slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		return fmt.Errorf("expected a static program, got one that needs a loader (build it with CGO_ENABLED=0)")
	}
	return nil
}
