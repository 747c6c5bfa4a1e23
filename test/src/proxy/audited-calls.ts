import { readFileSync } from 'node:fs';

/** What an API server's own log says of one call; once for each, as a whole. */
export interface AuditedCall {
  readonly auditID: string;
  readonly verb: string;
  readonly uri: string;
  /** Of the object, from the body where the URI has none. */
  readonly name: string;
  readonly code: number;
}

/** Reads an audit log at level Metadata. */
export function auditedCalls(file: string): AuditedCall[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"stage":"ResponseComplete"'))
    .map((line): AuditedCall => {
      const text = (key: string): string => new RegExp(`"${key}":"([^"]*)"`, 'u').exec(line)?.[1] ?? '';
      return {
        auditID: text('auditID'),
        verb: text('verb'),
        uri: text('requestURI'),
        name: /"objectRef":\{[^}]*"name":"([^"]*)"/u.exec(line)?.[1] ?? '',
        code: Number(/"responseStatus":\{[^}]*"code":(\d+)/u.exec(line)?.[1]),
      };
    });
}
