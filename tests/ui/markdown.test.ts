// Answers as elements: every block of an answer is written in its own direction.
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, it } from 'vitest';
import { Markdown } from '../../ui/src/features/chat/markdown.tsx';

const render = (text: string): string => renderToStaticMarkup(createElement(Markdown, { text, growing: false }));

it('an English block in an Arabic answer runs from left to right', () => {
  const html = render('# مرحبا\n\nHello\n\n- one\n\n> quoted\n\n| a |\n|---|\n| b |\n\n`mono` first');
  expect(html).toContain('<div class="answer"><h1 dir="auto">مرحبا</h1>');
  for (const begin of ['<p dir="auto">Hello', '<ul dir="auto">', '<blockquote dir="auto">', 'class="table-scroll"'])
    expect(html).toContain(begin);
  expect(html).toMatch(/<div role="group"[^>]*dir="auto"/);
});

it('what an answer says about directions of its own stays text', () => {
  expect(render('<p dir="rtl">Hello</p>')).not.toContain('<p dir="rtl">');
});
