import type { Writable } from 'node:stream';
import { createLogger, format, transports, type Logger as Winston } from 'winston';
import { redactText } from '../client/redaction.ts';

/** Facts beside a message. Values are cut and cleaned; what looks like a body or a credential is left out. */
export type LogFields = Readonly<Record<string, unknown>>;

/** One JSON line per call: a constant message, capitalised and without a full stop, and fields that vary. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose every line carries these fields. */
  child(fields: LogFields): Logger;
}

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly stream: Writable;
  /** The time of a line; default is the machine's. */
  readonly now?: () => number;
}

export function newLogger({ level, stream, now = Date.now }: LoggerOptions): Logger {
  const winston = createLogger({ level, format: format.json(), transports: [new transports.Stream({ stream })] });
  return loggerOver(winston, {}, now);
}

function loggerOver(winston: Winston, bound: LogFields, now: () => number): Logger {
  const write =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (!winston.isLevelEnabled(level)) {
        return;
      }
      // One object, ours last: given apart, a field called `message` would be appended to the message, and one called
      // `level` would choose it.
      winston.log({ ...cleanFields({ ...bound, ...fields }), time: new Date(now()).toISOString(), level, message });
    };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => loggerOver(winston, { ...bound, ...fields }, now),
  };
}

/** Never written, whatever they hold: bodies and what is secret in them. */
const FORBIDDEN_KEYS =
  /^(?:body|headers|response|request_?body|data|stringdata|authorization|cookie|set-cookie|password|passwd|secret|token|.*[-_]token|.*token|kubeconfig|private_?key)$/i;

/** What was found out about keys: they are constants of the code, so they are few. Bounded all the same. */
const forbidden = new Map<string, boolean>();
const MAX_KEYS = 1_000;

function isForbidden(key: string): boolean {
  const known = forbidden.get(key);
  if (known !== undefined) return known;
  const found = FORBIDDEN_KEYS.test(key);
  if (forbidden.size < MAX_KEYS) forbidden.set(key, found);
  return found;
}

const MAX_TEXT = 2_048;
const MAX_DEPTH = 4;
const MAX_ENTRIES = 50;

/** The form in which fields are written: plain JSON, bounded, redacted. Exported for its test. */
export function cleanFields(fields: LogFields): Record<string, unknown> {
  return cleanRecord(fields, 0);
}

function cleanRecord(record: Readonly<Record<string, unknown>>, depth: number): Record<string, unknown> {
  const entries = Object.entries(record).slice(0, MAX_ENTRIES);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, isForbidden(key) ? '[redacted]' : clean(value, depth + 1)]),
  );
}

function clean(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return redactText(value, MAX_TEXT);
    case 'number':
    case 'boolean':
    case 'undefined':
      return value;
    case 'bigint':
      return value.toString();
    case 'function':
    case 'symbol':
      return `[${typeof value}]`;
    case 'object':
      return cleanObject(value, depth);
    default:
      return '[unknown]';
  }
}

function cleanObject(value: object | null, depth: number): unknown {
  if (value === null) {
    return null;
  }
  if (value instanceof Error) {
    return cleanError(value, depth);
  }
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? '[invalid date]' : value.toISOString();
  }
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    return '[binary]';
  }
  if (depth > MAX_DEPTH) {
    return '[deeper]';
  }
  if (Array.isArray(value)) {
    return value.slice(0, MAX_ENTRIES).map((item) => clean(item, depth + 1));
  }
  return cleanRecord(Object.fromEntries(Object.entries(value)), depth);
}

/** What of an error is written besides its class and message; libraries hang bodies and headers on theirs. */
const ERROR_KEYS = ['code', 'status', 'reason', 'syscall', 'address', 'port'] as const;

function cleanError(error: Error, depth: number): Record<string, unknown> {
  const own: Readonly<Record<string, unknown>> = Object.fromEntries(Object.entries(error));
  // client-node's ApiException writes body and headers into its message; whoever carries a body may do the same.
  const quotesBody = 'body' in own || 'headers' in own || 'response' in own;
  const facts = ERROR_KEYS.flatMap((key) => {
    const value = own[key];
    return typeof value === 'string' || typeof value === 'number' ? [[key, clean(value, depth)] as const] : [];
  });
  return {
    name: redactText(error.name, 128),
    message: quotesBody ? '[withheld: the error carries a body]' : redactText(error.message, MAX_TEXT),
    ...Object.fromEntries(facts),
    ...(error.cause === undefined || depth > MAX_DEPTH ? {} : { cause: clean(error.cause, depth + 1) }),
  };
}
