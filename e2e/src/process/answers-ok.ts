import { request as requestPlain } from 'node:http';
import { request as requestSecure, type RequestOptions } from 'node:https';

/** Certificates and credentials of a probe. */
export type ProbeAccess = Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'auth'>;

/** Whether a GET is answered with 200, over TLS under a certificate of the authority `ca`. */
export function answersOk(url: string, access: ProbeAccess = {}): Promise<boolean> {
  const request = url.startsWith('https:') ? requestSecure : requestPlain;
  return new Promise((resolve) => {
    const probe = request(url, { timeout: 5_000, agent: false, ...access }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    probe.once('timeout', () => probe.destroy());
    probe.once('error', () => resolve(false));
    probe.end();
  });
}
