package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// maxKeySet bounds the document that is read.
const maxKeySet = 1 << 20

var errTooLarge = errors.New("gateway: key set is too large")

// fetcher gets documents of the issuer, of a length up to most. Whether it
// follows redirects is the client's business: a key set comes from the
// configured address or not at all.
type fetcher struct {
	client http.Client
	most   int64
}

func (f *fetcher) get(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("gateway: key set request: %w", err)
	}
	response, err := f.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("gateway: fetch key set: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("gateway: fetch key set: expected status 200, got %d", response.StatusCode)
	}
	document, err := io.ReadAll(io.LimitReader(response.Body, f.most+1))
	if err != nil {
		return nil, fmt.Errorf("gateway: read key set: %w", err)
	}
	if int64(len(document)) > f.most {
		return nil, errTooLarge
	}
	return document, nil
}

// discover gets the address of the key set. A document of another issuer names
// another issuer's keys (RFC 8414 3.3); an empty issuer takes any.
func (f *fetcher) discover(ctx context.Context, url, issuer string) (string, error) {
	document, err := f.get(ctx, url)
	if err != nil {
		return "", err
	}
	var metadata struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(document, &metadata); err != nil {
		return "", fmt.Errorf("gateway: read the discovery document: %w", err)
	}
	if issuer != "" && metadata.Issuer != issuer {
		return "", fmt.Errorf("gateway: discovery document: expected issuer %s, got %s", issuer, metadata.Issuer)
	}
	return metadata.Keys, nil
}
