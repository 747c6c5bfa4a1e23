// Command requestinfo says how a Kubernetes API server reads a request: the reference that Chaperone's own reading of
// requests is compared with.
//
// It reads one JSON object a line, {"method": "GET", "target": "/api/v1/pods?watch=1"}, and answers each with one line:
// the RequestInfo, the parsed query, whether the request is long-running, the query decoded as ListOptions and, for exec,
// attach and port-forward of a pod, as their options. A request that the API server would not serve is answered with {"error": ...}.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/server/filters"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	core "k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
)

type question struct {
	Method string `json:"method"`
	Target string `json:"target"`
}

type requestInfo struct {
	IsResourceRequest bool     `json:"isResourceRequest"`
	Path              string   `json:"path"`
	Verb              string   `json:"verb"`
	APIPrefix         string   `json:"apiPrefix"`
	APIGroup          string   `json:"apiGroup"`
	APIVersion        string   `json:"apiVersion"`
	Namespace         string   `json:"namespace"`
	Resource          string   `json:"resource"`
	Subresource       string   `json:"subresource"`
	Name              string   `json:"name"`
	Parts             []string `json:"parts"`
	FieldSelector     string   `json:"fieldSelector"`
	LabelSelector     string   `json:"labelSelector"`
}

type answer struct {
	Error       string              `json:"error,omitempty"`
	RequestInfo *requestInfo        `json:"requestInfo,omitempty"`
	Query       map[string][]string `json:"query,omitempty"`
	LongRunning bool                `json:"longRunning"`
	ListOptions *listOptions        `json:"listOptions,omitempty"`
	Connect     *connect            `json:"connect,omitempty"`
}

// listOptions holds 64-bit numbers as text: a reader in JavaScript would round them. Error is set where the options do
// not decode, whatever the request is.
type listOptions struct {
	Error                string             `json:"error,omitempty"`
	LabelSelector        []labelRequirement `json:"labelSelector"`
	FieldSelector        []fieldRequirement `json:"fieldSelector"`
	Watch                bool               `json:"watch"`
	AllowWatchBookmarks  bool               `json:"allowWatchBookmarks"`
	ResourceVersion      string             `json:"resourceVersion"`
	ResourceVersionMatch string             `json:"resourceVersionMatch"`
	TimeoutSeconds       *int64             `json:"timeoutSeconds,string"`
	Limit                int64              `json:"limit,string"`
	Continue             string             `json:"continue"`
	SendInitialEvents    *bool              `json:"sendInitialEvents"`
	ShardSelector        string             `json:"shardSelector"`
}

type labelRequirement struct {
	Key      string   `json:"key"`
	Operator string   `json:"operator"`
	Values   []string `json:"values"`
}

type fieldRequirement struct {
	Field    string `json:"field"`
	Operator string `json:"operator"`
	Value    string `json:"value"`
}

// connect holds the options of exec, attach or portforward; Error is set where the API server would answer 400.
type connect struct {
	Error     string   `json:"error,omitempty"`
	Stdin     bool     `json:"stdin"`
	Stdout    bool     `json:"stdout"`
	Stderr    bool     `json:"stderr"`
	TTY       bool     `json:"tty"`
	Container string   `json:"container"`
	Command   []string `json:"command"`
	Ports     []int32  `json:"ports"`
}

// The prefixes and the long-running calls are those of kube-apiserver (pkg/controlplane/apiserver/config.go).
var (
	factory = request.RequestInfoFactory{
		APIPrefixes:          sets.NewString("api", "apis"),
		GrouplessAPIPrefixes: sets.NewString("api"),
	}
	longRunning = filters.BasicLongRunningRequestCheck(
		sets.NewString("watch", "proxy"),
		sets.NewString("attach", "exec", "proxy", "log", "portforward"),
	)
)

func main() {
	// The factory logs every list whose options do not decode: in a fuzz run that is noise by the megabyte.
	klog.SetOutput(io.Discard)
	klog.LogToStderr(false)
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func serve(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 1<<16), 1<<24)
	writer := bufio.NewWriterSize(out, 1<<16)
	answers := json.NewEncoder(writer)
	answers.SetEscapeHTML(false)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			return fmt.Errorf("a line is no question: %w", err)
		}
		if err := answers.Encode(read(asked)); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return writer.Flush()
}

// read goes the way of a request: net/http's parser first, so that what it refuses is seen as well.
func read(asked question) answer {
	raw := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: kubernetes\r\n\r\n", asked.Method, asked.Target)
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
	if err != nil {
		return answer{Error: err.Error()}
	}
	info, err := factory.NewRequestInfo(req)
	if err != nil {
		return answer{Error: err.Error()}
	}
	query := req.URL.Query()
	return answer{
		RequestInfo: &requestInfo{
			IsResourceRequest: info.IsResourceRequest,
			Path:              info.Path,
			Verb:              info.Verb,
			APIPrefix:         info.APIPrefix,
			APIGroup:          info.APIGroup,
			APIVersion:        info.APIVersion,
			Namespace:         info.Namespace,
			Resource:          info.Resource,
			Subresource:       info.Subresource,
			Name:              info.Name,
			Parts:             append([]string{}, info.Parts...),
			FieldSelector:     info.FieldSelector,
			LabelSelector:     info.LabelSelector,
		},
		Query:       query,
		LongRunning: longRunning(req, info),
		ListOptions: decodeListOptions(query),
		Connect:     connectOptions(info, query),
	}
}

func decodeListOptions(query url.Values) *listOptions {
	var decoded internalversion.ListOptions
	err := scheme.ParameterCodec.DecodeParameters(query, metav1.SchemeGroupVersion, &decoded)
	if err != nil {
		return &listOptions{Error: err.Error()}
	}
	return &listOptions{
		LabelSelector:        labelRequirements(decoded.LabelSelector),
		FieldSelector:        fieldRequirements(decoded.FieldSelector),
		Watch:                decoded.Watch,
		AllowWatchBookmarks:  decoded.AllowWatchBookmarks,
		ResourceVersion:      decoded.ResourceVersion,
		ResourceVersionMatch: string(decoded.ResourceVersionMatch),
		TimeoutSeconds:       decoded.TimeoutSeconds,
		Limit:                decoded.Limit,
		Continue:             decoded.Continue,
		SendInitialEvents:    decoded.SendInitialEvents,
		ShardSelector:        decoded.ShardSelector,
	}
}

func labelRequirements(selector labels.Selector) []labelRequirement {
	listed := []labelRequirement{}
	if selector == nil {
		return listed
	}
	requirements, _ := selector.Requirements()
	for _, requirement := range requirements {
		listed = append(listed, labelRequirement{
			Key: requirement.Key(), Operator: string(requirement.Operator()), Values: requirement.Values().List(),
		})
	}
	return listed
}

func fieldRequirements(selector fields.Selector) []fieldRequirement {
	listed := []fieldRequirement{}
	if selector == nil {
		return listed
	}
	for _, requirement := range selector.Requirements() {
		listed = append(listed, fieldRequirement{
			Field: requirement.Field, Operator: string(requirement.Operator), Value: requirement.Value,
		})
	}
	return listed
}

func connectOptions(info *request.RequestInfo, query url.Values) *connect {
	if info.APIGroup != "" || info.Resource != "pods" {
		return nil
	}
	decode := func(into runtime.Object) string {
		if err := legacyscheme.ParameterCodec.DecodeParameters(query, corev1.SchemeGroupVersion, into); err != nil {
			return err.Error()
		}
		return ""
	}
	switch info.Subresource {
	case "exec":
		var options core.PodExecOptions
		err := decode(&options)
		return &connect{
			Error: err, Stdin: options.Stdin, Stdout: options.Stdout, Stderr: options.Stderr, TTY: options.TTY,
			Container: options.Container, Command: append([]string{}, options.Command...), Ports: []int32{},
		}
	case "attach":
		var options core.PodAttachOptions
		err := decode(&options)
		return &connect{
			Error: err, Stdin: options.Stdin, Stdout: options.Stdout, Stderr: options.Stderr, TTY: options.TTY,
			Container: options.Container, Command: []string{}, Ports: []int32{},
		}
	case "portforward":
		var options core.PodPortForwardOptions
		err := decode(&options)
		return &connect{Error: err, Command: []string{}, Ports: append([]int32{}, options.Ports...)}
	default:
		return nil
	}
}
