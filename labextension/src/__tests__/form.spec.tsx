import { nullTranslator } from '@jupyterlab/translation';
import * as React from 'react';
import { ApiError } from '../api/errors';
import { useRequestId, useSubmit } from '../components/dialogs/frame';
import type { Form } from '../widgets/formdialog';
import { showForm } from '../widgets/formdialog';
import { until } from './fixtures';

const trans = nullTranslator.load('test');

/** A form with one field; its submissions are answered by the test. */
function Body(props: {
  form: Form<string>;
  submit: (text: string, id: string, signal: AbortSignal) => Promise<string>;
}): React.ReactElement {
  const [text, setText] = React.useState('');
  const id = useRequestId({ text });
  useSubmit(props.form, text ? signal => props.submit(text, id, signal) : null);
  return (
    <input
      data-nj-focus
      value={text}
      onChange={event => setText(event.target.value)}
    />
  );
}

describe('showForm', () => {
  const submissions: { text: string; id: string; signal: AbortSignal }[] = [];
  let answer: (text: string) => Promise<string>;
  let result: Promise<string | null>;

  const dialog = () => document.querySelector('.jp-Dialog');
  const accept = () =>
    dialog()!.querySelector<HTMLButtonElement>('.jp-mod-accept')!;

  function type(text: string): void {
    const input = dialog()!.querySelector('input')!;
    const setter = Object.getOwnPropertyDescriptor(
      HTMLInputElement.prototype,
      'value'
    )!.set!;
    setter.call(input, text);
    input.dispatchEvent(new Event('input', { bubbles: true }));
  }

  function press(key: string): void {
    dialog()!
      .querySelector('input')!
      .dispatchEvent(
        new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })
      );
  }

  beforeEach(async () => {
    submissions.length = 0;
    answer = text => Promise.resolve(`made ${text}`);
    result = showForm<string>({
      title: trans.__('Make it'),
      accept: 'Make',
      trans,
      body: form => (
        <Body
          form={form}
          submit={(text, id, signal) => {
            submissions.push({ text, id, signal });
            return answer(text);
          }}
        />
      )
    });
    await until(() => Boolean(dialog()?.querySelector('input')));
  });

  afterEach(async () => {
    if (dialog()) {
      press('Escape');
      await result;
    }
  });

  it('has a name, and can not be accepted before it is complete', async () => {
    expect(dialog()!.getAttribute('aria-label')).toBe('Make it');
    expect(accept().getAttribute('aria-disabled')).toBe('true');
    press('Enter');
    accept().click();
    expect(submissions).toEqual([]);
    type('x');
    await until(() => accept().getAttribute('aria-disabled') === 'false');
  });

  it('gives back what accepting brought', async () => {
    type('x');
    await until(() => accept().getAttribute('aria-disabled') === 'false');
    press('Enter');
    await expect(result).resolves.toBe('made x');
    expect(dialog()).toBeNull();
  });

  it('leaves Enter alone in fields that keep it', async () => {
    dialog()!.querySelector('input')!.dataset.njEnter = 'stays';
    type('x');
    await until(() => accept().getAttribute('aria-disabled') === 'false');
    press('Enter');
    expect(submissions).toEqual([]);
  });

  it('submits once, however often it is accepted', async () => {
    answer = () => new Promise(() => undefined);
    type('x');
    await until(() => accept().getAttribute('aria-disabled') === 'false');
    accept().click();
    accept().click();
    press('Enter');
    expect(submissions).toHaveLength(1);
    expect(accept().getAttribute('aria-disabled')).toBe('true');
  });

  it('stays open and says why it was refused', async () => {
    answer = () =>
      Promise.reject(
        new ApiError({ reason: 'Quota', message: 'Too big.', hint: 'Less.' })
      );
    type('x');
    await until(() => accept().getAttribute('aria-disabled') === 'false');
    accept().click();
    await until(() => dialog()!.textContent.includes('Too big.'));
    expect(dialog()!.querySelector('[role=alert]')!.textContent).toContain(
      'Less.'
    );
    answer = text => Promise.resolve(text);
    accept().click();
    await expect(result).resolves.toBe('x');
    expect(submissions[0]!.id).toBe(submissions[1]!.id);
  });

  it('takes another request id for another order', async () => {
    answer = () =>
      Promise.reject(new ApiError({ reason: 'No', message: 'No.' }));
    type('x');
    await until(() => accept().getAttribute('aria-disabled') === 'false');
    accept().click();
    await until(() => dialog()!.textContent.includes('No.'));
    type('y');
    await until(
      () => dialog()!.querySelector<HTMLInputElement>('input')!.value === 'y'
    );
    await new Promise(resolve => setTimeout(resolve, 20));
    accept().click();
    await until(() => submissions.length === 2);
    expect(submissions[0]!.id).not.toBe(submissions[1]!.id);
  });

  it('gives up what is under way when it is dismissed', async () => {
    answer = () => new Promise(() => undefined);
    type('x');
    await until(() => accept().getAttribute('aria-disabled') === 'false');
    accept().click();
    press('Escape');
    await expect(result).resolves.toBeNull();
    expect(submissions[0]!.signal.aborted).toBe(true);
  });
});
