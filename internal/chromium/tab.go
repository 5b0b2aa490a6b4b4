package chromium

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Tab is one page in a browser, with all that it complained of or asked for.
type Tab struct {
	T   *testing.T
	ctx context.Context //nolint:containedctx // the tab is a context in chromedp

	origin     string
	mu         sync.Mutex
	documents  []string
	complaints []string
	requests   []string
}

// listen notes everything that a sound page does not do.
func (p *Tab) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		p.complaints = append(p.complaints, e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		p.complaints = append(p.complaints, "console."+string(e.Type))
	case *cdplog.EventEntryAdded:
		url, _, _ := strings.Cut(e.Entry.URL, "#")
		if e.Entry.Source != cdplog.SourceNetwork || !slices.Contains(p.documents, url) { // the status of a page is its own business
			p.complaints = append(p.complaints, e.Entry.Text)
		}
	case *page.EventJavascriptDialogOpening:
		p.complaints = append(p.complaints, "dialog "+e.Message)
	case *network.EventRequestWillBeSent:
		if e.Type == network.ResourceTypeDocument {
			p.documents = append(p.documents, e.Request.URL)
		}
		if !p.mayAsk(e) {
			p.requests = append(p.requests, e.Request.URL)
		}
	}
}

// mayAsk: a page of its own origin asks that one alone; any other asks nobody,
// itself apart.
func (p *Tab) mayAsk(e *network.EventRequestWillBeSent) bool {
	if p.origin != "" {
		return strings.HasPrefix(e.Request.URL, p.origin+"/")
	}
	return e.Type == network.ResourceTypeDocument
}

func (p *Tab) quiet() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.complaints) > 0 {
		p.T.Errorf("the page complains: %q", p.complaints)
	}
	if len(p.requests) > 0 {
		p.T.Errorf("the page asks for %q", p.requests)
	}
}

// Do runs actions; a failing one ends the test.
func (p *Tab) Do(actions ...chromedp.Action) {
	p.T.Helper()
	if err := chromedp.Run(p.ctx, actions...); err != nil {
		p.T.Fatal(err)
	}
}

// Value is what an expression comes to; of a promise, what it resolves to.
func Value[T any](p *Tab, expression string) T {
	p.T.Helper()
	var v T
	p.Do(chromedp.Evaluate(expression, &v, awaiting))
	return v
}

func awaiting(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }

// Until waits for an expression to be true; the page, not a clock, ends it.
func (p *Tab) Until(expression string) {
	p.T.Helper()
	if err := chromedp.Run(p.ctx, chromedp.Poll(expression, nil, chromedp.WithPollingTimeout(30*time.Second))); err != nil {
		p.T.Fatalf("%s: %v", expression, err)
	}
}

// Keys types as somebody at a keyboard does: the text of a key comes with its
// going down, so that who prevents the one prevents the other.
func (p *Tab) Keys(text string) {
	p.T.Helper()
	for _, r := range text {
		events := kb.Encode(r)
		if len(events) == 3 {
			events[0].Text, events[0].UnmodifiedText = events[1].Text, events[1].UnmodifiedText
			events = []*input.DispatchKeyEventParams{events[0], events[2]}
		}
		for _, e := range events {
			p.Do(e)
		}
	}
}

// maxPicture keeps the pictures light enough for a README.
const maxPicture = 300_000

// Shoot writes what the window shows.
func (p *Tab) Shoot(path string) {
	p.T.Helper()
	var picture []byte
	p.Do(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		picture, err = page.CaptureScreenshot().WithFormat(page.CaptureScreenshotFormatPng).WithOptimizeForSpeed(false).Do(ctx)
		return err
	}))
	if len(picture) > maxPicture {
		p.T.Errorf("%s: expected at most %d bytes, got %d", path, maxPicture, len(picture))
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		p.T.Fatal(err)
	}
	if err := os.WriteFile(path, picture, 0o600); err != nil {
		p.T.Fatal(err)
	}
}
