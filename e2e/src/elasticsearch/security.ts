import { createHash, pbkdf2Sync, randomBytes } from 'node:crypto';
import { stringify } from 'yaml';

/**
 * Users of a secured server, by what they may do.
 * - `superuser`: everything.
 * - `installer`: index templates, and everything on `logs-*`.
 * - `writer`: append documents to `logs-*`, and nothing else; not even read them.
 * - `reader`: search `logs-*`.
 */
export type UserName = 'superuser' | 'installer' | 'writer' | 'reader';

/** A user and its password, as HTTP basic authentication takes them. */
export interface Credential {
  readonly username: string;
  readonly password: string;
}

export type Users = Readonly<Record<UserName, Credential>>;

const USER_NAMES: readonly UserName[] = ['superuser', 'installer', 'writer', 'reader'];

/** Elasticsearch's own role; the other users have a role of their own name. */
const SUPERUSER_ROLE = 'superuser';

const ROLES: Readonly<Record<Exclude<UserName, 'superuser'>, object>> = {
  installer: { cluster: ['manage_index_templates'], indices: [{ names: ['logs-*'], privileges: ['manage'] }] },
  // The privileges of Elastic's own write-only keys: create_doc adds documents and changes none, auto_configure lets
  // the first one create its data stream.
  writer: { cluster: [], indices: [{ names: ['logs-*'], privileges: ['auto_configure', 'create_doc'] }] },
  reader: { cluster: [], indices: [{ names: ['logs-*'], privileges: ['read', 'view_index_metadata'] }] },
};

const usernameOf = (name: UserName): string => `chaperone-${name}`;
const roleOf = (name: UserName): string => (name === 'superuser' ? SUPERUSER_ROLE : `chaperone_${name}`);

/** New users with random passwords of 192 bits. */
export function newUsers(): Users {
  return usersOf(() => randomBytes(24).toString('base64url'));
}

function usersOf(password: (name: UserName) => string): Users {
  const credential = (name: UserName): Credential => ({ username: usernameOf(name), password: password(name) });
  return {
    superuser: credential('superuser'),
    installer: credential('installer'),
    writer: credential('writer'),
    reader: credential('reader'),
  };
}

/** What is kept of the users between starts. Holds passwords. */
export function serializeUsers(users: Users): string {
  return JSON.stringify(Object.fromEntries(USER_NAMES.map((name) => [name, users[name].password])));
}

/** The users from `serializeUsers`, or undefined when the text is not whole. */
export function parseUsers(text: string): Users | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const passwords = new Map<string, unknown>(Object.entries(value));
  const found = (name: UserName): string => {
    const password = passwords.get(name);
    return typeof password === 'string' ? password : '';
  };
  return USER_NAMES.every((name) => found(name) !== '') ? usersOf(found) : undefined;
}

/**
 * The file realm's files, by name. Written rather than made by `bin/elasticsearch-users`, which starts a JVM for each
 * user; the formats are those of Elasticsearch's FileUserPasswdStore, FileUserRolesStore and FileRolesStore.
 */
export function fileRealm(users: Users): Readonly<Record<string, string>> {
  return {
    'roles.yml': stringify(
      Object.fromEntries(Object.entries(ROLES).map(([name, role]) => [`chaperone_${name}`, role])),
    ),
    users: USER_NAMES.map((name) => `${users[name].username}:${passwordHash(users[name])}\n`).join(''),
    users_roles: USER_NAMES.map((name) => `${roleOf(name)}:${users[name].username}\n`).join(''),
  };
}

const ITERATIONS = 10_000;
const HASH_LENGTH = 32;

/**
 * A hash that Elasticsearch's Hasher.PBKDF2_10000 verifies: PBKDF2 with HMAC-SHA-512, salt and key of 32 bytes in
 * base64. It knows the algorithm by the prefix, whatever `xpack.security.authc.password_hashing.algorithm` is.
 *
 * The salt comes from the password, so that the file is the same at every start and a running server need not be
 * restarted. Salts are against guessing from tables; random passwords of 192 bits are in none.
 */
export function passwordHash({ username, password }: Credential): string {
  const salt = createHash('sha256').update(`${username}\0${password}`).digest();
  const key = pbkdf2Sync(password, salt, ITERATIONS, HASH_LENGTH, 'sha512');
  return `{PBKDF2}${ITERATIONS}$${salt.toString('base64')}$${key.toString('base64')}`;
}
