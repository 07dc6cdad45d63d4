import * as React from 'react';
import type { Snapshot } from '../api/types';
import { CommandIDs } from '../commandids';
import { usePanel } from './hooks';

/** The note of a snapshot, being written: Enter keeps it, Escape leaves it as it was. */
export function NoteEditor(props: { snapshot: Snapshot }): React.ReactElement {
  const { snapshot } = props;
  const { app, format, state } = usePanel();
  const [note, setNote] = React.useState(snapshot.note);
  const input = React.useRef<HTMLInputElement>(null);
  const isDone = React.useRef(false);
  React.useEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
  const close = (keep: boolean, refocus: boolean) => {
    if (isDone.current) {
      return;
    }
    isDone.current = true;
    const row = input.current?.closest<HTMLElement>('[role=row]');
    state.editing = null;
    if (refocus) {
      row?.focus();
    }
    if (keep && note.trim() !== snapshot.note) {
      void app.commands.execute(CommandIDs.editNote, {
        snapshot: snapshot.name,
        note: note.trim()
      });
    }
  };
  return (
    <input
      ref={input}
      className="jp-mod-styled nj-NoteEditor"
      type="text"
      value={note}
      maxLength={1000}
      aria-label={format.trans.__('Note')}
      onChange={event => setNote(event.target.value)}
      onBlur={() => close(true, false)}
      onClick={event => event.stopPropagation()}
      onKeyDown={event => {
        event.stopPropagation();
        if (event.key === 'Enter') {
          close(true, true);
        } else if (event.key === 'Escape') {
          close(false, true);
        }
      }}
    />
  );
}
