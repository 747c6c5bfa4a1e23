import { request } from 'node:http';

/** Whether a GET is answered with 200. */
export function answersOk(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = request(url, { timeout: 5_000, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    probe.once('timeout', () => probe.destroy());
    probe.once('error', () => resolve(false));
    probe.end();
  });
}
