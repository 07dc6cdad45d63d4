import * as React from 'react';
import type { RestorePlan } from '../../api/types';
import type { Format } from '../../model/format';
import type { IFetched } from './frame';
import { Problem } from './frame';

/** Whether a restore would change nothing. */
export function isEmpty(plan: RestorePlan): boolean {
  return plan.create + plan.replace + plan.metadata + plan.remove === 0;
}

/** What a restore would change, as its dry run says. */
export function Preview(props: {
  plan: IFetched<RestorePlan>;
  format: Format;
}): React.ReactElement {
  const { plan, format } = props;
  const { trans } = format;
  return (
    <section className="nj-Preview" aria-label={trans.__('Preview')}>
      <div role="status" aria-busy={plan.loading}>
        {plan.loading && (
          <p className="nj-Working">
            {trans.__('Comparing the volume with the snapshot…')}
          </p>
        )}
        {plan.value &&
          (isEmpty(plan.value) ? (
            <p className="nj-Message nj-mod-info">
              {trans.__(
                'Nothing to do: what you chose is just as the snapshot has it.'
              )}
            </p>
          ) : (
            <Counts plan={plan.value} format={format} />
          ))}
      </div>
      {plan.error && <Problem error={plan.error} />}
      {plan.value && plan.value.examples.length > 0 && (
        <Examples plan={plan.value} format={format} />
      )}
    </section>
  );
}

function Counts(props: {
  plan: RestorePlan;
  format: Format;
}): React.ReactElement {
  const { plan, format } = props;
  const { trans } = format;
  const count = (n: number) => format.count(n);
  const lines = [
    plan.create > 0 &&
      trans._n(
        '%2 missing file or folder comes back',
        '%2 missing files and folders come back',
        plan.create,
        count(plan.create)
      ),
    plan.replace > 0 &&
      trans._n(
        '%2 changed file is replaced',
        '%2 changed files are replaced',
        plan.replace,
        count(plan.replace)
      ),
    plan.metadata > 0 &&
      trans._n(
        '%2 gets back its permissions or time',
        '%2 get back their permissions or times',
        plan.metadata,
        count(plan.metadata)
      ),
    plan.remove > 0 &&
      trans._n(
        '%2 newer file or folder is removed (%3)',
        '%2 newer files and folders are removed (%3)',
        plan.remove,
        count(plan.remove),
        format.bytes(plan.remove_bytes)
      )
  ].filter(line => line !== false);
  return (
    <>
      <ul className="nj-list">
        {lines.map(line => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <p>
        {trans.__(
          '%1 are copied; %2 are free on the volume.',
          format.bytes(plan.copy_bytes),
          format.bytes(plan.free_bytes)
        )}
      </p>
      {plan.unreadable > 0 && (
        <p className="nj-Message nj-mod-warning">
          {trans._n(
            '%2 can not be looked at with your permissions and stays as it is.',
            '%2 can not be looked at with your permissions and stay as they are.',
            plan.unreadable,
            count(plan.unreadable)
          )}
        </p>
      )}
      {plan.copy_bytes > plan.free_bytes && (
        <p className="nj-Message nj-mod-warning">
          {trans.__('This may not fit: the volume could run full meanwhile.')}
        </p>
      )}
    </>
  );
}

function Examples(props: {
  plan: RestorePlan;
  format: Format;
}): React.ReactElement {
  const { plan, format } = props;
  const { trans } = format;
  const total = plan.create + plan.replace + plan.metadata + plan.remove;
  const words = {
    create: trans.__('comes back'),
    replace: trans.__('replaced'),
    metadata: trans.__('attributes'),
    remove: trans.__('removed')
  };
  const label =
    total > plan.examples.length
      ? trans.__(
          'The first %1 of %2',
          format.count(plan.examples.length),
          format.count(total)
        )
      : trans._n('This one', 'All %2', total, format.count(total));
  return (
    <details className="nj-Examples" open={plan.examples.length <= 8}>
      <summary>{label}</summary>
      <div
        className="nj-Examples-scroll"
        role="group"
        aria-label={trans.__('Files that change')}
        tabIndex={0}
      >
        <ul>
          {plan.examples.map(({ path, action, size }) => (
            <li key={path} className={`nj-mod-${action}`}>
              <span className="nj-path" dir="ltr">
                {path === '.' ? trans.__('(the root of the volume)') : path}
              </span>{' '}
              <span className="nj-hint">
                {size > 0
                  ? trans.__('%1, %2', words[action], format.bytes(size))
                  : words[action]}
              </span>
            </li>
          ))}
        </ul>
      </div>
    </details>
  );
}
