package gateway

import "net/http"

// dialect is how a gateway reads the text of a token. The zero value is the
// strict one: three segments of base64url, a JSON object each, as they stand.
// Everything else is a mistake that only mutants make.
type dialect struct {
	// unwraps take a compact token out of what was sent, or leave that as it is.
	unwraps []func(r *http.Request, sent string) string
	// repairs turn the text of a part into JSON.
	repairs []func(text []byte) []byte
	// regards turn a part, read from text, into what counts of it.
	regards []func(text []byte, o object) object
}

func (d dialect) read(r *http.Request, sent string) *token {
	for _, unwrap := range d.unwraps {
		sent = unwrap(r, sent)
	}
	return d.token(sent)
}

func (d dialect) object(text []byte) (o object, clean bool, err error) {
	for _, repair := range d.repairs {
		text = repair(text)
	}
	o, clean, err = readObject(text)
	if err != nil {
		return nil, false, err
	}
	for _, regard := range d.regards {
		o = regard(text, o)
	}
	return o, clean, nil
}
