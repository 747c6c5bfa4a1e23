package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// transcript writes what was answered, and remembers what was asked.
type transcript struct {
	out       io.Writer
	namespace string

	mutex sync.Mutex
	asked []string
}

func newTranscript(out io.Writer, namespace string) *transcript {
	return &transcript{out: out, namespace: namespace}
}

func (t *transcript) section(name string) { fmt.Fprintf(t.out, "\n# %s\n", name) }

// answer writes what a call gave, or how it failed. What a server makes up anew is left out.
func (t *transcript) answer(call string, value any, err error) {
	if err != nil {
		fmt.Fprintf(t.out, "%s: %s\n", call, t.same(describe(err)))
		return
	}
	text, err := json.Marshal(value)
	if err != nil {
		text = []byte(err.Error())
	}
	fmt.Fprintf(t.out, "%s: %s\n", call, t.same(string(text)))
}

// describe tells all that a program can know of an error.
func describe(err error) string {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return "error " + err.Error()
	}
	text, _ := json.Marshal(status.Status())
	return "status " + string(text)
}

var madeUp = []struct {
	pattern *regexp.Regexp
	stands  string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}`), "<uid>"},
	{regexp.MustCompile(`"resourceVersion":"\d+"`), `"resourceVersion":"<version>"`},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`), "<time>"},
	{regexp.MustCompile(`"continue":"[^"]+"`), `"continue":"<continue>"`},
	{regexp.MustCompile(`([?&](?:resourceVersion|continue|timeout|timeoutSeconds)=)[^&\s]+`), "$1<varies>"},
	{regexp.MustCompile(`(precondition|record) \(\d+\)`), "$1 (<version>)"},
	{regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`), "<token>"},
}

func (t *transcript) same(text string) string {
	text = strings.ReplaceAll(text, t.namespace, "<namespace>")
	for _, one := range madeUp {
		text = one.pattern.ReplaceAllString(text, one.stands)
	}
	return text
}

// recording notes each request as it goes over the wire: a client that falls back to another way of asking is seen.
func (t *transcript) recording(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		response, err := next.RoundTrip(request)
		answered := "failed"
		// Where nothing is served, kube-apiserver writes text and others a Status: clients read both alike.
		if err == nil && response.StatusCode == http.StatusNotFound {
			answered = "404"
		} else if err == nil {
			answered = fmt.Sprintf("%d %s", response.StatusCode, response.Header.Get("Content-Type"))
			for _, warning := range response.Header.Values("Warning") {
				answered += " " + warning
			}
		}
		line := fmt.Sprintf("%s %s (%s, accepts %s) -> %s", request.Method, request.URL.RequestURI(),
			request.Header.Get("Content-Type"), request.Header.Get("Accept"), answered)
		t.mutex.Lock()
		defer t.mutex.Unlock()
		t.asked = append(t.asked, t.same(line))
		return response, err
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

// requests writes those since the last time, sorted: some clients ask several things at once.
func (t *transcript) requests() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	slices.Sort(t.asked)
	for _, line := range t.asked {
		fmt.Fprintln(t.out, "asked", line)
	}
	t.asked = nil
}
