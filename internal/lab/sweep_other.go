//go:build !linux

package lab

// self is not known here, so nothing is taken for the remains of a dead run.
func self() owner { return owner{} }

func dead(owner) bool { return false }

func endWorkers(string) {}
