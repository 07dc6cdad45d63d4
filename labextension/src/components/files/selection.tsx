import * as React from 'react';
import type { Format } from '../../model/format';

/** More than so many paths are only counted. */
const SHOWN = 3;

/** What is selected to be restored. */
export function Selection(props: {
  paths: readonly string[];
  format: Format;

  /** Why it can not be restored; empty if it can. */
  refusal: string;
  onClear: () => void;
}): React.ReactElement {
  const { paths, format, refusal, onClear } = props;
  const { trans } = format;
  const more = paths.length - SHOWN;
  return (
    <section className="nj-Selection" aria-label={trans.__('Selection')}>
      <div role="status">
        {paths.length === 0 ? (
          <span className="nj-hint">
            {trans.__('Tick files and folders to restore them.')}
          </span>
        ) : (
          trans._n(
            '%2 file or folder selected:',
            '%2 files and folders selected:',
            paths.length,
            format.count(paths.length)
          )
        )}
      </div>
      {paths.length > 0 && (
        <>
          <ul className="nj-plain">
            {paths.slice(0, SHOWN).map(path => (
              <li key={path} className="nj-path">
                {path}
              </li>
            ))}
            {more > 0 && <li>{trans.__('and %1 more', format.count(more))}</li>}
          </ul>
          <button type="button" className="nj-Link" onClick={onClear}>
            {trans.__('Clear selection')}
          </button>
          {refusal && (
            <p className="nj-Message nj-mod-warning">
              {trans.__('They can not be restored here: %1', refusal)}
            </p>
          )}
        </>
      )}
    </section>
  );
}
