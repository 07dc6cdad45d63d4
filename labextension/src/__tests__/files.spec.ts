import { ApiClient } from '../api/client';
import { Reason } from '../api/errors';
import { listFiles } from '../api/files';
import type { FileEntry } from '../api/types';
import {
  childPath,
  fileMove,
  folderOf,
  matching,
  nameOf,
  selectedAs,
  textOf,
  toggled,
  waysTo
} from '../model/files';
import { pathsOf } from '../model/paths';
import { FakeServer } from './fixtures';

function entry(name: string): FileEntry {
  return { name, kind: 'file', size: 1, modified: null, link: '' };
}

describe('paths', () => {
  it('are put together and taken apart again', () => {
    expect(childPath('', 'a')).toBe('a');
    expect(childPath('a/b', 'c d')).toBe('a/b/c d');
    expect(folderOf('a/b/c')).toBe('a/b');
    expect(folderOf('a')).toBe('');
    expect(folderOf('')).toBe('');
    expect(nameOf('a/b')).toBe('b');
    expect(waysTo('')).toEqual([]);
    expect(waysTo('a/b/c')).toEqual(['a', 'a/b', 'a/b/c']);
  });

  it('keep blanks at their ends where they were chosen, not typed', () => {
    expect(pathsOf(' a \n/b/', [' a '])).toEqual([' a ', 'b']);
    expect(pathsOf(' a ')).toEqual(['a']);
  });
});

describe('a selection', () => {
  it('gains and loses paths', () => {
    expect(toggled([], 'a')).toEqual(['a']);
    expect(toggled(['a', 'b'], 'a')).toEqual(['b']);
  });

  it('holds what is in a selected folder', () => {
    expect(selectedAs(['a'], 'a/b/c')).toBe('within');
    expect(selectedAs(['a'], 'ab')).toBe('no');
    expect(selectedAs(['a/b'], 'a')).toBe('no');
    expect(toggled(['a'], 'a/b')).toEqual(['a']);
  });

  it('lets a folder take the place of what is in it', () => {
    expect(toggled(['a/b', 'a/c/d', 'ab'], 'a')).toEqual(['ab', 'a']);
  });
});

describe('matching', () => {
  it('looks for letters in any case', () => {
    const entries = [entry('Data.csv'), entry('model.pkl')];
    expect(matching(entries, 'DATA')).toEqual([entries[0]]);
    expect(matching(entries, '')).toBe(entries);
  });
});

describe('fileMove', () => {
  it('goes up and down, and stops at the ends', () => {
    expect(fileMove('ArrowDown', 3, 0)).toEqual({ move: 'focus', index: 1 });
    expect(fileMove('ArrowDown', 3, 2)).toEqual({ move: 'focus', index: 2 });
    expect(fileMove('PageUp', 30, 4)).toEqual({ move: 'focus', index: 0 });
    expect(fileMove('PageDown', 30, 4)).toEqual({ move: 'focus', index: 14 });
    expect(fileMove('End', 30, 4)).toEqual({ move: 'focus', index: 29 });
    expect(fileMove('Home', 30, 4)).toEqual({ move: 'focus', index: 0 });
  });

  it('goes into folders and out of them, as the page reads', () => {
    expect(fileMove('Enter', 3, 0)).toEqual({ move: 'open' });
    expect(fileMove('ArrowRight', 3, 0)).toEqual({ move: 'open' });
    expect(fileMove('ArrowRight', 3, 0, true)).toEqual({ move: 'up' });
    expect(fileMove('ArrowLeft', 3, 0)).toEqual({ move: 'up' });
    expect(fileMove('Backspace', 3, 0)).toEqual({ move: 'up' });
  });

  it('selects, and leaves other keys alone', () => {
    expect(fileMove(' ', 3, 0)).toEqual({ move: 'toggle' });
    expect(fileMove('a', 3, 0)).toBeNull();
    expect(fileMove('Tab', 3, 0)).toBeNull();
  });
});

describe('textOf', () => {
  const bytes = (...values: number[]) => new Uint8Array(values);

  it('reads UTF-8, also where the last letter is cut in two', () => {
    expect(textOf(bytes(0x61, 0xc3, 0xa4), true)).toBe('aä');
    expect(textOf(bytes(0x61, 0xc3), false)).toBe('a');
    expect(textOf(bytes(), true)).toBe('');
  });

  it('takes nothing else for text', () => {
    expect(textOf(bytes(0x61, 0xc3), true)).toBeNull();
    expect(textOf(bytes(0x61, 0, 0x62), true)).toBeNull();
    expect(textOf(bytes(0xff, 0xfe), false)).toBeNull();
  });
});

describe('the interface', () => {
  const listing = { snapshot: 'a', path: 'b c', match: '' };
  const asked = 'GET snapshots/a/files?path=b%20c&match&wait=1';
  let server: FakeServer;
  let api: ApiClient;

  beforeEach(() => {
    server = new FakeServer();
    api = new ApiClient(server.settings);
  });

  it('is asked again until the snapshot is open, and tells what it waits for', async () => {
    const steps: string[] = [];
    server.on(asked, () =>
      server.count(asked) < 3
        ? [202, { step: `Step ${server.count(asked)}` }]
        : [200, { path: 'b c', items: [entry('x')], total: 1 }]
    );
    const { signal } = new AbortController();
    const found = await listFiles(
      api,
      listing,
      step => steps.push(step),
      signal
    );
    expect(found.items).toEqual([entry('x')]);
    expect(steps).toEqual(['Step 1', 'Step 2']);
  });

  it('is not asked any more once nobody waits', async () => {
    const abort = new AbortController();
    server.on(asked, () => {
      if (abort.signal.aborted) {
        throw new DOMException('aborted', 'AbortError'); // as a browser does
      }
      return [202, { step: 'Starting' }];
    });
    const failed = listFiles(api, listing, () => abort.abort(), abort.signal);
    await expect(failed).rejects.toMatchObject({ reason: Reason.cancelled });
  });

  it('gives the beginning of a file, and nothing that only looks like it', async () => {
    const content = 'GET snapshots/a/content?path=x%2Fy';
    const head = () => api.head('a', 'x/y', 4);
    server.on(content, () => [206, 'abcd']);
    expect(new TextDecoder().decode(await head())).toBe('abcd');
    server.on(content, () => [200, '<html>Log in</html>']);
    await expect(head()).rejects.toMatchObject({ reason: Reason.unexpected });
    server.on(content, () => [
      403,
      { reason: 'Forbidden', message: 'No.', hint: '' }
    ]);
    await expect(head()).rejects.toMatchObject({ message: 'No.', status: 403 });
  });

  it('names the place of a file for the browser', () => {
    expect(api.contentUrl('a', '../x&y=1')).toBe(
      'http://server/user/ada/netapp-jlab/snapshots/a/content?path=..%2Fx%26y%3D1'
    );
  });
});
