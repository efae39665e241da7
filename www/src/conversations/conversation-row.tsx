// One conversation in the list: its title, where something was found in it, and what can be done
// with it.
import { Menu, MenuButton, MenuItem, MenuProvider } from '@ariakit/react';
import { Ellipsis, Pencil, Trash2 } from 'lucide-react';
import { memo, useId, useLayoutEffect, useRef, useState } from 'react';
import type { ConversationSummary } from '../chat/api';
import { pathOf } from '../shell/route';
import type { Found } from './api';
import { remove, rename, titleOf } from './change';
import type { Open } from './conversations';

/** A title that is being changed. It outlives its row, which is another one under another day. */
export interface Renaming {
  id: string;
  title: string;
}

export type ChangeRenaming = (renaming: Renaming | null) => void;

export const ConversationRow = memo(function ConversationRow({
  conversation,
  found,
  isCurrent,
  open,
  renaming,
  changeRenaming,
}: {
  conversation: ConversationSummary;
  found?: Found;
  isCurrent: boolean;
  open: Open;
  /** Its new title so far; nothing where it is not being changed. */
  renaming: string | null;
  changeRenaming: ChangeRenaming;
}) {
  const button = useRef<HTMLButtonElement>(null);
  if (renaming !== null) {
    const end = (hadFocus: boolean) => {
      changeRenaming(null);
      if (hadFocus) requestAnimationFrame(() => button.current?.focus());
    };
    return (
      <li className="conversation-row">
        <TitleField
          conversation={conversation}
          title={renaming}
          change={(title) => {
            changeRenaming({ id: conversation.id, title });
          }}
          end={end}
        />
      </li>
    );
  }
  const title = titleOf(conversation);
  return (
    <li className="conversation-row">
      <a
        href={pathOf(conversation.id)}
        aria-current={isCurrent ? 'page' : undefined}
        title={title}
        onClick={open(conversation.id)}
      >
        {found?.in === 'title' ? (
          <span className="found">
            <Place found={found} />
          </span>
        ) : (
          title
        )}
        {found && found.in !== 'title' && (
          <small className="found">
            <Place found={found} />
          </small>
        )}
      </a>
      <MenuProvider placement="bottom-end">
        <MenuButton ref={button} className="row-button" aria-label={`Options of ${title}`}>
          <Ellipsis aria-hidden size={16} />
        </MenuButton>
        <Menu
          className="popover menu row-menu"
          gutter={4}
          aria-label={`Options of ${title}`}
          fixed
          unmountOnHide
          // What is chosen says itself where the focus goes.
          autoFocusOnHide={(element) => !isChosen(element)}
        >
          <MenuItem
            className="menu-item"
            onClick={() => {
              changeRenaming({ id: conversation.id, title: conversation.title });
            }}
          >
            <Pencil aria-hidden size={15} /> Rename
          </MenuItem>
          <MenuItem className="menu-item" onClick={() => void remove(conversation)}>
            <Trash2 aria-hidden size={15} /> Delete
          </MenuItem>
        </Menu>
      </MenuProvider>
    </li>
  );
});

/** The button is gone with its row. */
function isChosen(element: HTMLElement | null): boolean {
  return !element?.isConnected;
}

function Place({ found: { before, text, after } }: { found: Found }) {
  return (
    <>
      {before}
      <mark>{text}</mark>
      {after}
    </>
  );
}

/** The title while it is changed: Enter saves it, and so does leaving it; Escape leaves it as it was. */
function TitleField({
  conversation,
  title: written,
  change,
  end,
}: {
  conversation: ConversationSummary;
  title: string;
  change: (title: string) => void;
  end: (hadFocus: boolean) => void;
}) {
  const isOver = useRef(false);
  const field = useRef<HTMLInputElement>(null);
  const faultId = useId();
  const [isEmpty, setIsEmpty] = useState(false);
  useLayoutEffect(() => {
    const { current } = field;
    if (!current) return;
    current.focus();
    // What was typed before the row was another one is gone on with.
    if (current.value === conversation.title) current.select();
    // Once, when it is shown.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  const save = (hadFocus: boolean) => {
    if (isOver.current) return;
    const title = written.trim();
    if (title === '' && hadFocus) {
      setIsEmpty(true);
      return;
    }
    isOver.current = true;
    end(hadFocus);
    if (title !== '' && title !== conversation.title) void rename(conversation, title);
  };
  return (
    <form
      className="title-form"
      onSubmit={(event) => {
        event.preventDefault();
        save(true);
      }}
    >
      <input
        ref={field}
        name="title"
        aria-label="Title"
        aria-invalid={isEmpty}
        aria-describedby={isEmpty ? faultId : undefined}
        value={written}
        maxLength={200}
        autoComplete="off"
        enterKeyHint="done"
        onChange={(event) => {
          setIsEmpty(false);
          change(event.target.value);
        }}
        onBlur={() => {
          save(false);
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          isOver.current = true;
          end(true);
        }}
      />
      {isEmpty && (
        <small id={faultId} role="alert">
          There is nothing in it: write a title.
        </small>
      )}
    </form>
  );
}
