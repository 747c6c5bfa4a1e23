import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT } from '@chaperone/e2e/stack/directories';
import { NODE_ENVIRONMENT, NODE_FLAGS } from '@chaperone/operator/node-flags';
import { describe, expect, test } from 'vitest';

const read = (...path: readonly string[]): string => readFileSync(join(CHECKOUT, ...path), 'utf8');
const documents = readdirSync(join(CHECKOUT, 'docs')).filter((name) => name.endsWith('.md'));

/** As GitHub makes anchors of headings. */
const anchorsOf = (text: string): readonly string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  );

describe('the documentation', () => {
  test.each(documents)('%s is linked from the README, under Documentation', (name) => {
    const [, section = ''] = /^## Documentation$([^]*?)^## /m.exec(read('README.md')) ?? [];
    expect(section).toContain(`](docs/${name})`);
  });

  test.each(documents)('what %s links to is there', (name) => {
    const links = [...read('docs', name).matchAll(/\]\(([a-z-]+\.md)(?:#([^)]+))?\)/g)];
    expect(documents).toEqual(expect.arrayContaining(links.map(([, target]) => target)));
    const broken = links.filter(
      ([, target = '', anchor]) => anchor !== undefined && !anchorsOf(read('docs', target)).includes(anchor),
    );
    expect(broken.map(([link]) => link)).toEqual([]);
  });

  test('names the flags and the environment that the operator is started with', () => {
    const operations = read('docs', 'operations.md');
    const environment = Object.entries(NODE_ENVIRONMENT).map(([name, value]) => `${name}=${value}`);
    expect(operations).toContain(`| flags | \`${NODE_FLAGS.join(' ')}\` |`);
    expect(operations).toContain(`| environment | \`${environment.join(' ')}\` |`);
  });
});
