package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	protobufserializer "k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
)

// magic is what every object in protobuf starts with; a watch event has its length there.
var magic = []byte("k8s\x00")

// answer is what Kubernetes reads in one body: its JSON, or why there is none.
type answer struct {
	JSON  json.RawMessage `json:"json,omitempty"`
	Error string          `json:"error,omitempty"`
}

// read answers each line, a body in base64, with one line: what Kubernetes' own reader takes it for.
func read(scheme *runtime.Scheme, in io.Reader, out io.Writer) error {
	protobuf := protobufserializer.NewSerializer(scheme, scheme)
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 1<<16), 1<<26)
	answers := json.NewEncoder(out)
	answers.SetEscapeHTML(false)
	for lines.Scan() {
		body, err := base64.StdEncoding.DecodeString(lines.Text())
		if err != nil {
			return fmt.Errorf("a line is no base64: %w", err)
		}
		text, err := readOne(protobuf, body)
		answered := answer{JSON: text}
		if err != nil {
			answered = answer{Error: err.Error()}
		}
		if err := answers.Encode(answered); err != nil {
			return err
		}
	}
	return lines.Err()
}

func readOne(protobuf runtime.Serializer, body []byte) (json.RawMessage, error) {
	if !bytes.HasPrefix(body, magic) {
		return readEvent(protobuf, body)
	}
	object, gvk, err := protobuf.Decode(body, nil, nil)
	if err != nil {
		return nil, err
	}
	return objectJSON(object, gvk)
}

func objectJSON(object runtime.Object, gvk *schema.GroupVersionKind) (json.RawMessage, error) {
	object.GetObjectKind().SetGroupVersionKind(*gvk)
	return json.Marshal(object)
}

// readEvent reads a watch event, whose object may be one in protobuf again.
func readEvent(protobuf runtime.Serializer, frame []byte) (json.RawMessage, error) {
	if len(frame) < 4 || int(binary.BigEndian.Uint32(frame)) != len(frame)-4 {
		return nil, fmt.Errorf("another length than it says")
	}
	var event metav1.WatchEvent
	if err := event.Unmarshal(frame[4:]); err != nil {
		return nil, err
	}
	if bytes.HasPrefix(event.Object.Raw, magic) {
		object, err := readOne(protobuf, event.Object.Raw)
		if err != nil {
			return nil, err
		}
		event.Object.Raw = object
	}
	return json.Marshal(event)
}
