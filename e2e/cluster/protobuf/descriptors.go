package main

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"sort"
	"strconv"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
)

type marshaler interface{ Marshal() ([]byte, error) }

var (
	marshalerType     = reflect.TypeFor[marshaler]()
	jsonMarshalerType = reflect.TypeFor[json.Marshaler]()
)

// Messages whose JSON is not an object of their fields. A letter each; those with a schema in them name its message.
var (
	special = map[reflect.Type]string{
		reflect.TypeFor[metav1.Time]():               "T",
		reflect.TypeFor[metav1.MicroTime]():          "U",
		reflect.TypeFor[metav1.Duration]():           "D",
		reflect.TypeFor[resource.Quantity]():         "Q",
		reflect.TypeFor[intstr.IntOrString]():        "O",
		reflect.TypeFor[runtime.RawExtension]():      "R",
		reflect.TypeFor[metav1.FieldsV1]():           "J",
		reflect.TypeFor[apiextensionsv1.JSON]():      "J",
		reflect.TypeFor[apiextensionsv1beta1.JSON](): "J",
	}
	union = map[reflect.Type]string{
		reflect.TypeFor[apiextensionsv1.JSONSchemaPropsOrBool]():             "B",
		reflect.TypeFor[apiextensionsv1beta1.JSONSchemaPropsOrBool]():        "B",
		reflect.TypeFor[apiextensionsv1.JSONSchemaPropsOrArray]():            "A",
		reflect.TypeFor[apiextensionsv1beta1.JSONSchemaPropsOrArray]():       "A",
		reflect.TypeFor[apiextensionsv1.JSONSchemaPropsOrStringArray]():      "S",
		reflect.TypeFor[apiextensionsv1beta1.JSONSchemaPropsOrStringArray](): "S",
	}
)

// describer gives messages numbers in the order in which it meets them.
type describer struct {
	numbers  map[reflect.Type]int
	messages []reflect.Type
}

// describe writes one line a message, `NAME FIELD...`, whose number is that of the line, counted from 0; then an empty
// line; then one line an apiVersion, `APIVERSION KIND=NUMBER...`. Kinds of apiVersion `*` are in every one.
//
// A field is NUMBER [*] [^] KIND = JSON name; * is repeated, ^ is written in the JSON of the message around it. KIND is
//
//	s string, b bytes, t bool, i int32, l int64, d double, mN the message N, M KIND a map from string,
//	w KIND a message that holds a list in its field 1,
//	T Time, U MicroTime, D Duration, Q Quantity, O IntOrString, R RawExtension, J a message that holds JSON in its field 1,
//	BN, AN, SN a schema (message N) or a bool, list of schemas, list of strings.
func describe(scheme *runtime.Scheme, out io.Writer) error {
	described := &describer{numbers: map[reflect.Type]int{}}
	kinds, err := described.kinds(scheme)
	if err != nil {
		return err
	}
	for next := 0; next < len(described.messages); next++ {
		message := described.messages[next]
		line, err := described.message(message)
		if err != nil {
			return fmt.Errorf("%s: %w", messageName(message), err)
		}
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(out, "\n%s\n", strings.Join(kinds, "\n"))
	return err
}

func (d *describer) kinds(scheme *runtime.Scheme) ([]string, error) {
	everywhere := metaKinds()
	known := map[schema.GroupVersion]map[string]reflect.Type{{Version: "*"}: everywhere}
	for gvk, goType := range scheme.AllKnownTypes() {
		if gvk.Version == runtime.APIVersionInternal || everywhere[gvk.Kind] == goType || !isMessage(goType) {
			continue
		}
		if known[gvk.GroupVersion()] == nil {
			known[gvk.GroupVersion()] = map[string]reflect.Type{}
		}
		known[gvk.GroupVersion()][gvk.Kind] = goType
	}
	var lines []string
	for _, version := range sorted(known, schema.GroupVersion.String) {
		words := []string{version.String()}
		for _, kind := range sorted(known[version], func(kind string) string { return kind }) {
			words = append(words, fmt.Sprintf("%s=%d", kind, d.number(known[version][kind])))
		}
		lines = append(lines, strings.Join(words, " "))
	}
	return lines, nil
}

// metaKinds are those that metav1.AddToGroupVersion adds to every version.
func metaKinds() map[string]reflect.Type {
	scheme := runtime.NewScheme()
	version := schema.GroupVersion{Group: "any", Version: "v1"}
	metav1.AddToGroupVersion(scheme, version)
	kinds := map[string]reflect.Type{}
	for kind, goType := range scheme.KnownTypes(version) {
		if isMessage(goType) {
			kinds[kind] = goType
		}
	}
	return kinds
}

func sorted[K comparable, V any](from map[K]V, text func(K) string) []K {
	keys := make([]K, 0, len(from))
	for key := range from {
		keys = append(keys, key)
	}
	sort.Slice(keys, func(a, b int) bool { return text(keys[a]) < text(keys[b]) })
	return keys
}

func isMessage(goType reflect.Type) bool { return reflect.PointerTo(goType).Implements(marshalerType) }

func (d *describer) number(message reflect.Type) int {
	number, known := d.numbers[message]
	if !known {
		number = len(d.messages)
		d.numbers[message] = number
		d.messages = append(d.messages, message)
	}
	return number
}

func (d *describer) message(message reflect.Type) (string, error) {
	words := []string{messageName(message)}
	if reflect.PointerTo(message).Implements(jsonMarshalerType) {
		return "", fmt.Errorf("its JSON is its own: it must be among the special ones")
	}
	for index := range message.NumField() {
		field := message.Field(index)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		tag := field.Tag.Get("protobuf")
		if tag == "" {
			if field.Type != reflect.TypeFor[metav1.TypeMeta]() && name != "-" {
				return "", fmt.Errorf("%s is in JSON alone", field.Name)
			}
			continue
		}
		if name == "-" {
			return "", fmt.Errorf("%s is in protobuf alone", field.Name)
		}
		inline := field.Anonymous && name == ""
		if name == "" && !inline {
			name = field.Name
		}
		word, err := d.field(field.Type, strings.Split(tag, ","), inline)
		if err != nil {
			return "", fmt.Errorf("%s: %w", field.Name, err)
		}
		words = append(words, word+"="+name)
	}
	if err := noNameTwice(message); err != nil {
		return "", err
	}
	return strings.Join(words, " "), nil
}

// noNameTwice: JSON that a message inlines must not meet a name of the message around it.
func noNameTwice(message reflect.Type) error {
	seen := map[string]bool{}
	for _, field := range reflect.VisibleFields(message) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" || field.Tag.Get("protobuf") == "" {
			continue
		}
		if seen[name] {
			return fmt.Errorf("%s is there twice", name)
		}
		seen[name] = true
	}
	return nil
}

func (d *describer) field(goType reflect.Type, tag []string, inline bool) (string, error) {
	if len(tag) < 2 {
		return "", fmt.Errorf("an odd tag")
	}
	goType = dereference(goType)
	word := tag[1]
	if isList(goType) {
		word += "*"
		goType = dereference(goType.Elem())
	}
	if inline {
		word += "^"
	}
	// Wire type and repetition are those of the Go type: some tags say otherwise, which the generated code does not heed.
	kind, err := d.kind(goType)
	return word + kind, err
}

func dereference(goType reflect.Type) reflect.Type {
	if goType.Kind() == reflect.Pointer {
		return goType.Elem()
	}
	return goType
}

func isList(goType reflect.Type) bool {
	return goType.Kind() == reflect.Slice && goType.Elem().Kind() != reflect.Uint8 && !isMessage(goType)
}

func (d *describer) kind(goType reflect.Type) (string, error) {
	if letter, found := special[goType]; found {
		return letter, nil
	}
	if letter, found := union[goType]; found {
		schemaField, _ := goType.FieldByName("Schema")
		return letter + strconv.Itoa(d.number(dereference(schemaField.Type))), nil
	}
	switch goType.Kind() {
	case reflect.String:
		return "s", nil
	case reflect.Bool:
		return "t", nil
	case reflect.Int32:
		return "i", nil
	case reflect.Int64:
		return "l", nil
	case reflect.Float64:
		return "d", nil
	case reflect.Struct:
		if !isMessage(goType) {
			return "", fmt.Errorf("%s is no message", goType)
		}
		return "m" + strconv.Itoa(d.number(goType)), nil
	case reflect.Slice:
		if goType.Elem().Kind() == reflect.Uint8 {
			return "b", nil
		}
		of, err := d.kind(dereference(goType.Elem()))
		return "w" + of, err
	case reflect.Map:
		if goType.Key().Kind() != reflect.String || isList(goType.Elem()) {
			return "", fmt.Errorf("a map that is not known here")
		}
		of, err := d.kind(dereference(goType.Elem()))
		return "M" + of, err
	default:
		return "", fmt.Errorf("%s is not known here", goType)
	}
}

// messageName is for people: the package without what all have in common, and the type.
func messageName(message reflect.Type) string {
	name := message.PkgPath()
	for _, prefix := range []string{
		"k8s.io/api/", "k8s.io/apimachinery/pkg/apis/", "k8s.io/apimachinery/pkg/",
		"k8s.io/apiextensions-apiserver/pkg/apis/", "k8s.io/kube-aggregator/pkg/apis/", "k8s.io/metrics/pkg/apis/",
	} {
		name = strings.TrimPrefix(name, prefix)
	}
	return name + "." + message.Name()
}
