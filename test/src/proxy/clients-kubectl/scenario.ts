/**
 * One command. Text is split at blanks; `{namespace}` and `{twin}` stand for what is each way's own, the namespace and a
 * suffix for cluster-scoped names.
 */
export type Step = string | CommandStep;

export interface CommandStep {
  readonly command: string | readonly string[];
  /** Standard input: text, or an object that goes in as JSON. */
  readonly input?: unknown;
  /** What KUBE_EDITOR does to the file that it is given. */
  readonly editor?: string;
  /** As a caller to whom RBAC grants nothing. */
  readonly as?: 'unprivileged';
  /** Reads what other tests change too: only a difference that stays is one. */
  readonly shared?: boolean;
}

/** Commands that follow from each other, by what they show of kubectl. */
export type Scenarios = Readonly<Record<string, readonly Step[]>>;

export const manifest = (file: string): string => `${import.meta.dirname}/manifests/${file}`;
