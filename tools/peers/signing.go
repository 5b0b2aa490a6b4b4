package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// signer makes bare signatures of RS256 with a key of its own.
type signer struct {
	key    *rsa.PrivateKey
	number atomic.Int64
}

func newSigner() (*signer, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("peers: make a key: %w", err)
	}
	return &signer{key: key}, nil
}

// burst is what a number of signatures cost, and how many there were.
type burst struct {
	signatures int64
	cpu        time.Duration
}

func (b burst) cpuPerSignature() float64 { return b.cpu.Seconds() / float64(b.signatures) }

func (b burst) plus(other burst) burst {
	return burst{b.signatures + other.signatures, b.cpu + other.cpu}
}

// sign makes signatures on all cores for a while. No two are of one input.
func (s *signer) sign(ctx context.Context, d time.Duration) (burst, error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	runtime.GC()
	before, err := ownCPU()
	if err != nil {
		return burst{}, err
	}
	var made atomic.Int64
	var work sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		work.Go(func() {
			for ctx.Err() == nil {
				sum := sha256.Sum256(strconv.AppendInt(nil, s.number.Add(1), 10))
				if _, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, sum[:]); err != nil {
					panic("peers: a key of ours does not sign: " + err.Error())
				}
				made.Add(1)
			}
		})
	}
	work.Wait()
	after, err := ownCPU()
	return burst{made.Load(), after - before}, err
}

// ownCPU is user and system time of this process so far.
func ownCPU() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, fmt.Errorf("peers: read the time of this process: %w", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}
