package mockidp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// tlsIdentity is the issuer's certificate for TLS and the authority behind it.
type tlsIdentity struct {
	authority    *x509.Certificate
	signer       tls.Certificate // the authority with its key
	authorityPEM string
	certificate  tls.Certificate
}

// TLS certificates are judged by the peers' clocks, never by the issuer's,
// which a test may have set: so they hold for a long time either way.
func validity() (from, to time.Time) {
	return time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2049, 12, 31, 0, 0, 0, 0, time.UTC)
}

// tlsIdentity makes a certificate for loopback and the given names. The
// authority is kept in the key folder, so that it needs to be trusted once.
func (s keyStore) tlsIdentity(hosts []string) (*tlsIdentity, error) {
	if err := s.prepare(); err != nil {
		return nil, err
	}
	text, err := s.read(authorityFile)
	if err != nil {
		return nil, err
	}
	if text == nil {
		if text, err = newAuthority(); err != nil {
			return nil, err
		}
		if err := s.write(authorityFile, text); err != nil {
			return nil, err
		}
	}
	authority, err := tls.X509KeyPair(text, text)
	if err != nil {
		return nil, fmt.Errorf("mockidp: read the TLS authority: %w", err)
	}
	return issueCertificate(authority, hosts)
}

// newAuthority is a certificate authority and its key as PEM.
func newAuthority() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("mockidp: make the TLS authority: %w", err)
	}
	template := certificateTemplate("entraproof mock issuer, test authority")
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("mockidp: certify the TLS authority: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("mockidp: write the TLS authority: %w", err)
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...), nil
}

func certificateTemplate(name string) *x509.Certificate {
	from, to := validity()
	serial := make([]byte, 16)
	_, _ = rand.Read(serial) // never fails
	serial[0] &= 0x7f
	return &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: to,
	}
}

func issueCertificate(authority tls.Certificate, hosts []string) (*tlsIdentity, error) {
	t := &tlsIdentity{
		authority: authority.Leaf, signer: authority,
		authorityPEM: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Leaf.Raw})),
	}
	var err error
	t.certificate, err = t.certificateFor(hosts, func(*x509.Certificate) {})
	return t, err
}

// certificateFor is a certificate for loopback and the given names, right but
// for what change makes wrong.
func (t *tlsIdentity) certificateFor(hosts []string, change func(*x509.Certificate)) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("mockidp: make the TLS key: %w", err)
	}
	template := certificateTemplate("entraproof mock issuer")
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, host := range append([]string{"localhost", "127.0.0.1", "::1"}, hosts...) {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	change(template)
	der, err := x509.CreateCertificate(rand.Reader, template, t.authority, key.Public(), t.signer.PrivateKey)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("mockidp: certify the TLS key: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der, t.authority.Raw}, PrivateKey: key}, nil
}

// config is what a listener serves a certificate with.
func (*tlsIdentity) config(certificate tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
}
