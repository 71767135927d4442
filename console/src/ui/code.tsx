import { Tabs } from '@mantine/core';
import { CodeBlock } from './code-block';

export interface Snippet {
  language: string;
  code: string;
}

const REMEMBERED = 'bellwire-language';

/** The same thing in several languages; the one chosen is chosen everywhere from then on. */
export function CodeTabs({ snippets, label }: { snippets: readonly Snippet[]; label: string }) {
  const chosen = localStorage.getItem(REMEMBERED);
  const first = snippets.find(({ language }) => language === chosen) ?? snippets[0];
  return (
    <Tabs
      defaultValue={first?.language}
      keepMounted={false}
      onChange={(language) => language && localStorage.setItem(REMEMBERED, language)}
    >
      <Tabs.List aria-label={label}>
        {snippets.map(({ language }) => (
          <Tabs.Tab key={language} value={language}>
            {language}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {snippets.map(({ language, code }) => (
        <Tabs.Panel key={language} value={language} pt={8}>
          <CodeBlock code={code} label={`${label} in ${language}`} />
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
