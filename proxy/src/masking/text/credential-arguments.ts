import { credentialName } from './credential-names.ts';

/** What of an argument is a secret: from an offset to its end. */
export interface SecretArgument {
  readonly index: number;
  readonly from: number;
}

interface ProgramFlags {
  /** Flags whose value is a secret, in the next argument or, of short ones, in the same one. */
  readonly secret: readonly string[];
  /** Flags whose value is `user:secret` or `user%secret`. */
  readonly userAndSecret?: readonly string[];
}

/** Short flags tell nothing by themselves: `-p` is a port to one program and a password to another. */
const PROGRAMS: Readonly<Record<string, ProgramFlags>> = {
  curl: {
    secret: ['--pass', '--proxy-pass', '--oauth2-bearer'],
    userAndSecret: ['-u', '--user', '-U', '--proxy-user'],
  },
  wget: { secret: ['--password', '--http-password', '--ftp-password', '--proxy-password'] },
  http: { secret: [], userAndSecret: ['-a', '--auth'] },
  mysql: { secret: ['-p'] },
  mysqldump: { secret: ['-p'] },
  mysqladmin: { secret: ['-p'] },
  mysqlimport: { secret: ['-p'] },
  mariadb: { secret: ['-p'] },
  'mariadb-dump': { secret: ['-p'] },
  'mariadb-admin': { secret: ['-p'] },
  mongo: { secret: ['-p'] },
  mongosh: { secret: ['-p'] },
  mongodump: { secret: ['-p'] },
  mongorestore: { secret: ['-p'] },
  'redis-cli': { secret: ['-a', '--pass'] },
  'valkey-cli': { secret: ['-a', '--pass'] },
  rabbitmqadmin: { secret: ['-p'] },
  sshpass: { secret: ['-p'] },
  docker: { secret: ['-p'] },
  podman: { secret: ['-p'] },
  nerdctl: { secret: ['-p'] },
  skopeo: { secret: [], userAndSecret: ['--creds', '--src-creds', '--dest-creds'] },
  az: { secret: ['-p'] },
  oc: { secret: ['-p'] },
  argocd: { secret: [] },
  cqlsh: { secret: ['-p'] },
  sqlcmd: { secret: ['-P'] },
  bcp: { secret: ['-P'] },
  'clickhouse-client': { secret: [] },
  ldapsearch: { secret: ['-w'] },
  ldapadd: { secret: ['-w'] },
  ldapmodify: { secret: ['-w'] },
  ldapwhoami: { secret: ['-w'] },
  smbclient: { secret: [], userAndSecret: ['-U', '--user'] },
  ipmitool: { secret: ['-P'] },
  openssl: { secret: ['-pass', '-passin', '-passout', '-K'] },
  keytool: { secret: ['-storepass', '-keypass', '-srcstorepass', '-deststorepass', '-new'] },
  zip: { secret: ['-P'] },
  unzip: { secret: ['-P'] },
};

/** Programs that run another one: what follows their own flags and assignments is a command again. */
const WRAPPERS = new Set([
  'env',
  'sudo',
  'timeout',
  'nice',
  'nohup',
  'time',
  'exec',
  'stdbuf',
  'xargs',
  'setsid',
  'chroot',
  'su',
  'gosu',
  'tini',
  'dumb-init',
  'busybox',
  'command',
]);
const MAX_WRAPPED = 8;
const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_.-]{0,127})=/;
const FLAG_ASSIGNMENT = /^-{1,2}([A-Za-z][A-Za-z0-9_.-]{0,127})=/;
const FLAG = /^-{1,2}([A-Za-z][A-Za-z0-9_.-]{0,127})$/;
/** A flag with docker's `-e`, helm's `--set` and the like takes assignments. */
const ASSIGNMENTS = /(?:^|,)([A-Za-z_][\w.[\]-]{0,127})=/g;

/** Which arguments of a command are secrets, by their flags, names and the program. */
export function secretArguments(args: readonly string[]): readonly SecretArgument[] {
  const found: SecretArgument[] = [];
  const flags = programFlags(args);
  for (const [index, argument] of args.entries()) {
    const next = args[index + 1];
    const direct = secretWithin(argument, flags);
    if (direct !== undefined) {
      found.push({ index, from: direct });
      continue;
    }
    if (next === undefined || next === '') continue;
    if (flags?.userAndSecret?.includes(argument)) {
      const from = afterUser(next, 0);
      if (from !== undefined) found.push({ index: index + 1, from });
    } else if (takesSecret(argument, next, flags)) found.push({ index: index + 1, from: secretStart(next) });
  }
  return found.filter(({ index, from }) => !isReference((args[index] ?? '').slice(from)));
}

/** `pass:` and its kin of openssl say where the secret comes from. */
function secretStart(value: string): number {
  return value.startsWith('pass:') ? 'pass:'.length : 0;
}

function takesSecret(flag: string, next: string, flags: ProgramFlags | undefined): boolean {
  if (flags?.secret.includes(flag))
    return !/^(?:file|env|fd|stdin):?/.test(next) && (!next.startsWith('-') || flag.length === 2);
  const name = FLAG.exec(flag)?.[1];
  return name !== undefined && credentialName(name) !== undefined && !next.startsWith('-');
}

/** Where in one argument its secret begins. */
function secretWithin(argument: string, flags: ProgramFlags | undefined): number | undefined {
  const assignment = FLAG_ASSIGNMENT.exec(argument) ?? ASSIGNMENT.exec(argument);
  if (assignment !== null) return secretAssigned(argument, assignment[0], assignment[1] ?? '', flags);
  const short = argument.slice(0, 2);
  if (argument.length === 2 || !/^-[A-Za-z]$/.test(short)) return undefined;
  if (flags?.secret.includes(short)) return short.length;
  return flags?.userAndSecret?.includes(short) ? afterUser(argument, short.length) : undefined;
}

/** `--flag=…`, `NAME=…`, `--set a=…,b=…`. */
function secretAssigned(
  argument: string,
  prefix: string,
  name: string,
  flags: ProgramFlags | undefined,
): number | undefined {
  const flag = prefix.slice(0, -1);
  if (credentialName(name) !== undefined || flags?.secret.includes(flag)) return prefix.length;
  if (flags?.userAndSecret?.includes(flag)) return afterUser(argument, prefix.length);
  for (const { index, 0: pair, 1: inner = '' } of argument.matchAll(ASSIGNMENTS)) {
    if (credentialName(inner) !== undefined) return index + pair.length;
  }
  return undefined;
}

/** Behind the user of `user:secret` or `user%secret`. */
function afterUser(argument: string, from: number): number | undefined {
  const separator = argument.slice(from).search(/[:%]/);
  return separator < 0 ? undefined : from + separator + 1;
}

function programFlags(args: readonly string[]): ProgramFlags | undefined {
  for (const argument of args.slice(0, MAX_WRAPPED)) {
    if (argument.startsWith('-') || ASSIGNMENT.test(argument) || /^[0-9.]+[smhd]?$/.test(argument)) continue;
    const program = argument.slice(argument.lastIndexOf('/') + 1).toLowerCase();
    if (!WRAPPERS.has(program)) return Object.hasOwn(PROGRAMS, program) ? PROGRAMS[program] : undefined;
  }
  return undefined;
}

/** `$VAR`, `${VAR}`, `$(command)`: the shell fills them in, or nobody does. */
function isReference(value: string): boolean {
  return value === '' || /^\$(?:[A-Za-z_][A-Za-z0-9_]*$|\{[^}]*\}$|\([^)]*\)$)/.test(value);
}
