package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
)

var configMapResource = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}

// seen are the events of an informer in the order in which they came.
type seen struct {
	mutex  sync.Mutex
	events []string
}

func (s *seen) add(event string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.events = append(s.events, event)
}

func (s *seen) all() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return append([]string{}, s.events...)
}

// inform runs an informer, which lists by a watch (WatchList), through a life of an object.
func inform(ctx context.Context, all *clients) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	configMaps := all.typed.CoreV1().ConfigMaps(all.namespace)
	if _, err := configMaps.Create(ctx, settings("informed-before"), metav1.CreateOptions{}); err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactoryWithOptions(all.typed, 0, informers.WithNamespace(all.namespace),
		informers.WithTweakListOptions(func(options *metav1.ListOptions) { options.LabelSelector = "app=clients" }))
	informer := factory.Core().V1().ConfigMaps().Informer()
	events := &seen{}
	name := func(object any) string {
		configMap, ok := object.(*corev1.ConfigMap)
		if !ok {
			return fmt.Sprintf("%T", object)
		}
		return fmt.Sprintf("%s %v", configMap.Name, configMap.Data)
	}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { events.add("added " + name(object)) },
		UpdateFunc: func(old, object any) { events.add("updated " + name(old) + " to " + name(object)) },
		DeleteFunc: func(object any) { events.add("deleted " + name(object)) },
	})
	if err != nil {
		return err
	}
	factory.Start(ctx.Done())
	defer func() {
		cancel()
		factory.Shutdown()
	}()
	if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
		return errors.New("the informer has not synced")
	}
	begun := len(events.all())
	if _, err := configMaps.Create(ctx, settings("informed"), metav1.CreateOptions{}); err != nil {
		return err
	}
	change := []byte(`{"data":{"colour":"red"}}`)
	if _, err := configMaps.Patch(ctx, "informed", types.MergePatchType, change, metav1.PatchOptions{}); err != nil {
		return err
	}
	if err := configMaps.Delete(ctx, "informed", metav1.DeleteOptions{}); err != nil {
		return err
	}
	wanted := func(context.Context) (bool, error) { return len(events.all()) >= begun+3, nil }
	err = wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, 20*time.Second, true, wanted)
	if err != nil {
		return err
	}
	all.transcript.answer("events since", events.all()[begun:], nil)
	all.transcript.answer("in the store", len(informer.GetStore().List()), nil)
	return nil
}

// useDynamic does without knowing types, and watches.
func useDynamic(ctx context.Context, all *clients) error {
	configMaps := all.dynamic.Resource(configMapResource).Namespace(all.namespace)
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": "dynamic"}, "data": map[string]any{"a": "1"},
	}}
	begin, err := configMaps.List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=dynamic"})
	if err != nil {
		return err
	}
	watcher, err := configMaps.Watch(ctx, metav1.ListOptions{
		FieldSelector: "metadata.name=dynamic", ResourceVersion: begin.GetResourceVersion(),
	})
	if err != nil {
		return err
	}
	defer watcher.Stop()
	created, err := configMaps.Create(ctx, object, metav1.CreateOptions{})
	all.transcript.answer("create", created, err)
	change := []byte(`{"data":{"a":"2"}}`)
	patched, err := configMaps.Patch(ctx, "dynamic", types.MergePatchType, change, metav1.PatchOptions{})
	all.transcript.answer("patch", patched, err)
	applied := object.DeepCopy()
	applied.Object["data"] = map[string]any{"b": "1"}
	result, err := configMaps.Apply(ctx, "dynamic", applied, metav1.ApplyOptions{FieldManager: "dynamic"})
	all.transcript.answer("apply", result, err)
	all.transcript.answer("delete", nil, configMaps.Delete(ctx, "dynamic", metav1.DeleteOptions{}))
	for range 4 {
		select {
		case event := <-watcher.ResultChan():
			all.transcript.answer("event "+string(event.Type), event.Object, nil)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	nothings := schema.GroupVersionResource{Group: "nothing.example.com", Version: "v1", Resource: "nothings"}
	_, err = all.dynamic.Resource(nothings).List(ctx, metav1.ListOptions{})
	all.transcript.answer("list of a group that is not served, and it is said so", apierrors.IsNotFound(err), nil)
	_, err = all.dynamic.Resource(configMapResource).Namespace(all.namespace).Get(ctx, "none", metav1.GetOptions{}, "nothing")
	all.transcript.answer("get of a subresource that is not served", nil, err)
	return nil
}

// useMetadata reads only metadata, and deletes with options in protobuf.
func useMetadata(ctx context.Context, all *clients) error {
	if _, err := all.typed.CoreV1().ConfigMaps(all.namespace).Create(ctx, settings("metadata"), metav1.CreateOptions{}); err != nil {
		return err
	}
	configMaps := all.metadata.Resource(configMapResource).Namespace(all.namespace)
	read, err := configMaps.Get(ctx, "metadata", metav1.GetOptions{})
	if err != nil {
		return err
	}
	all.transcript.answer("get", read, nil)
	list, err := configMaps.List(ctx, metav1.ListOptions{LabelSelector: "app=clients"})
	if err != nil {
		return err
	}
	all.transcript.answer("list", len(list.Items), nil)
	label := []byte(`{"metadata":{"labels":{"seen":"yes"}}}`)
	patched, err := configMaps.Patch(ctx, "metadata", types.MergePatchType, label, metav1.PatchOptions{})
	all.transcript.answer("patch", patched, err)
	old := read.ResourceVersion
	err = configMaps.Delete(ctx, "metadata", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{ResourceVersion: &old}})
	all.transcript.answer("delete of an older version", nil, err)
	uid := read.UID
	err = configMaps.Delete(ctx, "metadata", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
	all.transcript.answer("delete", nil, err)
	return nil
}
