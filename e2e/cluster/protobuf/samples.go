package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"reflect"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	"k8s.io/apimachinery/pkg/api/apitesting/fuzzer"
	"k8s.io/apimachinery/pkg/api/resource"
	metafuzzer "k8s.io/apimachinery/pkg/apis/meta/fuzzer"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	protobufserializer "k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/randfill"
)

// object is one object: as protobuf in base64, and as what its JSON is.
type object struct {
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	Protobuf   string          `json:"protobuf"`
	JSON       json.RawMessage `json:"json"`
}

// sample writes random objects of every kind that has protobuf. The same seed gives the same objects.
func sample(scheme *runtime.Scheme, seed int64, count int, out io.Writer) error {
	codecs := serializer.NewCodecFactory(scheme)
	funcs := fuzzer.MergeFuzzerFuncs(metafuzzer.Funcs, valueFuncs)
	filler := fuzzer.FuzzerFor(funcs, rand.NewSource(seed), codecs).NumElements(0, 2).MaxDepth(30)
	protobuf := protobufserializer.NewSerializer(scheme, scheme)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	known := scheme.AllKnownTypes()
	for _, gvk := range sorted(known, schema.GroupVersionKind.String) {
		if gvk.Version == runtime.APIVersionInternal || !isMessage(known[gvk]) {
			continue
		}
		for range count {
			written, err := random(filler, protobuf, gvk, known[gvk])
			if err != nil {
				return fmt.Errorf("%s: %w", gvk, err)
			}
			if err := lines.Encode(written); err != nil {
				return err
			}
		}
	}
	return nil
}

func random(filler *randfill.Filler, protobuf runtime.Serializer, gvk schema.GroupVersionKind, goType reflect.Type) (*object, error) {
	value := reflect.New(goType)
	filler.Fill(value.Interface())
	filled, isObject := value.Interface().(runtime.Object)
	if !isObject {
		return nil, fmt.Errorf("no object")
	}
	filled.GetObjectKind().SetGroupVersionKind(gvk)
	var encoded bytes.Buffer
	if event, isEvent := filled.(*metav1.WatchEvent); isEvent {
		// As in a watch: its length and the bare message, for it is no object that an envelope would hold.
		bare, err := event.Marshal()
		if err != nil {
			return nil, err
		}
		encoded.Write(binary.BigEndian.AppendUint32(nil, uint32(len(bare))))
		encoded.Write(bare)
	} else if err := protobuf.Encode(filled, &encoded); err != nil {
		return nil, err
	}
	text, err := json.Marshal(filled)
	if err != nil {
		return nil, err
	}
	apiVersion, kind := gvk.ToAPIVersionAndKind()
	return &object{APIVersion: apiVersion, Kind: kind, Protobuf: base64.StdEncoding.EncodeToString(encoded.Bytes()), JSON: text}, nil
}

// valueFuncs fill what the common functions leave alone or fill with what has no JSON.
func valueFuncs(serializer.CodecFactory) []interface{} {
	anyJSON := func(fill randfill.Continue) []byte {
		values := []interface{}{
			map[string]interface{}{"f:data": map[string]interface{}{fill.String(0): []interface{}{fill.Int63(), nil, true}}},
			[]interface{}{fill.String(0), fill.Float64()}, fill.String(0), fill.Bool(), nil,
		}
		text, err := json.Marshal(values[fill.Intn(len(values))])
		if err != nil {
			panic(err)
		}
		return text
	}
	// A schema holds schemas in a dozen ways: without a bound one in ten thousand takes all memory.
	depth := 0
	inSchema := func(fill func(), plain func()) {
		depth++
		defer func() { depth-- }()
		if depth > 2 {
			plain()
		} else {
			fill()
		}
	}
	schemaOr := func(fill randfill.Continue, schema func(), other func()) {
		if fill.Intn(3) == 0 {
			schema()
		} else {
			other()
		}
	}
	return []interface{}{
		func(value *runtime.RawExtension, fill randfill.Continue) { value.Raw = anyJSON(fill) },
		func(value *metav1.FieldsV1, fill randfill.Continue) { value.SetRawBytes(anyJSON(fill)) },
		func(value *metav1.ManagedFieldsEntry, fill randfill.Continue) { fill.FillNoCustom(value) },
		func(value *apiextensionsv1.JSON, fill randfill.Continue) { value.Raw = anyJSON(fill) },
		func(value *apiextensionsv1beta1.JSON, fill randfill.Continue) { value.Raw = anyJSON(fill) },
		func(value *resource.Quantity, fill randfill.Continue) {
			formats := []resource.Format{resource.DecimalSI, resource.BinarySI, resource.DecimalExponent}
			*value = *resource.NewMilliQuantity(fill.Int63n(1<<40)-1<<20, formats[fill.Intn(len(formats))])
		},
		func(value *intstr.IntOrString, fill randfill.Continue) {
			if fill.Bool() {
				*value = intstr.FromInt32(fill.Int31() - 1<<30)
			} else {
				*value = intstr.FromString(fill.String(0))
			}
		},
		func(value *metav1.Time, fill randfill.Continue) {
			if fill.Intn(8) > 0 {
				*value = metav1.Unix(fill.Int63n(1<<37)-1<<34, 0)
			}
		},
		func(value *metav1.MicroTime, fill randfill.Continue) {
			if fill.Intn(8) > 0 {
				*value = metav1.MicroTime(metav1.Unix(fill.Int63n(1<<37)-1<<34, fill.Int63n(1_000_000)*1000))
			}
		},
		func(value *metav1.Duration, fill randfill.Continue) {
			value.Duration = (1 << fill.Intn(62)) * 7 / 3
			if fill.Bool() {
				value.Duration = -value.Duration
			}
		},
		func(value *apiextensionsv1.JSONSchemaProps, fill randfill.Continue) {
			inSchema(func() { fill.FillNoCustom(value) }, func() { fill.Fill(&value.Description); fill.Fill(&value.Enum); fill.Fill(&value.Maximum) })
		},
		func(value *apiextensionsv1beta1.JSONSchemaProps, fill randfill.Continue) {
			inSchema(func() { fill.FillNoCustom(value) }, func() { fill.Fill(&value.Description); fill.Fill(&value.Default); fill.Fill(&value.Minimum) })
		},
		func(value *apiextensionsv1.JSONSchemaPropsOrBool, fill randfill.Continue) {
			schemaOr(fill, func() { value.Schema = &apiextensionsv1.JSONSchemaProps{}; fill.Fill(value.Schema) }, func() { value.Allows = fill.Bool() })
		},
		func(value *apiextensionsv1.JSONSchemaPropsOrArray, fill randfill.Continue) {
			schemaOr(fill, func() { value.Schema = &apiextensionsv1.JSONSchemaProps{}; fill.Fill(value.Schema) },
				func() { fill.Fill(&value.JSONSchemas) })
		},
		func(value *apiextensionsv1.JSONSchemaPropsOrStringArray, fill randfill.Continue) {
			schemaOr(fill, func() { value.Schema = &apiextensionsv1.JSONSchemaProps{}; fill.Fill(value.Schema) },
				func() { fill.Fill(&value.Property) })
		},
		func(value *apiextensionsv1beta1.JSONSchemaPropsOrArray, fill randfill.Continue) {
			fill.Fill(&value.Schema)
		},
		func(value *apiextensionsv1beta1.JSONSchemaPropsOrStringArray, fill randfill.Continue) {
			fill.Fill(&value.Schema)
		},
	}
}
