package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// discover asks for all resources at once, as aggregated discovery gives them, and for the schemas of a group.
func discover(_ context.Context, all *clients) error {
	groups, resources, err := all.discovery.ServerGroupsAndResources()
	if err != nil {
		return err
	}
	// Other programs may be adding groups of their own meanwhile; the client gives its lists in any order.
	wanted := []string{"apps/v1", "batch/v1", "chaperone.dev/v1alpha1", "v1"}
	slices.SortFunc(resources, func(a, b *metav1.APIResourceList) int { return cmp.Compare(a.GroupVersion, b.GroupVersion) })
	for _, list := range resources {
		if slices.Contains(wanted, list.GroupVersion) {
			all.transcript.answer("resources of "+list.GroupVersion, list.APIResources, nil)
		}
	}
	for _, group := range groups {
		if group.Name == "autoscaling" {
			all.transcript.answer("a group", group, nil)
		}
	}
	version, err := all.discovery.ServerVersion()
	all.transcript.answer("version", version, err)
	paths, err := all.discovery.OpenAPIV3().Paths()
	if err != nil {
		return err
	}
	schema, err := paths["apis/batch/v1"].Schema(protobufSchema)
	all.transcript.answer("schema of batch/v1 in protobuf, bytes", len(schema), err)
	return nil
}

const protobufSchema = "application/com.github.proto-openapi.spec.v3@v1.0+protobuf"

// readPages reads a list in pages, and in ways that cannot be.
func readPages(ctx context.Context, all *clients) error {
	configMaps := all.typed.CoreV1().ConfigMaps(all.namespace)
	for at := range 25 {
		object := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("page-%02d", at), Labels: map[string]string{"page": "yes"},
		}}
		if _, err := configMaps.Create(ctx, object, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	// Without a selector, by which the server does not count what remains.
	options := metav1.ListOptions{Limit: 10}
	for {
		page, err := configMaps.List(ctx, options)
		if err != nil {
			return err
		}
		names := make([]string, 0, len(page.Items))
		for _, item := range page.Items {
			names = append(names, item.Name)
		}
		all.transcript.answer("page", map[string]any{"names": names, "remaining": page.RemainingItemCount}, nil)
		if page.Continue == "" {
			break
		}
		options.Continue = page.Continue
	}
	_, err := configMaps.List(ctx, metav1.ListOptions{Limit: 10, Continue: "nonsense"})
	all.transcript.answer("page after nonsense", nil, err)
	_, err = configMaps.List(ctx, metav1.ListOptions{ResourceVersionMatch: metav1.ResourceVersionMatchExact})
	all.transcript.answer("list at no version exactly", nil, err)
	err = configMaps.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "page=yes"})
	all.transcript.answer("delete of all", nil, err)
	left, err := configMaps.List(ctx, metav1.ListOptions{LabelSelector: "page=yes"})
	all.transcript.answer("left", len(left.Items), err)
	return nil
}
