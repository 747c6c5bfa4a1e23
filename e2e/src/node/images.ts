import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { CLUSTER_MODULE } from '../cluster/kubernetes-version.ts';
import { LaunchError } from '../process/launch-error.ts';
import { runCommand } from '../process/run-command.ts';
import { CONTAINERD_SOCKET } from './layout.ts';
import type { NodeTools } from './packages.ts';

/** Holds a pod's namespaces: containerd's `sandbox_image`. */
export const PAUSE_IMAGE = 'chaperone.local/pause:1';

/** A shell, tar, wget and the rest of busybox, for test pods. There is no registry: `imagePullPolicy: Never`. */
export const BUSYBOX_IMAGE = 'chaperone.local/busybox:1';

/** An image and the archive that holds it. */
export interface ImageArchive {
  readonly name: string;
  /** OCI archive: a tar file of an OCI image layout (opencontainers/image-spec, image-layout.md). */
  readonly file: string;
}

interface ImageRecipe {
  readonly name: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** Decides, with the rest of the recipe, whether an archive in the cache still serves. */
  readonly inputs: readonly string[];
  /** Lays out the root file system. */
  readonly build: (root: string) => Promise<void>;
}

/** Builds the node's own images, or finds them in the cache, where each lies under the digest of what it is made from. */
export async function buildImages(cacheDirectory: string, tools: NodeTools): Promise<ImageArchive[]> {
  return Promise.all(
    [pauseRecipe(), busyboxRecipe(tools)].map((recipe) => archive(recipe, join(cacheDirectory, 'images'))),
  );
}

/** Imports the archives into containerd's namespace for Kubernetes. An image that is there already is left as it is. */
export async function importImages(archives: readonly ImageArchive[], tools: NodeTools): Promise<void> {
  for (const { name, file } of archives) {
    const result = await runCommand(tools.ctr, [
      '--address',
      CONTAINERD_SOCKET,
      '-n',
      'k8s.io',
      'images',
      'import',
      file,
    ]);
    if (result.code !== 0) {
      throw new LaunchError('BuildFailed', `containerd refuses the image ${name}: ${result.stderr.trim()}`);
    }
  }
}

function pauseRecipe(): ImageRecipe {
  return {
    name: PAUSE_IMAGE,
    entrypoint: ['/pause'],
    command: [],
    inputs: [join(CLUSTER_MODULE, 'pause', 'main.go')],
    async build(root) {
      const result = await runCommand(
        'go',
        ['build', '-trimpath', '-ldflags=-s -w -buildid=', '-o', join(root, 'pause'), './pause'],
        { cwd: CLUSTER_MODULE, env: { ...process.env, CGO_ENABLED: '0' } },
      );
      if (result.code !== 0)
        throw new LaunchError('BuildFailed', `the pause program does not build: ${result.stderr.trim()}`);
    },
  };
}

function busyboxRecipe(tools: NodeTools): ImageRecipe {
  return {
    name: BUSYBOX_IMAGE,
    entrypoint: [],
    command: ['/bin/sh'],
    inputs: [tools.busybox],
    async build(root) {
      for (const directory of ['bin', 'etc', 'root', 'tmp']) mkdirSync(join(root, directory));
      chmodSync(join(root, 'tmp'), 0o1777);
      copyFileSync(tools.busybox, join(root, 'bin', 'busybox'));
      // Links relative to the new root, made by busybox itself: it knows which programs it has.
      const result = await runCommand(tools.busybox, ['chroot', root, '/bin/busybox', '--install', '-s', '/bin']);
      if (result.code !== 0)
        throw new LaunchError('BuildFailed', `busybox cannot be laid out: ${result.stderr.trim()}`);
      writeFileSync(
        join(root, 'etc', 'passwd'),
        'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
      );
      writeFileSync(join(root, 'etc', 'group'), 'root:x:0:\nnogroup:x:65534:\n');
    },
  };
}

/** Writes the archive beside its place and renames it: an interrupted build leaves nothing that looks finished. */
async function archive(recipe: ImageRecipe, cacheDirectory: string): Promise<ImageArchive> {
  const short = recipe.name.replace(/^.*\//, '').replace(':', '-');
  const file = join(cacheDirectory, `${short}-${recipeDigest(recipe).slice(0, 16)}.tar`);
  if (existsSync(file)) return { name: recipe.name, file };
  mkdirSync(cacheDirectory, { recursive: true });
  const work = mkdtempSync(join(cacheDirectory, `.${short}-`));
  try {
    const root = join(work, 'root');
    mkdirSync(root);
    await recipe.build(root);
    await tar(root, join(work, 'layer.tar'));
    const layout = join(work, 'layout');
    writeLayout(layout, recipe, readFileSync(join(work, 'layer.tar')));
    await tar(layout, join(work, 'archive.tar'));
    renameSync(join(work, 'archive.tar'), file);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return { name: recipe.name, file };
}

/** Bytes of the inputs, and what this file does with them: raise `format` when that changes. */
function recipeDigest({ name, entrypoint, command, inputs }: ImageRecipe): string {
  const hash = createHash('sha256').update(
    JSON.stringify({ format: 1, arch: process.arch, name, entrypoint, command }),
  );
  for (const input of inputs) hash.update(readFileSync(input));
  return hash.digest('hex');
}

/** GNU tar, which Debian always has, told to leave out all that differs from one run to the next. */
async function tar(directory: string, file: string): Promise<void> {
  const fixed = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=ustar'];
  const result = await runCommand('tar', [...fixed, '-C', directory, '-cf', file, '.']);
  if (result.code !== 0) throw new LaunchError('BuildFailed', `an image cannot be written: ${result.stderr.trim()}`);
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const OCI = 'application/vnd.oci.image';

/** An OCI image layout of one image with one layer. */
function writeLayout(directory: string, recipe: ImageRecipe, layer: Buffer): void {
  const blobs = join(directory, 'blobs', 'sha256');
  mkdirSync(blobs, { recursive: true });
  const put = (mediaType: string, content: Buffer | object): Descriptor => {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    const digest = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(blobs, digest), bytes);
    return { mediaType, digest: `sha256:${digest}`, size: bytes.length };
  };
  const layerDescriptor = put(`${OCI}.layer.v1.tar`, layer);
  const platform = { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch };
  const config = put(`${OCI}.config.v1+json`, {
    ...platform,
    config: {
      Env: ['PATH=/bin'],
      ...(recipe.entrypoint.length === 0 ? {} : { Entrypoint: recipe.entrypoint }),
      ...(recipe.command.length === 0 ? {} : { Cmd: recipe.command }),
    },
    // The layer is not compressed, so its digest is also that of its content.
    rootfs: { type: 'layers', diff_ids: [layerDescriptor.digest] },
  });
  const manifest = put(`${OCI}.manifest.v1+json`, {
    schemaVersion: 2,
    mediaType: `${OCI}.manifest.v1+json`,
    config,
    layers: [layerDescriptor],
  });
  writeFileSync(join(directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  writeFileSync(
    join(directory, 'index.json'),
    JSON.stringify({
      schemaVersion: 2,
      mediaType: `${OCI}.index.v1+json`,
      // containerd's own annotation holds the whole name; the standard one holds a tag alone.
      manifests: [{ ...manifest, platform, annotations: { 'io.containerd.image.name': recipe.name } }],
    }),
  );
}
