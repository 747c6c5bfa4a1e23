import { startsToken } from './boundaries.ts';
import { type Detector, type DetectorKind, matchAt } from './detector.ts';
import { isVaried } from './shown-values.ts';

/** A token that tells what it is by how it begins. */
interface Prefixed {
  readonly name: string;
  readonly kind: DetectorKind;
  readonly description: string;
  readonly prefixes: readonly string[];
  /** What follows a prefix, as a character class. */
  readonly characters: string;
  /** How much of it, at least and at most. */
  readonly length: readonly [number, number];
}

const WORD = '[A-Za-z0-9_]';

const PREFIXED: readonly Prefixed[] = [
  {
    name: 'gcp-api-key',
    kind: 'CloudToken',
    description: 'API keys of Google',
    prefixes: ['AIza'],
    characters: '[A-Za-z0-9_-]',
    length: [35, 35],
  },
  {
    name: 'gcp-oauth-token',
    kind: 'CloudToken',
    description: 'OAuth access and refresh tokens, and client secrets, of Google',
    prefixes: ['ya29.', '1//0', 'GOCSPX-'],
    characters: '[A-Za-z0-9_.-]',
    length: [24, 2048],
  },
  {
    name: 'slack-token',
    kind: 'CloudToken',
    description: 'bot, user, app and other tokens of Slack',
    prefixes: ['xoxa-', 'xoxb-', 'xoxe-', 'xoxe.', 'xoxo-', 'xoxp-', 'xoxr-', 'xoxs-', 'xapp-'],
    characters: '[A-Za-z0-9.-]',
    length: [16, 512],
  },
  {
    name: 'slack-webhook',
    kind: 'CloudToken',
    description: 'the secret path of incoming webhooks of Slack',
    prefixes: ['hooks.slack.com/services/', 'hooks.slack.com/workflows/', 'hooks.slack.com/triggers/'],
    characters: '[A-Za-z0-9/_-]',
    length: [20, 256],
  },
  {
    name: 'cloud-token',
    kind: 'CloudToken',
    description:
      'tokens of DigitalOcean, Vault, Terraform Cloud, Stripe, SendGrid, Hugging Face, Anthropic, OpenAI, Grafana, Databricks',
    prefixes: [
      'dop_v1_',
      'doo_v1_',
      'dor_v1_',
      'hvs.',
      'hvb.',
      'hvr.',
      'atlasv1.',
      'sk_live_',
      'rk_live_',
      'sk_test_',
      'SG.',
      'hf_',
      'sk-ant-',
      'sk-proj-',
      'sk-svcacct-',
      'glsa_',
      'glc_',
      'dapi',
    ],
    characters: '[A-Za-z0-9_.=-]',
    length: [32, 512],
  },
  {
    name: 'github-token',
    kind: 'ForgeToken',
    description: 'personal, OAuth, app and refresh tokens of GitHub',
    prefixes: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'],
    characters: '[A-Za-z0-9_]',
    length: [36, 512],
  },
  {
    name: 'github-fine-grained-token',
    kind: 'ForgeToken',
    description: 'fine-grained personal access tokens of GitHub',
    prefixes: ['github_pat_'],
    characters: '[A-Za-z0-9_]',
    length: [36, 255],
  },
  {
    name: 'gitlab-token',
    kind: 'ForgeToken',
    description: 'access, deploy, runner, trigger, job, agent, feed and other tokens of GitLab',
    prefixes: [
      'glpat-',
      'gldt-',
      'glrt-',
      'glrtr-',
      'glcbt-',
      'glptt-',
      'glft-',
      'glimt-',
      'glagent-',
      'gloas-',
      'glsoat-',
      'glffct-',
      'glwt-',
      'GR1348941',
    ],
    characters: '[A-Za-z0-9_.=-]',
    length: [20, 512],
  },
  {
    name: 'npm-token',
    kind: 'ForgeToken',
    description: 'access tokens of npm',
    prefixes: ['npm_'],
    characters: '[A-Za-z0-9]',
    length: [36, 64],
  },
  {
    name: 'registry-token',
    kind: 'ForgeToken',
    description: 'tokens of PyPI, Docker Hub, RubyGems, crates.io, Bitbucket and Atlassian',
    prefixes: ['pypi-AgE', 'dckr_pat_', 'dckr_oat_', 'rubygems_', 'cio', 'ATBB', 'ATCTT3', 'ATATT3'],
    characters: '[A-Za-z0-9_=-]',
    length: [27, 512],
  },
];

function newPrefixedDetector({ name, kind, description, prefixes, characters, length }: Prefixed): Detector {
  const [least, most] = length;
  const alternatives = prefixes.map((prefix) => prefix.replaceAll('.', '\\.').replaceAll('/', '\\\\*/'));
  // A token is judged by as much as every one of its kind has, and only then read to its end.
  const head = new RegExp(`(?:${alternatives.join('|')})(${characters}{${least}})`, 'y');
  const rest = new RegExp(`${characters}{0,${most - least}}(?!${WORD})`, 'y');
  // A slash may be escaped in JSON, so of a prefix that has one only what is before it is looked for.
  const anchors = prefixes.map((prefix) =>
    (prefix.includes('.com/') ? prefix.slice(0, prefix.indexOf('/')) : prefix).toLowerCase(),
  );
  return {
    name,
    kind,
    description,
    example: `${prefixes[0] ?? ''}…`,
    anchors: [...new Set(anchors)],
    match(text, at) {
      const found = startsToken(text, at) ? matchAt(head, text, at) : null;
      if (found === null) return undefined;
      const secret = found[1] ?? '';
      if (!isVaried(secret, 4) || !/[0-9A-Z]/.test(secret)) return undefined;
      const judged = at + found[0].length;
      const more = matchAt(rest, text, judged);
      return more === null ? undefined : { start: at, end: judged + more[0].length };
    },
  };
}

export const prefixedTokens: readonly Detector[] = PREFIXED.map(newPrefixedDetector);
