// Code generated from the pinned k8s.io modules by e2e/src/verify/protobuf-descriptors.ts. DO NOT EDIT.
// Recipe b25603d285b734614d7ad15df0b02ffd749f72c73faf1cb8a6570d9696e65b85
// The format is told in e2e/cluster/protobuf/descriptors.go.
export const DESCRIPTORS = `
meta/v1.CreateOptions 1*s=dryRun 3s=fieldManager 4s=fieldValidation
meta/v1.DeleteOptions 1l=gracePeriodSeconds 2m350=preconditions 3t=orphanDependents 4s=propagationPolicy 5*s=dryRun 6t=ignoreStoreReadErrorWithClusterBreakingPotential
meta/v1.GetOptions 1s=resourceVersion
meta/v1.ListOptions 1s=labelSelector 2s=fieldSelector 3t=watch 9t=allowWatchBookmarks 4s=resourceVersion 10s=resourceVersionMatch 5l=timeoutSeconds 7l=limit 8s=continue 11t=sendInitialEvents 15s=shardSelector
meta/v1.PatchOptions 1*s=dryRun 2t=force 3s=fieldManager 4s=fieldValidation
meta/v1.UpdateOptions 1*s=dryRun 2s=fieldManager 3s=fieldValidation
meta/v1.WatchEvent 1s=type 2R=object
admissionregistration/v1.MutatingAdmissionPolicy 1m351=metadata 2m352=spec
admissionregistration/v1.MutatingAdmissionPolicyBinding 1m351=metadata 2m353=spec
admissionregistration/v1.MutatingAdmissionPolicyBindingList 1m354=metadata 2*m8=items
admissionregistration/v1.MutatingAdmissionPolicyList 1m354=metadata 2*m7=items
admissionregistration/v1.MutatingWebhookConfiguration 1m351=metadata 2*m355=webhooks
admissionregistration/v1.MutatingWebhookConfigurationList 1m354=metadata 2*m11=items
admissionregistration/v1.ValidatingAdmissionPolicy 1m351=metadata 2m356=spec 3m357=status
admissionregistration/v1.ValidatingAdmissionPolicyBinding 1m351=metadata 2m358=spec
admissionregistration/v1.ValidatingAdmissionPolicyBindingList 1m354=metadata 2*m14=items
admissionregistration/v1.ValidatingAdmissionPolicyList 1m354=metadata 2*m13=items
admissionregistration/v1.ValidatingWebhookConfiguration 1m351=metadata 2*m359=webhooks
admissionregistration/v1.ValidatingWebhookConfigurationList 1m354=metadata 2*m17=items
admissionregistration/v1alpha1.MutatingAdmissionPolicy 1m351=metadata 2m360=spec
admissionregistration/v1alpha1.MutatingAdmissionPolicyBinding 1m351=metadata 2m361=spec
admissionregistration/v1alpha1.MutatingAdmissionPolicyBindingList 1m354=metadata 2*m20=items
admissionregistration/v1alpha1.MutatingAdmissionPolicyList 1m354=metadata 2*m19=items
admissionregistration/v1alpha1.ValidatingAdmissionPolicy 1m351=metadata 2m362=spec 3m363=status
admissionregistration/v1alpha1.ValidatingAdmissionPolicyBinding 1m351=metadata 2m364=spec
admissionregistration/v1alpha1.ValidatingAdmissionPolicyBindingList 1m354=metadata 2*m24=items
admissionregistration/v1alpha1.ValidatingAdmissionPolicyList 1m354=metadata 2*m23=items
admissionregistration/v1beta1.MutatingAdmissionPolicy 1m351=metadata 2m365=spec
admissionregistration/v1beta1.MutatingAdmissionPolicyBinding 1m351=metadata 2m366=spec
admissionregistration/v1beta1.MutatingAdmissionPolicyBindingList 1m354=metadata 2*m28=items
admissionregistration/v1beta1.MutatingAdmissionPolicyList 1m354=metadata 2*m27=items
admissionregistration/v1beta1.MutatingWebhookConfiguration 1m351=metadata 2*m367=webhooks
admissionregistration/v1beta1.MutatingWebhookConfigurationList 1m354=metadata 2*m31=items
admissionregistration/v1beta1.ValidatingAdmissionPolicy 1m351=metadata 2m368=spec 3m369=status
admissionregistration/v1beta1.ValidatingAdmissionPolicyBinding 1m351=metadata 2m370=spec
admissionregistration/v1beta1.ValidatingAdmissionPolicyBindingList 1m354=metadata 2*m34=items
admissionregistration/v1beta1.ValidatingAdmissionPolicyList 1m354=metadata 2*m33=items
admissionregistration/v1beta1.ValidatingWebhookConfiguration 1m351=metadata 2*m371=webhooks
admissionregistration/v1beta1.ValidatingWebhookConfigurationList 1m354=metadata 2*m37=items
apidiscovery/v2.APIGroupDiscovery 1m351=metadata 2*m372=versions
apidiscovery/v2.APIGroupDiscoveryList 1m354=metadata 2*m39=items
apiextensions/v1.ConversionReview 1m373=request 2m374=response
apiextensions/v1.CustomResourceDefinition 1m351=metadata 2m375=spec 3m376=status
apiextensions/v1.CustomResourceDefinitionList 1m354=metadata 2*m42=items
apiextensions/v1beta1.ConversionReview 1m377=request 2m378=response
apiextensions/v1beta1.CustomResourceDefinition 1m351=metadata 2m379=spec 3m380=status
apiextensions/v1beta1.CustomResourceDefinitionList 1m354=metadata 2*m45=items
apiregistration/v1.APIService 1m351=metadata 2m381=spec 3m382=status
apiregistration/v1.APIServiceList 1m354=metadata 2*m47=items
apiregistration/v1beta1.APIService 1m351=metadata 2m383=spec 3m384=status
apiregistration/v1beta1.APIServiceList 1m354=metadata 2*m49=items
apps/v1.ControllerRevision 1m351=metadata 2R=data 3l=revision
apps/v1.ControllerRevisionList 1m354=metadata 2*m51=items
apps/v1.DaemonSet 1m351=metadata 2m385=spec 3m386=status
apps/v1.DaemonSetList 1m354=metadata 2*m53=items
apps/v1.Deployment 1m351=metadata 2m387=spec 3m388=status
apps/v1.DeploymentList 1m354=metadata 2*m55=items
apps/v1.ReplicaSet 1m351=metadata 2m389=spec 3m390=status
apps/v1.ReplicaSetList 1m354=metadata 2*m57=items
apps/v1.StatefulSet 1m351=metadata 2m391=spec 3m392=status
apps/v1.StatefulSetList 1m354=metadata 2*m59=items
apps/v1beta1.ControllerRevision 1m351=metadata 2R=data 3l=revision
apps/v1beta1.ControllerRevisionList 1m354=metadata 2*m61=items
apps/v1beta1.Deployment 1m351=metadata 2m393=spec 3m394=status
apps/v1beta1.DeploymentList 1m354=metadata 2*m63=items
apps/v1beta1.DeploymentRollback 1s=name 2Ms=updatedAnnotations 3m395=rollbackTo
apps/v1beta1.Scale 1m351=metadata 2m396=spec 3m397=status
apps/v1beta1.StatefulSet 1m351=metadata 2m398=spec 3m399=status
apps/v1beta1.StatefulSetList 1m354=metadata 2*m67=items
apps/v1beta2.ControllerRevision 1m351=metadata 2R=data 3l=revision
apps/v1beta2.ControllerRevisionList 1m354=metadata 2*m69=items
apps/v1beta2.DaemonSet 1m351=metadata 2m400=spec 3m401=status
apps/v1beta2.DaemonSetList 1m354=metadata 2*m71=items
apps/v1beta2.Deployment 1m351=metadata 2m402=spec 3m403=status
apps/v1beta2.DeploymentList 1m354=metadata 2*m73=items
apps/v1beta2.ReplicaSet 1m351=metadata 2m404=spec 3m405=status
apps/v1beta2.ReplicaSetList 1m354=metadata 2*m75=items
apps/v1beta2.Scale 1m351=metadata 2m406=spec 3m407=status
apps/v1beta2.StatefulSet 1m351=metadata 2m408=spec 3m409=status
apps/v1beta2.StatefulSetList 1m354=metadata 2*m78=items
authentication/v1.SelfSubjectReview 1m351=metadata 2m410=status
authentication/v1.TokenRequest 1m351=metadata 2m411=spec 3m412=status
authentication/v1.TokenReview 1m351=metadata 2m413=spec 3m414=status
authentication/v1alpha1.SelfSubjectReview 1m351=metadata 2m415=status
authentication/v1beta1.SelfSubjectReview 1m351=metadata 2m416=status
authentication/v1beta1.TokenReview 1m351=metadata 2m417=spec 3m418=status
authorization/v1.LocalSubjectAccessReview 1m351=metadata 2m419=spec 3m420=status
authorization/v1.SelfSubjectAccessReview 1m351=metadata 2m421=spec 3m420=status
authorization/v1.SelfSubjectRulesReview 1m351=metadata 2m422=spec 3m423=status
authorization/v1.SubjectAccessReview 1m351=metadata 2m419=spec 3m420=status
authorization/v1beta1.LocalSubjectAccessReview 1m351=metadata 2m424=spec 3m425=status
authorization/v1beta1.SelfSubjectAccessReview 1m351=metadata 2m426=spec 3m425=status
authorization/v1beta1.SelfSubjectRulesReview 1m351=metadata 2m427=spec 3m428=status
authorization/v1beta1.SubjectAccessReview 1m351=metadata 2m424=spec 3m425=status
autoscaling/v1.HorizontalPodAutoscaler 1m351=metadata 2m429=spec 3m430=status
autoscaling/v1.HorizontalPodAutoscalerList 1m354=metadata 2*m94=items
autoscaling/v1.Scale 1m351=metadata 2m431=spec 3m432=status
autoscaling/v2.HorizontalPodAutoscaler 1m351=metadata 2m433=spec 3m434=status
autoscaling/v2.HorizontalPodAutoscalerList 1m354=metadata 2*m97=items
batch/v1.CronJob 1m351=metadata 2m435=spec 3m436=status
batch/v1.CronJobList 1m354=metadata 2*m99=items
batch/v1.Job 1m351=metadata 2m437=spec 3m438=status
batch/v1.JobList 1m354=metadata 2*m101=items
batch/v1beta1.CronJob 1m351=metadata 2m439=spec 3m440=status
batch/v1beta1.CronJobList 1m354=metadata 2*m103=items
certificates/v1.CertificateSigningRequest 1m351=metadata 2m441=spec 3m442=status
certificates/v1.CertificateSigningRequestList 1m354=metadata 2*m105=items
certificates/v1alpha1.ClusterTrustBundle 1m351=metadata 2m443=spec
certificates/v1alpha1.ClusterTrustBundleList 1m354=metadata 2*m107=items
certificates/v1beta1.CertificateSigningRequest 1m351=metadata 2m444=spec 3m445=status
certificates/v1beta1.CertificateSigningRequestList 1m354=metadata 2*m109=items
certificates/v1beta1.ClusterTrustBundle 1m351=metadata 2m446=spec
certificates/v1beta1.ClusterTrustBundleList 1m354=metadata 2*m111=items
certificates/v1beta1.PodCertificateRequest 1m351=metadata 2m447=spec 3m448=status
certificates/v1beta1.PodCertificateRequestList 1m354=metadata 2*m113=items
coordination/v1.Lease 1m351=metadata 2m449=spec
coordination/v1.LeaseList 1m354=metadata 2*m115=items
coordination/v1alpha2.LeaseCandidate 1m351=metadata 2m450=spec
coordination/v1alpha2.LeaseCandidateList 1m354=metadata 2*m117=items
coordination/v1beta1.Lease 1m351=metadata 2m451=spec
coordination/v1beta1.LeaseCandidate 1m351=metadata 2m452=spec
coordination/v1beta1.LeaseCandidateList 1m354=metadata 2*m120=items
coordination/v1beta1.LeaseList 1m354=metadata 2*m119=items
custom_metrics/v1beta1.MetricListOptions 1s=labelSelector 2s=metricLabelSelector
custom_metrics/v1beta1.MetricValue 1m453=describedObject 2s=metricName 3T=timestamp 4l=window 5Q=value 6m454=selector
custom_metrics/v1beta1.MetricValueList 1m354=metadata 2*m124=items
custom_metrics/v1beta2.MetricListOptions 1s=labelSelector 2s=metricLabelSelector
custom_metrics/v1beta2.MetricValue 1m453=describedObject 2m455=metric 3T=timestamp 4l=windowSeconds 5Q=value
custom_metrics/v1beta2.MetricValueList 1m354=metadata 2*m127=items
discovery/v1.EndpointSlice 1m351=metadata 4s=addressType 2*m456=endpoints 3*m457=ports
discovery/v1.EndpointSliceList 1m354=metadata 2*m129=items
discovery/v1beta1.EndpointSlice 1m351=metadata 4s=addressType 2*m458=endpoints 3*m459=ports
discovery/v1beta1.EndpointSliceList 1m354=metadata 2*m131=items
events/v1.Event 1m351=metadata 2U=eventTime 3m460=series 4s=reportingController 5s=reportingInstance 6s=action 7s=reason 8m453=regarding 9m453=related 10s=note 11s=type 12m461=deprecatedSource 13T=deprecatedFirstTimestamp 14T=deprecatedLastTimestamp 15i=deprecatedCount
events/v1.EventList 1m354=metadata 2*m133=items
events/v1beta1.Event 1m351=metadata 2U=eventTime 3m462=series 4s=reportingController 5s=reportingInstance 6s=action 7s=reason 8m453=regarding 9m453=related 10s=note 11s=type 12m461=deprecatedSource 13T=deprecatedFirstTimestamp 14T=deprecatedLastTimestamp 15i=deprecatedCount
events/v1beta1.EventList 1m354=metadata 2*m135=items
extensions/v1beta1.DaemonSet 1m351=metadata 2m463=spec 3m464=status
extensions/v1beta1.DaemonSetList 1m354=metadata 2*m137=items
extensions/v1beta1.Deployment 1m351=metadata 2m465=spec 3m466=status
extensions/v1beta1.DeploymentList 1m354=metadata 2*m139=items
extensions/v1beta1.DeploymentRollback 1s=name 2Ms=updatedAnnotations 3m467=rollbackTo
extensions/v1beta1.Ingress 1m351=metadata 2m468=spec 3m469=status
extensions/v1beta1.IngressList 1m354=metadata 2*m142=items
extensions/v1beta1.NetworkPolicy 1m351=metadata 2m470=spec
extensions/v1beta1.NetworkPolicyList 1m354=metadata 2*m144=items
extensions/v1beta1.ReplicaSet 1m351=metadata 2m471=spec 3m472=status
extensions/v1beta1.ReplicaSetList 1m354=metadata 2*m146=items
extensions/v1beta1.Scale 1m351=metadata 2m473=spec 3m474=status
external_metrics/v1beta1.ExternalMetricValue 1s=metricName 2Ms=metricLabels 3T=timestamp 4l=window 5Q=value
external_metrics/v1beta1.ExternalMetricValueList 1m354=metadata 2*m149=items
flowcontrol/v1.FlowSchema 1m351=metadata 2m475=spec 3m476=status
flowcontrol/v1.FlowSchemaList 1m354=metadata 2*m151=items
flowcontrol/v1.PriorityLevelConfiguration 1m351=metadata 2m477=spec 3m478=status
flowcontrol/v1.PriorityLevelConfigurationList 1m354=metadata 2*m153=items
flowcontrol/v1beta1.FlowSchema 1m351=metadata 2m479=spec 3m480=status
flowcontrol/v1beta1.FlowSchemaList 1m354=metadata 2*m155=items
flowcontrol/v1beta1.PriorityLevelConfiguration 1m351=metadata 2m481=spec 3m482=status
flowcontrol/v1beta1.PriorityLevelConfigurationList 1m354=metadata 2*m157=items
flowcontrol/v1beta2.FlowSchema 1m351=metadata 2m483=spec 3m484=status
flowcontrol/v1beta2.FlowSchemaList 1m354=metadata 2*m159=items
flowcontrol/v1beta2.PriorityLevelConfiguration 1m351=metadata 2m485=spec 3m486=status
flowcontrol/v1beta2.PriorityLevelConfigurationList 1m354=metadata 2*m161=items
flowcontrol/v1beta3.FlowSchema 1m351=metadata 2m487=spec 3m488=status
flowcontrol/v1beta3.FlowSchemaList 1m354=metadata 2*m163=items
flowcontrol/v1beta3.PriorityLevelConfiguration 1m351=metadata 2m489=spec 3m490=status
flowcontrol/v1beta3.PriorityLevelConfigurationList 1m354=metadata 2*m165=items
apiserverinternal/v1alpha1.StorageVersion 1m351=metadata 2m491=spec 3m492=status
apiserverinternal/v1alpha1.StorageVersionList 1m354=metadata 2*m167=items
meta/v1.PartialObjectMetadata 1m351=metadata
meta/v1.PartialObjectMetadataList 1m354=metadata 2*m169=items
meta/v1.TableOptions 1s=includeObject
meta/v1beta1.PartialObjectMetadataList 2m354=metadata 1*m169=items
metrics/v1beta1.NodeMetrics 1m351=metadata 2T=timestamp 3D=window 4MQ=usage
metrics/v1beta1.NodeMetricsList 1m354=metadata 2*m173=items
metrics/v1beta1.PodMetrics 1m351=metadata 2T=timestamp 3D=window 4*m493=containers
metrics/v1beta1.PodMetricsList 1m354=metadata 2*m175=items
networking/v1.IPAddress 1m351=metadata 2m494=spec
networking/v1.IPAddressList 1m354=metadata 2*m177=items
networking/v1.Ingress 1m351=metadata 2m495=spec 3m496=status
networking/v1.IngressClass 1m351=metadata 2m497=spec
networking/v1.IngressClassList 1m354=metadata 2*m180=items
networking/v1.IngressList 1m354=metadata 2*m179=items
networking/v1.NetworkPolicy 1m351=metadata 2m498=spec
networking/v1.NetworkPolicyList 1m354=metadata 2*m183=items
networking/v1.ServiceCIDR 1m351=metadata 2m499=spec 3m500=status
networking/v1.ServiceCIDRList 1m354=metadata 2*m185=items
networking/v1beta1.IPAddress 1m351=metadata 2m501=spec
networking/v1beta1.IPAddressList 1m354=metadata 2*m187=items
networking/v1beta1.Ingress 1m351=metadata 2m502=spec 3m503=status
networking/v1beta1.IngressClass 1m351=metadata 2m504=spec
networking/v1beta1.IngressClassList 1m354=metadata 2*m190=items
networking/v1beta1.IngressList 1m354=metadata 2*m189=items
networking/v1beta1.ServiceCIDR 1m351=metadata 2m505=spec 3m506=status
networking/v1beta1.ServiceCIDRList 1m354=metadata 2*m193=items
node/v1.RuntimeClass 1m351=metadata 2s=handler 3m507=overhead 4m508=scheduling
node/v1.RuntimeClassList 1m354=metadata 2*m195=items
node/v1alpha1.RuntimeClass 1m351=metadata 2m509=spec
node/v1alpha1.RuntimeClassList 1m354=metadata 2*m197=items
node/v1beta1.RuntimeClass 1m351=metadata 2s=handler 3m510=overhead 4m511=scheduling
node/v1beta1.RuntimeClassList 1m354=metadata 2*m199=items
policy/v1.Eviction 1m351=metadata 2m1=deleteOptions
policy/v1.PodDisruptionBudget 1m351=metadata 2m512=spec 3m513=status
policy/v1.PodDisruptionBudgetList 1m354=metadata 2*m202=items
policy/v1beta1.Eviction 1m351=metadata 2m1=deleteOptions
policy/v1beta1.PodDisruptionBudget 1m351=metadata 2m514=spec 3m515=status
policy/v1beta1.PodDisruptionBudgetList 1m354=metadata 2*m205=items
rbac/v1.ClusterRole 1m351=metadata 2*m516=rules 3m517=aggregationRule
rbac/v1.ClusterRoleBinding 1m351=metadata 2*m518=subjects 3m519=roleRef
rbac/v1.ClusterRoleBindingList 1m354=metadata 2*m208=items
rbac/v1.ClusterRoleList 1m354=metadata 2*m207=items
rbac/v1.Role 1m351=metadata 2*m516=rules
rbac/v1.RoleBinding 1m351=metadata 2*m518=subjects 3m519=roleRef
rbac/v1.RoleBindingList 1m354=metadata 2*m212=items
rbac/v1.RoleList 1m354=metadata 2*m211=items
rbac/v1alpha1.ClusterRole 1m351=metadata 2*m520=rules 3m521=aggregationRule
rbac/v1alpha1.ClusterRoleBinding 1m351=metadata 2*m522=subjects 3m523=roleRef
rbac/v1alpha1.ClusterRoleBindingList 1m354=metadata 2*m216=items
rbac/v1alpha1.ClusterRoleList 1m354=metadata 2*m215=items
rbac/v1alpha1.Role 1m351=metadata 2*m520=rules
rbac/v1alpha1.RoleBinding 1m351=metadata 2*m522=subjects 3m523=roleRef
rbac/v1alpha1.RoleBindingList 1m354=metadata 2*m220=items
rbac/v1alpha1.RoleList 1m354=metadata 2*m219=items
rbac/v1beta1.ClusterRole 1m351=metadata 2*m524=rules 3m525=aggregationRule
rbac/v1beta1.ClusterRoleBinding 1m351=metadata 2*m526=subjects 3m527=roleRef
rbac/v1beta1.ClusterRoleBindingList 1m354=metadata 2*m224=items
rbac/v1beta1.ClusterRoleList 1m354=metadata 2*m223=items
rbac/v1beta1.Role 1m351=metadata 2*m524=rules
rbac/v1beta1.RoleBinding 1m351=metadata 2*m526=subjects 3m527=roleRef
rbac/v1beta1.RoleBindingList 1m354=metadata 2*m228=items
rbac/v1beta1.RoleList 1m354=metadata 2*m227=items
resource/v1.DeviceClass 1m351=metadata 2m528=spec
resource/v1.DeviceClassList 1m354=metadata 2*m231=items
resource/v1.ResourceClaim 1m351=metadata 2m529=spec 3m530=status
resource/v1.ResourceClaimList 1m354=metadata 2*m233=items
resource/v1.ResourceClaimTemplate 1m351=metadata 2m531=spec
resource/v1.ResourceClaimTemplateList 1m354=metadata 2*m235=items
resource/v1.ResourceSlice 1m351=metadata 2m532=spec
resource/v1.ResourceSliceList 1m354=metadata 2*m237=items
resource/v1alpha3.DeviceTaintRule 1m351=metadata 2m533=spec 3m534=status
resource/v1alpha3.DeviceTaintRuleList 1m354=metadata 2*m239=items
resource/v1alpha3.ResourcePoolStatusRequest 1m351=metadata 2m535=spec 3m536=status
resource/v1alpha3.ResourcePoolStatusRequestList 1m354=metadata 2*m241=items
resource/v1beta1.DeviceClass 1m351=metadata 2m537=spec
resource/v1beta1.DeviceClassList 1m354=metadata 2*m243=items
resource/v1beta1.ResourceClaim 1m351=metadata 2m538=spec 3m539=status
resource/v1beta1.ResourceClaimList 1m354=metadata 2*m245=items
resource/v1beta1.ResourceClaimTemplate 1m351=metadata 2m540=spec
resource/v1beta1.ResourceClaimTemplateList 1m354=metadata 2*m247=items
resource/v1beta1.ResourceSlice 1m351=metadata 2m541=spec
resource/v1beta1.ResourceSliceList 1m354=metadata 2*m249=items
resource/v1beta2.DeviceClass 1m351=metadata 2m542=spec
resource/v1beta2.DeviceClassList 1m354=metadata 2*m251=items
resource/v1beta2.DeviceTaintRule 1m351=metadata 2m543=spec 3m544=status
resource/v1beta2.DeviceTaintRuleList 1m354=metadata 2*m253=items
resource/v1beta2.ResourceClaim 1m351=metadata 2m545=spec 3m546=status
resource/v1beta2.ResourceClaimList 1m354=metadata 2*m255=items
resource/v1beta2.ResourceClaimTemplate 1m351=metadata 2m547=spec
resource/v1beta2.ResourceClaimTemplateList 1m354=metadata 2*m257=items
resource/v1beta2.ResourceSlice 1m351=metadata 2m548=spec
resource/v1beta2.ResourceSliceList 1m354=metadata 2*m259=items
scheduling/v1.PriorityClass 1m351=metadata 2i=value 3t=globalDefault 4s=description 5s=preemptionPolicy
scheduling/v1.PriorityClassList 1m354=metadata 2*m261=items
scheduling/v1alpha2.PodGroup 1m351=metadata 2m549=spec 3m550=status
scheduling/v1alpha2.PodGroupList 1m354=metadata 2*m263=items
scheduling/v1alpha2.Workload 1m351=metadata 2m551=spec
scheduling/v1alpha2.WorkloadList 1m354=metadata 2*m265=items
scheduling/v1beta1.PriorityClass 1m351=metadata 2i=value 3t=globalDefault 4s=description 5s=preemptionPolicy
scheduling/v1beta1.PriorityClassList 1m354=metadata 2*m267=items
storage/v1.CSIDriver 1m351=metadata 2m552=spec
storage/v1.CSIDriverList 1m354=metadata 2*m269=items
storage/v1.CSINode 1m351=metadata 2m553=spec
storage/v1.CSINodeList 1m354=metadata 2*m271=items
storage/v1.CSIStorageCapacity 1m351=metadata 2m454=nodeTopology 3s=storageClassName 4Q=capacity 5Q=maximumVolumeSize
storage/v1.CSIStorageCapacityList 1m354=metadata 2*m273=items
storage/v1.StorageClass 1m351=metadata 2s=provisioner 3Ms=parameters 4s=reclaimPolicy 5*s=mountOptions 6t=allowVolumeExpansion 7s=volumeBindingMode 8*m554=allowedTopologies
storage/v1.StorageClassList 1m354=metadata 2*m275=items
storage/v1.VolumeAttachment 1m351=metadata 2m555=spec 3m556=status
storage/v1.VolumeAttachmentList 1m354=metadata 2*m277=items
storage/v1.VolumeAttributesClass 1m351=metadata 2s=driverName 3Ms=parameters
storage/v1.VolumeAttributesClassList 1m354=metadata 2*m279=items
storage/v1alpha1.CSIStorageCapacity 1m351=metadata 2m454=nodeTopology 3s=storageClassName 4Q=capacity 5Q=maximumVolumeSize
storage/v1alpha1.CSIStorageCapacityList 1m354=metadata 2*m281=items
storage/v1alpha1.VolumeAttachment 1m351=metadata 2m557=spec 3m558=status
storage/v1alpha1.VolumeAttachmentList 1m354=metadata 2*m283=items
storage/v1alpha1.VolumeAttributesClass 1m351=metadata 2s=driverName 3Ms=parameters
storage/v1alpha1.VolumeAttributesClassList 1m354=metadata 2*m285=items
storage/v1beta1.CSIDriver 1m351=metadata 2m559=spec
storage/v1beta1.CSIDriverList 1m354=metadata 2*m287=items
storage/v1beta1.CSINode 1m351=metadata 2m560=spec
storage/v1beta1.CSINodeList 1m354=metadata 2*m289=items
storage/v1beta1.CSIStorageCapacity 1m351=metadata 2m454=nodeTopology 3s=storageClassName 4Q=capacity 5Q=maximumVolumeSize
storage/v1beta1.CSIStorageCapacityList 1m354=metadata 2*m291=items
storage/v1beta1.StorageClass 1m351=metadata 2s=provisioner 3Ms=parameters 4s=reclaimPolicy 5*s=mountOptions 6t=allowVolumeExpansion 7s=volumeBindingMode 8*m554=allowedTopologies
storage/v1beta1.StorageClassList 1m354=metadata 2*m293=items
storage/v1beta1.VolumeAttachment 1m351=metadata 2m561=spec 3m562=status
storage/v1beta1.VolumeAttachmentList 1m354=metadata 2*m295=items
storage/v1beta1.VolumeAttributesClass 1m351=metadata 2s=driverName 3Ms=parameters
storage/v1beta1.VolumeAttributesClassList 1m354=metadata 2*m297=items
storagemigration/v1beta1.StorageVersionMigration 1m351=metadata 2m563=spec 3m564=status
storagemigration/v1beta1.StorageVersionMigrationList 1m354=metadata 2*m299=items
meta/v1.APIGroup 1s=name 2*m565=versions 3m565=preferredVersion 4*m566=serverAddressByClientCIDRs
meta/v1.APIGroupList 1*m301=groups
meta/v1.APIResourceList 1s=groupVersion 2*m567=resources
meta/v1.APIVersions 1*s=versions 2*m566=serverAddressByClientCIDRs
core/v1.Binding 1m351=metadata 2m453=target
core/v1.ComponentStatus 1m351=metadata 2*m568=conditions
core/v1.ComponentStatusList 1m354=metadata 2*m306=items
core/v1.ConfigMap 1m351=metadata 4t=immutable 2Ms=data 3Mb=binaryData
core/v1.ConfigMapList 1m354=metadata 2*m308=items
core/v1.Endpoints 1m351=metadata 2*m569=subsets
core/v1.EndpointsList 1m354=metadata 2*m310=items
core/v1.Event 1m351=metadata 2m453=involvedObject 3s=reason 4s=message 5m461=source 6T=firstTimestamp 7T=lastTimestamp 8i=count 9s=type 10U=eventTime 11m570=series 12s=action 13m453=related 14s=reportingComponent 15s=reportingInstance
core/v1.EventList 1m354=metadata 2*m312=items
core/v1.LimitRange 1m351=metadata 2m571=spec
core/v1.LimitRangeList 1m354=metadata 2*m314=items
core/v1.List 1m354=metadata 2*R=items
core/v1.Namespace 1m351=metadata 2m572=spec 3m573=status
core/v1.NamespaceList 1m354=metadata 2*m317=items
core/v1.Node 1m351=metadata 2m574=spec 3m575=status
core/v1.NodeList 1m354=metadata 2*m319=items
core/v1.NodeProxyOptions 1s=path
core/v1.PersistentVolume 1m351=metadata 2m576=spec 3m577=status
core/v1.PersistentVolumeClaim 1m351=metadata 2m578=spec 3m579=status
core/v1.PersistentVolumeClaimList 1m354=metadata 2*m323=items
core/v1.PersistentVolumeList 1m354=metadata 2*m322=items
core/v1.Pod 1m351=metadata 2m580=spec 3m581=status
core/v1.PodAttachOptions 1t=stdin 2t=stdout 3t=stderr 4t=tty 5s=container
core/v1.PodExecOptions 1t=stdin 2t=stdout 3t=stderr 4t=tty 5s=container 6*s=command
core/v1.PodList 1m354=metadata 2*m326=items
core/v1.PodLogOptions 1s=container 2t=follow 3t=previous 4l=sinceSeconds 5T=sinceTime 6t=timestamps 7l=tailLines 8l=limitBytes 9t=insecureSkipTLSVerifyBackend 10s=stream
core/v1.PodPortForwardOptions 1*i=ports
core/v1.PodProxyOptions 1s=path
core/v1.PodStatusResult 1m351=metadata 2m581=status
core/v1.PodTemplate 1m351=metadata 2m582=template
core/v1.PodTemplateList 1m354=metadata 2*m334=items
core/v1.RangeAllocation 1m351=metadata 2s=range 3b=data
core/v1.ReplicationController 1m351=metadata 2m583=spec 3m584=status
core/v1.ReplicationControllerList 1m354=metadata 2*m337=items
core/v1.ResourceQuota 1m351=metadata 2m585=spec 3m586=status
core/v1.ResourceQuotaList 1m354=metadata 2*m339=items
core/v1.Secret 1m351=metadata 5t=immutable 2Mb=data 4Ms=stringData 3s=type
core/v1.SecretList 1m354=metadata 2*m341=items
core/v1.SerializedReference 1m453=reference
core/v1.Service 1m351=metadata 2m587=spec 3m588=status
core/v1.ServiceAccount 1m351=metadata 2*m453=secrets 3*m589=imagePullSecrets 4t=automountServiceAccountToken
core/v1.ServiceAccountList 1m354=metadata 2*m345=items
core/v1.ServiceList 1m354=metadata 2*m344=items
core/v1.ServiceProxyOptions 1s=path
meta/v1.Status 1m354=metadata 2s=status 3s=message 4s=reason 5m590=details 6i=code
meta/v1.Preconditions 1s=uid 2s=resourceVersion
meta/v1.ObjectMeta 1s=name 2s=generateName 3s=namespace 4s=selfLink 5s=uid 6s=resourceVersion 7l=generation 8T=creationTimestamp 9T=deletionTimestamp 10l=deletionGracePeriodSeconds 11Ms=labels 12Ms=annotations 13*m591=ownerReferences 14*s=finalizers 17*m592=managedFields
admissionregistration/v1.MutatingAdmissionPolicySpec 1m593=paramKind 2m594=matchConstraints 3*m595=variables 4*m596=mutations 5s=failurePolicy 6*m597=matchConditions 7s=reinvocationPolicy
admissionregistration/v1.MutatingAdmissionPolicyBindingSpec 1s=policyName 2m598=paramRef 3m594=matchResources
meta/v1.ListMeta 1s=selfLink 2s=resourceVersion 3s=continue 4l=remainingItemCount 5m599=shardInfo
admissionregistration/v1.MutatingWebhook 1s=name 2m600=clientConfig 3*m601=rules 4s=failurePolicy 9s=matchPolicy 5m454=namespaceSelector 11m454=objectSelector 6s=sideEffects 7i=timeoutSeconds 8*s=admissionReviewVersions 10s=reinvocationPolicy 12*m597=matchConditions
admissionregistration/v1.ValidatingAdmissionPolicySpec 1m593=paramKind 2m594=matchConstraints 3*m602=validations 4s=failurePolicy 5*m603=auditAnnotations 6*m597=matchConditions 7*m595=variables
admissionregistration/v1.ValidatingAdmissionPolicyStatus 1l=observedGeneration 2m604=typeChecking 3*m605=conditions
admissionregistration/v1.ValidatingAdmissionPolicyBindingSpec 1s=policyName 2m598=paramRef 3m594=matchResources 4*s=validationActions
admissionregistration/v1.ValidatingWebhook 1s=name 2m600=clientConfig 3*m601=rules 4s=failurePolicy 9s=matchPolicy 5m454=namespaceSelector 10m454=objectSelector 6s=sideEffects 7i=timeoutSeconds 8*s=admissionReviewVersions 11*m597=matchConditions
admissionregistration/v1alpha1.MutatingAdmissionPolicySpec 1m606=paramKind 2m607=matchConstraints 3*m608=variables 4*m609=mutations 5s=failurePolicy 6*m610=matchConditions 7s=reinvocationPolicy
admissionregistration/v1alpha1.MutatingAdmissionPolicyBindingSpec 1s=policyName 2m611=paramRef 3m607=matchResources
admissionregistration/v1alpha1.ValidatingAdmissionPolicySpec 1m606=paramKind 2m607=matchConstraints 3*m612=validations 4s=failurePolicy 5*m613=auditAnnotations 6*m610=matchConditions 7*m608=variables
admissionregistration/v1alpha1.ValidatingAdmissionPolicyStatus 1l=observedGeneration 2m614=typeChecking 3*m605=conditions
admissionregistration/v1alpha1.ValidatingAdmissionPolicyBindingSpec 1s=policyName 2m611=paramRef 3m607=matchResources 4*s=validationActions
admissionregistration/v1beta1.MutatingAdmissionPolicySpec 1m615=paramKind 2m616=matchConstraints 3*m617=variables 4*m618=mutations 5s=failurePolicy 6*m619=matchConditions 7s=reinvocationPolicy
admissionregistration/v1beta1.MutatingAdmissionPolicyBindingSpec 1s=policyName 2m620=paramRef 3m616=matchResources
admissionregistration/v1beta1.MutatingWebhook 1s=name 2m621=clientConfig 3*m601=rules 4s=failurePolicy 9s=matchPolicy 5m454=namespaceSelector 11m454=objectSelector 6s=sideEffects 7i=timeoutSeconds 8*s=admissionReviewVersions 10s=reinvocationPolicy 12*m619=matchConditions
admissionregistration/v1beta1.ValidatingAdmissionPolicySpec 1m615=paramKind 2m616=matchConstraints 3*m622=validations 4s=failurePolicy 5*m623=auditAnnotations 6*m619=matchConditions 7*m617=variables
admissionregistration/v1beta1.ValidatingAdmissionPolicyStatus 1l=observedGeneration 2m624=typeChecking 3*m605=conditions
admissionregistration/v1beta1.ValidatingAdmissionPolicyBindingSpec 1s=policyName 2m620=paramRef 3m616=matchResources 4*s=validationActions
admissionregistration/v1beta1.ValidatingWebhook 1s=name 2m621=clientConfig 3*m601=rules 4s=failurePolicy 9s=matchPolicy 5m454=namespaceSelector 10m454=objectSelector 6s=sideEffects 7i=timeoutSeconds 8*s=admissionReviewVersions 11*m619=matchConditions
apidiscovery/v2.APIVersionDiscovery 1s=version 2*m625=resources 3s=freshness
apiextensions/v1.ConversionRequest 1s=uid 2s=desiredAPIVersion 3*R=objects
apiextensions/v1.ConversionResponse 1s=uid 2*R=convertedObjects 3m349=result
apiextensions/v1.CustomResourceDefinitionSpec 1s=group 3m626=names 4s=scope 7*m627=versions 9m628=conversion 10t=preserveUnknownFields
apiextensions/v1.CustomResourceDefinitionStatus 1*m629=conditions 2m626=acceptedNames 3*s=storedVersions 4l=observedGeneration
apiextensions/v1beta1.ConversionRequest 1s=uid 2s=desiredAPIVersion 3*R=objects
apiextensions/v1beta1.ConversionResponse 1s=uid 2*R=convertedObjects 3m349=result
apiextensions/v1beta1.CustomResourceDefinitionSpec 1s=group 2s=version 3m630=names 4s=scope 5m631=validation 6m632=subresources 7*m633=versions 8*m634=additionalPrinterColumns 11*m635=selectableFields 9m636=conversion 10t=preserveUnknownFields
apiextensions/v1beta1.CustomResourceDefinitionStatus 1*m637=conditions 2m630=acceptedNames 3*s=storedVersions 4l=observedGeneration
apiregistration/v1.APIServiceSpec 1m638=service 2s=group 3s=version 4t=insecureSkipTLSVerify 5b=caBundle 7i=groupPriorityMinimum 8i=versionPriority
apiregistration/v1.APIServiceStatus 1*m639=conditions
apiregistration/v1beta1.APIServiceSpec 1m640=service 2s=group 3s=version 4t=insecureSkipTLSVerify 5b=caBundle 7i=groupPriorityMinimum 8i=versionPriority
apiregistration/v1beta1.APIServiceStatus 1*m641=conditions
apps/v1.DaemonSetSpec 1m454=selector 2m582=template 3m642=updateStrategy 4i=minReadySeconds 6i=revisionHistoryLimit
apps/v1.DaemonSetStatus 1i=currentNumberScheduled 2i=numberMisscheduled 3i=desiredNumberScheduled 4i=numberReady 5l=observedGeneration 6i=updatedNumberScheduled 7i=numberAvailable 8i=numberUnavailable 9i=collisionCount 10*m643=conditions
apps/v1.DeploymentSpec 1i=replicas 2m454=selector 3m582=template 4m644=strategy 5i=minReadySeconds 6i=revisionHistoryLimit 7t=paused 9i=progressDeadlineSeconds
apps/v1.DeploymentStatus 1l=observedGeneration 2i=replicas 3i=updatedReplicas 7i=readyReplicas 4i=availableReplicas 5i=unavailableReplicas 9i=terminatingReplicas 6*m645=conditions 8i=collisionCount
apps/v1.ReplicaSetSpec 1i=replicas 4i=minReadySeconds 2m454=selector 3m582=template
apps/v1.ReplicaSetStatus 1i=replicas 2i=fullyLabeledReplicas 4i=readyReplicas 5i=availableReplicas 7i=terminatingReplicas 3l=observedGeneration 6*m646=conditions
apps/v1.StatefulSetSpec 1i=replicas 2m454=selector 3m582=template 4*m323=volumeClaimTemplates 5s=serviceName 6s=podManagementPolicy 7m647=updateStrategy 8i=revisionHistoryLimit 9i=minReadySeconds 10m648=persistentVolumeClaimRetentionPolicy 11m649=ordinals
apps/v1.StatefulSetStatus 1l=observedGeneration 2i=replicas 3i=readyReplicas 4i=currentReplicas 5i=updatedReplicas 6s=currentRevision 7s=updateRevision 9i=collisionCount 10*m650=conditions 11i=availableReplicas
apps/v1beta1.DeploymentSpec 1i=replicas 2m454=selector 3m582=template 4m651=strategy 5i=minReadySeconds 6i=revisionHistoryLimit 7t=paused 8m395=rollbackTo 9i=progressDeadlineSeconds
apps/v1beta1.DeploymentStatus 1l=observedGeneration 2i=replicas 3i=updatedReplicas 7i=readyReplicas 4i=availableReplicas 5i=unavailableReplicas 9i=terminatingReplicas 6*m652=conditions 8i=collisionCount
apps/v1beta1.RollbackConfig 1l=revision
apps/v1beta1.ScaleSpec 1i=replicas
apps/v1beta1.ScaleStatus 1i=replicas 2Ms=selector 3s=targetSelector
apps/v1beta1.StatefulSetSpec 1i=replicas 2m454=selector 3m582=template 4*m323=volumeClaimTemplates 5s=serviceName 6s=podManagementPolicy 7m653=updateStrategy 8i=revisionHistoryLimit 9i=minReadySeconds 10m654=persistentVolumeClaimRetentionPolicy 11m655=ordinals
apps/v1beta1.StatefulSetStatus 1l=observedGeneration 2i=replicas 3i=readyReplicas 4i=currentReplicas 5i=updatedReplicas 6s=currentRevision 7s=updateRevision 9i=collisionCount 10*m656=conditions 11i=availableReplicas
apps/v1beta2.DaemonSetSpec 1m454=selector 2m582=template 3m657=updateStrategy 4i=minReadySeconds 6i=revisionHistoryLimit
apps/v1beta2.DaemonSetStatus 1i=currentNumberScheduled 2i=numberMisscheduled 3i=desiredNumberScheduled 4i=numberReady 5l=observedGeneration 6i=updatedNumberScheduled 7i=numberAvailable 8i=numberUnavailable 9i=collisionCount 10*m658=conditions
apps/v1beta2.DeploymentSpec 1i=replicas 2m454=selector 3m582=template 4m659=strategy 5i=minReadySeconds 6i=revisionHistoryLimit 7t=paused 9i=progressDeadlineSeconds
apps/v1beta2.DeploymentStatus 1l=observedGeneration 2i=replicas 3i=updatedReplicas 7i=readyReplicas 4i=availableReplicas 5i=unavailableReplicas 9i=terminatingReplicas 6*m660=conditions 8i=collisionCount
apps/v1beta2.ReplicaSetSpec 1i=replicas 4i=minReadySeconds 2m454=selector 3m582=template
apps/v1beta2.ReplicaSetStatus 1i=replicas 2i=fullyLabeledReplicas 4i=readyReplicas 5i=availableReplicas 7i=terminatingReplicas 3l=observedGeneration 6*m661=conditions
apps/v1beta2.ScaleSpec 1i=replicas
apps/v1beta2.ScaleStatus 1i=replicas 2Ms=selector 3s=targetSelector
apps/v1beta2.StatefulSetSpec 1i=replicas 2m454=selector 3m582=template 4*m323=volumeClaimTemplates 5s=serviceName 6s=podManagementPolicy 7m662=updateStrategy 8i=revisionHistoryLimit 9i=minReadySeconds 10m663=persistentVolumeClaimRetentionPolicy 11m664=ordinals
apps/v1beta2.StatefulSetStatus 1l=observedGeneration 2i=replicas 3i=readyReplicas 4i=currentReplicas 5i=updatedReplicas 6s=currentRevision 7s=updateRevision 9i=collisionCount 10*m665=conditions 11i=availableReplicas
authentication/v1.SelfSubjectReviewStatus 1m666=userInfo
authentication/v1.TokenRequestSpec 1*s=audiences 4l=expirationSeconds 3m667=boundObjectRef
authentication/v1.TokenRequestStatus 1s=token 2T=expirationTimestamp
authentication/v1.TokenReviewSpec 1s=token 2*s=audiences
authentication/v1.TokenReviewStatus 1t=authenticated 2m666=user 4*s=audiences 3s=error
authentication/v1alpha1.SelfSubjectReviewStatus 1m666=userInfo
authentication/v1beta1.SelfSubjectReviewStatus 1m666=userInfo
authentication/v1beta1.TokenReviewSpec 1s=token 2*s=audiences
authentication/v1beta1.TokenReviewStatus 1t=authenticated 2m668=user 4*s=audiences 3s=error
authorization/v1.SubjectAccessReviewSpec 1m669=resourceAttributes 2m670=nonResourceAttributes 3s=user 4*s=groups 5Mws=extra 6s=uid
authorization/v1.SubjectAccessReviewStatus 1t=allowed 4t=denied 2s=reason 3s=evaluationError
authorization/v1.SelfSubjectAccessReviewSpec 1m669=resourceAttributes 2m670=nonResourceAttributes
authorization/v1.SelfSubjectRulesReviewSpec 1s=namespace
authorization/v1.SubjectRulesReviewStatus 1*m671=resourceRules 2*m672=nonResourceRules 3t=incomplete 4s=evaluationError
authorization/v1beta1.SubjectAccessReviewSpec 1m673=resourceAttributes 2m674=nonResourceAttributes 3s=user 4*s=group 5Mws=extra 6s=uid
authorization/v1beta1.SubjectAccessReviewStatus 1t=allowed 4t=denied 2s=reason 3s=evaluationError
authorization/v1beta1.SelfSubjectAccessReviewSpec 1m673=resourceAttributes 2m674=nonResourceAttributes
authorization/v1beta1.SelfSubjectRulesReviewSpec 1s=namespace
authorization/v1beta1.SubjectRulesReviewStatus 1*m675=resourceRules 2*m676=nonResourceRules 3t=incomplete 4s=evaluationError
autoscaling/v1.HorizontalPodAutoscalerSpec 1m677=scaleTargetRef 2i=minReplicas 3i=maxReplicas 4i=targetCPUUtilizationPercentage
autoscaling/v1.HorizontalPodAutoscalerStatus 1l=observedGeneration 2T=lastScaleTime 3i=currentReplicas 4i=desiredReplicas 5i=currentCPUUtilizationPercentage
autoscaling/v1.ScaleSpec 1i=replicas
autoscaling/v1.ScaleStatus 1i=replicas 2s=selector
autoscaling/v2.HorizontalPodAutoscalerSpec 1m678=scaleTargetRef 2i=minReplicas 3i=maxReplicas 4*m679=metrics 5m680=behavior
autoscaling/v2.HorizontalPodAutoscalerStatus 1l=observedGeneration 2T=lastScaleTime 3i=currentReplicas 4i=desiredReplicas 5*m681=currentMetrics 6*m682=conditions
batch/v1.CronJobSpec 1s=schedule 8s=timeZone 2l=startingDeadlineSeconds 3s=concurrencyPolicy 4t=suspend 5m683=jobTemplate 6i=successfulJobsHistoryLimit 7i=failedJobsHistoryLimit
batch/v1.CronJobStatus 1*m453=active 4T=lastScheduleTime 5T=lastSuccessfulTime
batch/v1.JobSpec 1i=parallelism 2i=completions 3l=activeDeadlineSeconds 11m684=podFailurePolicy 16m685=successPolicy 7i=backoffLimit 12i=backoffLimitPerIndex 13i=maxFailedIndexes 4m454=selector 5t=manualSelector 6m582=template 8i=ttlSecondsAfterFinished 9s=completionMode 10t=suspend 14s=podReplacementPolicy 15s=managedBy
batch/v1.JobStatus 1*m686=conditions 2T=startTime 3T=completionTime 4i=active 5i=succeeded 6i=failed 11i=terminating 7s=completedIndexes 10s=failedIndexes 8m687=uncountedTerminatedPods 9i=ready
batch/v1beta1.CronJobSpec 1s=schedule 8s=timeZone 2l=startingDeadlineSeconds 3s=concurrencyPolicy 4t=suspend 5m688=jobTemplate 6i=successfulJobsHistoryLimit 7i=failedJobsHistoryLimit
batch/v1beta1.CronJobStatus 1*m453=active 4T=lastScheduleTime 5T=lastSuccessfulTime
certificates/v1.CertificateSigningRequestSpec 1b=request 7s=signerName 8i=expirationSeconds 5*s=usages 2s=username 3s=uid 4*s=groups 6Mws=extra
certificates/v1.CertificateSigningRequestStatus 1*m689=conditions 2b=certificate
certificates/v1alpha1.ClusterTrustBundleSpec 1s=signerName 2s=trustBundle
certificates/v1beta1.CertificateSigningRequestSpec 1b=request 7s=signerName 8i=expirationSeconds 5*s=usages 2s=username 3s=uid 4*s=groups 6Mws=extra
certificates/v1beta1.CertificateSigningRequestStatus 1*m690=conditions 2b=certificate
certificates/v1beta1.ClusterTrustBundleSpec 1s=signerName 2s=trustBundle
certificates/v1beta1.PodCertificateRequestSpec 1s=signerName 2s=podName 3s=podUID 4s=serviceAccountName 5s=serviceAccountUID 6s=nodeName 7s=nodeUID 8i=maxExpirationSeconds 9b=pkixPublicKey 10b=proofOfPossession 12b=stubPKCS10Request 11Ms=unverifiedUserAnnotations
certificates/v1beta1.PodCertificateRequestStatus 1*m605=conditions 2s=certificateChain 4T=notBefore 5T=beginRefreshAt 6T=notAfter
coordination/v1.LeaseSpec 1s=holderIdentity 2i=leaseDurationSeconds 3U=acquireTime 4U=renewTime 5i=leaseTransitions 6s=strategy 7s=preferredHolder
coordination/v1alpha2.LeaseCandidateSpec 1s=leaseName 2U=pingTime 3U=renewTime 4s=binaryVersion 5s=emulationVersion 6s=strategy
coordination/v1beta1.LeaseSpec 1s=holderIdentity 2i=leaseDurationSeconds 3U=acquireTime 4U=renewTime 5i=leaseTransitions 6s=strategy 7s=preferredHolder
coordination/v1beta1.LeaseCandidateSpec 1s=leaseName 2U=pingTime 3U=renewTime 4s=binaryVersion 5s=emulationVersion 6s=strategy
core/v1.ObjectReference 1s=kind 2s=namespace 3s=name 4s=uid 5s=apiVersion 6s=resourceVersion 7s=fieldPath
meta/v1.LabelSelector 1Ms=matchLabels 2*m691=matchExpressions
custom_metrics/v1beta2.MetricIdentifier 1s=name 2m454=selector
discovery/v1.Endpoint 1*s=addresses 2m692=conditions 3s=hostname 4m453=targetRef 5Ms=deprecatedTopology 6s=nodeName 7s=zone 8m693=hints
discovery/v1.EndpointPort 1s=name 2s=protocol 3i=port 4s=appProtocol
discovery/v1beta1.Endpoint 1*s=addresses 2m694=conditions 3s=hostname 4m453=targetRef 5Ms=topology 6s=nodeName 7m695=hints
discovery/v1beta1.EndpointPort 1s=name 2s=protocol 3i=port 4s=appProtocol
events/v1.EventSeries 1i=count 2U=lastObservedTime
core/v1.EventSource 1s=component 2s=host
events/v1beta1.EventSeries 1i=count 2U=lastObservedTime
extensions/v1beta1.DaemonSetSpec 1m454=selector 2m582=template 3m696=updateStrategy 4i=minReadySeconds 5l=templateGeneration 6i=revisionHistoryLimit
extensions/v1beta1.DaemonSetStatus 1i=currentNumberScheduled 2i=numberMisscheduled 3i=desiredNumberScheduled 4i=numberReady 5l=observedGeneration 6i=updatedNumberScheduled 7i=numberAvailable 8i=numberUnavailable 9i=collisionCount 10*m697=conditions
extensions/v1beta1.DeploymentSpec 1i=replicas 2m454=selector 3m582=template 4m698=strategy 5i=minReadySeconds 6i=revisionHistoryLimit 7t=paused 8m467=rollbackTo 9i=progressDeadlineSeconds
extensions/v1beta1.DeploymentStatus 1l=observedGeneration 2i=replicas 3i=updatedReplicas 7i=readyReplicas 4i=availableReplicas 5i=unavailableReplicas 9i=terminatingReplicas 6*m699=conditions 8i=collisionCount
extensions/v1beta1.RollbackConfig 1l=revision
extensions/v1beta1.IngressSpec 4s=ingressClassName 1m700=backend 2*m701=tls 3*m702=rules
extensions/v1beta1.IngressStatus 1m703=loadBalancer
extensions/v1beta1.NetworkPolicySpec 1m454=podSelector 2*m704=ingress 3*m705=egress 4*s=policyTypes
extensions/v1beta1.ReplicaSetSpec 1i=replicas 4i=minReadySeconds 2m454=selector 3m582=template
extensions/v1beta1.ReplicaSetStatus 1i=replicas 2i=fullyLabeledReplicas 4i=readyReplicas 5i=availableReplicas 7i=terminatingReplicas 3l=observedGeneration 6*m706=conditions
extensions/v1beta1.ScaleSpec 1i=replicas
extensions/v1beta1.ScaleStatus 1i=replicas 2Ms=selector 3s=targetSelector
flowcontrol/v1.FlowSchemaSpec 1m707=priorityLevelConfiguration 2i=matchingPrecedence 3m708=distinguisherMethod 4*m709=rules
flowcontrol/v1.FlowSchemaStatus 1*m710=conditions
flowcontrol/v1.PriorityLevelConfigurationSpec 1s=type 2m711=limited 3m712=exempt
flowcontrol/v1.PriorityLevelConfigurationStatus 1*m713=conditions
flowcontrol/v1beta1.FlowSchemaSpec 1m714=priorityLevelConfiguration 2i=matchingPrecedence 3m715=distinguisherMethod 4*m716=rules
flowcontrol/v1beta1.FlowSchemaStatus 1*m717=conditions
flowcontrol/v1beta1.PriorityLevelConfigurationSpec 1s=type 2m718=limited 3m719=exempt
flowcontrol/v1beta1.PriorityLevelConfigurationStatus 1*m720=conditions
flowcontrol/v1beta2.FlowSchemaSpec 1m721=priorityLevelConfiguration 2i=matchingPrecedence 3m722=distinguisherMethod 4*m723=rules
flowcontrol/v1beta2.FlowSchemaStatus 1*m724=conditions
flowcontrol/v1beta2.PriorityLevelConfigurationSpec 1s=type 2m725=limited 3m726=exempt
flowcontrol/v1beta2.PriorityLevelConfigurationStatus 1*m727=conditions
flowcontrol/v1beta3.FlowSchemaSpec 1m728=priorityLevelConfiguration 2i=matchingPrecedence 3m729=distinguisherMethod 4*m730=rules
flowcontrol/v1beta3.FlowSchemaStatus 1*m731=conditions
flowcontrol/v1beta3.PriorityLevelConfigurationSpec 1s=type 2m732=limited 3m733=exempt
flowcontrol/v1beta3.PriorityLevelConfigurationStatus 1*m734=conditions
apiserverinternal/v1alpha1.StorageVersionSpec
apiserverinternal/v1alpha1.StorageVersionStatus 1*m735=storageVersions 2s=commonEncodingVersion 3*m736=conditions
metrics/v1beta1.ContainerMetrics 1s=name 2MQ=usage
networking/v1.IPAddressSpec 1m737=parentRef
networking/v1.IngressSpec 4s=ingressClassName 1m738=defaultBackend 2*m739=tls 3*m740=rules
networking/v1.IngressStatus 1m741=loadBalancer
networking/v1.IngressClassSpec 1s=controller 2m742=parameters
networking/v1.NetworkPolicySpec 1m454=podSelector 2*m743=ingress 3*m744=egress 4*s=policyTypes
networking/v1.ServiceCIDRSpec 1*s=cidrs
networking/v1.ServiceCIDRStatus 1*m605=conditions
networking/v1beta1.IPAddressSpec 1m745=parentRef
networking/v1beta1.IngressSpec 4s=ingressClassName 1m746=backend 2*m747=tls 3*m748=rules
networking/v1beta1.IngressStatus 1m749=loadBalancer
networking/v1beta1.IngressClassSpec 1s=controller 2m750=parameters
networking/v1beta1.ServiceCIDRSpec 1*s=cidrs
networking/v1beta1.ServiceCIDRStatus 1*m605=conditions
node/v1.Overhead 1MQ=podFixed
node/v1.Scheduling 1Ms=nodeSelector 2*m751=tolerations
node/v1alpha1.RuntimeClassSpec 1s=runtimeHandler 2m752=overhead 3m753=scheduling
node/v1beta1.Overhead 1MQ=podFixed
node/v1beta1.Scheduling 1Ms=nodeSelector 2*m751=tolerations
policy/v1.PodDisruptionBudgetSpec 1O=minAvailable 2m454=selector 3O=maxUnavailable 4s=unhealthyPodEvictionPolicy
policy/v1.PodDisruptionBudgetStatus 1l=observedGeneration 2MT=disruptedPods 3i=disruptionsAllowed 4i=currentHealthy 5i=desiredHealthy 6i=expectedPods 7*m605=conditions
policy/v1beta1.PodDisruptionBudgetSpec 1O=minAvailable 2m454=selector 3O=maxUnavailable 4s=unhealthyPodEvictionPolicy
policy/v1beta1.PodDisruptionBudgetStatus 1l=observedGeneration 2MT=disruptedPods 3i=disruptionsAllowed 4i=currentHealthy 5i=desiredHealthy 6i=expectedPods 7*m605=conditions
rbac/v1.PolicyRule 1*s=verbs 2*s=apiGroups 3*s=resources 4*s=resourceNames 5*s=nonResourceURLs
rbac/v1.AggregationRule 1*m454=clusterRoleSelectors
rbac/v1.Subject 1s=kind 2s=apiGroup 3s=name 4s=namespace
rbac/v1.RoleRef 1s=apiGroup 2s=kind 3s=name
rbac/v1alpha1.PolicyRule 1*s=verbs 3*s=apiGroups 4*s=resources 5*s=resourceNames 6*s=nonResourceURLs
rbac/v1alpha1.AggregationRule 1*m454=clusterRoleSelectors
rbac/v1alpha1.Subject 1s=kind 2s=apiVersion 3s=name 4s=namespace
rbac/v1alpha1.RoleRef 1s=apiGroup 2s=kind 3s=name
rbac/v1beta1.PolicyRule 1*s=verbs 2*s=apiGroups 3*s=resources 4*s=resourceNames 5*s=nonResourceURLs
rbac/v1beta1.AggregationRule 1*m454=clusterRoleSelectors
rbac/v1beta1.Subject 1s=kind 2s=apiGroup 3s=name 4s=namespace
rbac/v1beta1.RoleRef 1s=apiGroup 2s=kind 3s=name
resource/v1.DeviceClassSpec 1*m754=selectors 2*m755=config 4s=extendedResourceName
resource/v1.ResourceClaimSpec 1m756=devices
resource/v1.ResourceClaimStatus 1m757=allocation 2*m758=reservedFor 4*m759=devices
resource/v1.ResourceClaimTemplateSpec 1m351=metadata 2m529=spec
resource/v1.ResourceSliceSpec 1s=driver 2m760=pool 3s=nodeName 4m761=nodeSelector 5t=allNodes 6*m762=devices 7t=perDeviceNodeSelection 8*m763=sharedCounters
resource/v1alpha3.DeviceTaintRuleSpec 1m764=deviceSelector 2m765=taint
resource/v1alpha3.DeviceTaintRuleStatus 1*m605=conditions
resource/v1alpha3.ResourcePoolStatusRequestSpec 1s=driver 2s=poolName 3i=limit
resource/v1alpha3.ResourcePoolStatusRequestStatus 6i=poolCount 2*m766=pools 3*m605=conditions
resource/v1beta1.DeviceClassSpec 1*m767=selectors 2*m768=config 4s=extendedResourceName
resource/v1beta1.ResourceClaimSpec 1m769=devices
resource/v1beta1.ResourceClaimStatus 1m770=allocation 2*m771=reservedFor 4*m772=devices
resource/v1beta1.ResourceClaimTemplateSpec 1m351=metadata 2m538=spec
resource/v1beta1.ResourceSliceSpec 1s=driver 2m773=pool 3s=nodeName 4m761=nodeSelector 5t=allNodes 6*m774=devices 7t=perDeviceNodeSelection 8*m775=sharedCounters
resource/v1beta2.DeviceClassSpec 1*m776=selectors 2*m777=config 4s=extendedResourceName
resource/v1beta2.DeviceTaintRuleSpec 1m778=deviceSelector 2m779=taint
resource/v1beta2.DeviceTaintRuleStatus 1*m605=conditions
resource/v1beta2.ResourceClaimSpec 1m780=devices
resource/v1beta2.ResourceClaimStatus 1m781=allocation 2*m782=reservedFor 4*m783=devices
resource/v1beta2.ResourceClaimTemplateSpec 1m351=metadata 2m545=spec
resource/v1beta2.ResourceSliceSpec 1s=driver 2m784=pool 3s=nodeName 4m761=nodeSelector 5t=allNodes 6*m785=devices 7t=perDeviceNodeSelection 8*m786=sharedCounters
scheduling/v1alpha2.PodGroupSpec 1m787=podGroupTemplateRef 2m788=schedulingPolicy 3m789=schedulingConstraints 4*m790=resourceClaims 5s=disruptionMode 6s=priorityClassName 7i=priority
scheduling/v1alpha2.PodGroupStatus 1*m605=conditions 2*m791=resourceClaimStatuses
scheduling/v1alpha2.WorkloadSpec 1m792=controllerRef 2*m793=podGroupTemplates
storage/v1.CSIDriverSpec 1t=attachRequired 2t=podInfoOnMount 3*s=volumeLifecycleModes 4t=storageCapacity 5s=fsGroupPolicy 6*m794=tokenRequests 7t=requiresRepublish 8t=seLinuxMount 9l=nodeAllocatableUpdatePeriodSeconds 10t=serviceAccountTokenInSecrets 11t=preventPodSchedulingIfMissing
storage/v1.CSINodeSpec 1*m795=drivers
core/v1.TopologySelectorTerm 1*m796=matchLabelExpressions
storage/v1.VolumeAttachmentSpec 1s=attacher 2m797=source 3s=nodeName
storage/v1.VolumeAttachmentStatus 1t=attached 2Ms=attachmentMetadata 3m798=attachError 4m798=detachError
storage/v1alpha1.VolumeAttachmentSpec 1s=attacher 2m799=source 3s=nodeName
storage/v1alpha1.VolumeAttachmentStatus 1t=attached 2Ms=attachmentMetadata 3m800=attachError 4m800=detachError
storage/v1beta1.CSIDriverSpec 1t=attachRequired 2t=podInfoOnMount 3*s=volumeLifecycleModes 4t=storageCapacity 5s=fsGroupPolicy 6*m801=tokenRequests 7t=requiresRepublish 8t=seLinuxMount 9l=nodeAllocatableUpdatePeriodSeconds 10t=serviceAccountTokenInSecrets 11t=preventPodSchedulingIfMissing
storage/v1beta1.CSINodeSpec 1*m802=drivers
storage/v1beta1.VolumeAttachmentSpec 1s=attacher 2m803=source 3s=nodeName
storage/v1beta1.VolumeAttachmentStatus 1t=attached 2Ms=attachmentMetadata 3m804=attachError 4m804=detachError
storagemigration/v1beta1.StorageVersionMigrationSpec 1m805=resource
storagemigration/v1beta1.StorageVersionMigrationStatus 1*m605=conditions 2s=resourceVersion
meta/v1.GroupVersionForDiscovery 1s=groupVersion 2s=version
meta/v1.ServerAddressByClientCIDR 1s=clientCIDR 2s=serverAddress
meta/v1.APIResource 1s=name 6s=singularName 2t=namespaced 8s=group 9s=version 3s=kind 4ws=verbs 5*s=shortNames 7*s=categories 10s=storageVersionHash
core/v1.ComponentCondition 1s=type 2s=status 3s=message 4s=error
core/v1.EndpointSubset 1*m806=addresses 2*m806=notReadyAddresses 3*m807=ports
core/v1.EventSeries 1i=count 2U=lastObservedTime
core/v1.LimitRangeSpec 1*m808=limits
core/v1.NamespaceSpec 1*s=finalizers
core/v1.NamespaceStatus 1s=phase 2*m809=conditions
core/v1.NodeSpec 1s=podCIDR 7*s=podCIDRs 3s=providerID 4t=unschedulable 5*m810=taints 6m811=configSource 2s=externalID
core/v1.NodeStatus 1MQ=capacity 2MQ=allocatable 3s=phase 4*m812=conditions 5*m813=addresses 6m814=daemonEndpoints 7m815=nodeInfo 8*m816=images 9*s=volumesInUse 10*m817=volumesAttached 11m818=config 12*m819=runtimeHandlers 13m820=features 14*s=declaredFeatures
core/v1.PersistentVolumeSpec 1MQ=capacity 2^m821= 3*s=accessModes 4m453=claimRef 5s=persistentVolumeReclaimPolicy 6s=storageClassName 7*s=mountOptions 8s=volumeMode 9m822=nodeAffinity 10s=volumeAttributesClassName
core/v1.PersistentVolumeStatus 1s=phase 2s=message 3s=reason 4T=lastPhaseTransitionTime
core/v1.PersistentVolumeClaimSpec 1*s=accessModes 4m454=selector 2m823=resources 3s=volumeName 5s=storageClassName 6s=volumeMode 7m824=dataSource 8m825=dataSourceRef 9s=volumeAttributesClassName
core/v1.PersistentVolumeClaimStatus 1s=phase 2*s=accessModes 3MQ=capacity 4*m826=conditions 5MQ=allocatedResources 7Ms=allocatedResourceStatuses 8s=currentVolumeAttributesClassName 9m827=modifyVolumeStatus
core/v1.PodSpec 1*m828=volumes 20*m829=initContainers 2*m829=containers 34*m830=ephemeralContainers 3s=restartPolicy 4l=terminationGracePeriodSeconds 5l=activeDeadlineSeconds 6s=dnsPolicy 7Ms=nodeSelector 8s=serviceAccountName 9s=serviceAccount 21t=automountServiceAccountToken 10s=nodeName 11t=hostNetwork 12t=hostPID 13t=hostIPC 27t=shareProcessNamespace 14m831=securityContext 15*m589=imagePullSecrets 16s=hostname 17s=subdomain 18m832=affinity 19s=schedulerName 22*m751=tolerations 23*m833=hostAliases 24s=priorityClassName 25i=priority 26m834=dnsConfig 28*m835=readinessGates 29s=runtimeClassName 30t=enableServiceLinks 31s=preemptionPolicy 32MQ=overhead 33*m836=topologySpreadConstraints 35t=setHostnameAsFQDN 36m837=os 37t=hostUsers 38*m838=schedulingGates 39*m839=resourceClaims 40m840=resources 41s=hostnameOverride 43m841=schedulingGroup
core/v1.PodStatus 17l=observedGeneration 1s=phase 2*m842=conditions 3s=message 4s=reason 11s=nominatedNodeName 5s=hostIP 16*m843=hostIPs 6s=podIP 12*m844=podIPs 7T=startTime 10*m845=initContainerStatuses 8*m845=containerStatuses 9s=qosClass 13*m845=ephemeralContainerStatuses 14s=resize 15*m846=resourceClaimStatuses 18m847=extendedResourceClaimStatus 19MQ=allocatedResources 20m840=resources 21*m848=nodeAllocatableResourceClaimStatuses
core/v1.PodTemplateSpec 1m351=metadata 2m580=spec
core/v1.ReplicationControllerSpec 1i=replicas 4i=minReadySeconds 2Ms=selector 3m582=template
core/v1.ReplicationControllerStatus 1i=replicas 2i=fullyLabeledReplicas 4i=readyReplicas 5i=availableReplicas 3l=observedGeneration 6*m849=conditions
core/v1.ResourceQuotaSpec 1MQ=hard 2*s=scopes 3m850=scopeSelector
core/v1.ResourceQuotaStatus 1MQ=hard 2MQ=used
core/v1.ServiceSpec 1*m851=ports 2Ms=selector 3s=clusterIP 18*s=clusterIPs 4s=type 5*s=externalIPs 7s=sessionAffinity 8s=loadBalancerIP 9*s=loadBalancerSourceRanges 10s=externalName 11s=externalTrafficPolicy 12i=healthCheckNodePort 13t=publishNotReadyAddresses 14m852=sessionAffinityConfig 19*s=ipFamilies 17s=ipFamilyPolicy 20t=allocateLoadBalancerNodePorts 21s=loadBalancerClass 22s=internalTrafficPolicy 23s=trafficDistribution
core/v1.ServiceStatus 1m853=loadBalancer 2*m605=conditions
core/v1.LocalObjectReference 1s=name
meta/v1.StatusDetails 1s=name 2s=group 3s=kind 6s=uid 4*m854=causes 5i=retryAfterSeconds
meta/v1.OwnerReference 5s=apiVersion 1s=kind 3s=name 4s=uid 6t=controller 7t=blockOwnerDeletion
meta/v1.ManagedFieldsEntry 1s=manager 2s=operation 3s=apiVersion 4T=time 6s=fieldsType 7J=fieldsV1 8s=subresource
admissionregistration/v1.ParamKind 1s=apiVersion 2s=kind
admissionregistration/v1.MatchResources 1m454=namespaceSelector 2m454=objectSelector 3*m855=resourceRules 4*m855=excludeResourceRules 7s=matchPolicy
admissionregistration/v1.Variable 1s=name 2s=expression
admissionregistration/v1.Mutation 2s=patchType 3m856=applyConfiguration 4m857=jsonPatch
admissionregistration/v1.MatchCondition 1s=name 2s=expression
admissionregistration/v1.ParamRef 1s=name 2s=namespace 3m454=selector 4s=parameterNotFoundAction
meta/v1.ShardInfo 1s=selector
admissionregistration/v1.WebhookClientConfig 3s=url 1m858=service 2b=caBundle
admissionregistration/v1.RuleWithOperations 1*s=operations 2^m859=
admissionregistration/v1.Validation 1s=expression 2s=message 3s=reason 4s=messageExpression
admissionregistration/v1.AuditAnnotation 1s=key 2s=valueExpression
admissionregistration/v1.TypeChecking 1*m860=expressionWarnings
meta/v1.Condition 1s=type 2s=status 3l=observedGeneration 4T=lastTransitionTime 5s=reason 6s=message
admissionregistration/v1alpha1.ParamKind 1s=apiVersion 2s=kind
admissionregistration/v1alpha1.MatchResources 1m454=namespaceSelector 2m454=objectSelector 3*m861=resourceRules 4*m861=excludeResourceRules 7s=matchPolicy
admissionregistration/v1alpha1.Variable 1s=name 2s=expression
admissionregistration/v1alpha1.Mutation 2s=patchType 3m862=applyConfiguration 4m863=jsonPatch
admissionregistration/v1alpha1.MatchCondition 1s=name 2s=expression
admissionregistration/v1alpha1.ParamRef 1s=name 2s=namespace 3m454=selector 4s=parameterNotFoundAction
admissionregistration/v1alpha1.Validation 1s=expression 2s=message 3s=reason 4s=messageExpression
admissionregistration/v1alpha1.AuditAnnotation 1s=key 2s=valueExpression
admissionregistration/v1alpha1.TypeChecking 1*m864=expressionWarnings
admissionregistration/v1beta1.ParamKind 1s=apiVersion 2s=kind
admissionregistration/v1beta1.MatchResources 1m454=namespaceSelector 2m454=objectSelector 3*m865=resourceRules 4*m865=excludeResourceRules 7s=matchPolicy
admissionregistration/v1beta1.Variable 1s=name 2s=expression
admissionregistration/v1beta1.Mutation 2s=patchType 3m866=applyConfiguration 4m867=jsonPatch
admissionregistration/v1beta1.MatchCondition 1s=name 2s=expression
admissionregistration/v1beta1.ParamRef 1s=name 2s=namespace 3m454=selector 4s=parameterNotFoundAction
admissionregistration/v1beta1.WebhookClientConfig 3s=url 1m868=service 2b=caBundle
admissionregistration/v1beta1.Validation 1s=expression 2s=message 3s=reason 4s=messageExpression
admissionregistration/v1beta1.AuditAnnotation 1s=key 2s=valueExpression
admissionregistration/v1beta1.TypeChecking 1*m869=expressionWarnings
apidiscovery/v2.APIResourceDiscovery 1s=resource 2m870=responseKind 3s=scope 4s=singularResource 5*s=verbs 6*s=shortNames 7*s=categories 8*m871=subresources
apiextensions/v1.CustomResourceDefinitionNames 1s=plural 2s=singular 3*s=shortNames 4s=kind 5s=listKind 6*s=categories
apiextensions/v1.CustomResourceDefinitionVersion 1s=name 2t=served 3t=storage 7t=deprecated 8s=deprecationWarning 4m872=schema 5m873=subresources 6*m874=additionalPrinterColumns 9*m875=selectableFields
apiextensions/v1.CustomResourceConversion 1s=strategy 2m876=webhook
apiextensions/v1.CustomResourceDefinitionCondition 1s=type 2s=status 3T=lastTransitionTime 4s=reason 5s=message 6l=observedGeneration
apiextensions/v1beta1.CustomResourceDefinitionNames 1s=plural 2s=singular 3*s=shortNames 4s=kind 5s=listKind 6*s=categories
apiextensions/v1beta1.CustomResourceValidation 1m877=openAPIV3Schema
apiextensions/v1beta1.CustomResourceSubresources 1m878=status 2m879=scale
apiextensions/v1beta1.CustomResourceDefinitionVersion 1s=name 2t=served 3t=storage 7t=deprecated 8s=deprecationWarning 4m631=schema 5m632=subresources 6*m634=additionalPrinterColumns 9*m635=selectableFields
apiextensions/v1beta1.CustomResourceColumnDefinition 1s=name 2s=type 3s=format 4s=description 5i=priority 6s=JSONPath
apiextensions/v1beta1.SelectableField 1s=jsonPath
apiextensions/v1beta1.CustomResourceConversion 1s=strategy 2m880=webhookClientConfig 3*s=conversionReviewVersions
apiextensions/v1beta1.CustomResourceDefinitionCondition 1s=type 2s=status 3T=lastTransitionTime 4s=reason 5s=message 6l=observedGeneration
apiregistration/v1.ServiceReference 1s=namespace 2s=name 3i=port
apiregistration/v1.APIServiceCondition 1s=type 2s=status 3T=lastTransitionTime 4s=reason 5s=message
apiregistration/v1beta1.ServiceReference 1s=namespace 2s=name 3i=port
apiregistration/v1beta1.APIServiceCondition 1s=type 2s=status 3T=lastTransitionTime 4s=reason 5s=message
apps/v1.DaemonSetUpdateStrategy 1s=type 2m881=rollingUpdate
apps/v1.DaemonSetCondition 1s=type 2s=status 3T=lastTransitionTime 4s=reason 5s=message
apps/v1.DeploymentStrategy 1s=type 2m882=rollingUpdate
apps/v1.DeploymentCondition 1s=type 2s=status 6T=lastUpdateTime 7T=lastTransitionTime 4s=reason 5s=message
apps/v1.ReplicaSetCondition 1s=type 2s=status 3T=lastTransitionTime 4s=reason 5s=message
apps/v1.StatefulSetUpdateStrategy 1s=type 2m883=rollingUpdate
apps/v1.StatefulSetPersistentVolumeClaimRetentionPolicy 1s=whenDeleted 2s=whenScaled
apps/v1.StatefulSetOrdinals 1i=start
apps/v1.StatefulSetCondition 1s=type 2s=status 3T=lastTransitionTime 4s=reason 5s=message
apps/v1beta1.DeploymentStrategy 1s=type 2m884=rollingUpdate
apps/v1beta1.DeploymentCondition 1s=type 2s=status 6T=lastUpdateTime 7T=lastTransitionTime 4s=reason 5s=message
apps/v1beta1.StatefulSetUpdateStrategy 1s=type 2m885=rollingUpdate
apps/v1beta1.StatefulSetPersistentVolumeClaimRetentionPolicy 1s=whenDeleted 2s=whenScaled
apps/v1beta1.StatefulSetOrdinals 1i=start
apps/v1beta1.StatefulSetCondition 1s=type 2s=status 3T=lastTransitionTime 4s=reason 5s=message
apps/v1beta2.DaemonSetUpdateStrategy 1s=type 2m886=rollingUpdate
apps/v1beta2.DaemonSetCondition 1s=type 2s=status 3T=lastTransitionTime 4s=reason 5s=message
apps/v1beta2.DeploymentStrategy 1s=type 2m887=rollingUpdate
apps/v1beta2.DeploymentCondition 1s=type 2s=status 6T=lastUpdateTime 7T=lastTransitionTime 4s=reason 5s=message
apps/v1beta2.ReplicaSetCondition 1s=type 2s=status 3T=lastTransitionTime 4s=reason 5s=message
apps/v1beta2.StatefulSetUpdateStrategy 1s=type 2m888=rollingUpdate
apps/v1beta2.StatefulSetPersistentVolumeClaimRetentionPolicy 1s=whenDeleted 2s=whenScaled
apps/v1beta2.StatefulSetOrdinals 1i=start
apps/v1beta2.StatefulSetCondition 1s=type 2s=status 3T=lastTransitionTime 4s=reason 5s=message
authentication/v1.UserInfo 1s=username 2s=uid 3*s=groups 4Mws=extra
authentication/v1.BoundObjectReference 1s=kind 2s=apiVersion 3s=name 4s=uid
authentication/v1beta1.UserInfo 1s=username 2s=uid 3*s=groups 4Mws=extra
authorization/v1.ResourceAttributes 1s=namespace 2s=verb 3s=group 4s=version 5s=resource 6s=subresource 7s=name 8m889=fieldSelector 9m890=labelSelector
authorization/v1.NonResourceAttributes 1s=path 2s=verb
authorization/v1.ResourceRule 1*s=verbs 2*s=apiGroups 3*s=resources 4*s=resourceNames
authorization/v1.NonResourceRule 1*s=verbs 2*s=nonResourceURLs
authorization/v1beta1.ResourceAttributes 1s=namespace 2s=verb 3s=group 4s=version 5s=resource 6s=subresource 7s=name 8m889=fieldSelector 9m890=labelSelector
authorization/v1beta1.NonResourceAttributes 1s=path 2s=verb
authorization/v1beta1.ResourceRule 1*s=verbs 2*s=apiGroups 3*s=resources 4*s=resourceNames
authorization/v1beta1.NonResourceRule 1*s=verbs 2*s=nonResourceURLs
autoscaling/v1.CrossVersionObjectReference 1s=kind 2s=name 3s=apiVersion
autoscaling/v2.CrossVersionObjectReference 1s=kind 2s=name 3s=apiVersion
autoscaling/v2.MetricSpec 1s=type 2m891=object 3m892=pods 4m893=resource 7m894=containerResource 5m895=external
autoscaling/v2.HorizontalPodAutoscalerBehavior 1m896=scaleUp 2m896=scaleDown
autoscaling/v2.MetricStatus 1s=type 2m897=object 3m898=pods 4m899=resource 7m900=containerResource 5m901=external
autoscaling/v2.HorizontalPodAutoscalerCondition 1s=type 2s=status 3T=lastTransitionTime 4s=reason 5s=message
batch/v1.JobTemplateSpec 1m351=metadata 2m437=spec
batch/v1.PodFailurePolicy 1*m902=rules
batch/v1.SuccessPolicy 1*m903=rules
batch/v1.JobCondition 1s=type 2s=status 3T=lastProbeTime 4T=lastTransitionTime 5s=reason 6s=message
batch/v1.UncountedTerminatedPods 1*s=succeeded 2*s=failed
batch/v1beta1.JobTemplateSpec 1m351=metadata 2m437=spec
certificates/v1.CertificateSigningRequestCondition 1s=type 6s=status 2s=reason 3s=message 4T=lastUpdateTime 5T=lastTransitionTime
certificates/v1beta1.CertificateSigningRequestCondition 1s=type 6s=status 2s=reason 3s=message 4T=lastUpdateTime 5T=lastTransitionTime
meta/v1.LabelSelectorRequirement 1s=key 2s=operator 3*s=values
discovery/v1.EndpointConditions 1t=ready 2t=serving 3t=terminating
discovery/v1.EndpointHints 1*m904=forZones 2*m905=forNodes
discovery/v1beta1.EndpointConditions 1t=ready 2t=serving 3t=terminating
discovery/v1beta1.EndpointHints 1*m906=forZones 2*m907=forNodes
extensions/v1beta1.DaemonSetUpdateStrategy 1s=type 2m908=rollingUpdate
extensions/v1beta1.DaemonSetCondition 1s=type 2s=status 3T=lastTransitionTime 4s=reason 5s=message
extensions/v1beta1.DeploymentStrategy 1s=type 2m909=rollingUpdate
extensions/v1beta1.DeploymentCondition 1s=type 2s=status 6T=lastUpdateTime 7T=lastTransitionTime 4s=reason 5s=message
extensions/v1beta1.IngressBackend 1s=serviceName 2O=servicePort 3m824=resource
extensions/v1beta1.IngressTLS 1*s=hosts 2s=secretName
extensions/v1beta1.IngressRule 1s=host 2^m910=
extensions/v1beta1.IngressLoadBalancerStatus 1*m911=ingress
extensions/v1beta1.NetworkPolicyIngressRule 1*m912=ports 2*m913=from
extensions/v1beta1.NetworkPolicyEgressRule 1*m912=ports 2*m913=to
extensions/v1beta1.ReplicaSetCondition 1s=type 2s=status 3T=lastTransitionTime 4s=reason 5s=message
flowcontrol/v1.PriorityLevelConfigurationReference 1s=name
flowcontrol/v1.FlowDistinguisherMethod 1s=type
flowcontrol/v1.PolicyRulesWithSubjects 1*m914=subjects 2*m915=resourceRules 3*m916=nonResourceRules
flowcontrol/v1.FlowSchemaCondition 1s=type 2s=status 3T=lastTransitionTime 4s=reason 5s=message
flowcontrol/v1.LimitedPriorityLevelConfiguration 1i=nominalConcurrencyShares 2m917=limitResponse 3i=lendablePercent 4i=borrowingLimitPercent
flowcontrol/v1.ExemptPriorityLevelConfiguration 1i=nominalConcurrencyShares 2i=lendablePercent
flowcontrol/v1.PriorityLevelConfigurationCondition 1s=type 2s=status 3T=lastTransitionTime 4s=reason 5s=message
flowcontrol/v1beta1.PriorityLevelConfigurationReference 1s=name
flowcontrol/v1beta1.FlowDistinguisherMethod 1s=type
flowcontrol/v1beta1.PolicyRulesWithSubjects 1*m918=subjects 2*m919=resourceRules 3*m920=nonResourceRules
flowcontrol/v1beta1.FlowSchemaCondition 1s=type 2s=status 3T=lastTransitionTime 4s=reason 5s=message
flowcontrol/v1beta1.LimitedPriorityLevelConfiguration 1i=assuredConcurrencyShares 2m921=limitResponse 3i=lendablePercent 4i=borrowingLimitPercent
flowcontrol/v1beta1.ExemptPriorityLevelConfiguration 1i=nominalConcurrencyShares 2i=lendablePercent
flowcontrol/v1beta1.PriorityLevelConfigurationCondition 1s=type 2s=status 3T=lastTransitionTime 4s=reason 5s=message
flowcontrol/v1beta2.PriorityLevelConfigurationReference 1s=name
flowcontrol/v1beta2.FlowDistinguisherMethod 1s=type
flowcontrol/v1beta2.PolicyRulesWithSubjects 1*m922=subjects 2*m923=resourceRules 3*m924=nonResourceRules
flowcontrol/v1beta2.FlowSchemaCondition 1s=type 2s=status 3T=lastTransitionTime 4s=reason 5s=message
flowcontrol/v1beta2.LimitedPriorityLevelConfiguration 1i=assuredConcurrencyShares 2m925=limitResponse 3i=lendablePercent 4i=borrowingLimitPercent
flowcontrol/v1beta2.ExemptPriorityLevelConfiguration 1i=nominalConcurrencyShares 2i=lendablePercent
flowcontrol/v1beta2.PriorityLevelConfigurationCondition 1s=type 2s=status 3T=lastTransitionTime 4s=reason 5s=message
flowcontrol/v1beta3.PriorityLevelConfigurationReference 1s=name
flowcontrol/v1beta3.FlowDistinguisherMethod 1s=type
flowcontrol/v1beta3.PolicyRulesWithSubjects 1*m926=subjects 2*m927=resourceRules 3*m928=nonResourceRules
flowcontrol/v1beta3.FlowSchemaCondition 1s=type 2s=status 3T=lastTransitionTime 4s=reason 5s=message
flowcontrol/v1beta3.LimitedPriorityLevelConfiguration 1i=nominalConcurrencyShares 2m929=limitResponse 3i=lendablePercent 4i=borrowingLimitPercent
flowcontrol/v1beta3.ExemptPriorityLevelConfiguration 1i=nominalConcurrencyShares 2i=lendablePercent
flowcontrol/v1beta3.PriorityLevelConfigurationCondition 1s=type 2s=status 3T=lastTransitionTime 4s=reason 5s=message
apiserverinternal/v1alpha1.ServerStorageVersion 1s=apiServerID 2s=encodingVersion 3*s=decodableVersions 4*s=servedVersions
apiserverinternal/v1alpha1.StorageVersionCondition 1s=type 2s=status 3l=observedGeneration 4T=lastTransitionTime 5s=reason 6s=message
networking/v1.ParentReference 1s=group 2s=resource 3s=namespace 4s=name
networking/v1.IngressBackend 4m930=service 3m824=resource
networking/v1.IngressTLS 1*s=hosts 2s=secretName
networking/v1.IngressRule 1s=host 2^m931=
networking/v1.IngressLoadBalancerStatus 1*m932=ingress
networking/v1.IngressClassParametersReference 1s=apiGroup 2s=kind 3s=name 4s=scope 5s=namespace
networking/v1.NetworkPolicyIngressRule 1*m933=ports 2*m934=from
networking/v1.NetworkPolicyEgressRule 1*m933=ports 2*m934=to
networking/v1beta1.ParentReference 1s=group 2s=resource 3s=namespace 4s=name
networking/v1beta1.IngressBackend 1s=serviceName 2O=servicePort 3m824=resource
networking/v1beta1.IngressTLS 1*s=hosts 2s=secretName
networking/v1beta1.IngressRule 1s=host 2^m935=
networking/v1beta1.IngressLoadBalancerStatus 1*m936=ingress
networking/v1beta1.IngressClassParametersReference 1s=apiGroup 2s=kind 3s=name 4s=scope 5s=namespace
core/v1.Toleration 1s=key 2s=operator 3s=value 4s=effect 5l=tolerationSeconds
node/v1alpha1.Overhead 1MQ=podFixed
node/v1alpha1.Scheduling 1Ms=nodeSelector 2*m751=tolerations
resource/v1.DeviceSelector 1m937=cel
resource/v1.DeviceClassConfiguration 1^m938=
resource/v1.DeviceClaim 1*m939=requests 2*m940=constraints 3*m941=config
resource/v1.AllocationResult 1m942=devices 3m761=nodeSelector 5T=allocationTimestamp
resource/v1.ResourceClaimConsumerReference 1s=apiGroup 3s=resource 4s=name 5s=uid
resource/v1.AllocatedDeviceStatus 1s=driver 2s=pool 3s=device 7s=shareID 4*m605=conditions 5R=data 6m943=networkData
resource/v1.ResourcePool 1s=name 2l=generation 3l=resourceSliceCount
core/v1.NodeSelector 1*m944=nodeSelectorTerms
resource/v1.Device 1s=name 2Mm945=attributes 3Mm946=capacity 4*m947=consumesCounters 5s=nodeName 6m761=nodeSelector 7t=allNodes 8*m948=taints 9t=bindsToNode 10*s=bindingConditions 11*s=bindingFailureConditions 12t=allowMultipleAllocations 13Mm949=nodeAllocatableResourceMappings
resource/v1.CounterSet 1s=name 2Mm950=counters
resource/v1alpha3.DeviceTaintSelector 2s=driver 3s=pool 4s=device
resource/v1alpha3.DeviceTaint 1s=key 2s=value 3s=effect 4T=timeAdded
resource/v1alpha3.PoolStatus 1s=driver 2s=poolName 9l=generation 8i=resourceSliceCount 4i=totalDevices 5i=allocatedDevices 6i=availableDevices 7i=unavailableDevices 3s=nodeName 10s=validationError
resource/v1beta1.DeviceSelector 1m951=cel
resource/v1beta1.DeviceClassConfiguration 1^m952=
resource/v1beta1.DeviceClaim 1*m953=requests 2*m954=constraints 3*m955=config
resource/v1beta1.AllocationResult 1m956=devices 3m761=nodeSelector 5T=allocationTimestamp
resource/v1beta1.ResourceClaimConsumerReference 1s=apiGroup 3s=resource 4s=name 5s=uid
resource/v1beta1.AllocatedDeviceStatus 1s=driver 2s=pool 3s=device 7s=shareID 4*m605=conditions 5R=data 6m957=networkData
resource/v1beta1.ResourcePool 1s=name 2l=generation 3l=resourceSliceCount
resource/v1beta1.Device 1s=name 2m958=basic
resource/v1beta1.CounterSet 1s=name 2Mm959=counters
resource/v1beta2.DeviceSelector 1m960=cel
resource/v1beta2.DeviceClassConfiguration 1^m961=
resource/v1beta2.DeviceTaintSelector 2s=driver 3s=pool 4s=device
resource/v1beta2.DeviceTaint 1s=key 2s=value 3s=effect 4T=timeAdded
resource/v1beta2.DeviceClaim 1*m962=requests 2*m963=constraints 3*m964=config
resource/v1beta2.AllocationResult 1m965=devices 3m761=nodeSelector 5T=allocationTimestamp
resource/v1beta2.ResourceClaimConsumerReference 1s=apiGroup 3s=resource 4s=name 5s=uid
resource/v1beta2.AllocatedDeviceStatus 1s=driver 2s=pool 3s=device 7s=shareID 4*m605=conditions 5R=data 6m966=networkData
resource/v1beta2.ResourcePool 1s=name 2l=generation 3l=resourceSliceCount
resource/v1beta2.Device 1s=name 2Mm967=attributes 3Mm968=capacity 4*m969=consumesCounters 5s=nodeName 6m761=nodeSelector 7t=allNodes 8*m779=taints 9t=bindsToNode 10*s=bindingConditions 11*s=bindingFailureConditions 12t=allowMultipleAllocations 13Mm970=nodeAllocatableResourceMappings
resource/v1beta2.CounterSet 1s=name 2Mm971=counters
scheduling/v1alpha2.PodGroupTemplateReference 1m972=workload
scheduling/v1alpha2.PodGroupSchedulingPolicy 1m973=basic 2m974=gang
scheduling/v1alpha2.PodGroupSchedulingConstraints 1*m975=topology
scheduling/v1alpha2.PodGroupResourceClaim 1s=name 2s=resourceClaimName 3s=resourceClaimTemplateName
scheduling/v1alpha2.PodGroupResourceClaimStatus 1s=name 2s=resourceClaimName
scheduling/v1alpha2.TypedLocalObjectReference 1s=apiGroup 2s=kind 3s=name
scheduling/v1alpha2.PodGroupTemplate 1s=name 2m788=schedulingPolicy 3m789=schedulingConstraints 4*m790=resourceClaims 5s=disruptionMode 6s=priorityClassName 7i=priority
storage/v1.TokenRequest 1s=audience 2l=expirationSeconds
storage/v1.CSINodeDriver 1s=name 2s=nodeID 3*s=topologyKeys 4m976=allocatable
core/v1.TopologySelectorLabelRequirement 1s=key 2*s=values
storage/v1.VolumeAttachmentSource 1s=persistentVolumeName 2m576=inlineVolumeSpec
storage/v1.VolumeError 1T=time 2s=message 3i=errorCode
storage/v1alpha1.VolumeAttachmentSource 1s=persistentVolumeName 2m576=inlineVolumeSpec
storage/v1alpha1.VolumeError 1T=time 2s=message 3i=errorCode
storage/v1beta1.TokenRequest 1s=audience 2l=expirationSeconds
storage/v1beta1.CSINodeDriver 1s=name 2s=nodeID 3*s=topologyKeys 4m977=allocatable
storage/v1beta1.VolumeAttachmentSource 1s=persistentVolumeName 2m576=inlineVolumeSpec
storage/v1beta1.VolumeError 1T=time 2s=message 3i=errorCode
meta/v1.GroupResource 1s=group 2s=resource
core/v1.EndpointAddress 1s=ip 3s=hostname 4s=nodeName 2m453=targetRef
core/v1.EndpointPort 1s=name 2i=port 3s=protocol 4s=appProtocol
core/v1.LimitRangeItem 1s=type 2MQ=max 3MQ=min 4MQ=default 5MQ=defaultRequest 6MQ=maxLimitRequestRatio
core/v1.NamespaceCondition 1s=type 2s=status 4T=lastTransitionTime 5s=reason 6s=message
core/v1.Taint 1s=key 2s=value 3s=effect 4T=timeAdded
core/v1.NodeConfigSource 2m978=configMap
core/v1.NodeCondition 1s=type 2s=status 3T=lastHeartbeatTime 4T=lastTransitionTime 5s=reason 6s=message
core/v1.NodeAddress 1s=type 2s=address
core/v1.NodeDaemonEndpoints 1m979=kubeletEndpoint
core/v1.NodeSystemInfo 1s=machineID 2s=systemUUID 3s=bootID 4s=kernelVersion 5s=osImage 6s=containerRuntimeVersion 7s=kubeletVersion 8s=kubeProxyVersion 9s=operatingSystem 10s=architecture 11m980=swap
core/v1.ContainerImage 1*s=names 2l=sizeBytes
core/v1.AttachedVolume 1s=name 2s=devicePath
core/v1.NodeConfigStatus 1m811=assigned 2m811=active 3m811=lastKnownGood 4s=error
core/v1.NodeRuntimeHandler 1s=name 2m981=features
core/v1.NodeFeatures 1t=supplementalGroupsPolicy
core/v1.PersistentVolumeSource 1m982=gcePersistentDisk 2m983=awsElasticBlockStore 3m984=hostPath 4m985=glusterfs 5m986=nfs 6m987=rbd 7m988=iscsi 8m989=cinder 9m990=cephfs 10m991=fc 11m992=flocker 12m993=flexVolume 13m994=azureFile 14m995=vsphereVolume 15m996=quobyte 16m997=azureDisk 17m998=photonPersistentDisk 18m999=portworxVolume 19m1000=scaleIO 20m1001=local 21m1002=storageos 22m1003=csi
core/v1.VolumeNodeAffinity 1m761=required
core/v1.VolumeResourceRequirements 1MQ=limits 2MQ=requests
core/v1.TypedLocalObjectReference 1s=apiGroup 2s=kind 3s=name
core/v1.TypedObjectReference 1s=apiGroup 2s=kind 3s=name 4s=namespace
core/v1.PersistentVolumeClaimCondition 1s=type 2s=status 3T=lastProbeTime 4T=lastTransitionTime 5s=reason 6s=message
core/v1.ModifyVolumeStatus 1s=targetVolumeAttributesClassName 2s=status
core/v1.Volume 1s=name 2^m1004=
core/v1.Container 1s=name 2s=image 3*s=command 4*s=args 5s=workingDir 6*m1005=ports 19*m1006=envFrom 7*m1007=env 8m840=resources 23*m1008=resizePolicy 24s=restartPolicy 25*m1009=restartPolicyRules 9*m1010=volumeMounts 21*m1011=volumeDevices 10m1012=livenessProbe 11m1012=readinessProbe 22m1012=startupProbe 12m1013=lifecycle 13s=terminationMessagePath 20s=terminationMessagePolicy 14s=imagePullPolicy 15m1014=securityContext 16t=stdin 17t=stdinOnce 18t=tty
core/v1.EphemeralContainer 1^m1015= 2s=targetContainerName
core/v1.PodSecurityContext 1m1016=seLinuxOptions 8m1017=windowsOptions 2l=runAsUser 6l=runAsGroup 3t=runAsNonRoot 4*l=supplementalGroups 12s=supplementalGroupsPolicy 5l=fsGroup 7*m1018=sysctls 9s=fsGroupChangePolicy 10m1019=seccompProfile 11m1020=appArmorProfile 13s=seLinuxChangePolicy
core/v1.Affinity 1m1021=nodeAffinity 2m1022=podAffinity 3m1023=podAntiAffinity
core/v1.HostAlias 1s=ip 2*s=hostnames
core/v1.PodDNSConfig 1*s=nameservers 2*s=searches 3*m1024=options
core/v1.PodReadinessGate 1s=conditionType
core/v1.TopologySpreadConstraint 1i=maxSkew 2s=topologyKey 3s=whenUnsatisfiable 4m454=labelSelector 5i=minDomains 6s=nodeAffinityPolicy 7s=nodeTaintsPolicy 8*s=matchLabelKeys
core/v1.PodOS 1s=name
core/v1.PodSchedulingGate 1s=name
core/v1.PodResourceClaim 1s=name 3s=resourceClaimName 4s=resourceClaimTemplateName
core/v1.ResourceRequirements 1MQ=limits 2MQ=requests 3*m1025=claims
core/v1.PodSchedulingGroup 1s=podGroupName
core/v1.PodCondition 1s=type 7l=observedGeneration 2s=status 3T=lastProbeTime 4T=lastTransitionTime 5s=reason 6s=message
core/v1.HostIP 1s=ip
core/v1.PodIP 1s=ip
core/v1.ContainerStatus 1s=name 2m1026=state 3m1026=lastState 4t=ready 5i=restartCount 6s=image 7s=imageID 8s=containerID 9t=started 10MQ=allocatedResources 11m840=resources 12*m1027=volumeMounts 13m1028=user 14*m1029=allocatedResourcesStatus 15s=stopSignal
core/v1.PodResourceClaimStatus 1s=name 2s=resourceClaimName
core/v1.PodExtendedResourceClaimStatus 1*m1030=requestMappings 2s=resourceClaimName
core/v1.NodeAllocatableResourceClaimStatus 1s=resourceClaimName 2*s=containers 3MQ=resources
core/v1.ReplicationControllerCondition 1s=type 2s=status 3T=lastTransitionTime 4s=reason 5s=message
core/v1.ScopeSelector 1*m1031=matchExpressions
core/v1.ServicePort 1s=name 2s=protocol 6s=appProtocol 3i=port 4O=targetPort 5i=nodePort
core/v1.SessionAffinityConfig 1m1032=clientIP
core/v1.LoadBalancerStatus 1*m1033=ingress
meta/v1.StatusCause 1s=reason 2s=message 3s=field
admissionregistration/v1.NamedRuleWithOperations 1*s=resourceNames 2^m601=
admissionregistration/v1.ApplyConfiguration 1s=expression
admissionregistration/v1.JSONPatch 1s=expression
admissionregistration/v1.ServiceReference 1s=namespace 2s=name 3s=path 4i=port
admissionregistration/v1.Rule 1*s=apiGroups 2*s=apiVersions 3*s=resources 4s=scope
admissionregistration/v1.ExpressionWarning 2s=fieldRef 3s=warning
admissionregistration/v1alpha1.NamedRuleWithOperations 1*s=resourceNames 2^m601=
admissionregistration/v1alpha1.ApplyConfiguration 1s=expression
admissionregistration/v1alpha1.JSONPatch 1s=expression
admissionregistration/v1alpha1.ExpressionWarning 2s=fieldRef 3s=warning
admissionregistration/v1beta1.NamedRuleWithOperations 1*s=resourceNames 2^m601=
admissionregistration/v1beta1.ApplyConfiguration 1s=expression
admissionregistration/v1beta1.JSONPatch 1s=expression
admissionregistration/v1beta1.ServiceReference 1s=namespace 2s=name 3s=path 4i=port
admissionregistration/v1beta1.ExpressionWarning 2s=fieldRef 3s=warning
meta/v1.GroupVersionKind 1s=group 2s=version 3s=kind
apidiscovery/v2.APISubresourceDiscovery 1s=subresource 2m870=responseKind 3*m870=acceptedTypes 4*s=verbs
apiextensions/v1.CustomResourceValidation 1m1034=openAPIV3Schema
apiextensions/v1.CustomResourceSubresources 1m1035=status 2m1036=scale
apiextensions/v1.CustomResourceColumnDefinition 1s=name 2s=type 3s=format 4s=description 5i=priority 6s=jsonPath
apiextensions/v1.SelectableField 1s=jsonPath
apiextensions/v1.WebhookConversion 2m1037=clientConfig 3*s=conversionReviewVersions
apiextensions/v1beta1.JSONSchemaProps 1s=id 2s=$schema 3s=$ref 4s=description 5s=type 6s=format 7s=title 8J=default 9d=maximum 10t=exclusiveMaximum 11d=minimum 12t=exclusiveMinimum 13l=maxLength 14l=minLength 15s=pattern 16l=maxItems 17l=minItems 18t=uniqueItems 19d=multipleOf 20*J=enum 21l=maxProperties 22l=minProperties 23*s=required 24A877=items 25*m877=allOf 26*m877=oneOf 27*m877=anyOf 28m877=not 29Mm877=properties 30B877=additionalProperties 31Mm877=patternProperties 32MS877=dependencies 33B877=additionalItems 34Mm877=definitions 35m1038=externalDocs 36J=example 37t=nullable 38t=x-kubernetes-preserve-unknown-fields 39t=x-kubernetes-embedded-resource 40t=x-kubernetes-int-or-string 41*s=x-kubernetes-list-map-keys 42s=x-kubernetes-list-type 43s=x-kubernetes-map-type 44*m1039=x-kubernetes-validations
apiextensions/v1beta1.CustomResourceSubresourceStatus
apiextensions/v1beta1.CustomResourceSubresourceScale 1s=specReplicasPath 2s=statusReplicasPath 3s=labelSelectorPath
apiextensions/v1beta1.WebhookClientConfig 3s=url 1m1040=service 2b=caBundle
apps/v1.RollingUpdateDaemonSet 1O=maxUnavailable 2O=maxSurge
apps/v1.RollingUpdateDeployment 1O=maxUnavailable 2O=maxSurge
apps/v1.RollingUpdateStatefulSetStrategy 1i=partition 2O=maxUnavailable
apps/v1beta1.RollingUpdateDeployment 1O=maxUnavailable 2O=maxSurge
apps/v1beta1.RollingUpdateStatefulSetStrategy 1i=partition 2O=maxUnavailable
apps/v1beta2.RollingUpdateDaemonSet 1O=maxUnavailable 2O=maxSurge
apps/v1beta2.RollingUpdateDeployment 1O=maxUnavailable 2O=maxSurge
apps/v1beta2.RollingUpdateStatefulSetStrategy 1i=partition 2O=maxUnavailable
authorization/v1.FieldSelectorAttributes 1s=rawSelector 2*m1041=requirements
authorization/v1.LabelSelectorAttributes 1s=rawSelector 2*m691=requirements
autoscaling/v2.ObjectMetricSource 1m678=describedObject 2m1042=target 3m1043=metric
autoscaling/v2.PodsMetricSource 1m1043=metric 2m1042=target
autoscaling/v2.ResourceMetricSource 1s=name 2m1042=target
autoscaling/v2.ContainerResourceMetricSource 1s=name 2m1042=target 3s=container
autoscaling/v2.ExternalMetricSource 1m1043=metric 2m1042=target
autoscaling/v2.HPAScalingRules 3i=stabilizationWindowSeconds 1s=selectPolicy 2*m1044=policies 4Q=tolerance
autoscaling/v2.ObjectMetricStatus 1m1043=metric 2m1045=current 3m678=describedObject
autoscaling/v2.PodsMetricStatus 1m1043=metric 2m1045=current
autoscaling/v2.ResourceMetricStatus 1s=name 2m1045=current
autoscaling/v2.ContainerResourceMetricStatus 1s=name 2m1045=current 3s=container
autoscaling/v2.ExternalMetricStatus 1m1043=metric 2m1045=current
batch/v1.PodFailurePolicyRule 1s=action 2m1046=onExitCodes 3*m1047=onPodConditions
batch/v1.SuccessPolicyRule 1s=succeededIndexes 2i=succeededCount
discovery/v1.ForZone 1s=name
discovery/v1.ForNode 1s=name
discovery/v1beta1.ForZone 1s=name
discovery/v1beta1.ForNode 1s=name
extensions/v1beta1.RollingUpdateDaemonSet 1O=maxUnavailable 2O=maxSurge
extensions/v1beta1.RollingUpdateDeployment 1O=maxUnavailable 2O=maxSurge
extensions/v1beta1.IngressRuleValue 1m1048=http
extensions/v1beta1.IngressLoadBalancerIngress 1s=ip 2s=hostname 4*m1049=ports
extensions/v1beta1.NetworkPolicyPort 1s=protocol 2O=port 3i=endPort
extensions/v1beta1.NetworkPolicyPeer 1m454=podSelector 2m454=namespaceSelector 3m1050=ipBlock
flowcontrol/v1.Subject 1s=kind 2m1051=user 3m1052=group 4m1053=serviceAccount
flowcontrol/v1.ResourcePolicyRule 1*s=verbs 2*s=apiGroups 3*s=resources 4t=clusterScope 5*s=namespaces
flowcontrol/v1.NonResourcePolicyRule 1*s=verbs 6*s=nonResourceURLs
flowcontrol/v1.LimitResponse 1s=type 2m1054=queuing
flowcontrol/v1beta1.Subject 1s=kind 2m1055=user 3m1056=group 4m1057=serviceAccount
flowcontrol/v1beta1.ResourcePolicyRule 1*s=verbs 2*s=apiGroups 3*s=resources 4t=clusterScope 5*s=namespaces
flowcontrol/v1beta1.NonResourcePolicyRule 1*s=verbs 6*s=nonResourceURLs
flowcontrol/v1beta1.LimitResponse 1s=type 2m1058=queuing
flowcontrol/v1beta2.Subject 1s=kind 2m1059=user 3m1060=group 4m1061=serviceAccount
flowcontrol/v1beta2.ResourcePolicyRule 1*s=verbs 2*s=apiGroups 3*s=resources 4t=clusterScope 5*s=namespaces
flowcontrol/v1beta2.NonResourcePolicyRule 1*s=verbs 6*s=nonResourceURLs
flowcontrol/v1beta2.LimitResponse 1s=type 2m1062=queuing
flowcontrol/v1beta3.Subject 1s=kind 2m1063=user 3m1064=group 4m1065=serviceAccount
flowcontrol/v1beta3.ResourcePolicyRule 1*s=verbs 2*s=apiGroups 3*s=resources 4t=clusterScope 5*s=namespaces
flowcontrol/v1beta3.NonResourcePolicyRule 1*s=verbs 6*s=nonResourceURLs
flowcontrol/v1beta3.LimitResponse 1s=type 2m1066=queuing
networking/v1.IngressServiceBackend 1s=name 2m1067=port
networking/v1.IngressRuleValue 1m1068=http
networking/v1.IngressLoadBalancerIngress 1s=ip 2s=hostname 4*m1069=ports
networking/v1.NetworkPolicyPort 1s=protocol 2O=port 3i=endPort
networking/v1.NetworkPolicyPeer 1m454=podSelector 2m454=namespaceSelector 3m1070=ipBlock
networking/v1beta1.IngressRuleValue 1m1071=http
networking/v1beta1.IngressLoadBalancerIngress 1s=ip 2s=hostname 4*m1072=ports
resource/v1.CELDeviceSelector 1s=expression
resource/v1.DeviceConfiguration 1m1073=opaque
resource/v1.DeviceRequest 1s=name 2m1074=exactly 3*m1075=firstAvailable
resource/v1.DeviceConstraint 1*s=requests 2s=matchAttribute 3s=distinctAttribute
resource/v1.DeviceClaimConfiguration 1*s=requests 2^m938=
resource/v1.DeviceAllocationResult 1*m1076=results 2*m1077=config
resource/v1.NetworkDeviceData 1s=interfaceName 2*s=ips 3s=hardwareAddress
core/v1.NodeSelectorTerm 1*m1078=matchExpressions 2*m1078=matchFields
resource/v1.DeviceAttribute 2l=int 3t=bool 4s=string 5s=version 6*l=ints 7*t=bools 8*s=strings 9*s=versions
resource/v1.DeviceCapacity 1Q=value 2m1079=requestPolicy
resource/v1.DeviceCounterConsumption 1s=counterSet 2Mm950=counters
resource/v1.DeviceTaint 1s=key 2s=value 3s=effect 4T=timeAdded
resource/v1.NodeAllocatableResourceMapping 1s=capacityKey 2Q=allocationMultiplier
resource/v1.Counter 1Q=value
resource/v1beta1.CELDeviceSelector 1s=expression
resource/v1beta1.DeviceConfiguration 1m1080=opaque
resource/v1beta1.DeviceRequest 1s=name 2s=deviceClassName 3*m767=selectors 4s=allocationMode 5l=count 6t=adminAccess 7*m1081=firstAvailable 8*m1082=tolerations 9m1083=capacity
resource/v1beta1.DeviceConstraint 1*s=requests 2s=matchAttribute 3s=distinctAttribute
resource/v1beta1.DeviceClaimConfiguration 1*s=requests 2^m952=
resource/v1beta1.DeviceAllocationResult 1*m1084=results 2*m1085=config
resource/v1beta1.NetworkDeviceData 1s=interfaceName 2*s=ips 3s=hardwareAddress
resource/v1beta1.BasicDevice 1Mm1086=attributes 2Mm1087=capacity 3*m1088=consumesCounters 4s=nodeName 5m761=nodeSelector 6t=allNodes 7*m1089=taints 8t=bindsToNode 9*s=bindingConditions 10*s=bindingFailureConditions 11t=allowMultipleAllocations 12Mm1090=nodeAllocatableResourceMappings
resource/v1beta1.Counter 1Q=value
resource/v1beta2.CELDeviceSelector 1s=expression
resource/v1beta2.DeviceConfiguration 1m1091=opaque
resource/v1beta2.DeviceRequest 1s=name 2m1092=exactly 3*m1093=firstAvailable
resource/v1beta2.DeviceConstraint 1*s=requests 2s=matchAttribute 3s=distinctAttribute
resource/v1beta2.DeviceClaimConfiguration 1*s=requests 2^m961=
resource/v1beta2.DeviceAllocationResult 1*m1094=results 2*m1095=config
resource/v1beta2.NetworkDeviceData 1s=interfaceName 2*s=ips 3s=hardwareAddress
resource/v1beta2.DeviceAttribute 2l=int 3t=bool 4s=string 5s=version 6*l=ints 7*t=bools 8*s=strings 9*s=versions
resource/v1beta2.DeviceCapacity 1Q=value 2m1096=requestPolicy
resource/v1beta2.DeviceCounterConsumption 1s=counterSet 2Mm971=counters
resource/v1beta2.NodeAllocatableResourceMapping 1s=capacityKey 2Q=allocationMultiplier
resource/v1beta2.Counter 1Q=value
scheduling/v1alpha2.WorkloadPodGroupTemplateReference 1s=workloadName 2s=podGroupTemplateName
scheduling/v1alpha2.BasicSchedulingPolicy
scheduling/v1alpha2.GangSchedulingPolicy 1i=minCount
scheduling/v1alpha2.TopologyConstraint 1s=key
storage/v1.VolumeNodeResources 1i=count
storage/v1beta1.VolumeNodeResources 1i=count
core/v1.ConfigMapNodeConfigSource 1s=namespace 2s=name 3s=uid 4s=resourceVersion 5s=kubeletConfigKey
core/v1.DaemonEndpoint 1i=Port
core/v1.NodeSwapStatus 1l=capacity
core/v1.NodeRuntimeHandlerFeatures 1t=recursiveReadOnlyMounts 2t=userNamespaces
core/v1.GCEPersistentDiskVolumeSource 1s=pdName 2s=fsType 3i=partition 4t=readOnly
core/v1.AWSElasticBlockStoreVolumeSource 1s=volumeID 2s=fsType 3i=partition 4t=readOnly
core/v1.HostPathVolumeSource 1s=path 2s=type
core/v1.GlusterfsPersistentVolumeSource 1s=endpoints 2s=path 3t=readOnly 4s=endpointsNamespace
core/v1.NFSVolumeSource 1s=server 2s=path 3t=readOnly
core/v1.RBDPersistentVolumeSource 1*s=monitors 2s=image 3s=fsType 4s=pool 5s=user 6s=keyring 7m1097=secretRef 8t=readOnly
core/v1.ISCSIPersistentVolumeSource 1s=targetPortal 2s=iqn 3i=lun 4s=iscsiInterface 5s=fsType 6t=readOnly 7*s=portals 8t=chapAuthDiscovery 11t=chapAuthSession 10m1097=secretRef 12s=initiatorName
core/v1.CinderPersistentVolumeSource 1s=volumeID 2s=fsType 3t=readOnly 4m1097=secretRef
core/v1.CephFSPersistentVolumeSource 1*s=monitors 2s=path 3s=user 4s=secretFile 5m1097=secretRef 6t=readOnly
core/v1.FCVolumeSource 1*s=targetWWNs 2i=lun 3s=fsType 4t=readOnly 5*s=wwids
core/v1.FlockerVolumeSource 1s=datasetName 2s=datasetUUID
core/v1.FlexPersistentVolumeSource 1s=driver 2s=fsType 3m1097=secretRef 4t=readOnly 5Ms=options
core/v1.AzureFilePersistentVolumeSource 1s=secretName 2s=shareName 3t=readOnly 4s=secretNamespace
core/v1.VsphereVirtualDiskVolumeSource 1s=volumePath 2s=fsType 3s=storagePolicyName 4s=storagePolicyID
core/v1.QuobyteVolumeSource 1s=registry 2s=volume 3t=readOnly 4s=user 5s=group 6s=tenant
core/v1.AzureDiskVolumeSource 1s=diskName 2s=diskURI 3s=cachingMode 4s=fsType 5t=readOnly 6s=kind
core/v1.PhotonPersistentDiskVolumeSource 1s=pdID 2s=fsType
core/v1.PortworxVolumeSource 1s=volumeID 2s=fsType 3t=readOnly
core/v1.ScaleIOPersistentVolumeSource 1s=gateway 2s=system 3m1097=secretRef 4t=sslEnabled 5s=protectionDomain 6s=storagePool 7s=storageMode 8s=volumeName 9s=fsType 10t=readOnly
core/v1.LocalVolumeSource 1s=path 2s=fsType
core/v1.StorageOSPersistentVolumeSource 1s=volumeName 2s=volumeNamespace 3s=fsType 4t=readOnly 5m453=secretRef
core/v1.CSIPersistentVolumeSource 1s=driver 2s=volumeHandle 3t=readOnly 4s=fsType 5Ms=volumeAttributes 6m1097=controllerPublishSecretRef 7m1097=nodeStageSecretRef 8m1097=nodePublishSecretRef 9m1097=controllerExpandSecretRef 10m1097=nodeExpandSecretRef
core/v1.VolumeSource 1m984=hostPath 2m1098=emptyDir 3m982=gcePersistentDisk 4m983=awsElasticBlockStore 5m1099=gitRepo 6m1100=secret 7m986=nfs 8m1101=iscsi 9m1102=glusterfs 10m1103=persistentVolumeClaim 11m1104=rbd 12m1105=flexVolume 13m1106=cinder 14m1107=cephfs 15m992=flocker 16m1108=downwardAPI 17m991=fc 18m1109=azureFile 19m1110=configMap 20m995=vsphereVolume 21m996=quobyte 22m997=azureDisk 23m998=photonPersistentDisk 26m1111=projected 24m999=portworxVolume 25m1112=scaleIO 27m1113=storageos 28m1114=csi 29m1115=ephemeral 30m1116=image
core/v1.ContainerPort 1s=name 2i=hostPort 3i=containerPort 4s=protocol 5s=hostIP
core/v1.EnvFromSource 1s=prefix 2m1117=configMapRef 3m1118=secretRef
core/v1.EnvVar 1s=name 2s=value 3m1119=valueFrom
core/v1.ContainerResizePolicy 1s=resourceName 2s=restartPolicy
core/v1.ContainerRestartRule 1s=action 2m1120=exitCodes
core/v1.VolumeMount 1s=name 2t=readOnly 7s=recursiveReadOnly 3s=mountPath 4s=subPath 5s=mountPropagation 6s=subPathExpr
core/v1.VolumeDevice 1s=name 2s=devicePath
core/v1.Probe 1^m1121= 2i=initialDelaySeconds 3i=timeoutSeconds 4i=periodSeconds 5i=successThreshold 6i=failureThreshold 7l=terminationGracePeriodSeconds
core/v1.Lifecycle 1m1122=postStart 2m1122=preStop 3s=stopSignal
core/v1.SecurityContext 1m1123=capabilities 2t=privileged 3m1016=seLinuxOptions 10m1017=windowsOptions 4l=runAsUser 8l=runAsGroup 5t=runAsNonRoot 6t=readOnlyRootFilesystem 7t=allowPrivilegeEscalation 9s=procMount 11m1019=seccompProfile 12m1020=appArmorProfile
core/v1.EphemeralContainerCommon 1s=name 2s=image 3*s=command 4*s=args 5s=workingDir 6*m1005=ports 19*m1006=envFrom 7*m1007=env 8m840=resources 23*m1008=resizePolicy 24s=restartPolicy 25*m1009=restartPolicyRules 9*m1010=volumeMounts 21*m1011=volumeDevices 10m1012=livenessProbe 11m1012=readinessProbe 22m1012=startupProbe 12m1013=lifecycle 13s=terminationMessagePath 20s=terminationMessagePolicy 14s=imagePullPolicy 15m1014=securityContext 16t=stdin 17t=stdinOnce 18t=tty
core/v1.SELinuxOptions 1s=user 2s=role 3s=type 4s=level
core/v1.WindowsSecurityContextOptions 1s=gmsaCredentialSpecName 2s=gmsaCredentialSpec 3s=runAsUserName 4t=hostProcess
core/v1.Sysctl 1s=name 2s=value
core/v1.SeccompProfile 1s=type 2s=localhostProfile
core/v1.AppArmorProfile 1s=type 2s=localhostProfile
core/v1.NodeAffinity 1m761=requiredDuringSchedulingIgnoredDuringExecution 2*m1124=preferredDuringSchedulingIgnoredDuringExecution
core/v1.PodAffinity 1*m1125=requiredDuringSchedulingIgnoredDuringExecution 2*m1126=preferredDuringSchedulingIgnoredDuringExecution
core/v1.PodAntiAffinity 1*m1125=requiredDuringSchedulingIgnoredDuringExecution 2*m1126=preferredDuringSchedulingIgnoredDuringExecution
core/v1.PodDNSConfigOption 1s=name 2s=value
core/v1.ResourceClaim 1s=name 2s=request
core/v1.ContainerState 1m1127=waiting 2m1128=running 3m1129=terminated
core/v1.VolumeMountStatus 1s=name 2s=mountPath 3t=readOnly 4s=recursiveReadOnly 5m1130=volumeStatus
core/v1.ContainerUser 1m1131=linux
core/v1.ResourceStatus 1s=name 2*m1132=resources
core/v1.ContainerExtendedResourceRequest 1s=containerName 2s=resourceName 3s=requestName
core/v1.ScopedResourceSelectorRequirement 1s=scopeName 2s=operator 3*s=values
core/v1.ClientIPConfig 1i=timeoutSeconds
core/v1.LoadBalancerIngress 1s=ip 2s=hostname 3s=ipMode 4*m1133=ports
apiextensions/v1.JSONSchemaProps 1s=id 2s=$schema 3s=$ref 4s=description 5s=type 6s=format 7s=title 8J=default 9d=maximum 10t=exclusiveMaximum 11d=minimum 12t=exclusiveMinimum 13l=maxLength 14l=minLength 15s=pattern 16l=maxItems 17l=minItems 18t=uniqueItems 19d=multipleOf 20*J=enum 21l=maxProperties 22l=minProperties 23*s=required 24A1034=items 25*m1034=allOf 26*m1034=oneOf 27*m1034=anyOf 28m1034=not 29Mm1034=properties 30B1034=additionalProperties 31Mm1034=patternProperties 32MS1034=dependencies 33B1034=additionalItems 34Mm1034=definitions 35m1134=externalDocs 36J=example 37t=nullable 38t=x-kubernetes-preserve-unknown-fields 39t=x-kubernetes-embedded-resource 40t=x-kubernetes-int-or-string 41*s=x-kubernetes-list-map-keys 42s=x-kubernetes-list-type 43s=x-kubernetes-map-type 44*m1135=x-kubernetes-validations
apiextensions/v1.CustomResourceSubresourceStatus
apiextensions/v1.CustomResourceSubresourceScale 1s=specReplicasPath 2s=statusReplicasPath 3s=labelSelectorPath
apiextensions/v1.WebhookClientConfig 3s=url 1m1136=service 2b=caBundle
apiextensions/v1beta1.ExternalDocumentation 1s=description 2s=url
apiextensions/v1beta1.ValidationRule 1s=rule 2s=message 3s=messageExpression 4s=reason 5s=fieldPath 6t=optionalOldSelf
apiextensions/v1beta1.ServiceReference 1s=namespace 2s=name 3s=path 4i=port
meta/v1.FieldSelectorRequirement 1s=key 2s=operator 3*s=values
autoscaling/v2.MetricTarget 1s=type 2Q=value 3Q=averageValue 4i=averageUtilization
autoscaling/v2.MetricIdentifier 1s=name 2m454=selector
autoscaling/v2.HPAScalingPolicy 1s=type 2i=value 3i=periodSeconds
autoscaling/v2.MetricValueStatus 1Q=value 2Q=averageValue 3i=averageUtilization
batch/v1.PodFailurePolicyOnExitCodesRequirement 1s=containerName 2s=operator 3*i=values
batch/v1.PodFailurePolicyOnPodConditionsPattern 1s=type 2s=status
extensions/v1beta1.HTTPIngressRuleValue 1*m1137=paths
extensions/v1beta1.IngressPortStatus 1i=port 2s=protocol 3s=error
extensions/v1beta1.IPBlock 1s=cidr 2*s=except
flowcontrol/v1.UserSubject 1s=name
flowcontrol/v1.GroupSubject 1s=name
flowcontrol/v1.ServiceAccountSubject 1s=namespace 2s=name
flowcontrol/v1.QueuingConfiguration 1i=queues 2i=handSize 3i=queueLengthLimit
flowcontrol/v1beta1.UserSubject 1s=name
flowcontrol/v1beta1.GroupSubject 1s=name
flowcontrol/v1beta1.ServiceAccountSubject 1s=namespace 2s=name
flowcontrol/v1beta1.QueuingConfiguration 1i=queues 2i=handSize 3i=queueLengthLimit
flowcontrol/v1beta2.UserSubject 1s=name
flowcontrol/v1beta2.GroupSubject 1s=name
flowcontrol/v1beta2.ServiceAccountSubject 1s=namespace 2s=name
flowcontrol/v1beta2.QueuingConfiguration 1i=queues 2i=handSize 3i=queueLengthLimit
flowcontrol/v1beta3.UserSubject 1s=name
flowcontrol/v1beta3.GroupSubject 1s=name
flowcontrol/v1beta3.ServiceAccountSubject 1s=namespace 2s=name
flowcontrol/v1beta3.QueuingConfiguration 1i=queues 2i=handSize 3i=queueLengthLimit
networking/v1.ServiceBackendPort 1s=name 2i=number
networking/v1.HTTPIngressRuleValue 1*m1138=paths
networking/v1.IngressPortStatus 1i=port 2s=protocol 3s=error
networking/v1.IPBlock 1s=cidr 2*s=except
networking/v1beta1.HTTPIngressRuleValue 1*m1139=paths
networking/v1beta1.IngressPortStatus 1i=port 2s=protocol 3s=error
resource/v1.OpaqueDeviceConfiguration 1s=driver 2R=parameters
resource/v1.ExactDeviceRequest 1s=deviceClassName 2*m754=selectors 3s=allocationMode 4l=count 5t=adminAccess 6*m1140=tolerations 7m1141=capacity
resource/v1.DeviceSubRequest 1s=name 2s=deviceClassName 3*m754=selectors 4s=allocationMode 5l=count 6*m1140=tolerations 7m1141=capacity
resource/v1.DeviceRequestAllocationResult 1s=request 2s=driver 3s=pool 4s=device 5t=adminAccess 6*m1140=tolerations 7*s=bindingConditions 8*s=bindingFailureConditions 9s=shareID 10MQ=consumedCapacity
resource/v1.DeviceAllocationConfiguration 1s=source 2*s=requests 3^m938=
core/v1.NodeSelectorRequirement 1s=key 2s=operator 3*s=values
resource/v1.CapacityRequestPolicy 1Q=default 3*Q=validValues 4m1142=validRange
resource/v1beta1.OpaqueDeviceConfiguration 1s=driver 2R=parameters
resource/v1beta1.DeviceSubRequest 1s=name 2s=deviceClassName 3*m767=selectors 4s=allocationMode 5l=count 7*m1082=tolerations 8m1083=capacity
resource/v1beta1.DeviceToleration 1s=key 2s=operator 3s=value 4s=effect 5l=tolerationSeconds
resource/v1beta1.CapacityRequirements 1MQ=requests
resource/v1beta1.DeviceRequestAllocationResult 1s=request 2s=driver 3s=pool 4s=device 5t=adminAccess 6*m1082=tolerations 7*s=bindingConditions 8*s=bindingFailureConditions 9s=shareID 10MQ=consumedCapacity
resource/v1beta1.DeviceAllocationConfiguration 1s=source 2*s=requests 3^m952=
resource/v1beta1.DeviceAttribute 2l=int 3t=bool 4s=string 5s=version 6*l=ints 7*t=bools 8*s=strings 9*s=versions
resource/v1beta1.DeviceCapacity 1Q=value 2m1143=requestPolicy
resource/v1beta1.DeviceCounterConsumption 1s=counterSet 2Mm959=counters
resource/v1beta1.DeviceTaint 1s=key 2s=value 3s=effect 4T=timeAdded
resource/v1beta1.NodeAllocatableResourceMapping 1s=capacityKey 2Q=allocationMultiplier
resource/v1beta2.OpaqueDeviceConfiguration 1s=driver 2R=parameters
resource/v1beta2.ExactDeviceRequest 1s=deviceClassName 2*m776=selectors 3s=allocationMode 4l=count 5t=adminAccess 6*m1144=tolerations 7m1145=capacity
resource/v1beta2.DeviceSubRequest 1s=name 2s=deviceClassName 3*m776=selectors 4s=allocationMode 5l=count 6*m1144=tolerations 7m1145=capacity
resource/v1beta2.DeviceRequestAllocationResult 1s=request 2s=driver 3s=pool 4s=device 5t=adminAccess 6*m1144=tolerations 7*s=bindingConditions 8*s=bindingFailureConditions 9s=shareID 10MQ=consumedCapacity
resource/v1beta2.DeviceAllocationConfiguration 1s=source 2*s=requests 3^m961=
resource/v1beta2.CapacityRequestPolicy 1Q=default 3*Q=validValues 4m1146=validRange
core/v1.SecretReference 1s=name 2s=namespace
core/v1.EmptyDirVolumeSource 1s=medium 2Q=sizeLimit
core/v1.GitRepoVolumeSource 1s=repository 2s=revision 3s=directory
core/v1.SecretVolumeSource 1s=secretName 2*m1147=items 3i=defaultMode 4t=optional
core/v1.ISCSIVolumeSource 1s=targetPortal 2s=iqn 3i=lun 4s=iscsiInterface 5s=fsType 6t=readOnly 7*s=portals 8t=chapAuthDiscovery 11t=chapAuthSession 10m589=secretRef 12s=initiatorName
core/v1.GlusterfsVolumeSource 1s=endpoints 2s=path 3t=readOnly
core/v1.PersistentVolumeClaimVolumeSource 1s=claimName 2t=readOnly
core/v1.RBDVolumeSource 1*s=monitors 2s=image 3s=fsType 4s=pool 5s=user 6s=keyring 7m589=secretRef 8t=readOnly
core/v1.FlexVolumeSource 1s=driver 2s=fsType 3m589=secretRef 4t=readOnly 5Ms=options
core/v1.CinderVolumeSource 1s=volumeID 2s=fsType 3t=readOnly 4m589=secretRef
core/v1.CephFSVolumeSource 1*s=monitors 2s=path 3s=user 4s=secretFile 5m589=secretRef 6t=readOnly
core/v1.DownwardAPIVolumeSource 1*m1148=items 2i=defaultMode
core/v1.AzureFileVolumeSource 1s=secretName 2s=shareName 3t=readOnly
core/v1.ConfigMapVolumeSource 1^m589= 2*m1147=items 3i=defaultMode 4t=optional
core/v1.ProjectedVolumeSource 1*m1149=sources 2i=defaultMode
core/v1.ScaleIOVolumeSource 1s=gateway 2s=system 3m589=secretRef 4t=sslEnabled 5s=protectionDomain 6s=storagePool 7s=storageMode 8s=volumeName 9s=fsType 10t=readOnly
core/v1.StorageOSVolumeSource 1s=volumeName 2s=volumeNamespace 3s=fsType 4t=readOnly 5m589=secretRef
core/v1.CSIVolumeSource 1s=driver 2t=readOnly 3s=fsType 4Ms=volumeAttributes 5m589=nodePublishSecretRef
core/v1.EphemeralVolumeSource 1m1150=volumeClaimTemplate
core/v1.ImageVolumeSource 1s=reference 2s=pullPolicy
core/v1.ConfigMapEnvSource 1^m589= 2t=optional
core/v1.SecretEnvSource 1^m589= 2t=optional
core/v1.EnvVarSource 1m1151=fieldRef 2m1152=resourceFieldRef 3m1153=configMapKeyRef 4m1154=secretKeyRef 5m1155=fileKeyRef
core/v1.ContainerRestartRuleOnExitCodes 1s=operator 2*i=values
core/v1.ProbeHandler 1m1156=exec 2m1157=httpGet 3m1158=tcpSocket 4m1159=grpc
core/v1.LifecycleHandler 1m1156=exec 2m1157=httpGet 3m1158=tcpSocket 4m1160=sleep
core/v1.Capabilities 1*s=add 2*s=drop
core/v1.PreferredSchedulingTerm 1i=weight 2m944=preference
core/v1.PodAffinityTerm 1m454=labelSelector 2*s=namespaces 3s=topologyKey 4m454=namespaceSelector 5*s=matchLabelKeys 6*s=mismatchLabelKeys
core/v1.WeightedPodAffinityTerm 1i=weight 2m1125=podAffinityTerm
core/v1.ContainerStateWaiting 1s=reason 2s=message
core/v1.ContainerStateRunning 1T=startedAt
core/v1.ContainerStateTerminated 1i=exitCode 2i=signal 3s=reason 4s=message 5T=startedAt 6T=finishedAt 7s=containerID
core/v1.VolumeStatus 1m1161=image
core/v1.LinuxContainerUser 1l=uid 2l=gid 3*l=supplementalGroups
core/v1.ResourceHealth 1s=resourceID 2s=health 6s=message
core/v1.PortStatus 1i=port 2s=protocol 3s=error
apiextensions/v1.ExternalDocumentation 1s=description 2s=url
apiextensions/v1.ValidationRule 1s=rule 2s=message 3s=messageExpression 4s=reason 5s=fieldPath 6t=optionalOldSelf
apiextensions/v1.ServiceReference 1s=namespace 2s=name 3s=path 4i=port
extensions/v1beta1.HTTPIngressPath 1s=path 3s=pathType 2m700=backend
networking/v1.HTTPIngressPath 1s=path 3s=pathType 2m738=backend
networking/v1beta1.HTTPIngressPath 1s=path 3s=pathType 2m746=backend
resource/v1.DeviceToleration 1s=key 2s=operator 3s=value 4s=effect 5l=tolerationSeconds
resource/v1.CapacityRequirements 1MQ=requests
resource/v1.CapacityRequestPolicyRange 1Q=min 2Q=max 3Q=step
resource/v1beta1.CapacityRequestPolicy 1Q=default 3*Q=validValues 4m1162=validRange
resource/v1beta2.DeviceToleration 1s=key 2s=operator 3s=value 4s=effect 5l=tolerationSeconds
resource/v1beta2.CapacityRequirements 1MQ=requests
resource/v1beta2.CapacityRequestPolicyRange 1Q=min 2Q=max 3Q=step
core/v1.KeyToPath 1s=key 2s=path 3i=mode
core/v1.DownwardAPIVolumeFile 1s=path 2m1151=fieldRef 3m1152=resourceFieldRef 4i=mode
core/v1.VolumeProjection 1m1163=secret 2m1164=downwardAPI 3m1165=configMap 4m1166=serviceAccountToken 5m1167=clusterTrustBundle 6m1168=podCertificate
core/v1.PersistentVolumeClaimTemplate 1m351=metadata 2m578=spec
core/v1.ObjectFieldSelector 1s=apiVersion 2s=fieldPath
core/v1.ResourceFieldSelector 1s=containerName 2s=resource 3Q=divisor
core/v1.ConfigMapKeySelector 1^m589= 2s=key 3t=optional
core/v1.SecretKeySelector 1^m589= 2s=key 3t=optional
core/v1.FileKeySelector 1s=volumeName 2s=path 3s=key 4t=optional
core/v1.ExecAction 1*s=command
core/v1.HTTPGetAction 1s=path 2O=port 3s=host 4s=scheme 5*m1169=httpHeaders
core/v1.TCPSocketAction 1O=port 2s=host
core/v1.GRPCAction 1i=port 2s=service
core/v1.SleepAction 1l=seconds
core/v1.ImageVolumeStatus 1s=imageRef
resource/v1beta1.CapacityRequestPolicyRange 1Q=min 2Q=max 3Q=step
core/v1.SecretProjection 1^m589= 2*m1147=items 4t=optional
core/v1.DownwardAPIProjection 1*m1148=items
core/v1.ConfigMapProjection 1^m589= 2*m1147=items 4t=optional
core/v1.ServiceAccountTokenProjection 1s=audience 2l=expirationSeconds 3s=path
core/v1.ClusterTrustBundleProjection 1s=name 2s=signerName 3m454=labelSelector 5t=optional 4s=path
core/v1.PodCertificateProjection 1s=signerName 2s=keyType 3i=maxExpirationSeconds 4s=credentialBundlePath 5s=keyPath 6s=certificateChainPath 7Ms=userAnnotations
core/v1.HTTPHeader 1s=name 2s=value

* CreateOptions=0 DeleteOptions=1 GetOptions=2 ListOptions=3 PatchOptions=4 UpdateOptions=5 WatchEvent=6
admissionregistration.k8s.io/v1 MutatingAdmissionPolicy=7 MutatingAdmissionPolicyBinding=8 MutatingAdmissionPolicyBindingList=9 MutatingAdmissionPolicyList=10 MutatingWebhookConfiguration=11 MutatingWebhookConfigurationList=12 ValidatingAdmissionPolicy=13 ValidatingAdmissionPolicyBinding=14 ValidatingAdmissionPolicyBindingList=15 ValidatingAdmissionPolicyList=16 ValidatingWebhookConfiguration=17 ValidatingWebhookConfigurationList=18
admissionregistration.k8s.io/v1alpha1 MutatingAdmissionPolicy=19 MutatingAdmissionPolicyBinding=20 MutatingAdmissionPolicyBindingList=21 MutatingAdmissionPolicyList=22 ValidatingAdmissionPolicy=23 ValidatingAdmissionPolicyBinding=24 ValidatingAdmissionPolicyBindingList=25 ValidatingAdmissionPolicyList=26
admissionregistration.k8s.io/v1beta1 MutatingAdmissionPolicy=27 MutatingAdmissionPolicyBinding=28 MutatingAdmissionPolicyBindingList=29 MutatingAdmissionPolicyList=30 MutatingWebhookConfiguration=31 MutatingWebhookConfigurationList=32 ValidatingAdmissionPolicy=33 ValidatingAdmissionPolicyBinding=34 ValidatingAdmissionPolicyBindingList=35 ValidatingAdmissionPolicyList=36 ValidatingWebhookConfiguration=37 ValidatingWebhookConfigurationList=38
apidiscovery.k8s.io/v2 APIGroupDiscovery=39 APIGroupDiscoveryList=40
apiextensions.k8s.io/v1 ConversionReview=41 CustomResourceDefinition=42 CustomResourceDefinitionList=43
apiextensions.k8s.io/v1beta1 ConversionReview=44 CustomResourceDefinition=45 CustomResourceDefinitionList=46
apiregistration.k8s.io/v1 APIService=47 APIServiceList=48
apiregistration.k8s.io/v1beta1 APIService=49 APIServiceList=50
apps/v1 ControllerRevision=51 ControllerRevisionList=52 DaemonSet=53 DaemonSetList=54 Deployment=55 DeploymentList=56 ReplicaSet=57 ReplicaSetList=58 StatefulSet=59 StatefulSetList=60
apps/v1beta1 ControllerRevision=61 ControllerRevisionList=62 Deployment=63 DeploymentList=64 DeploymentRollback=65 Scale=66 StatefulSet=67 StatefulSetList=68
apps/v1beta2 ControllerRevision=69 ControllerRevisionList=70 DaemonSet=71 DaemonSetList=72 Deployment=73 DeploymentList=74 ReplicaSet=75 ReplicaSetList=76 Scale=77 StatefulSet=78 StatefulSetList=79
authentication.k8s.io/v1 SelfSubjectReview=80 TokenRequest=81 TokenReview=82
authentication.k8s.io/v1alpha1 SelfSubjectReview=83
authentication.k8s.io/v1beta1 SelfSubjectReview=84 TokenReview=85
authorization.k8s.io/v1 LocalSubjectAccessReview=86 SelfSubjectAccessReview=87 SelfSubjectRulesReview=88 SubjectAccessReview=89
authorization.k8s.io/v1beta1 LocalSubjectAccessReview=90 SelfSubjectAccessReview=91 SelfSubjectRulesReview=92 SubjectAccessReview=93
autoscaling/v1 HorizontalPodAutoscaler=94 HorizontalPodAutoscalerList=95 Scale=96
autoscaling/v2 HorizontalPodAutoscaler=97 HorizontalPodAutoscalerList=98
batch/v1 CronJob=99 CronJobList=100 Job=101 JobList=102
batch/v1beta1 CronJob=103 CronJobList=104
certificates.k8s.io/v1 CertificateSigningRequest=105 CertificateSigningRequestList=106
certificates.k8s.io/v1alpha1 ClusterTrustBundle=107 ClusterTrustBundleList=108
certificates.k8s.io/v1beta1 CertificateSigningRequest=109 CertificateSigningRequestList=110 ClusterTrustBundle=111 ClusterTrustBundleList=112 PodCertificateRequest=113 PodCertificateRequestList=114
coordination.k8s.io/v1 Lease=115 LeaseList=116
coordination.k8s.io/v1alpha2 LeaseCandidate=117 LeaseCandidateList=118
coordination.k8s.io/v1beta1 Lease=119 LeaseCandidate=120 LeaseCandidateList=121 LeaseList=122
custom.metrics.k8s.io/v1beta1 MetricListOptions=123 MetricValue=124 MetricValueList=125
custom.metrics.k8s.io/v1beta2 MetricListOptions=126 MetricValue=127 MetricValueList=128
discovery.k8s.io/v1 EndpointSlice=129 EndpointSliceList=130
discovery.k8s.io/v1beta1 EndpointSlice=131 EndpointSliceList=132
events.k8s.io/v1 Event=133 EventList=134
events.k8s.io/v1beta1 Event=135 EventList=136
extensions/v1beta1 DaemonSet=137 DaemonSetList=138 Deployment=139 DeploymentList=140 DeploymentRollback=141 Ingress=142 IngressList=143 NetworkPolicy=144 NetworkPolicyList=145 ReplicaSet=146 ReplicaSetList=147 Scale=148
external.metrics.k8s.io/v1beta1 ExternalMetricValue=149 ExternalMetricValueList=150
flowcontrol.apiserver.k8s.io/v1 FlowSchema=151 FlowSchemaList=152 PriorityLevelConfiguration=153 PriorityLevelConfigurationList=154
flowcontrol.apiserver.k8s.io/v1beta1 FlowSchema=155 FlowSchemaList=156 PriorityLevelConfiguration=157 PriorityLevelConfigurationList=158
flowcontrol.apiserver.k8s.io/v1beta2 FlowSchema=159 FlowSchemaList=160 PriorityLevelConfiguration=161 PriorityLevelConfigurationList=162
flowcontrol.apiserver.k8s.io/v1beta3 FlowSchema=163 FlowSchemaList=164 PriorityLevelConfiguration=165 PriorityLevelConfigurationList=166
internal.apiserver.k8s.io/v1alpha1 StorageVersion=167 StorageVersionList=168
meta.k8s.io/v1 PartialObjectMetadata=169 PartialObjectMetadataList=170 TableOptions=171
meta.k8s.io/v1beta1 PartialObjectMetadata=169 PartialObjectMetadataList=172 TableOptions=171
metrics.k8s.io/v1beta1 NodeMetrics=173 NodeMetricsList=174 PodMetrics=175 PodMetricsList=176
networking.k8s.io/v1 IPAddress=177 IPAddressList=178 Ingress=179 IngressClass=180 IngressClassList=181 IngressList=182 NetworkPolicy=183 NetworkPolicyList=184 ServiceCIDR=185 ServiceCIDRList=186
networking.k8s.io/v1beta1 IPAddress=187 IPAddressList=188 Ingress=189 IngressClass=190 IngressClassList=191 IngressList=192 ServiceCIDR=193 ServiceCIDRList=194
node.k8s.io/v1 RuntimeClass=195 RuntimeClassList=196
node.k8s.io/v1alpha1 RuntimeClass=197 RuntimeClassList=198
node.k8s.io/v1beta1 RuntimeClass=199 RuntimeClassList=200
policy/v1 Eviction=201 PodDisruptionBudget=202 PodDisruptionBudgetList=203
policy/v1beta1 Eviction=204 PodDisruptionBudget=205 PodDisruptionBudgetList=206
rbac.authorization.k8s.io/v1 ClusterRole=207 ClusterRoleBinding=208 ClusterRoleBindingList=209 ClusterRoleList=210 Role=211 RoleBinding=212 RoleBindingList=213 RoleList=214
rbac.authorization.k8s.io/v1alpha1 ClusterRole=215 ClusterRoleBinding=216 ClusterRoleBindingList=217 ClusterRoleList=218 Role=219 RoleBinding=220 RoleBindingList=221 RoleList=222
rbac.authorization.k8s.io/v1beta1 ClusterRole=223 ClusterRoleBinding=224 ClusterRoleBindingList=225 ClusterRoleList=226 Role=227 RoleBinding=228 RoleBindingList=229 RoleList=230
resource.k8s.io/v1 DeviceClass=231 DeviceClassList=232 ResourceClaim=233 ResourceClaimList=234 ResourceClaimTemplate=235 ResourceClaimTemplateList=236 ResourceSlice=237 ResourceSliceList=238
resource.k8s.io/v1alpha3 DeviceTaintRule=239 DeviceTaintRuleList=240 ResourcePoolStatusRequest=241 ResourcePoolStatusRequestList=242
resource.k8s.io/v1beta1 DeviceClass=243 DeviceClassList=244 ResourceClaim=245 ResourceClaimList=246 ResourceClaimTemplate=247 ResourceClaimTemplateList=248 ResourceSlice=249 ResourceSliceList=250
resource.k8s.io/v1beta2 DeviceClass=251 DeviceClassList=252 DeviceTaintRule=253 DeviceTaintRuleList=254 ResourceClaim=255 ResourceClaimList=256 ResourceClaimTemplate=257 ResourceClaimTemplateList=258 ResourceSlice=259 ResourceSliceList=260
scheduling.k8s.io/v1 PriorityClass=261 PriorityClassList=262
scheduling.k8s.io/v1alpha2 PodGroup=263 PodGroupList=264 Workload=265 WorkloadList=266
scheduling.k8s.io/v1beta1 PriorityClass=267 PriorityClassList=268
storage.k8s.io/v1 CSIDriver=269 CSIDriverList=270 CSINode=271 CSINodeList=272 CSIStorageCapacity=273 CSIStorageCapacityList=274 StorageClass=275 StorageClassList=276 VolumeAttachment=277 VolumeAttachmentList=278 VolumeAttributesClass=279 VolumeAttributesClassList=280
storage.k8s.io/v1alpha1 CSIStorageCapacity=281 CSIStorageCapacityList=282 VolumeAttachment=283 VolumeAttachmentList=284 VolumeAttributesClass=285 VolumeAttributesClassList=286
storage.k8s.io/v1beta1 CSIDriver=287 CSIDriverList=288 CSINode=289 CSINodeList=290 CSIStorageCapacity=291 CSIStorageCapacityList=292 StorageClass=293 StorageClassList=294 VolumeAttachment=295 VolumeAttachmentList=296 VolumeAttributesClass=297 VolumeAttributesClassList=298
storagemigration.k8s.io/v1beta1 StorageVersionMigration=299 StorageVersionMigrationList=300
v1 APIGroup=301 APIGroupList=302 APIResourceList=303 APIVersions=304 Binding=305 ComponentStatus=306 ComponentStatusList=307 ConfigMap=308 ConfigMapList=309 Endpoints=310 EndpointsList=311 Event=312 EventList=313 LimitRange=314 LimitRangeList=315 List=316 Namespace=317 NamespaceList=318 Node=319 NodeList=320 NodeProxyOptions=321 PersistentVolume=322 PersistentVolumeClaim=323 PersistentVolumeClaimList=324 PersistentVolumeList=325 Pod=326 PodAttachOptions=327 PodExecOptions=328 PodList=329 PodLogOptions=330 PodPortForwardOptions=331 PodProxyOptions=332 PodStatusResult=333 PodTemplate=334 PodTemplateList=335 RangeAllocation=336 ReplicationController=337 ReplicationControllerList=338 ResourceQuota=339 ResourceQuotaList=340 Secret=341 SecretList=342 SerializedReference=343 Service=344 ServiceAccount=345 ServiceAccountList=346 ServiceList=347 ServiceProxyOptions=348 Status=349
`;
