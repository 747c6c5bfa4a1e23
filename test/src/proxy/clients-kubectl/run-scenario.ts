import { runCommand, type CommandResult } from '@chaperone/e2e/process/run-command';
import { normalise } from '../clients-normalise.ts';
import { bothWays, type ClientPaths, type PathName } from '../clients-paths.ts';
import type { Twins } from '../clients-twins.ts';
import type { CommandStep, Step } from './scenario.ts';

export interface Kubectl {
  /** Path of the program. */
  readonly program: string;
  readonly callers: { readonly privileged: ClientPaths; readonly unprivileged: ClientPaths };
  /** Addresses by path, as kubectl prints them. */
  readonly servers: Readonly<Record<PathName, string>>;
}

/** What a command showed, as far as it may not differ. */
export interface Shown {
  readonly command: string;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How often a read is repeated of which other tests may change something between the two ways. */
const SHARED_ATTEMPTS = 5;

/** Runs the commands in order, each both ways at once. */
export async function runScenario(
  kubectl: Kubectl,
  twins: Twins,
  steps: readonly Step[],
): Promise<Readonly<Record<PathName, Shown[]>>> {
  const shown: Record<PathName, Shown[]> = { direct: [], gateway: [] };
  for (const step of steps) {
    const command: CommandStep = typeof step === 'string' ? { command: step } : step;
    const last = await runStep(kubectl, twins, command);
    shown.direct.push(last.direct);
    shown.gateway.push(last.gateway);
  }
  return shown;
}

async function runStep(kubectl: Kubectl, twins: Twins, step: CommandStep): Promise<Readonly<Record<PathName, Shown>>> {
  for (let attempt = 1; ; attempt += 1) {
    const results = await bothWays((path) => run(kubectl, twins, step, path));
    const direct = show(kubectl, twins, step, 'direct', results.direct);
    const gateway = show(kubectl, twins, step, 'gateway', results.gateway);
    const same = JSON.stringify(direct) === JSON.stringify(gateway);
    if (same || step.shared !== true || attempt === SHARED_ATTEMPTS) return { direct, gateway };
  }
}

function run(kubectl: Kubectl, twins: Twins, step: CommandStep, path: PathName): Promise<CommandResult> {
  const fill = (text: string): string =>
    text.replaceAll('{namespace}', twins.namespace[path]).replaceAll('{twin}', twins.suffix[path]);
  const { kubeconfig, directory } = kubectl.callers[step.as ?? 'privileged'];
  const words = (typeof step.command === 'string' ? step.command.split(' ') : step.command).map(fill);
  // A command may bring a namespace of its own, and arguments for another program behind `--`.
  const [verb = '', ...rest] = words;
  const global = [`--kubeconfig=${kubeconfig[path]}`, `--cache-dir=${directory}/cache-${path}`];
  const namespace = rest.some((word) => /^--(?:all-)?namespaces?(?:=|$)/.test(word))
    ? []
    : [`--namespace=${twins.namespace[path]}`];
  const { input } = step;
  return runCommand(kubectl.program, [...global, ...namespace, verb, ...rest], {
    // A process that lives for a moment needs no collector; there are hundreds of them.
    env: { ...process.env, GOGC: 'off', ...(step.editor === undefined ? {} : { KUBE_EDITOR: step.editor }) },
    ...(input === undefined ? {} : { input: fill(typeof input === 'string' ? input : JSON.stringify(input)) }),
  });
}

function show(
  { servers, callers }: Kubectl,
  twins: Twins,
  step: CommandStep,
  path: PathName,
  { code, stdout, stderr }: CommandResult,
): Shown {
  const known = new Map([
    [twins.namespace[path], '<namespace>'],
    [twins.suffix[path], '<twin>'],
    [servers[path], '<server>'],
    [callers[step.as ?? 'privileged'].kubeconfig[path], '<kubeconfig>'],
  ]);
  const command = typeof step.command === 'string' ? step.command : step.command.join(' ');
  return { command, code, stdout: normalise(stdout, known), stderr: normalise(stderr, known) };
}
