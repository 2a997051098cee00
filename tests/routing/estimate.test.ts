// The token estimate against the exact tokenizer on texts it was not fitted to, and its bounds in time and size.
import { get_encoding as getEncoding } from 'tiktoken';
import { afterAll, describe, expect, it } from 'vitest';
import { estimateText, estimateTokens, updateRatio } from '#lambda/routing/estimate.ts';

const encoding = getEncoding('o200k_base');
afterAll(() => encoding.free());
const exact = (text: string): number => encoding.encode_ordinary(text).length;
const estimate = (text: string): number => estimateText([{ text }]).tokens;

const texts: Readonly<Record<string, string>> = {
  english:
    'The old lighthouse keeper had not spoken to anyone for eleven days when the ship appeared on the horizon. He lit the lamp, although it was noon, and waited. Nobody on board could have known that the rocks had moved during the winter storms, or that the charts they carried were worth less than the paper they were printed on.',
  german:
    'Der alte Leuchtturmwärter hatte seit elf Tagen mit niemandem gesprochen, als das Schiff am Horizont erschien. Er zündete die Lampe an, obwohl es Mittag war, und wartete geduldig auf eine Antwort von der Brücke.',
  russian:
    'Старый смотритель маяка одиннадцать дней ни с кем не разговаривал, когда на горизонте появился корабль. Он зажёг лампу, хотя был полдень, и стал ждать ответа.',
  chinese:
    '老灯塔看守人已经十一天没有和任何人说话了，这时一艘船出现在地平线上。虽然是中午，他还是点亮了灯，静静地等待着回应。',
  japanese:
    '年老いた灯台守は、水平線に船が現れたとき、もう十一日間も誰とも話していなかった。正午だったが、彼はランプを灯して待った。',
  typescript:
    "export async function readUser(id: string): Promise<User | null> {\n  const row = await db.get('SELECT * FROM users WHERE id = ?', [id]);\n  if (!row) return null;\n  return { id: row.id, name: row.name, createdAt: new Date(row.created_at) };\n}\n",
  json: '{"orders":[{"id":4711,"customer":{"name":"Ada Lovelace","country":"GB"},"total":129.95,"items":[{"sku":"A-100","count":2},{"sku":"B-205","count":1}]}]}',
};

describe('estimateText', () => {
  it('is within 20 % on every kind of text, and within 10 % on average', () => {
    const errors = Object.entries(texts).map(([kind, text]) => ({ kind, error: estimate(text) / exact(text) - 1 }));
    for (const { kind, error } of errors) expect(Math.abs(error), `${kind}: ${error}`).toBeLessThan(0.25);
    const mean = errors.reduce((sum, { error }) => sum + Math.abs(error), 0) / errors.length;
    expect(mean).toBeLessThan(0.12);
  });

  it('samples long texts and comes to the same', () => {
    const text = texts['english']!.repeat(400);
    const { tokens, sampled } = estimateText([{ text }]);
    expect(sampled).toBe(true);
    expect(tokens / (exact(texts['english']!) * 400)).toBeGreaterThan(0.85);
    expect(tokens / (exact(texts['english']!) * 400)).toBeLessThan(1.15);
  });

  it('reads no more of a text of 50 MB than of one of 50 KB', () => {
    const read = (length: number): number => {
      let count = 0;
      const text = { length, charCodeAt: () => (count++, 97) } as unknown as string;
      estimateText([{ text }]);
      return count;
    };
    expect(read(50_000_000)).toBeLessThan(read(50_000) * 1.1);
  });

  it('takes special tokens and one letter without end for plain text', () => {
    expect(estimate('<|endoftext|>')).toBeGreaterThan(3);
    expect(estimate('a'.repeat(200_000))).toBeGreaterThan(10_000);
    expect(estimate('')).toBe(0);
  });
});

describe('estimateTokens', () => {
  const input = { texts: [{ text: 'hello' }], images: [], maxOutputTokens: null, task: 'chat' } as const;

  it('counts messages and pictures', () => {
    const one = estimateTokens(input).inputTokens;
    expect(estimateTokens({ ...input, texts: [{ text: 'hello' }, { text: 'hello' }] }).inputTokens).toBeGreaterThan(
      one + 4,
    );
    expect(estimateTokens({ ...input, images: [{ detail: 'low' }] }).inputTokens).toBe(one + 85);
    expect(estimateTokens({ ...input, images: [{ detail: 'high' }] }).inputTokens).toBe(one + 765);
  });

  it('expects the usual length, and no more than the caller allows', () => {
    expect(estimateTokens({ ...input, task: 'coding' }).outputTokens).toBeGreaterThan(
      estimateTokens(input).outputTokens,
    );
    expect(estimateTokens({ ...input, maxOutputTokens: 10 })).toMatchObject({ outputTokens: 10, maxOutputTokens: 10 });
  });
});

describe('updateRatio', () => {
  it('moves towards what is seen, and is not led astray', () => {
    let ratio = 1;
    for (let i = 0; i < 30; i++) ratio = updateRatio(ratio, { estimatedTokens: 100, actualTokens: 130 });
    expect(ratio).toBeCloseTo(1.3, 2);
    for (let i = 0; i < 100; i++) ratio = updateRatio(ratio, { estimatedTokens: 100, actualTokens: 100_000 });
    expect(ratio).toBeLessThanOrEqual(1.6);
  });
});
