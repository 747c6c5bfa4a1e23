import type { MaskedRequestLine } from '@chaperone/proxy/audit/request-line';
import type { CallReport } from '@chaperone/proxy/call/call-report';

export type * from '@chaperone/proxy/audit/request-line';

/** The request line and headers as they came. */
export const maskRequestLine = ({
  target,
  headers,
  attributes,
}: Pick<CallReport, 'target' | 'headers' | 'attributes'>): MaskedRequestLine => ({
  requestURI: target,
  attributes,
  userAgent: headers?.declared.userAgent ?? '',
  declared: Object.fromEntries(headers?.declared.headers ?? []),
  counts: new Map(),
});
