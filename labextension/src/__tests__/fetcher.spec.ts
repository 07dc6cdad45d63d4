import { PromiseDelegate } from '@lumino/coreutils';
import { Fetcher } from '../model/fetcher';

describe('Fetcher', () => {
  function make() {
    const fetches: PromiseDelegate<number>[] = [];
    const accepted: number[] = [];
    const fetcher = new Fetcher(
      () => {
        const fetch = new PromiseDelegate<number>();
        fetches.push(fetch);
        return fetch.promise;
      },
      (value: number) => accepted.push(value)
    );
    const settle = () => new Promise(resolve => setTimeout(resolve));
    return { fetches, accepted, fetcher, settle };
  }

  it('makes two fetches of a burst and accepts the second', async () => {
    const { fetches, accepted, fetcher, settle } = make();
    const runs = [fetcher.run(), fetcher.run(), fetcher.run()];
    fetches[0]!.resolve(1);
    await settle();
    expect(accepted).toEqual([]);
    expect(fetches).toHaveLength(2);
    fetches[1]!.resolve(2);
    await Promise.all(runs);
    expect(accepted).toEqual([2]);
    expect(fetcher.isRunning).toBe(false);
  });

  it('fetches again what was outdated meanwhile', async () => {
    const { fetches, accepted, fetcher, settle } = make();
    const run = fetcher.run();
    fetcher.outdate();
    fetches[0]!.resolve(1);
    await settle();
    fetches[1]!.resolve(2);
    await run;
    expect(accepted).toEqual([2]);
  });

  it('does nothing when outdated while idle', async () => {
    const { fetches, accepted, fetcher } = make();
    fetcher.outdate();
    const run = fetcher.run();
    fetches[0]!.resolve(1);
    await run;
    expect(fetches).toHaveLength(1);
    expect(accepted).toEqual([1]);
  });

  it('shows something even if the burst never ends', async () => {
    const { fetches, accepted, fetcher, settle } = make();
    const run = fetcher.run();
    for (let round = 0; round < 3; round++) {
      fetcher.outdate();
      fetches[round]!.resolve(round);
      await settle();
    }
    expect(accepted).toEqual([2]);
    fetches[3]!.resolve(3);
    await run;
    expect(accepted).toEqual([2, 3]);
  });

  it('passes failures on and can be run again', async () => {
    const { fetches, accepted, fetcher } = make();
    const run = fetcher.run();
    fetches[0]!.reject(new Error('no'));
    await expect(run).rejects.toThrow('no');
    const again = fetcher.run();
    fetches[1]!.resolve(5);
    await again;
    expect(accepted).toEqual([5]);
  });
});
