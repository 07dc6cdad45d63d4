import { undoIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Operation } from '../api/types';
import { CommandIDs } from '../commandids';
import { isRunning } from '../model/lists';
import { fractionOf, summaryOf, titleOf } from '../model/outcome';
import { ActionButton } from './actions';
import { NowContext, usePanel } from './hooks';

/** A finished operation that can't be undone is shown that long; milliseconds. */
const FRESH = 10 * 60_000;

/** What is under way, and what can be undone. */
export function Operations(): React.ReactElement | null {
  const { format, model } = usePanel();
  const { trans } = format;
  const now = React.useContext(NowContext);
  const [isOpen, setIsOpen] = React.useState(false);
  const running = model.operations.filter(isRunning);
  const finished = model.operations.filter(
    operation =>
      !isRunning(operation) &&
      (operation.can_undo.allowed || isFresh(operation, now))
  );
  const recent = finished.slice(0, running.length > 0 ? 0 : 1);
  const earlier = finished.slice(recent.length);
  if (running.length + finished.length === 0) {
    return null;
  }
  return (
    <section
      className="nj-Operations"
      aria-label={trans.__('Restores and clones')}
    >
      <ul className="nj-plain">
        {[...running, ...recent, ...(isOpen ? earlier : [])].map(operation => (
          <OperationItem key={operation.id} operation={operation} now={now} />
        ))}
      </ul>
      {earlier.length > 0 && (
        <button
          type="button"
          className="nj-Link"
          aria-expanded={isOpen}
          onClick={() => setIsOpen(!isOpen)}
        >
          {isOpen
            ? trans.__('Hide earlier ones')
            : trans._n(
                'Show %2 earlier one',
                'Show %2 earlier ones',
                earlier.length,
                format.count(earlier.length)
              )}
        </button>
      )}
    </section>
  );
}

function isFresh({ finished_at }: Operation, now: number): boolean {
  return finished_at !== null && now - Date.parse(finished_at) < FRESH;
}

function OperationItem(props: {
  operation: Operation;
  now: number;
}): React.ReactElement {
  const { operation, now } = props;
  const { format } = usePanel();
  const { trans } = format;
  const title = titleOf(operation, format);
  const runs = isRunning(operation);
  return (
    <li className={`nj-Operation nj-mod-${operation.state}`}>
      <div className="nj-Operation-title">
        <strong>{title}</strong>
        {operation.finished_at && (
          <span
            className="nj-hint"
            title={format.moment(Date.parse(operation.finished_at))}
          >
            {format.age(Date.parse(operation.finished_at), now)}
          </span>
        )}
      </div>
      <div className="nj-Operation-text" role="status">
        {runs ? operation.step : summaryOf(operation, format)}
      </div>
      {runs && <ProgressBar operation={operation} label={title} />}
      <Left operation={operation} />
      <div className="nj-ActionBar">
        {runs ? (
          <ActionButton
            label={trans.__('Cancel')}
            permission={operation.can_cancel}
            command={CommandIDs.cancel}
            args={{ operation: operation.id }}
          />
        ) : (
          operation.can_undo.allowed && (
            <ActionButton
              label={trans.__('Undo')}
              icon={undoIcon}
              permission={operation.can_undo}
              command={CommandIDs.undo}
              args={{ operation: operation.id }}
            />
          )
        )}
      </div>
    </li>
  );
}

function ProgressBar(props: {
  operation: Operation;
  label: string;
}): React.ReactElement {
  const { operation, label } = props;
  const { format } = usePanel();
  const fraction = fractionOf(operation);
  const { files_done, files_total, path } = operation.progress;
  return (
    <>
      <div
        className={`nj-Progress ${fraction === null ? 'nj-mod-unknown' : ''}`}
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={
          fraction === null ? undefined : Math.round(fraction * 100)
        }
      >
        <div style={{ inlineSize: `${(fraction ?? 0.3) * 100}%` }} />
      </div>
      {files_total !== null && (
        <div className="nj-hint nj-Operation-progress">
          <span>
            {format.trans.__(
              '%1 of %2 files',
              format.count(files_done),
              format.count(files_total)
            )}
          </span>
          <span className="nj-path" title={path}>
            {path}
          </span>
        </div>
      )}
    </>
  );
}

/** The paths that a restore left as they were, and why. */
function Left(props: { operation: Operation }): React.ReactElement | null {
  const { outcome } = props.operation;
  const { format } = usePanel();
  const issues = outcome ? [...outcome.conflicts, ...outcome.failures] : [];
  if (!outcome || issues.length === 0) {
    return null;
  }
  const count = outcome.conflict_count + outcome.failure_count;
  return (
    <details>
      <summary>
        {format.trans._n(
          '%2 left as it was',
          '%2 left as they were',
          count,
          format.count(count)
        )}
      </summary>
      <ul className="nj-list">
        {issues.map(({ path, reason }) => (
          <li key={path}>
            <span className="nj-path">{path}</span> <span>{reason}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
