import { isAmong, pathsOf, placeOf, serverRoot } from '../model/paths';
import { volume } from './fixtures';

const home = volume({ name: 'home', mount_path: '/home/jovyan' });
const data = volume({ name: 'data', mount_path: '/home/jovyan/shared/data/' });
const away = volume({ name: 'away' });

describe('placeOf', () => {
  const place = (path: string, root = '/home/jovyan') => {
    const found = placeOf(path, root, [away, home, data]);
    return found && [found.volume.name, found.path];
  };

  it('finds the innermost volume', () => {
    expect(place('a/b.ipynb')).toEqual(['home', 'a/b.ipynb']);
    expect(place('shared/data/x.csv')).toEqual(['data', 'x.csv']);
    expect(place('shared/data')).toEqual(['data', '']);
    expect(place('shared/database')).toEqual(['home', 'shared/database']);
  });

  it('finds nothing outside and where the root is unknown', () => {
    expect(place('a', '/srv')).toBeNull();
    expect(place('a', '')).toBeNull();
  });

  it('finds volumes below a root that is on none', () => {
    expect(place('home/jovyan/a', '/')).toEqual(['home', 'a']);
  });
});

describe('serverRoot', () => {
  const root = (option: string, workspace: string) =>
    serverRoot(option, workspace, [home, data, away]);

  it('takes a root in a volume or around one as it is', () => {
    expect(root('/home/jovyan/work', '/home/jovyan')).toBe('/home/jovyan/work');
    expect(root('/home', '/home/jovyan')).toBe('/home');
    expect(root('/', '/home/jovyan')).toBe('/');
  });

  it('takes the home for where the workspace is mounted', () => {
    expect(root('~', '/home/jovyan')).toBe('/home/jovyan');
    expect(root('~/work', '/home/jovyan/')).toBe('/home/jovyan/work');
    expect(root('~/work', '')).toBe('');
  });

  it('takes any other root for a link to the workspace', () => {
    expect(root('/srv/link', '/home/jovyan')).toBe('/home/jovyan');
    expect(root('/srv/link', '')).toBe('');
  });
});

describe('isAmong', () => {
  it('counts what lies under a chosen folder', () => {
    expect(isAmong('a/b', ['a'])).toBe(true);
    expect(isAmong('ab', ['a'])).toBe(false);
    expect(isAmong('x', [])).toBe(true);
  });
});

describe('pathsOf', () => {
  it('takes a path a line, without slashes around', () => {
    expect(pathsOf(' /a/b/ \n\n c\n')).toEqual(['a/b', 'c']);
  });
});
