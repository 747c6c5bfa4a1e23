import { CARRIERS, PRESENTATIONS, type Carrier, type DroppedHeader, type Presentation } from './attack-inventory.ts';

/** Refused with this HTTP status, or answered as the same request without the header. */
export type Outcome = number | 'as without it';

/** One header, and what comes of it. Where nothing is said it makes no difference. */
interface HeaderAttack {
  readonly value: string;
  /** A second value for the second line; the first one unless given. */
  readonly other?: string;
  /** Takes the place of the request's own Authorization. */
  readonly replacesAuthorization?: true;
  readonly once?: Outcome;
  readonly repeated?: Outcome;
  readonly asTrailer?: Outcome;
  /** Whether Connection may name it: options of the connection itself may. */
  readonly connectionOption?: true;
}

const IGNORED = { value: 'chaperone-attack' } as const;
const IMPERSONATION = { value: 'system:admin', other: 'system:masters', once: 403, repeated: 403 } as const;

/** `TOKEN` in a value stands for the caller's own. */
export const HEADER_ATTACKS: Readonly<Record<DroppedHeader, HeaderAttack>> = {
  // In a trailer it is no credential: the call has none.
  Authorization: { value: 'Bearer TOKEN', replacesAuthorization: true, repeated: 400, asTrailer: 401 },
  'Impersonate-User': { ...IMPERSONATION, repeated: 400 },
  'Impersonate-Group': IMPERSONATION,
  'Impersonate-Uid': { ...IMPERSONATION, repeated: 400 },
  'Impersonate-Extra-Scopes': IMPERSONATION,
  'Impersonate-Extra-Chaperone.dev%2Fvia': IMPERSONATION,
  'Impersonate-Anything': IMPERSONATION,
  Impersonate_User: IMPERSONATION,
  'X-Remote-User': { value: 'system:admin' },
  'X-Remote-Group': { value: 'system:masters' },
  'X-Remote-Uid': IGNORED,
  'X-Remote-Extra-Scopes': IGNORED,
  'X-Forwarded-For': { value: '203.0.113.9' },
  'X-Forwarded-Host': IGNORED,
  'X-Forwarded-Proto': { value: 'http' },
  'X-Forwarded-User': { value: 'system:admin' },
  'X-Real-Ip': { value: '203.0.113.9' },
  Forwarded: { value: 'for=203.0.113.9;host=chaperone-attack' },
  'Audit-ID': { value: '11111111-2222-4333-8444-555555555555' },
  Cookie: { value: 'session=chaperone-attack' },
  'Proxy-Authorization': { value: 'Bearer TOKEN' },
  'Proxy-Connection': { value: 'keep-alive', connectionOption: true },
  'Proxy-Authenticate': IGNORED,
  Connection: { value: 'keep-alive' },
  'Keep-Alive': { value: 'timeout=1000', connectionOption: true },
  TE: { value: 'trailers', connectionOption: true },
  Trailer: { value: 'Impersonate-User', connectionOption: true },
  'Transfer-Encoding': { value: 'gzip, chunked', once: 400, repeated: 400, asTrailer: 400 },
  Expect: { value: '100-continue', repeated: 400 },
  'Sec-WebSocket-Extensions': { value: 'permessage-deflate; client_max_window_bits' },
  'Content-Encoding': { value: 'gzip', once: 415, repeated: 400 },
};

export interface HeaderCase {
  readonly header: DroppedHeader;
  readonly presentation: Presentation;
  readonly carrier: Carrier;
  readonly replacesAuthorization: boolean;
  /** Lines of the header, without line ends. */
  readonly lines: readonly string[];
  /** Lines after a chunked body; undefined where the request has its usual body. */
  readonly trailers: readonly string[] | undefined;
  readonly outcome: Outcome;
}

/** Every way of presenting it to every carrier. */
export function casesOf(header: DroppedHeader): readonly HeaderCase[] {
  const attack = HEADER_ATTACKS[header];
  return CARRIERS.flatMap((carrier) =>
    PRESENTATIONS.map((presentation) => ({
      header,
      presentation,
      carrier,
      replacesAuthorization: attack.replacesAuthorization === true,
      lines: linesOf(header, attack, presentation),
      trailers: presentation === 'as a trailer' ? [`${header}: ${attack.value}`] : undefined,
      outcome: outcomeOf(attack, presentation, carrier),
    })),
  );
}

function linesOf(header: string, { value, other = value }: HeaderAttack, presentation: Presentation): string[] {
  switch (presentation) {
    case 'once':
      return [`${header}: ${value}`];
    case 'repeated':
      return [`${header}: ${value}`, `${header}: ${other}`];
    case 'in odd case':
      return [`${inOddCase(header)}: ${value}`];
    case 'with a padded value':
      return [`${header}:\t  ${value} \t `];
    case 'with a blank before the colon':
      return [`${header} : ${value}`];
    case 'with a tab before the colon':
      return [`${header}\t: ${value}`];
    case 'after a blank':
      return [` ${header}: ${value}`];
    case 'nominated by Connection':
      return [`Connection: ${header}`, `${header}: ${value}`];
    case 'as a trailer':
      return [`Trailer: ${header}`];
    default:
      return presentation satisfies never;
  }
}

const inOddCase = (name: string): string =>
  Array.from(name, (character, at) => (at % 2 === 0 ? character.toLowerCase() : character.toUpperCase())).join('');

function outcomeOf(attack: HeaderAttack, presentation: Presentation, carrier: Carrier): Outcome {
  const { once = 'as without it', repeated = once, asTrailer = 'as without it', connectionOption = false } = attack;
  // Trailers come after chunks, and a request for an upgrade has no body.
  const hasBody = carrier === 'GET' || carrier === 'POST';
  const outcomes: Record<Presentation, Outcome> = {
    once,
    repeated,
    'in odd case': once,
    'with a padded value': once,
    'with a blank before the colon': 400,
    'with a tab before the colon': 400,
    'after a blank': 400,
    'nominated by Connection': connectionOption ? once : 400,
    'as a trailer': hasBody ? asTrailer : 400,
  };
  return outcomes[presentation];
}
