import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { nameOf, waysTo } from '../../model/files';

/** The folders on the way to a path, to go back to. */
export function Crumbs(props: {
  /** What the root is called. */
  root: string;
  path: string;
  trans: TranslationBundle;
  onGo: (path: string) => void;
}): React.ReactElement {
  const { root, path, trans, onGo } = props;
  const ways = ['', ...waysTo(path)];
  return (
    <nav className="nj-Crumbs" aria-label={trans.__('Folder')}>
      <ol>
        {ways.map((way, index) => (
          <li key={way}>
            {index < ways.length - 1 ? (
              <button
                type="button"
                className="nj-Link nj-path"
                onClick={() => onGo(way)}
              >
                {nameOf(way) || root}
              </button>
            ) : (
              <span className="nj-path" aria-current="location">
                {nameOf(way) || root}
              </span>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}
