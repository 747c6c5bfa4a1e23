import { get } from 'node:https';

/** Reads documents of one issuer. */
export interface IssuerHttp {
  /**
   * The body of a 200 answer. Redirects are not followed: who may answer for the issuer is what its URL says.
   *
   * @throws IssuerHttpError
   */
  read(url: string, signal?: AbortSignal): Promise<string>;
}

export type IssuerHttpErrorCode = 'Connection' | 'Timeout' | 'Status' | 'TooLarge' | 'NotHttps';

/** A document that could not be read. */
export class IssuerHttpError extends Error {
  override readonly name = 'IssuerHttpError';
  readonly code: IssuerHttpErrorCode;

  constructor(code: IssuerHttpErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
  }
}

/** Bytes of a document. Discovery documents have some kilobytes, key sets tens. */
const MAX_BYTES = 1_048_576;

export interface IssuerHttpOptions {
  /** PEM; instead of the system's authorities where there is one. */
  readonly certificateAuthority: readonly string[];
  /** For a whole answer; 10 s unless given. */
  readonly timeoutMs?: number;
}

export function newIssuerHttp({ certificateAuthority, timeoutMs = 10_000 }: IssuerHttpOptions): IssuerHttp {
  const trust = certificateAuthority.length === 0 ? {} : { ca: [...certificateAuthority] };
  return {
    read(url, signal) {
      if (URL.parse(url)?.protocol !== 'https:') {
        return Promise.reject(new IssuerHttpError('NotHttps', 'the document is not at an https URL'));
      }
      const timeout = AbortSignal.timeout(timeoutMs);
      const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
      return new Promise<string>((resolve, reject) => {
        const options = {
          ...trust,
          // Said, so that NODE_TLS_REJECT_UNAUTHORIZED cannot switch it off.
          rejectUnauthorized: true,
          // Documents are read every few minutes: a kept connection would be stale by then.
          agent: false,
          headers: { accept: 'application/json, application/jwk-set+json' },
          signal: either,
        } as const;
        const request = get(url, options, (response) => {
          const chunks: Buffer[] = [];
          let size = 0;
          const fail = (error: IssuerHttpError): void => {
            reject(error);
            response.destroy();
          };
          if (response.statusCode !== 200) {
            fail(new IssuerHttpError('Status', `answered with status ${String(response.statusCode)} instead of 200`));
            return;
          }
          response.on('data', (chunk: Buffer) => {
            size += chunk.length;
            if (size > MAX_BYTES) fail(new IssuerHttpError('TooLarge', `the answer has more than ${MAX_BYTES} bytes`));
            else chunks.push(chunk);
          });
          response.once('error', (cause) => reject(faultOf(cause, timeout.aborted)));
          response.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
        });
        request.once('error', (cause) => reject(faultOf(cause, timeout.aborted)));
      });
    },
  };
}

/** Codes of sockets and TLS, such as ECONNREFUSED and CERT_HAS_EXPIRED, are what an administrator needs. */
function faultOf(cause: Error, timedOut: boolean): IssuerHttpError {
  if (timedOut) return new IssuerHttpError('Timeout', 'no complete answer in time', cause);
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
  return new IssuerHttpError('Connection', `no answer: ${code}`, cause);
}
