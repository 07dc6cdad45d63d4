/*
 * Writes src/api/schema.ts, the TypeScript types of the REST interface.
 *
 * The server's own OpenAPI document is their only source: this asks the Python package beside
 * this folder for it, so the two can not drift apart.
 */
import { execFile } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import openapiTS, { astToString } from 'openapi-typescript';

const run = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '..', '..');
const target = resolve(here, '..', 'src', 'api', 'schema.ts');

/**
 * The interpreter that runs jupyter-builder: while pip builds a wheel, only that one has the
 * package's dependencies, whatever `python` means on the PATH.
 */
async function builderPython() {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const script = join(folder, 'jupyter-builder');
    if (await stat(script).catch(() => null)) {
      const text = (await readFile(script, 'utf8')).slice(0, 1000);
      return /["'!\s](\/[^\s"']*python[^\s"']*)/.exec(text)?.[1];
    }
  }
  return undefined;
}

async function openapi() {
  const candidates = [
    process.env.PYTHON,
    await builderPython(),
    join(root, '.venv', 'bin', 'python'),
    'python',
    'python3'
  ].filter(Boolean);
  const failures = [];
  for (const python of candidates) {
    try {
      const { stdout } = await run(
        python,
        ['-m', 'netapp_jlab.server.openapi'],
        {
          env: { ...process.env, PYTHONPATH: root },
          maxBuffer: 16 * 1024 * 1024,
          timeout: 60_000
        }
      );
      return JSON.parse(stdout);
    } catch (error) {
      failures.push(`${python}: ${error.stderr || error.message}`);
    }
  }
  throw new Error(
    `No Python could print the OpenAPI document (set PYTHON to choose one).\n${failures.join('\n')}`
  );
}

const text =
  '// Made by `npm run build:types` from the OpenAPI document; do not edit.\n\n' +
  astToString(await openapiTS(await openapi()));
if ((await readFile(target, 'utf8').catch(() => '')) !== text) {
  await writeFile(target, text);
}
