/** The rules as JSON: faults are told with their line, and a click goes there. */
import { Textarea, UnstyledButton } from '@mantine/core';
import { useRef } from 'react';
import type { ApiError } from '@/api/problem';
import { lineAt, placeOf, placesOf, type Read } from './draft';

export interface JsonEditorProps {
  text: string;
  read: Read;
  error: ApiError | null;
  onChange: (text: string) => void;
}

export function JsonEditor({ text, read, error, onChange }: JsonEditorProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const faults = read.rules === null ? [unreadable(text, read)] : faultsOf(text, error);
  const go = (place: number) => {
    area.current?.focus();
    area.current?.setSelectionRange(
      place,
      text.indexOf('\n', place) === -1 ? text.length : text.indexOf('\n', place),
    );
  };
  return (
    <>
      <Textarea
        ref={area}
        label="Rules as JSON"
        value={text}
        onChange={(event) => onChange(event.currentTarget.value)}
        autosize
        minRows={8}
        maxRows={28}
        spellCheck={false}
        classNames={{ input: 'bw-mono' }}
        error={faults.length > 0}
        aria-describedby="json-faults"
      />
      <ul className="bw-json-errors" id="json-faults" aria-label="What is wrong">
        {faults.map(({ place, line, path, detail }) => (
          <li key={`${path} ${detail}`}>
            <UnstyledButton onClick={() => go(place)}>
              Line {line}
              {path !== '' && (
                <>
                  , <code>{path}</code>
                </>
              )}
              : {detail}
            </UnstyledButton>
          </li>
        ))}
      </ul>
    </>
  );
}

interface Fault {
  place: number;
  line: number;
  path: string;
  detail: string;
}

function unreadable(text: string, { problem, line }: { problem: string; line: number }): Fault {
  const place = text
    .split('\n')
    .slice(0, line - 1)
    .join('\n').length;
  return { place: line > 1 ? place + 1 : 0, line, path: '', detail: problem };
}

function faultsOf(text: string, error: ApiError | null): Fault[] {
  if (!error) return [];
  const places = placesOf(text);
  const all = Object.entries(error.fields).map(([path, detail]) => {
    const place = placeOf(places, path);
    return { place, line: lineAt(text, place), path, detail };
  });
  return all.length > 0 ? all : [{ place: 0, line: 1, path: '', detail: error.detail }];
}
