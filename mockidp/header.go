package mockidp

import "net/http"

// maxHeader bounds the header of a request, beyond what any client sends: an
// Authorization of 200 groups has 11 kB.
const maxHeader = 64 << 10

// headerSize is how much a request says before its body.
func headerSize(r *http.Request) int {
	n := len(r.RequestURI)
	for name, values := range r.Header {
		for _, text := range values {
			n += len(name) + len(text)
		}
	}
	return n
}

// refuseHeader answers as the front of Entra does, before anything of it has
// seen the request.
func refuseHeader(q *request) {
	h := q.w.Header()
	h.Set("Content-Type", "text/html; charset=us-ascii")
	h.Set("Connection", "close")
	q.write(http.StatusBadRequest, []byte(`<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">
<HTML><HEAD><TITLE>Bad Request</TITLE>
<META HTTP-EQUIV="Content-Type" Content="text/html; charset=us-ascii"></HEAD>
<BODY><h2>Bad Request - Request Too Long</h2>
<hr><p>HTTP Error 400. The size of the request headers is too long.</p>
</BODY></HTML>
`))
}
