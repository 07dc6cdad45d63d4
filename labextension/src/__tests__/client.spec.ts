import { ApiClient } from '../api/client';
import { ApiError, Reason } from '../api/errors';
import { FakeServer, status } from './fixtures';

describe('ApiClient', () => {
  let server: FakeServer;
  let api: ApiClient;

  beforeEach(() => {
    server = new FakeServer();
    api = new ApiClient(server.settings);
  });

  async function failure(promise: Promise<unknown>): Promise<ApiError> {
    const error = await promise.then(
      () => null,
      (reason: unknown) => reason
    );
    expect(error).toBeInstanceOf(ApiError);
    return error as ApiError;
  }

  it('asks below the base URL and gives back the decoded body', async () => {
    server.on('GET status', () => [200, status()]);
    expect((await api.status()).namespace).toBe('ns');
  });

  it('encodes names so that none leaves its place in the path', async () => {
    await failure(api.volume('../status'));
    expect(server.requests[0]!.path).toBe('volumes/..%2Fstatus');
  });

  it('sends the uid it saw along with a deletion', async () => {
    server.on('DELETE snapshots/a?uid=u%201', () => [204, '']);
    await expect(api.deleteSnapshot('a', 'u 1')).resolves.toBeUndefined();
  });

  it('asks a restore for its plan without starting it', async () => {
    server.on('POST snapshots/a/restores', () => [200, {}]);
    await api.planRestore('a', { paths: ['x'], dry_run: false });
    expect(JSON.parse(server.requests[0]!.body)).toEqual({
      paths: ['x'],
      dry_run: true
    });
  });

  it("throws the server's own reason, message and hint", async () => {
    const body = { reason: 'Forbidden', message: 'No.', hint: 'Ask.' };
    server.on('GET volumes', () => [403, body]);
    expect(await failure(api.volumes())).toMatchObject({
      ...body,
      status: 403
    });
  });

  it('tells a missing server extension from a missing object', async () => {
    expect((await failure(api.status())).reason).toBe(Reason.missing);
    server.on('GET volumes/a', () => [
      404,
      { reason: 'NotFound', message: 'Gone.', hint: '' }
    ]);
    expect((await failure(api.volume('a'))).reason).toBe('NotFound');
  });

  it('does not take a proxy that answers HTML for the server', async () => {
    server.on('GET volumes', () => [200, '<html>Log in</html>']);
    server.on('GET operations', () => [502, '<html>Bad gateway</html>']);
    expect((await failure(api.volumes())).reason).toBe(Reason.unexpected);
    expect(await failure(api.operations())).toMatchObject({
      reason: Reason.unexpected,
      status: 502
    });
  });

  it('says so when the Jupyter server does not answer', async () => {
    server.isDown = true;
    expect((await failure(api.volumes())).reason).toBe(Reason.offline);
  });

  it('calls a request that was given up cancelled, not failed', async () => {
    const abort = new AbortController();
    server.on('GET status', () => {
      abort.abort();
      throw new DOMException('aborted', 'AbortError');
    });
    const error = await failure(api.status(abort.signal));
    expect(error.reason).toBe(Reason.cancelled);
  });
});
