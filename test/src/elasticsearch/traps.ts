import type { SceneName } from './scenes.ts';

/** A way in which a search may miss a call that was recorded, or find one that it should not. */
export interface Trap {
  /** KQL. */
  readonly query: string;
  readonly finds: SceneName;
  /** Differs in what the query is about. */
  readonly twin: SceneName;
}

const audit = (field: string): string => `kubernetes.audit.${field}`;

/** By what a document needs for the search to find the one and not the other. */
export const TRAPS: Readonly<Record<string, Trap>> = {
  'T2: one address, so that leaving out a network leaves out no other': {
    query: `${audit('sourceIPs')}:"203.0.113.7" and not source.ip:"198.51.100.0/24"`,
    finds: 'read',
    twin: 'readByProxiedClient',
  },
  "T3: the agent's own address, as calls from loopback are left out": {
    query: 'source.ip:* and not (source.ip:"127.0.0.1" or source.ip:"::1")',
    finds: 'read',
    twin: 'readFromLoopback',
  },
  'T4: an exec is of level Request': {
    query: `${audit('objectRef.subresource')}:"exec" and ${audit('level')}:"Request" and ${audit('stage')}:"ResponseComplete"`,
    finds: 'execOfDate',
    twin: 'read',
  },
  'T4: a binding to cluster-admin is of level RequestResponse': {
    query: `${audit('level')}:"RequestResponse" and ${audit('stage')}:"ResponseComplete" and ${audit('requestObject.roleRef.name')}:"cluster-admin" and ${audit('responseObject.roleRef.kind')}:"ClusterRole"`,
    finds: 'adminBinding',
    twin: 'viewBinding',
  },
  'T5: what RBAC refuses is forbidden': {
    query: `${audit('annotations.authorization_k8s_io/decision')}:"forbid" and event.outcome:"failure"`,
    finds: 'refusedByRoles',
    twin: 'refusedByQuota',
  },
  'T5: what a policy refuses is forbidden': {
    query: `${audit('annotations.authorization_k8s_io/decision')}:"forbid" and chaperone.policy.name:"guard"`,
    finds: 'refusedByPolicy',
    twin: 'refusedByRoles',
  },
  'T5: what a quota refuses was allowed': {
    query: `${audit('annotations.authorization_k8s_io/decision')}:"allow" and ${audit('responseStatus.code')}:403`,
    finds: 'refusedByQuota',
    twin: 'refusedByRoles',
  },
  'T6: the address of an exec as it came, its command first': {
    query: `${audit('requestURI')}:/api/v1/namespaces/payments/pods/web/exec?command=sh&command=-c&command=cat+%2Fetc%2Fshadow&container=*`,
    finds: 'execOfShell',
    twin: 'execOfDate',
  },
  'T7: a long address is searched to its end': {
    query: `${audit('requestURI')}:*&container=web&stdout=true&stdin=true`,
    finds: 'execOfLongScript',
    twin: 'execOfShell',
  },
  "T8: the agent's own user agent": {
    query: 'user_agent.original:* and not user_agent.original:*kubernetes/$Format',
    finds: 'read',
    twin: 'readByLibrary',
  },
  'T9: a document that comes late is new by the moment at which it came': {
    query: 'event.ingested >= "now-5m" and @timestamp < "2026-02-01T00:00:00Z"',
    finds: 'readLongAgo',
    twin: 'read',
  },
  'T10: who, from where and by what are all there': {
    query: 'user.name:* and source.ip:* and user_agent.original:*',
    finds: 'read',
    twin: 'loginFailed',
  },
  'T12: images by the beginning of their names': {
    query: `${audit('requestObject.spec.containers.image')}:registry.example.com/team/*`,
    finds: 'podOfRegistry',
    twin: 'podOfElsewhere',
  },
  'T12: images that are left out by the beginning of their names': {
    query: `${audit('objectRef.resource')}:"pods" and ${audit('requestObject.spec.containers.image')}:* and not ${audit('requestObject.spec.containers.image')}:registry.example.com/*`,
    finds: 'podOfElsewhere',
    twin: 'podOfRegistry',
  },
  'T13: what a pod takes of its host': {
    query: `${audit('requestObject.spec.hostPID')}:true and ${audit('requestObject.spec.volumes.hostPath.path')}:"/var/run/docker.sock"`,
    finds: 'podOnHost',
    twin: 'podNotOnHost',
  },
  'T13: what a container may': {
    query: `${audit('requestObject.spec.containers.securityContext.privileged')}:true and ${audit('requestObject.spec.containers.securityContext.capabilities.add')}:"SYS_ADMIN" and ${audit('requestObject.spec.containers.securityContext.runAsUser')}:0`,
    finds: 'privilegedPod',
    twin: 'podOnHost',
  },
  'T13: whom a binding names': {
    query: `${audit('requestObject.subjects.name')}:"eve"`,
    finds: 'adminBinding',
    twin: 'viewBinding',
  },
  'T13: the type of a service': {
    query: `${audit('requestObject.spec.type')}:"NodePort"`,
    finds: 'nodePort',
    twin: 'podOnHost',
  },
  'T14: rules of a role, without a nested query': {
    query: `${audit('responseObject.rules.verbs')}:"*" and ${audit('responseObject.rules.resources')}:"*"`,
    finds: 'wildcardRole',
    twin: 'readingRole',
  },
  'T15: the name of what was created, where the address has none': {
    query: `${audit('verb')}:"create" and ${audit('objectRef.name')}:web-*`,
    finds: 'podWithGeneratedName',
    twin: 'podOnHost',
  },
  'T16: the pod that a token is bound to, one value, as a keyword': {
    query: `${audit('user.extra.authentication.kubernetes.io/pod-name')}:"runner-0"`,
    finds: 'readFromPod',
    twin: 'readFromOtherPod',
  },
  'T17: calls without a token are anonymous, and of level Request': {
    query: `${audit('user.username')}:"system:anonymous" and ${audit('level')}:"Request"`,
    finds: 'anonymousRefused',
    twin: 'loginFailed',
  },
};
