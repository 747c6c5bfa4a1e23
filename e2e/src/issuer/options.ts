import { isIP } from 'node:net';
import { parseCommandLine } from './command-line.ts';
import { IssuerError } from './issuer-error.ts';

/** What the issuer process is told. */
export interface IssuerOptions {
  /** Holds keys and certificate: see state.ts. */
  readonly directory: string;
  readonly host: string;
  readonly port: number;
  /** The `aud` of its ID tokens, which is the identifier of its public client (OpenID Connect Core, section 2). */
  readonly audience: string;
  /** Seconds. */
  readonly idTokenLifetime: number;
}

/** Reads the process's command line; throws IssuerError `BadOption` with everything that is wrong with it. */
export function parseIssuerOptions(args: readonly string[]): IssuerOptions {
  const values = parseCommandLine(args, {
    directory: { type: 'string', default: '' },
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '' },
    audience: { type: 'string', default: '' },
    'id-token-lifetime': { type: 'string', default: '3600' },
  });
  const options: IssuerOptions = {
    directory: values.directory,
    host: values.host,
    port: Number(values.port),
    audience: values.audience,
    idTokenLifetime: Number(values['id-token-lifetime']),
  };
  const problems = [
    ...(options.directory === '' ? ['--directory is missing'] : []),
    ...(isIP(options.host) === 0 ? [`--host ${values.host} is no IP address`] : []),
    ...(isWhole(options.port, 65_535) ? [] : [`--port ${values.port} is no port`]),
    ...(options.audience === '' ? ['--audience is missing'] : []),
    ...(isWhole(options.idTokenLifetime, 31_536_000)
      ? []
      : [`--id-token-lifetime ${values['id-token-lifetime']} is no whole number of seconds up to a year`]),
  ];
  if (problems.length > 0) throw new IssuerError('BadOption', problems.join('; '));
  return options;
}

function isWhole(value: number, max: number): boolean {
  return Number.isInteger(value) && value > 0 && value <= max;
}

/** The issuer's URL: the `iss` of its tokens and the base of its endpoints. */
export function issuerUrl(options: Pick<IssuerOptions, 'host' | 'port'>): string {
  const host = isIP(options.host) === 6 ? `[${options.host}]` : options.host;
  return `https://${host}:${options.port}`;
}
