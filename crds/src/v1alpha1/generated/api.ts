// Code generated from crds/*.yaml by crds/src/generate/types.ts. DO NOT EDIT.

/**
 * One caller, or one group of callers, named as in RBAC.
 */
export interface Subject {
  /**
   * User, Group or ServiceAccount. A User is matched by the username that the gateway established, a Group by any of the caller's groups, a ServiceAccount by its namespace and name whatever username it acts under.
   */
  kind: 'User' | 'Group' | 'ServiceAccount';
  /**
   * The name, matched literally and case-sensitively, without wildcards. For every authenticated caller use the Group system:authenticated.
   */
  name: string;
  /**
   * The ServiceAccount's namespace. Required for kind ServiceAccount, forbidden for User and Group.
   */
  namespace?: string;
}
/**
 * One named CEL expression that must be true.
 */
export interface NamedExpression {
  /**
   * What the expression is called in answers, records and conditions. Unique within its list.
   */
  name: string;
  /**
   * A CEL expression of type bool over request (verb, apiGroup, resource, subresource, namespace, name, path, dryRun, options, command), user (username, groups, uid, extra), object, oldObject and namespaceObject. An expression that fails, or reads what cannot be known, matches Deny and RequireApproval and does not match Allow.
   */
  expression: string;
}
/**
 * One requirement on one label.
 */
export interface LabelSelectorRequirement {
  /**
   * The label's key, such as app.kubernetes.io/name.
   */
  key: string;
  /**
   * In and NotIn compare with values; Exists and DoesNotExist look at the key alone. NotIn also holds where the label is absent.
   */
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  /**
   * The values for In and NotIn, at least one. Forbidden for Exists and DoesNotExist.
   */
  values?: string[];
}
/**
 * Selects by labels: matchLabels and matchExpressions must all hold.
 */
export interface LabelSelector {
  /**
   * Labels that must all be present with these values.
   */
  matchLabels?: {
    [k: string]: string;
  };
  /**
   * Requirements on labels that must all hold.
   *
   * Items: One requirement on one label.
   */
  matchExpressions?: LabelSelectorRequirement[];
}
/**
 * A user or a group, as the API server authenticates them when they decide directly, not through the gateway.
 */
export interface Reviewer {
  /**
   * User or Group. A ServiceAccount decides as the User system:serviceaccount:NAMESPACE:NAME.
   */
  kind: 'User' | 'Group';
  /**
   * The name of the user or group at the API server, matched literally and case-sensitively.
   */
  name: string;
}
/**
 * Who approves and how. Required for the action RequireApproval, forbidden for the others.
 */
export interface ApprovalPolicy {
  /**
   * Who may decide: any of these users, or members of any of these groups. The requester and its owner never may, whatever is written here.
   *
   * Items: A user or a group, as the API server authenticates them when they decide directly, not through the gateway.
   */
  reviewers: Reviewer[];
  /**
   * How many different reviewers must approve, one by default in a policy. One denial settles the request whatever the number.
   */
  required: number;
  /**
   * How long one attempt of the call waits for the decision before it is answered with 429, as a Go duration between 0s, which answers at once, and 5m; 45s by default. kubectl repeats a 429 by itself ten times, so it waits about eleven times as long in all. Upgrades such as exec are not repeated by kubectl and wait for expiresAfter.
   */
  holdFor: string;
  /**
   * Whether the 429 carries Retry-After, so that clients made with client-go repeat the call by themselves, which is the default. Set false, with holdFor 0s, for agents that should tell their user at once.
   */
  autoRetry: boolean;
  /**
   * How long the approval request stays open, as a Go duration between 1s and 168h; 30m by default. A decision that comes later does not count, and a denial stands until then. At least holdFor.
   */
  expiresAfter: string;
  /**
   * What to do where neither a dry run nor a diff can be had for the reviewers to look at: Deny, the default, refuses the call, Proceed asks the reviewers without one. Of exec, attach and port-forward the container with command or ports is what they look at, so that Deny does not refuse these. Of proxied requests and token requests nothing can be shown.
   */
  onPreviewFailure: 'Deny' | 'Proceed';
}
/**
 * One rule. It matches a call when verbs, resources with apiGroups (or nonResourceURLs), and every restriction that is given match.
 */
export interface PolicyRule {
  /**
   * The rule's name, unique within the policy. Answers, records and approval requests name it.
   */
  name: string;
  /**
   * Allow lets the call pass. Deny refuses it, whatever else allows it. RequireApproval holds it until the reviewers named under approval have approved, and then lets it pass without a further Allow. What cannot be known about a call matches Deny and RequireApproval and does not match Allow.
   */
  action: 'Allow' | 'Deny' | 'RequireApproval';
  /**
   * The request's verbs, or '*' for all. For resources: get, list, watch, create, update, patch, delete, deletecollection, and the RBAC verbs bind, escalate, impersonate, which '*' does not reach in Allow. For nonResourceURLs: get, head, post, put, patch, delete, options. exec, attach, portforward and proxy count as create whatever the HTTP method, and so do an update or apply of an object that does not exist.
   */
  verbs: (
    | '*'
    | 'get'
    | 'list'
    | 'watch'
    | 'create'
    | 'update'
    | 'patch'
    | 'delete'
    | 'deletecollection'
    | 'bind'
    | 'escalate'
    | 'impersonate'
    | 'head'
    | 'post'
    | 'put'
    | 'options'
  )[];
  /**
   * The groups of the resources; '' is the core group, '*' all of them. Goes with resources.
   */
  apiGroups?: string[];
  /**
   * Resources as in RBAC: 'pods', 'pods/exec' (a subresource is a resource of its own), '* /scale', or '*'. In Allow rules '*' here or in apiGroups never reaches what leads out of the policy's control; each must be named with its group: pods/exec, pods/attach, pods/portforward, pods/ephemeralcontainers, every * /proxy, serviceaccounts/token, certificatesigningrequests/approval, and writes to admissionregistration.k8s.io, apiregistration.k8s.io, rbac.authorization.k8s.io and to Secrets of type kubernetes.io/service-account-token. In Deny and RequireApproval rules '*' reaches everything.
   */
  resources?: string[];
  /**
   * Names of objects, matched literally. Absent or empty means every name, as in RBAC. Under list, watch and deletecollection a name is known only where a field selector fixes it.
   */
  resourceNames?: string[];
  /**
   * Paths that are no resources, such as /version or /openapi/*. A '*' is allowed only as the last character, or alone for every such path. Excludes resources and everything that belongs to them.
   */
  nonResourceURLs?: string[];
  /**
   * The namespaces in which the rule holds, by name. Absent, with no namespaceSelector, means everywhere, cluster-scoped objects included. A Namespace object counts as being in itself; other cluster-scoped objects are in none. Where namespaceSelector is given too, both must match.
   */
  namespaces?: string[];
  /**
   * The namespaces in which the rule holds, by their labels. Cluster-scoped objects other than Namespaces are in none. Where namespaces is given too, both must match.
   */
  namespaceSelector?: LabelSelector;
  /**
   * The labels that the object must have. Deny and RequireApproval match if the old or the new object has them, Allow only if both have.
   */
  objectSelector?: LabelSelector;
  /**
   * CEL expressions that must all be true for the rule to match.
   *
   * Items: One named CEL expression that must be true.
   */
  conditions?: NamedExpression[];
  /**
   * Why the rule exists, in one line. Shown to the caller whose call it denies or holds.
   */
  reason?: string;
  /**
   * How much of the call is recorded. Absent means RequestResponse, and Request for exec, attach and port-forward. Where several rules match, the highest wins. None keeps no record, and is accepted only in Allow rules whose verbs are get, list and watch.
   */
  auditLevel?: 'None' | 'Metadata' | 'Request' | 'RequestResponse';
  /**
   * What is kept of exec, attach, logs and port-forward: Full keeps the session's bytes, Metadata only who, when and how much. Absent means Full.
   */
  sessions?: 'Full' | 'Metadata';
  /**
   * Who approves and how. Required for the action RequireApproval, forbidden for the others.
   */
  approval?: ApprovalPolicy;
}
/**
 * What the policy says, about whom, and until when.
 */
export interface AgentPolicySpec {
  /**
   * Enforce, the default, applies the policy. DryRun decides and records what would have been, and changes no call.
   */
  mode: 'Enforce' | 'DryRun';
  /**
   * From this time on the policy says nothing, its Deny rules included. Absent, the policy stands until it is deleted.
   */
  expiresAt?: string;
  /**
   * Whom the policy is about. A caller that is any one of them is a subject.
   *
   * Items: One caller, or one group of callers, named as in RBAC.
   */
  subjects: Subject[];
  /**
   * CEL expressions that must all be true for the policy to say anything about a call. They are evaluated only where subject and rule already match.
   *
   * Items: One named CEL expression that must be true.
   */
  matchConditions?: NamedExpression[];
  /**
   * What is allowed, denied, or held for approval. The order of rules means nothing.
   *
   * Items: One rule. It matches a call when verbs, resources with apiGroups (or nonResourceURLs), and every restriction that is given match.
   */
  rules: PolicyRule[];
}
/**
 * One aspect of the object's state, as in every Kubernetes API.
 */
export interface Condition {
  /**
   * The condition's name, in CamelCase.
   */
  type: string;
  /**
   * Whether the condition holds, does not hold, or is not known.
   */
  status: 'True' | 'False' | 'Unknown';
  /**
   * The metadata.generation that this condition was computed from. Where it is older, the condition is out of date.
   */
  observedGeneration: number;
  /**
   * When status last changed from one value to another.
   */
  lastTransitionTime: string;
  /**
   * Why status has its value, in one CamelCase word for programs.
   */
  reason: string;
  /**
   * Why status has its value, in words for people; for a refused spec every finding with its field path.
   */
  message: string;
}
/**
 * What the operator and the gateway made of the policy.
 */
export interface PolicyStatus {
  /**
   * The metadata.generation that the operator last acted on.
   */
  observedGeneration?: number;
  /**
   * The SHA-256 of the bundle that first held this generation of the policy.
   */
  revision?: string;
  /**
   * Accepted (the policy compiled), Enforced (every replica of the gateway serves this generation) and Conflicting (rules are shadowed, contradicted or evadable).
   *
   * Items: One aspect of the object's state, as in every Kubernetes API.
   */
  conditions?: Condition[];
}
/**
 * The calls that the rule is about. What is absent restricts nothing; without match the rule is about every call.
 */
export interface MaskingMatch {
  /**
   * The groups of the resources; '' is the core group, '*' all of them. Goes with resources.
   */
  apiGroups?: string[];
  /**
   * Resources as in RBAC: 'pods', 'pods/log' (a subresource is a resource of its own), '* /status', or '*' for every resource and subresource.
   */
  resources?: string[];
  /**
   * The namespaces of the objects, by name. Absent means everywhere, cluster-scoped objects included.
   */
  namespaces?: string[];
  /**
   * Whose calls are masked. Absent means everybody's.
   *
   * Items: One caller, or one group of callers, named as in RBAC.
   */
  subjects?: Subject[];
}
/**
 * One named regular expression.
 */
export interface MaskingPattern {
  /**
   * The pattern's name, unique within the rule. Records count its matches under this name.
   */
  name: string;
  /**
   * A regular expression in RE2 syntax, which runs in linear time: no look-around, no back references. It must not match the empty text.
   */
  regex: string;
}
/**
 * What is masked, where, and with what.
 */
export interface MaskingRuleSpec {
  /**
   * The calls that the rule is about. What is absent restricts nothing; without match the rule is about every call.
   */
  match?: MaskingMatch;
  /**
   * Paths of the fields whose values are masked, such as data.*, spec.template.spec.containers[*].env[*].value or metadata.annotations['a.b/c']. '.*' stands for every key of an object, '[*]' for every element of a list, and a key with other characters than letters, digits, '-' and '_' is quoted. Everything below a path is masked with it.
   */
  fields?: string[];
  /**
   * Regular expressions whose matches are masked wherever they are found in text.
   *
   * Items: One named regular expression.
   */
  patterns?: MaskingPattern[];
  /**
   * Built-in detectors whose findings are masked: PrivateKey (PEM and OpenSSH private keys), JWT (signed tokens), CloudToken (keys of cloud providers), ForgeToken (tokens of code forges and package registries), ConnectionString (the passwords in URLs and connection strings).
   */
  detectors?: ('PrivateKey' | 'JWT' | 'CloudToken' | 'ForgeToken' | 'ConnectionString')[];
  /**
   * What stands in the place of a masked value: Redact, the default, puts the same placeholder everywhere, Fingerprint a keyed hash, so that equal values stay equal without being told.
   */
  replacement: 'Redact' | 'Fingerprint';
  /**
   * Where values are masked: Audit, the default, in everything that is recorded and shown to reviewers; Response, also in what the caller receives. Response needs Audit beside it. Helm's release Secrets are never masked in responses.
   */
  targets: ('Audit' | 'Response')[];
  /**
   * What happens when a caller writes a placeholder back that Response masking gave it. Refuse, the only value, refuses the write, so that a placeholder never replaces the value it hides.
   */
  writeBack: 'Refuse';
}
/**
 * Who makes the call, as the gateway authenticated them.
 */
export interface Requester {
  /**
   * The username that the call acts under.
   */
  username: string;
  /**
   * The unique identifier of the user, where the identity provider gives one.
   */
  uid?: string;
  /**
   * The groups of the user.
   */
  groups?: string[];
  /**
   * Further facts from the verified token, such as chaperone.dev/run and chaperone.dev/model.
   */
  extra?: {
    /**
     * The values of one fact.
     */
    [k: string]: string[];
  };
  /**
   * The person on whose behalf the requester acts. Like the requester, the owner may not decide.
   */
  owner?: string;
}
/**
 * What the requester wants to do, as the API server would read the call.
 */
export interface RequestedCall {
  /**
   * The verb by which the call is judged, such as create or delete.
   */
  verb: string;
  /**
   * The group of the resource, '' for the core group. Absent for a path that is no resource.
   */
  apiGroup?: string;
  /**
   * The version of the resource's API, such as v1.
   */
  apiVersion?: string;
  /**
   * The resource, in lower-case plural. Absent for a path that is no resource.
   */
  resource?: string;
  /**
   * The subresource, such as exec or scale.
   */
  subresource?: string;
  /**
   * The namespace of the object. Absent for cluster-scoped objects.
   */
  namespace?: string;
  /**
   * The name of the object. Absent where the call names none.
   */
  name?: string;
  /**
   * The canonical path and query of the call.
   */
  path: string;
  /**
   * The command of an exec, argument by argument, masked.
   */
  command?: string[];
  /**
   * The program that makes the call, as it calls itself; it is not verified.
   */
  userAgent?: string;
}
/**
 * The object as it was when approval was asked for. If it has changed by the time the call would run, the approval is void. Absent where there was none, as for most creates.
 */
export interface RequestTarget {
  /**
   * The uid of the object.
   */
  uid?: string;
  /**
   * The SHA-256 of the object without status, managedFields and resourceVersion.
   */
  hash?: string;
  /**
   * For deletecollection, the uids of all objects that it would delete.
   */
  uids?: string[];
}
/**
 * What the call would change, as the reviewers should see it, masked.
 */
export interface RequestedChange {
  /**
   * The object that the call would write or delete, as YAML, masked. Cut off where objectTruncated is set.
   */
  object?: string;
  /**
   * Whether object was too large and its end is missing.
   */
  objectTruncated?: boolean;
  /**
   * The unified diff from the present object to the one that a server-side dry run returned, masked. Cut off where diffTruncated is set.
   */
  diff?: string;
  /**
   * Whether diff was too large and its end is missing. An approval covers what is missing too.
   */
  diffTruncated?: boolean;
  /**
   * Why there is neither a dry run nor a diff. Present only where the policy says to proceed without.
   */
  previewFailure?: string;
}
/**
 * What one rule of one policy asks for, as it was when the request was made.
 */
export interface ApprovalRequirement {
  /**
   * The name of the AgentPolicy.
   */
  policy: string;
  /**
   * The name of the rule in it.
   */
  rule: string;
  /**
   * The SHA-256 of the bundle that the rule was read from.
   */
  revision: string;
  /**
   * Who may decide: any of these users, or members of any of these groups. The requester and its owner never may, whatever is written here.
   *
   * Items: A user or a group, as the API server authenticates them when they decide directly, not through the gateway.
   */
  reviewers: Reviewer[];
  /**
   * How many different reviewers must approve, one by default in a policy. One denial settles the request whatever the number.
   */
  required: number;
}
/**
 * The call, who makes it, and who must approve. Written once, by the gateway.
 */
export interface ApprovalRequestSpec {
  /**
   * Who makes the call, as the gateway authenticated them.
   */
  requester: Requester;
  /**
   * What the requester wants to do, as the API server would read the call.
   */
  request: RequestedCall;
  /**
   * The object as it was when approval was asked for. If it has changed by the time the call would run, the approval is void. Absent where there was none, as for most creates.
   */
  target?: RequestTarget;
  /**
   * What the call would change, as the reviewers should see it, masked.
   */
  change?: RequestedChange;
  /**
   * The SHA-256 over who makes the call and what the call is: username, uid, groups, chaperone.dev extras, judged verb, canonical path and query, content type and body. A repeated call finds its request by it.
   */
  digest: string;
  /**
   * The rules that ask for approval. Every one of them must be satisfied.
   *
   * Items: What one rule of one policy asks for, as it was when the request was made.
   */
  requirements: ApprovalRequirement[];
  /**
   * From this time on decisions no longer count. The shortest expiresAfter of the requirements.
   */
  expiresAt: string;
  /**
   * The audit ID of the call that made this request. It joins the gateway's records and the API server's audit log.
   */
  auditID: string;
  /**
   * The run of the agent or job, from the verified token.
   */
  run?: string;
}
/**
 * The decision of one reviewer.
 */
export interface Decision {
  /**
   * Approved or Denied.
   */
  verdict: 'Approved' | 'Denied';
  /**
   * Why, in words for the requester and the record.
   */
  reason?: string;
  /**
   * The requirements that an approval is given for, each as POLICY/RULE. The reviewer must be among the reviewers of every one of them, which the admission policies check, since groups are known only then. Absent, the approval is for every requirement; whoever may decide only some of them has to name those. A denial needs none.
   */
  requirements?: string[];
}
/**
 * The operator's first sight of one decision.
 */
export interface ObservedDecision {
  /**
   * When the operator first saw the decision.
   */
  time: string;
  /**
   * Counted, or why the decision never counts: Late (first seen when expiresAt had passed or the request was closed), Unverified (first seen while the admission policies were not as shipped, so that anybody could have written it).
   */
  standing: 'Counted' | 'Late' | 'Unverified';
}
/**
 * The one execution that used the approval up. Written once, by the gateway, before the call is forwarded.
 */
export interface Consumption {
  /**
   * The audit ID of the call that is executed.
   */
  auditID: string;
  /**
   * The replica of the gateway that executes it.
   */
  replica: string;
  /**
   * When the approval was used up.
   */
  time: string;
}
/**
 * Why the call will not be executed although reviewers may have approved it: it is no longer the call that they were asked about. Written once, by the gateway, instead of consumed.
 */
export interface Voidance {
  /**
   * TargetChanged (the object is another than the one shown to the reviewers), TargetGone (there is none any more), PolicyChanged (the rules now ask for other approvals).
   */
  reason: 'TargetChanged' | 'TargetGone' | 'PolicyChanged';
  /**
   * What changed, in words for people, masked.
   */
  message?: string;
  /**
   * The audit ID of the call that found it changed.
   */
  auditID?: string;
  /**
   * The replica of the gateway that found it changed.
   */
  replica: string;
  /**
   * When it was found changed.
   */
  time: string;
}
/**
 * How the execution ended. Written once, by the gateway. Absent for good where the replica was lost before it knew.
 */
export interface Outcome {
  /**
   * The HTTP status that the API server answered with.
   */
  code: number;
  /**
   * When the answer came.
   */
  time: string;
}
/**
 * What reviewers decided and what became of the call.
 */
export interface ApprovalRequestStatus {
  /**
   * The metadata.generation that the operator last acted on.
   */
  observedGeneration?: number;
  /**
   * The decisions, each under the username of the reviewer who made it. Add one entry, your own; a recorded decision is final. One Denied settles the request.
   */
  decisions?: {
    /**
     * The decision of one reviewer.
     */
    [k: string]: Decision;
  };
  /**
   * When the operator first saw each decision, and whether it counts, under the same keys as decisions. Written by the operator. Only decisions that stand here as Counted are good for an approval.
   */
  observedDecisions?: {
    /**
     * The operator's first sight of one decision.
     */
    [k: string]: ObservedDecision;
  };
  /**
   * The one execution that used the approval up. Written once, by the gateway, before the call is forwarded.
   */
  consumed?: Consumption;
  /**
   * Why the call will not be executed although reviewers may have approved it: it is no longer the call that they were asked about. Written once, by the gateway, instead of consumed.
   */
  voided?: Voidance;
  /**
   * How the execution ended. Written once, by the gateway. Absent for good where the replica was lost before it knew.
   */
  outcome?: Outcome;
  /**
   * Approved, Denied, Expired, Voided and Executed, written by the operator from decisions, requirements and clock; the weightiest first.
   *
   * Items: One aspect of the object's state, as in every Kubernetes API.
   */
  conditions?: Condition[];
}
