package probe

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http/httputil"
	"strconv"
	"strings"
)

// maxHead bounds the head of an answer.
const maxHead = 256 << 10

// answer is one HTTP/1 response as it was read: field names, order and
// repetition as sent, which http.ReadResponse does not keep.
type answer struct {
	status    int
	proto     string
	header    []Pair
	body      []byte
	truncated bool
	cut       error // why the body ended early
	delimited bool  // the end of the body is known without the connection's end
}

// readAnswer reads the final response, passing over interim ones (RFC 9110
// 15.2), but not over 101, after which HTTP ends.
func readAnswer(r *bufio.Reader, noBody bool, maxBody int) (answer, error) {
	for {
		head, err := readHead(r)
		if err != nil {
			return answer{}, err
		}
		a, err := parseHead(head)
		if err != nil {
			return answer{}, err
		}
		if a.status >= 200 || a.status == 101 {
			return a, a.readBody(r, noBody, maxBody)
		}
	}
}

// readHead reads up to and with the blank line.
func readHead(r *bufio.Reader) (string, error) {
	if start, err := r.Peek(5); err != nil {
		if len(start) > 0 && errors.Is(err, io.EOF) {
			return "", &malformedError{"it ends after " + strconv.Itoa(len(start)) + " bytes"}
		}
		return "", err
	} else if string(start) != "HTTP/" {
		return "", &malformedError{"it does not start with HTTP/"}
	}
	head := make([]byte, 0, 1024)
	for {
		part, err := r.ReadSlice('\n')
		head = append(head, part...)
		switch {
		case len(head) > maxHead:
			return "", &malformedError{"its head is longer than 256 KiB"}
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			return "", &malformedError{"it ends within its head"}
		case err != nil:
			return "", err
		}
		if bytes.HasSuffix(head, []byte("\n\r\n")) || bytes.HasSuffix(head, []byte("\n\n")) {
			return string(head), nil
		}
	}
}

// parseHead reads the status line and the fields.
func parseHead(head string) (answer, error) {
	line, rest, _ := strings.Cut(head, "\n")
	proto, status, _ := strings.Cut(strings.TrimSuffix(line, "\r"), " ")
	code, _, _ := strings.Cut(strings.TrimLeft(status, " "), " ")
	number, err := strconv.Atoi(code)
	if err != nil || len(code) != 3 || number < 100 || !strings.HasPrefix(proto, "HTTP/1.") {
		return answer{}, &malformedError{"its status line is not HTTP/1"}
	}
	a := answer{status: number, proto: proto, header: make([]Pair, 0, 12)}
	for rest != "" {
		line, rest, _ = strings.Cut(rest, "\n")
		line = strings.TrimRight(line, "\r")
		if line == "" {
			break
		}
		if !a.add(line) {
			return answer{}, &malformedError{"a header line has no colon"}
		}
	}
	return a, nil
}

// add takes in one header line; a line that starts with a blank continues the
// one before (RFC 9112 5.2).
func (a *answer) add(line string) bool {
	if line[0] == ' ' || line[0] == '\t' {
		if len(a.header) == 0 {
			return false
		}
		a.header[len(a.header)-1].Value += " " + strings.Trim(line, " \t")
		return true
	}
	name, v, found := strings.Cut(line, ":")
	a.header = append(a.header, Pair{strings.TrimRight(name, " \t"), strings.Trim(v, " \t")})
	return found
}

// readBody reads the content by the rules of RFC 9112 6.3. Once there is a
// status, a body that breaks off is an answer all the same.
func (a *answer) readBody(r *bufio.Reader, noBody bool, maxBody int) error {
	if noBody || a.status == 101 || a.status == 204 || a.status == 304 {
		a.delimited = a.status != 101
		return nil
	}
	var body io.Reader = r
	length, err := a.contentLength()
	switch {
	case err != nil:
		return err
	case a.chunked():
		a.delimited = true
		body = &chunks{data: httputil.NewChunkedReader(r), lines: r}
	case length >= 0:
		a.delimited = true
		body = &exactly{r: r, left: length}
	}
	a.take(body, min(length, usualBody), maxBody)
	return nil
}

// usualBody bounds the room that is made for a body before it is there.
const usualBody = 4 << 10

// take reads at most maxBody bytes of the body, of which some are expected.
func (a *answer) take(body io.Reader, expected int64, maxBody int) {
	var buf bytes.Buffer
	if expected > 0 {
		buf.Grow(int(expected) + bytes.MinRead) // room to see the end in as well
	}
	_, err := buf.ReadFrom(io.LimitReader(body, int64(maxBody)+1))
	a.body, a.cut = buf.Bytes(), err
	if len(a.body) > maxBody {
		a.body, a.truncated = a.body[:maxBody], true
	}
	if a.truncated || a.cut != nil {
		a.truncated, a.delimited = true, false
	}
}

func (a *answer) chunked() bool {
	for _, v := range valuesOf(a.header, "Transfer-Encoding") {
		if strings.EqualFold(strings.TrimSpace(v[strings.LastIndexByte(v, ',')+1:]), "chunked") {
			return true
		}
	}
	return false
}

// contentLength returns -1 where there is none.
func (a *answer) contentLength() (int64, error) {
	values := valuesOf(a.header, "Content-Length")
	if len(values) == 0 || a.chunked() {
		return -1, nil
	}
	for _, v := range values[1:] {
		if v != values[0] {
			return 0, &malformedError{"two values of Content-Length"}
		}
	}
	n, err := strconv.ParseUint(values[0], 10, 62)
	if err != nil {
		return 0, &malformedError{"its Content-Length is not a number"}
	}
	return int64(n), nil
}

// exactly reads n bytes and calls it an error if there are fewer.
type exactly struct {
	r    io.Reader
	left int64
}

func (e *exactly) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.left)])
	e.left -= int64(n)
	if errors.Is(err, io.EOF) && e.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// chunks reads chunked content and the trailer section after it, which it
// drops.
type chunks struct {
	data  io.Reader
	lines *bufio.Reader
}

func (c *chunks) Read(p []byte) (int, error) {
	n, err := c.data.Read(p)
	if !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return n, err
	}
	for {
		line, lineErr := c.lines.ReadSlice('\n')
		if lineErr != nil {
			return n, io.ErrUnexpectedEOF
		}
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			return n, io.EOF
		}
	}
}
