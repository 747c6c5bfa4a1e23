// Command clients does with client-go what programs do that are built on it, and prints a transcript: what each call
// answered and, in the end, which requests it took. Run against two servers that are to be the same, it prints the same.
//
// It works in one namespace, which must exist and be otherwise unused. Whatever a server makes up anew (uids, versions,
// times) is left out of the transcript; everything else that differs is a difference.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	protobuf = "application/vnd.kubernetes.protobuf"
	timeout  = 60 * time.Second
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "path of a kubeconfig")
	namespace := flag.String("namespace", "", "an empty namespace to work in")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := run(ctx, *kubeconfig, *namespace); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// clients are those of one server, all of whose requests end up in one list.
type clients struct {
	namespace  string
	transcript *transcript
	typed      kubernetes.Interface
	dynamic    dynamic.Interface
	metadata   metadata.Interface
	discovery  discovery.DiscoveryInterface
}

func run(ctx context.Context, kubeconfig, namespace string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	// As programs set it: what has protobuf speaks protobuf, what has not answers in JSON.
	config.ContentType = protobuf
	config.AcceptContentTypes = protobuf + ",application/json"
	config.UserAgent = "clients"
	config.QPS = -1
	written := newTranscript(os.Stdout, namespace)
	config.Wrap(written.recording)
	all, err := newClients(config, namespace, written)
	if err != nil {
		return err
	}
	parts := []struct {
		name string
		does func(context.Context, *clients) error
	}{
		{"discovery", discover},
		{"typed", useTyped},
		{"subresources", useSubresources},
		{"pages", readPages},
		{"apply", applyOnServer},
		{"patches", patch},
		{"informers", inform},
		{"dynamic", useDynamic},
		{"metadata", useMetadata},
	}
	for _, part := range parts {
		written.section(part.name)
		if err := part.does(ctx, all); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		written.requests()
	}
	return nil
}

func newClients(config *rest.Config, namespace string, written *transcript) (*clients, error) {
	all := &clients{namespace: namespace, transcript: written}
	var err error
	if all.typed, err = kubernetes.NewForConfig(config); err != nil {
		return nil, err
	}
	if all.dynamic, err = dynamic.NewForConfig(config); err != nil {
		return nil, err
	}
	if all.metadata, err = metadata.NewForConfig(config); err != nil {
		return nil, err
	}
	all.discovery, err = discovery.NewDiscoveryClientForConfig(config)
	return all, err
}
