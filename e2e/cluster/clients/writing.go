package main

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	appsapply "k8s.io/client-go/applyconfigurations/apps/v1"
	coreapply "k8s.io/client-go/applyconfigurations/core/v1"
	metaapply "k8s.io/client-go/applyconfigurations/meta/v1"
	"k8s.io/client-go/util/retry"
)

func settings(name string) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": "clients"}},
		Data:       map[string]string{"colour": "blue", "text": "ünï <&>"},
		BinaryData: map[string][]byte{"bytes": {0, 0xff, 0x80}},
	}
}

func web() *appsv1.Deployment {
	labels := map[string]string{"app": "web"}
	replicas := int32(0)
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "registry.example.com/web:1"}}},
			},
		},
	}
}

// useTyped writes and reads in protobuf, and fails in every way in which a server can refuse.
func useTyped(ctx context.Context, all *clients) error {
	configMaps := all.typed.CoreV1().ConfigMaps(all.namespace)
	created, err := configMaps.Create(ctx, settings("typed"), metav1.CreateOptions{FieldManager: "clients"})
	if err != nil {
		return err
	}
	all.transcript.answer("create", created, nil)
	read, err := configMaps.Get(ctx, "typed", metav1.GetOptions{})
	all.transcript.answer("get", read, err)
	created.Data["colour"] = "red"
	updated, err := configMaps.Update(ctx, created, metav1.UpdateOptions{})
	all.transcript.answer("update", updated, err)
	_, err = configMaps.Update(ctx, created, metav1.UpdateOptions{})
	all.transcript.answer("update of an older version", nil, err)
	err = retry.RetryOnConflict(retry.DefaultRetry, func() error {
		current, err := configMaps.Get(ctx, "typed", metav1.GetOptions{})
		if err != nil {
			return err
		}
		current.Data["colour"] = "green"
		_, err = configMaps.Update(ctx, current, metav1.UpdateOptions{})
		return err
	})
	all.transcript.answer("update, repeated on conflict", nil, err)
	_, err = configMaps.Create(ctx, settings("typed"), metav1.CreateOptions{})
	all.transcript.answer("create of what is there", nil, err)
	_, err = configMaps.Get(ctx, "none", metav1.GetOptions{})
	all.transcript.answer("get of what is not there", nil, err)
	_, err = configMaps.Create(ctx, settings("NOT VALID"), metav1.CreateOptions{})
	all.transcript.answer("create of what is not valid", nil, err)
	dry, err := configMaps.Create(ctx, settings("dry"), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	all.transcript.answer("create as a dry run", dry, err)
	wrong := types.UID("00000000-0000-0000-0000-000000000000")
	err = configMaps.Delete(ctx, "typed", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &wrong}})
	all.transcript.answer("delete of another object", nil, err)
	policy := metav1.DeletePropagationForeground
	err = configMaps.Delete(ctx, "typed", metav1.DeleteOptions{PropagationPolicy: &policy})
	all.transcript.answer("delete", nil, err)
	endpoints, err := all.typed.CoreV1().Endpoints(all.namespace).List(ctx, metav1.ListOptions{}) //nolint:staticcheck // deprecated on purpose
	all.transcript.answer("list of a deprecated kind", len(endpoints.Items), err)
	return nil
}

func useSubresources(ctx context.Context, all *clients) error {
	deployments := all.typed.AppsV1().Deployments(all.namespace)
	created, err := deployments.Create(ctx, web(), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	all.transcript.answer("create", created.Spec, nil)
	scale, err := deployments.GetScale(ctx, "web", metav1.GetOptions{})
	if err != nil {
		return err
	}
	all.transcript.answer("scale", scale.Spec, nil)
	scale.Spec.Replicas = 1
	scale.ResourceVersion = ""
	scaled, err := deployments.UpdateScale(ctx, "web", scale, metav1.UpdateOptions{})
	if err != nil {
		return err
	}
	all.transcript.answer("scaled", scaled.Spec, nil)
	expiry := int64(600)
	token, err := all.typed.CoreV1().ServiceAccounts(all.namespace).CreateToken(ctx, "default", &authenticationv1.TokenRequest{
		Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &expiry},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	all.transcript.answer("token", token.Spec, nil)
	review, err := all.typed.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{
			ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "get", Resource: "pods", Namespace: all.namespace},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	all.transcript.answer("access", review.Status, nil)
	self, err := all.typed.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	all.transcript.answer("self", self.Status, nil)
	return deployments.Delete(ctx, "web", metav1.DeleteOptions{})
}

// applyOnServer applies as two managers, who get in each other's way.
func applyOnServer(ctx context.Context, all *clients) error {
	configMaps := all.typed.CoreV1().ConfigMaps(all.namespace)
	wanted := func(colour string) *coreapply.ConfigMapApplyConfiguration {
		return coreapply.ConfigMap("applied", all.namespace).WithData(map[string]string{"colour": colour})
	}
	first, err := configMaps.Apply(ctx, wanted("blue"), metav1.ApplyOptions{FieldManager: "first"})
	all.transcript.answer("apply", first, err)
	_, err = configMaps.Apply(ctx, wanted("red"), metav1.ApplyOptions{FieldManager: "second"})
	all.transcript.answer("apply in conflict", nil, err)
	second, err := configMaps.Apply(ctx, wanted("red"), metav1.ApplyOptions{FieldManager: "second", Force: true})
	if err != nil {
		return err
	}
	all.transcript.answer("apply by force", second.Data, nil)
	deployment := appsapply.Deployment("applied", all.namespace).WithSpec(appsapply.DeploymentSpec().
		WithReplicas(0).
		WithSelector(metaapply.LabelSelector().WithMatchLabels(map[string]string{"app": "applied"})).
		WithTemplate(coreapply.PodTemplateSpec().
			WithLabels(map[string]string{"app": "applied"}).
			WithSpec(coreapply.PodSpec().WithContainers(coreapply.Container().WithName("web").WithImage("i")))))
	deployed, err := all.typed.AppsV1().Deployments(all.namespace).Apply(ctx, deployment, metav1.ApplyOptions{FieldManager: "first"})
	if err != nil {
		return err
	}
	all.transcript.answer("apply of a deployment", deployed.Spec, nil)
	return nil
}

func patch(ctx context.Context, all *clients) error {
	configMaps := all.typed.CoreV1().ConfigMaps(all.namespace)
	if _, err := configMaps.Create(ctx, settings("patched"), metav1.CreateOptions{}); err != nil {
		return err
	}
	for _, one := range []struct {
		kind types.PatchType
		body string
	}{
		{types.JSONPatchType, `[{"op":"replace","path":"/data/colour","value":"json"}]`},
		{types.JSONPatchType, `[{"op":"test","path":"/data/colour","value":"other"}]`},
		{types.MergePatchType, `{"data":{"colour":null,"merged":"1"}}`},
		{types.StrategicMergePatchType, `{"data":{"strategic":"1"}}`},
		{types.ApplyYAMLPatchType, "apiVersion: v1\nkind: ConfigMap\ndata: {applied: '1'}\n"},
		{types.MergePatchType, `{"data":`},
		{types.PatchType("application/nonsense"), `{}`},
	} {
		options := metav1.PatchOptions{FieldManager: "clients"}
		patched, err := configMaps.Patch(ctx, "patched", one.kind, []byte(one.body), options)
		all.transcript.answer("patch by "+string(one.kind), patched.Data, err)
	}
	return nil
}
