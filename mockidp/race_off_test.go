//go:build !race

package mockidp

const raceEnabled = false
