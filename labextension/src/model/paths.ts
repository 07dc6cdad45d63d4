/**
 * Where a file of the file browser lies on a volume, and the other way round.
 */
import type { Volume } from '../api/types';

/**
 * A file as the REST interface names it.
 */
export interface IPlace {
  volume: Volume;

  /** Relative to the volume's root; empty for the root itself. */
  path: string;
}

/**
 * Absolute path of the server's root folder.
 *
 * The server writes its user's home as `~`, and a root that is a symbolic link as it was given;
 * no page can resolve either. A workspace is mounted at the home, as hubs do it, and a root that
 * has nothing to do with any volume is a link to the workspace.
 *
 * @param option - The page's `serverRoot`.
 * @param workspacePath - Where the workspace is mounted; empty if there is none.
 * @param volumes - All volumes.
 * @returns Empty if it can not be told.
 */
export function serverRoot(
  option: string,
  workspacePath: string,
  volumes: readonly Volume[]
): string {
  if (option.startsWith('~')) {
    return workspacePath ? joined(workspacePath, option.slice(1)) : '';
  }
  const isRelated = volumes.some(
    ({ mount_path }) =>
      mount_path && (isUnder(option, mount_path) || isUnder(mount_path, option))
  );
  return isRelated ? option : workspacePath;
}

/** The volume that holds a file, and the file's path on it; null if none does. */
export function placeOf(
  localPath: string,
  root: string,
  volumes: readonly Volume[]
): IPlace | null {
  if (!root) {
    return null;
  }
  const absolute = joined(root, localPath);
  const holders = volumes
    .filter(({ mount_path }) => mount_path && isUnder(absolute, mount_path))
    .sort((a, b) => b.mount_path.length - a.mount_path.length);
  const volume = holders[0];
  return volume
    ? {
        volume,
        path: absolute
          .slice(withoutEnd(volume.mount_path).length)
          .replace(/^\//, '')
      }
    : null;
}

/** Whether a path is one of `paths` or lies under one; all are, if there are none. */
export function isAmong(path: string, paths: readonly string[]): boolean {
  return paths.length === 0 || paths.some(parent => isUnder(path, parent));
}

/**
 * Lines of a text field as paths relative to the volume's root.
 *
 * @param known - Paths that are taken as they are, also with blanks at their ends.
 */
export function pathsOf(text: string, known: readonly string[] = []): string[] {
  return text
    .split('\n')
    .map(line =>
      known.includes(line) ? line : line.trim().replace(/^\/+|\/+$/g, '')
    )
    .filter(Boolean);
}

function isUnder(path: string, parent: string): boolean {
  const folder = withoutEnd(parent);
  return path === folder || folder === '' || path.startsWith(`${folder}/`);
}

/** Both parts with one slash between; `PathExt.join` takes away the one in front. */
function joined(folder: string, path: string): string {
  return withoutEnd(`${withoutEnd(folder)}/${path.replace(/^\/+/, '')}`);
}

function withoutEnd(path: string): string {
  return path.replace(/\/+$/, '');
}
