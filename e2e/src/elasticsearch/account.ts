import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchError } from '../process/launch-error.ts';
import { runCommand } from '../process/run-command.ts';

/** Elasticsearch refuses to run as root; started by root it runs as this user, which is made once and stays. */
export const ELASTICSEARCH_USER = 'chaperone-elasticsearch';

/** A user of the machine, by numbers. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** The account to run the server as: `undefined` stands for the caller's own, which does unless that is root. */
export async function serverAccount(isRoot: boolean): Promise<Account | undefined> {
  if (!isRoot) return undefined;
  return (await findAccount()) ?? createAccount();
}

async function findAccount(): Promise<Account | undefined> {
  const [uid, gid] = await Promise.all([idOf('-u'), idOf('-g')]);
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

async function idOf(option: '-u' | '-g'): Promise<number | undefined> {
  const { code, stdout } = await runCommand('id', [option, ELASTICSEARCH_USER]);
  return code === 0 ? Number(stdout) : undefined;
}

async function createAccount(): Promise<Account> {
  const args = [
    '--system',
    '--user-group',
    '--no-create-home',
    '--home-dir',
    '/nonexistent',
    '--shell',
    '/usr/sbin/nologin',
  ];
  // Root's PATH after `su` has no sbin.
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
  let reason = '';
  // Another checkout may be making the same user: then useradd finds /etc/passwd locked, or the user there.
  for (let attempt = 0; attempt < 10; attempt += 1) {
    reason = await runCommand('useradd', [...args, ELASTICSEARCH_USER], { env }).then(
      ({ stderr }) => stderr.trim().split('\n').at(-1) ?? '',
      () => 'there is no useradd here',
    );
    const account = await findAccount();
    if (account !== undefined) return account;
    await sleep(200);
  }
  const remedy = `create a system user ${ELASTICSEARCH_USER}, or run this as another user than root`;
  throw new LaunchError(
    'ToolMissing',
    `Elasticsearch does not run as root and its user cannot be made (${reason}): ${remedy}`,
  );
}
