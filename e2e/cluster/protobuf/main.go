// Command protobuf says what Kubernetes' protobuf messages are made of, and gives objects in protobuf and in JSON: the
// reference that Chaperone's own reading of protobuf is generated from and compared with.
//
//	protobuf descriptors         every message that the API's kinds are made of, one a line
//	protobuf samples SEED N      N random objects of every kind, one JSON object a line
//	protobuf read                what Kubernetes reads in the bodies of its input, one in base64 a line
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"

	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1beta1 "k8s.io/apimachinery/pkg/apis/meta/v1beta1"
	"k8s.io/apimachinery/pkg/runtime"
	kubernetes "k8s.io/client-go/kubernetes/scheme"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	apiregistrationv1beta1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1beta1"
	custommetricsv1beta1 "k8s.io/metrics/pkg/apis/custom_metrics/v1beta1"
	custommetricsv1beta2 "k8s.io/metrics/pkg/apis/custom_metrics/v1beta2"
	externalmetricsv1beta1 "k8s.io/metrics/pkg/apis/external_metrics/v1beta1"
	metricsv1beta1 "k8s.io/metrics/pkg/apis/metrics/v1beta1"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	scheme, err := newScheme()
	if err != nil {
		return err
	}
	writer := bufio.NewWriterSize(out, 1<<16)
	switch {
	case len(args) == 1 && args[0] == "descriptors":
		err = describe(scheme, writer)
	case len(args) == 1 && args[0] == "read":
		err = read(scheme, in, writer)
	case len(args) == 3 && args[0] == "samples":
		seed, parseErr := strconv.ParseInt(args[1], 10, 64)
		if parseErr != nil {
			return parseErr
		}
		count, parseErr := strconv.Atoi(args[2])
		if parseErr != nil {
			return parseErr
		}
		err = sample(scheme, seed, count, writer)
	default:
		return fmt.Errorf("usage: protobuf descriptors | protobuf samples SEED N | protobuf read")
	}
	if err != nil {
		return err
	}
	return writer.Flush()
}

// newScheme holds what a cluster serves in protobuf: the API's own kinds, CustomResourceDefinitions, APIServices, and the
// metrics that aggregated servers serve.
func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	builders := []func(*runtime.Scheme) error{
		kubernetes.AddToScheme,
		apidiscoveryv2.AddToScheme,
		apiextensionsv1.AddToScheme,
		apiextensionsv1beta1.AddToScheme,
		apiregistrationv1.AddToScheme,
		apiregistrationv1beta1.AddToScheme,
		metricsv1beta1.AddToScheme,
		custommetricsv1beta1.AddToScheme,
		custommetricsv1beta2.AddToScheme,
		externalmetricsv1beta1.AddToScheme,
		metav1.AddMetaToScheme,
		metav1beta1.AddMetaToScheme,
	}
	for _, add := range builders {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	// As every API server does: Status and the discovery documents are of group "", version v1.
	metav1.AddToGroupVersion(scheme, metav1.Unversioned)
	return scheme, nil
}
