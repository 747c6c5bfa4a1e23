import { LaunchError } from '../process/launch-error.ts';
import { runCommand } from '../process/run-command.ts';
import { NODE_MARK, POD_SUBNET, SERVICE_SUBNET } from './layout.ts';
import { systemEnvironment } from './system-path.ts';

/**
 * What `iptables-restore --noflush` must read to take our rules, and nothing else, out of a saved rule set. Pure.
 *
 * Ours are the chains that kube-proxy and kubelet make (all named `KUBE-`), the rules of other chains that lead to
 * them, and the rules that carry our comment. Empty when there is nothing to take out.
 */
export function removalScript(saved: string): string {
  return parseTables(saved)
    .map(({ name, chains, rules }) => {
      const own = chains.filter(isOwnChain);
      const deletions = rules
        .filter((rule) => !isOwnChain(chainOf(rule)) && isOwnRule(rule))
        .map((rule) => rule.replace(/^-A /, '-D '));
      if (own.length + deletions.length === 0) return '';
      // Naming a chain with ':' flushes it, and a chain can only go once no rule leads to it.
      const lines = [...own.map((chain) => `:${chain} - [0:0]`), ...deletions, ...own.map((chain) => `-X ${chain}`)];
      return [`*${name}`, ...lines, 'COMMIT', ''].join('\n');
    })
    .join('');
}

interface Table {
  readonly name: string;
  readonly chains: string[];
  readonly rules: string[];
}

/** Reads the output of `iptables-save`. */
function parseTables(saved: string): Table[] {
  const tables: Table[] = [];
  for (const line of saved.split('\n')) {
    const table = tables.at(-1);
    if (line.startsWith('*')) tables.push({ name: line.slice(1).trim(), chains: [], rules: [] });
    else if (line.startsWith(':')) table?.chains.push(line.slice(1).split(' ')[0] ?? '');
    else if (line.startsWith('-A ')) table?.rules.push(line);
  }
  return tables;
}

const isOwnChain = (chain: string): boolean => chain.startsWith('KUBE-');
const chainOf = (rule: string): string => rule.split(' ')[1] ?? '';
const isOwnRule = (rule: string): boolean =>
  /(?:^| )(?:-j|-g) KUBE-/.test(rule) || new RegExp(`--comment "?${NODE_MARK}"?(?: |$)`).test(rule);

/** Rules may be in either of two backends, whatever `iptables` stands for today, and in either of two families. */
const BACKENDS = ['iptables-nft', 'iptables-legacy', 'ip6tables-nft', 'ip6tables-legacy'];

/** Removes the node's rules and chains, and answers what could not be removed, in `iptables-restore`'s format. */
export async function removeRules(): Promise<string> {
  const left: string[] = [];
  for (const backend of BACKENDS) {
    const script = removalScript(await savedRules(backend));
    if (script === '') continue;
    await runCommand(`${backend}-restore`, ['--noflush', '--wait', '10'], { env: systemEnvironment(), input: script });
    left.push(removalScript(await savedRules(backend)));
  }
  return left.join('');
}

/** Empty where this backend or this family is not available. */
async function savedRules(backend: string): Promise<string> {
  const result = await runCommand(`${backend}-save`, [], { env: systemEnvironment() }).catch(() => undefined);
  return result?.code === 0 ? result.stdout : '';
}

/**
 * What becomes of packets that pods send, before kube-proxy's own chains are there to say more.
 *
 * A Service's address that is still itself when it is forwarded has no rules yet. Were the packet sent on, through the
 * default route, conntrack would remember the flow as one without translation, and each repeated SYN of the connection
 * would go the same way: the caller would hang for minutes. Refused at once, it can try again. The other two rules are for
 * machines whose FORWARD chain drops by default, as Docker leaves it.
 */
const FORWARD_RULES = [
  ['--source', POD_SUBNET, '--destination', SERVICE_SUBNET, '--jump', 'REJECT'],
  ['--source', POD_SUBNET, '--jump', 'ACCEPT'],
  ['--destination', POD_SUBNET, '--jump', 'ACCEPT'],
];

/** Puts the rules for pods' packets at the head of FORWARD, where they are not there yet. */
export async function forwardPodTraffic(): Promise<void> {
  for (const rule of FORWARD_RULES.toReversed()) {
    const marked = ['FORWARD', ...rule, '-m', 'comment', '--comment', NODE_MARK];
    const env = systemEnvironment();
    const present = await runCommand('iptables', ['--wait', '10', '--check', ...marked], { env });
    if (present.code === 0) continue;
    const inserted = await runCommand('iptables', ['--wait', '10', '--insert', ...marked], { env });
    if (inserted.code !== 0) {
      throw new LaunchError('NodeUnavailable', `iptables does not work on this machine: ${inserted.stderr.trim()}`);
    }
  }
}
