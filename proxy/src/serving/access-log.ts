import type { LogFields } from '@chaperone/crds/process/logger';
import { ALWAYS_ON, maskNames } from '../audit/masked-names.ts';
import type { CallReport } from '../call/call-report.ts';

/** A call as the access log tells it: who, what, and what came of it; no query and no body. */
export function accessFields(report: CallReport, durationMs: number): LogFields {
  const { identity, decision, masking = ALWAYS_ON } = report;
  const attributes = report.names ?? (report.attributes && maskNames(report.attributes, masking.audit));
  return {
    auditID: report.auditID,
    clientAddress: report.clientAddress,
    user: identity?.username,
    verb: attributes?.verb,
    apiGroup: attributes?.apiGroup,
    resource: attributes?.resource,
    subresource: attributes?.subresource,
    namespace: attributes?.namespace,
    name: attributes?.name,
    ...(attributes?.isResourceRequest === false ? { path: attributes.path } : {}),
    verdict: decision?.verdict,
    status: report.status,
    code: report.code,
    endedBy: report.endedBy,
    durationMs: Math.round(durationMs * 10) / 10,
    upstreamMs: report.upstreamMs === undefined ? undefined : Math.round(report.upstreamMs * 10) / 10,
  };
}
